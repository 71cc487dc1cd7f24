#include "server/mock_http_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <chrono>
#include <optional>
#include <unordered_map>

namespace callwright::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kMaxBody = 1u << 20;
constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kIdle{60};

auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

}  // namespace

class MockHttpServer::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(asio::io_context& context, OnRequest on_request) : context_(context), acceptor_(context), on_request_(std::move(on_request)) {}

  error_code open(const tcp::endpoint& endpoint) {
    error_code failure;
    acceptor_.open(endpoint.protocol(), failure);
    if (!failure) acceptor_.set_option(asio::socket_base::reuse_address(true), failure);
    if (!failure) acceptor_.bind(endpoint, failure);
    if (!failure) acceptor_.listen(asio::socket_base::max_listen_connections, failure);
    return failure;
  }
  error_code use(const Certificate& certificate) {
    error_code failure;
    secure_.emplace(asio::ssl::context::tls_server);
    secure_->use_certificate_chain_file(certificate.chain_file, failure);
    if (!failure) secure_->use_private_key_file(certificate.key_file, asio::ssl::context::pem, failure);
    return failure;
  }
  [[nodiscard]] tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  void start() { asio::co_spawn(context_, accept(shared_from_this()), asio::detached); }

  void close() {
    closed_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    for (const auto& [id, waiting] : waiting_) {
      waiting->arrived.cancel();
    }
    for (const auto& [number, stop] : connections_) {
      stop();
    }
  }

  void answer(std::uint64_t request, Answer answer) {
    const auto found = waiting_.find(request);
    if (found != waiting_.end()) {
      found->second->answer = std::move(answer);
      found->second->arrived.cancel();
    }
  }

 private:
  struct Waiting {
    explicit Waiting(asio::io_context& context) : arrived(context, kPatience) {}
    asio::steady_timer arrived;
    Answer answer{504, {}, "nobody answered in time"};
  };

  static asio::awaitable<void> accept(std::shared_ptr<Core> self) {
    while (!self->closed_) {
      error_code failure;
      tcp::socket socket(self->context_);
      co_await self->acceptor_.async_accept(socket, into(failure));
      if (failure) {
        continue;
      }
      beast::tcp_stream stream(std::move(socket));
      if (self->secure_) {
        asio::co_spawn(self->context_, serve_securely(self, std::move(stream)), asio::detached);
      } else {
        asio::co_spawn(self->context_, serve_plainly(self, std::move(stream)), asio::detached);
      }
    }
  }

  static asio::awaitable<void> serve_plainly(std::shared_ptr<Core> self, beast::tcp_stream stream) { co_await serve(self, stream); }

  static asio::awaitable<void> serve_securely(std::shared_ptr<Core> self, beast::tcp_stream plain) {
    beast::ssl_stream<beast::tcp_stream> stream(std::move(plain), *self->secure_);
    error_code failure;
    beast::get_lowest_layer(stream).expires_after(kPatience);
    co_await stream.async_handshake(asio::ssl::stream_base::server, into(failure));
    if (!failure) {
      co_await serve(self, stream);
    }
  }

  /// All requests of a connection. `self` and `stream` live in the coroutine that awaits this one.
  template <class Stream>
  static asio::awaitable<void> serve(std::shared_ptr<Core>& self, Stream& stream) {
    const std::uint64_t number = ++self->last_;
    self->connections_.emplace(number, [&stream] { beast::get_lowest_layer(stream).close(); });
    beast::flat_buffer buffer;
    for (bool keep_alive = true; keep_alive && !self->closed_;) {
      error_code failure;
      http::request_parser<http::string_body> parser;
      parser.body_limit(kMaxBody);
      beast::get_lowest_layer(stream).expires_after(kIdle);
      co_await http::async_read(stream, buffer, parser, into(failure));
      const bool too_large = failure == http::error::body_limit;
      if (failure && !too_large) {
        break;
      }
      http::response<http::string_body> response = co_await answered(self, parser.get(), too_large);
      keep_alive = !too_large && parser.get().keep_alive();
      response.keep_alive(keep_alive);
      co_await http::async_write(stream, response, into(failure));
      keep_alive = keep_alive && !failure;
    }
    self->connections_.erase(number);
  }

  static asio::awaitable<http::response<http::string_body>> answered(std::shared_ptr<Core>& self, const http::request<http::string_body>& request,
                                                                     bool too_large) {
    const std::uint64_t id = ++self->last_;
    const auto waiting = std::make_shared<Waiting>(self->context_);
    self->waiting_.emplace(id, waiting);
    Request told{id, std::string(request.method_string()), std::string(request.target()), {}, too_large ? std::string() : request.body()};
    for (const auto& field : request) {
      told.headers.emplace_back(field.name_string(), field.value());
    }
    self->on_request_(std::move(told));
    error_code over;
    co_await waiting->arrived.async_wait(into(over));
    self->waiting_.erase(id);
    http::response<http::string_body> response{static_cast<http::status>(waiting->answer.status), request.version()};
    for (const auto& [name, value] : waiting->answer.headers) {
      response.insert(name, value);
    }
    response.body() = std::move(waiting->answer.body);
    response.prepare_payload();
    co_return response;
  }

  asio::io_context& context_;
  tcp::acceptor acceptor_;
  std::optional<asio::ssl::context> secure_;
  const OnRequest on_request_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Waiting>> waiting_;
  std::unordered_map<std::uint64_t, std::function<void()>> connections_;
  std::uint64_t last_ = 0;
  bool closed_ = false;
};

MockHttpServer::MockHttpServer(std::shared_ptr<Core> core) : core_(std::move(core)) {
  const auto address = base::SocketAddress::parse(core_->endpoint().address().is_v6()
                                                      ? "[" + core_->endpoint().address().to_string() + "]:" + std::to_string(core_->endpoint().port())
                                                      : core_->endpoint().address().to_string() + ":" + std::to_string(core_->endpoint().port()));
  address_ = address ? *address : base::SocketAddress{};
}

MockHttpServer::~MockHttpServer() { core_->close(); }

base::Result<std::unique_ptr<MockHttpServer>> MockHttpServer::listen(asio::io_context& context, const base::SocketAddress& address,
                                                                     const Certificate& certificate, OnRequest on_request) {
  auto core = std::make_shared<Core>(context, std::move(on_request));
  const tcp::endpoint endpoint(asio::ip::make_address(address.ip.to_string()), address.port);
  if (const error_code failure = core->open(endpoint)) {
    return base::Error(base::Errc::Io, "the mock server cannot listen on " + address.to_string() + ": " + failure.message());
  }
  if (!certificate.chain_file.empty()) {
    if (const error_code failure = core->use(certificate)) {
      return base::Error(base::Errc::InvalidArgument, "the certificate of the mock server cannot be used: " + failure.message());
    }
  }
  core->start();
  return std::unique_ptr<MockHttpServer>(new MockHttpServer(std::move(core)));
}

void MockHttpServer::answer(std::uint64_t request, Answer answer) { core_->answer(request, std::move(answer)); }

}  // namespace callwright::server
