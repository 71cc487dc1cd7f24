#include "net/opensips_http.hpp"

#include "base/log.hpp"
#include "base/timers.hpp"
#include "net/endpoint.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <utility>

namespace callwright::net {
namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr unsigned kVersion = 11;
constexpr std::size_t kMaxBody = 65'536;
/// An INVITE is answered when somebody has answered the phone; whoever asked gives up before.
constexpr base::Duration kLongest = std::chrono::hours(1);

}  // namespace

/// One POST. Keeps itself while an operation is pending.
class OpenSipsHttp::Request : public std::enable_shared_from_this<Request> {
 public:
  Request(std::shared_ptr<OpenSipsHttp> owner, std::string_view body)
      : owner_(std::move(owner)), socket_(owner_->loop_.context()), deadline_(owner_->loop_.timers(), base::Callback::to<&Request::close>(*this)) {
    request_.method(http::verb::post);
    request_.target(owner_->path_);
    request_.version(kVersion);
    request_.set(http::field::host, owner_->server_.to_string());
    request_.set(http::field::content_type, "application/json");
    request_.set(http::field::connection, "close");
    request_.body() = std::string(body);
    request_.prepare_payload();
    answer_.body_limit(kMaxBody);
  }

  void start() {
    deadline_.start(kLongest);
    socket_.async_connect(to_endpoint<tcp>(owner_->server_), [self = shared_from_this()](const error_code& failure) {
      self->owner_->loop_.handler_started();
      failure ? self->fail(failure) : self->write();
    });
  }

  void close() {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  void write() {
    http::async_write(socket_, request_, [self = shared_from_this()](const error_code& failure, std::size_t /*size*/) {
      self->owner_->loop_.handler_started();
      failure ? self->fail(failure) : self->read();
    });
  }

  void read() {
    http::async_read(socket_, buffer_, answer_, [self = shared_from_this()](const error_code& failure, std::size_t /*size*/) {
      self->owner_->loop_.handler_started();
      failure ? self->fail(failure) : self->finish();
    });
  }

  void finish() {
    deadline_.cancel();
    close();
    owner_->requests_.erase(shared_from_this());
    if (owner_->receiver_) {
      owner_->receiver_(answer_.get().body());
    }
  }

  void fail(const error_code& failure) {
    deadline_.cancel();
    base::log::debug("a request to OpenSIPS has no answer", {{"reason", failure.message()}});
    owner_->requests_.erase(shared_from_this());
  }

  const std::shared_ptr<OpenSipsHttp> owner_;
  tcp::socket socket_;
  base::Timer deadline_;
  http::request<http::string_body> request_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::string_body> answer_;
};

OpenSipsHttp::OpenSipsHttp(EngineLoop& loop, const base::SocketAddress& server, std::string path, Receiver receiver)
    : loop_(loop), server_(server), path_(std::move(path)), receiver_(std::move(receiver)) {}

void OpenSipsHttp::post(std::string_view body) {
  if (requests_.size() >= kMaxRequests) {
    base::log::warn("Too many requests to OpenSIPS wait for their answers; one is dropped", {{"waiting", requests_.size()}});
    return;
  }
  const auto request = std::make_shared<Request>(shared_from_this(), body);
  requests_.insert(request);
  request->start();
}

void OpenSipsHttp::close() {
  receiver_ = nullptr;
  for (const auto& request : requests_) {
    request->close();
  }
  requests_.clear();
}

}  // namespace callwright::net
