#include "server/mock_http_server.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>

#include <chrono>

namespace callwright::server {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

WebConfig settings() {
  WebConfig config;
  config.max_body_bytes = 1U << 20U;
  config.answer_timeout = std::chrono::seconds(10);
  return config;
}

base::Result<std::shared_ptr<asio::ssl::context>> blocking_tls(const MockHttpServer::Certificate& certificate) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  error_code failure;
  context->use_certificate_chain_file(certificate.chain_file, failure);
  if (!failure) {
    context->use_private_key_file(certificate.key_file, asio::ssl::context::pem, failure);
  }
  if (failure) {
    return base::Error(base::Errc::InvalidArgument, "the certificate of the mock server cannot be used: " + failure.message());
  }
  return context;
}

}  // namespace

MockHttpServer::MockHttpServer(OnRequest on_request) : on_request_(std::move(on_request)), alive_(std::make_shared<MockHttpServer*>(this)), web_(settings()) {}

MockHttpServer::~MockHttpServer() {
  *alive_ = nullptr;
  web_.blocking_stop(std::chrono::milliseconds(0));
}

base::Result<std::unique_ptr<MockHttpServer>> MockHttpServer::listen(asio::io_context& context, const base::SocketAddress& address,
                                                                     const Certificate& certificate, OnRequest on_request) {
  std::unique_ptr<MockHttpServer> server(new MockHttpServer(std::move(on_request)));
  WebSecurity security = WebSecurity::Plain;
  if (!certificate.chain_file.empty()) {
    auto tls = blocking_tls(certificate);
    if (!tls) {
      return tls.error();
    }
    server->web_.set_tls(std::move(*tls));
    security = WebSecurity::Tls;
  }
  const auto bound = server->web_.listen(address, security);
  if (!bound) {
    return bound.error();
  }
  server->address_ = *bound;
  server->web_.add_service("/", [&context, alive = server->alive_](const HttpRequest& request, HttpReply reply) {
    const std::string query = request.query.empty() ? std::string() : "?" + std::string(request.query);
    Request told{0, std::string(request.method), std::string(request.path) + query, {}, std::string(request.body)};
    told.headers.assign(request.fields.begin(), request.fields.end());
    asio::post(context, [alive, told = std::move(told), reply = std::move(reply)]() mutable {
      if (*alive != nullptr) {
        (*alive)->take(std::move(told), std::move(reply));
      }
    });
  });
  server->web_.start();
  return server;
}

void MockHttpServer::take(Request request, HttpReply reply) {
  request.id = ++last_;
  waiting_.emplace(request.id, std::move(reply));
  on_request_(std::move(request));
}

void MockHttpServer::answer(std::uint64_t request, Answer answer) {
  const auto found = waiting_.find(request);
  if (found == waiting_.end()) {
    return;
  }
  HttpResponse response{.status = answer.status, .content_type = "", .body = std::move(answer.body), .headers = std::move(answer.headers)};
  found->second(std::move(response));
  waiting_.erase(found);
}

}  // namespace callwright::server
