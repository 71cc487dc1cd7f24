#include "server/http_connection.hpp"

#include "base/log.hpp"
#include "server/web_stream.hpp"
#include "server/websocket_connection.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <atomic>
#include <optional>
#include <utility>

namespace callwright::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

constexpr auto kLinger = std::chrono::seconds(2);
constexpr std::size_t kLingerBytes = 4096;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

struct Target {
  std::string_view path;
  std::string_view query;
};

Target split(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? Target{target, {}} : Target{target.substr(0, mark), target.substr(mark + 1)};
}

/// The value of a header field that is there once, else "".
template <class Field>
std::string_view single(const WebRequest& request, Field field) {
  return request.count(field) == 1 ? view(request[field]) : std::string_view{};
}

base::SocketAddress remote_of(const WebStream& stream) {
  error_code failure;
  const auto endpoint = stream.socket().remote_endpoint(failure);
  const auto address = endpoint.address();
  const auto ip = address.is_v4() ? base::IpAddress::v4(address.to_v4().to_bytes()) : base::IpAddress::v6(address.to_v6().to_bytes());
  return failure ? base::SocketAddress{} : base::SocketAddress{ip, endpoint.port()};
}

HttpResponse plain(http::status status, std::string text) {
  return {.status = static_cast<unsigned>(status), .content_type = "text/plain; charset=utf-8", .body = std::move(text)};
}

/// The answer to a request that could not be read; nothing when there is nobody to answer.
std::optional<HttpResponse> refusal(error_code failure) {
  if (failure == http::error::header_limit) {
    return plain(http::status::request_header_fields_too_large, "Request Header Fields Too Large\n");
  }
  if (failure == http::error::body_limit) {
    return plain(http::status::payload_too_large, "Payload Too Large\n");
  }
  const bool is_malformed = failure.category() == http::make_error_code(http::error::bad_method).category() && failure != http::error::end_of_stream &&
                            failure != http::error::partial_message;
  return is_malformed ? std::optional(plain(http::status::bad_request, "Bad Request\n")) : std::nullopt;
}

class HttpConnection final : public Connection, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(WebCore& core, WebTcpSocket socket, Reach reach, ConnectionSlot slot)
      : core_(core), stream_(std::move(socket)), patience_(core.io), reach_(reach), slot_(std::move(slot)) {}

  void run(WebSecurity security) {
    slot_.occupy(weak_from_this());
    if (security == WebSecurity::Plain) {
      read();
      return;
    }
    stream_.expires_after(core_.config.handshake_timeout);
    stream_.secure(core_.tls).async_handshake(ssl::stream_base::server, beast::bind_front_handler(&HttpConnection::on_handshake, shared_from_this()));
  }

  void begin_close() override {
    closing_ = true;
    if (!answering_) {
      abort();
    }
  }

  void abort() override {
    patience_.cancel();
    stream_.close();
  }

 private:
  void on_handshake(error_code failure) {
    if (!failure) {
      read();
      return;
    }
    // Anybody may cause these.
    base::log::debug("TLS handshake failed", {{"reason", failure.message()}, {"remote", remote_of(stream_).to_string()}});
    if (failure.category() == asio::error::get_ssl_category() && ERR_GET_REASON(static_cast<unsigned long>(failure.value())) == SSL_R_HTTP_REQUEST) {
      stream_.forget_tls();
      answer(plain(http::status::bad_request, "this port speaks TLS: use https:// or wss://\n"), http::verb::get, KeepAlive::No);
    }
  }

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(core_.config.max_header_bytes));
    parser_->body_limit(core_.config.max_body_bytes);
    stream_.expires_after(core_.config.request_timeout);
    http::async_read(stream_, buffer_, *parser_, beast::bind_front_handler(&HttpConnection::on_read, shared_from_this()));
  }

  void on_read(error_code failure, std::size_t) {
    if (failure) {
      if (auto response = refusal(failure)) {
        answer(std::move(*response), http::verb::get, KeepAlive::No);
      }
      return;
    }
    const WebRequest& request = parser_->get();
    if (core_.connections() > core_.config.max_connections) {
      answer(plain(http::status::service_unavailable, "too many connections, try again later\n"), request.method(), KeepAlive::No);
      return;
    }
    route(request);
  }

  void route(const WebRequest& request) {
    const Target target = split(view(request.target()));
    HttpRequest seen{.method = view(request.method_string()),
                     .path = target.path,
                     .query = target.query,
                     .authorization = single(request, http::field::authorization),
                     .api_key = single(request, "X-API-Key"),
                     .remote = remote_of(stream_)};
    const auto websocket = core_.websockets.find(target.path);
    const auto page = core_.pages.find(target.path);
    const KeepAlive keep_alive = request.keep_alive() ? KeepAlive::Yes : KeepAlive::No;
    const HttpService* const service = websocket == core_.websockets.end() && page == core_.pages.end() ? service_for(target.path) : nullptr;
    if (service != nullptr) {
      serve(*service, request, seen);
    } else if (websocket == core_.websockets.end() && page == core_.pages.end()) {
      answer(plain(http::status::not_found, "404 page not found\n"), request.method(), keep_alive);
    } else if (request.method() != http::verb::get && request.method() != http::verb::head) {
      answer(plain(http::status::method_not_allowed, "Method Not Allowed\n"), request.method(), keep_alive);
    } else if (page != core_.pages.end()) {
      answer(page->second(seen), request.method(), keep_alive);
    } else if (!beast::websocket::is_upgrade(request)) {
      answer(plain(http::status::bad_request, "Bad Request\n"), request.method(), keep_alive);
    } else if (!may_connect(request)) {
      base::log::warn("websocket refused: its origin is not allowed", {{"origin", view(request[http::field::origin])}});
      answer(plain(http::status::forbidden, "this origin is not allowed\n"), request.method(), KeepAlive::No);
    } else {
      admit(websocket->second(seen));
    }
  }

  const HttpService* service_for(std::string_view path) const {
    const HttpService* found = nullptr;
    for (const auto& [prefix, service] : core_.services) {
      // In their order a longer prefix of a path comes behind a shorter one.
      found = path.starts_with(prefix) ? &service : found;
    }
    return found;
  }

  void serve(const HttpService& service, const WebRequest& request, HttpRequest& seen) {
    const bool reads = request.method() == http::verb::get || request.method() == http::verb::head || request.method() == http::verb::options;
    if (!reads && !may_connect(request)) {
      answer(plain(http::status::forbidden, "this origin is not allowed\n"), request.method(), KeepAlive::No);
      return;
    }
    seen.body = request.body();
    for (const auto& field : request) {
      seen.fields.emplace_back(view(field.name_string()), view(field.value()));
    }
    stream_.expires_never();
    answering_ = true;
    patience_.expires_after(core_.config.answer_timeout);
    // This keeps the connection while nothing else is under way.
    patience_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) {
        self->answer_late(plain(http::status::gateway_timeout, "nobody answered in time\n"));
      }
    });
    const auto pending = std::make_shared<PendingAnswer>(weak_from_this(), ++requests_);
    service(seen, [pending](HttpResponse response) { pending->give(std::move(response)); });
  }

  /// What became of a request that a service has.
  class PendingAnswer {
   public:
    PendingAnswer(std::weak_ptr<HttpConnection> connection, std::uint64_t request) : connection_(std::move(connection)), request_(request) {}
    ~PendingAnswer() { give(plain(http::status::service_unavailable, "nobody answers this now\n")); }
    PendingAnswer(const PendingAnswer&) = delete;
    PendingAnswer& operator=(const PendingAnswer&) = delete;

    void give(HttpResponse response) {
      const auto connection = given_.exchange(true) ? nullptr : connection_.lock();
      if (connection != nullptr) {
        asio::post(connection->core_.io, [connection, request = request_, response = std::move(response)]() mutable {
          if (connection->requests_ == request) {
            connection->answer_late(std::move(response));
          }
        });
      }
    }

   private:
    const std::weak_ptr<HttpConnection> connection_;
    const std::uint64_t request_;
    std::atomic<bool> given_ = false;
  };

  void answer_late(HttpResponse response) {
    ++requests_;
    patience_.cancel();
    const WebRequest& request = parser_->get();
    answer(std::move(response), request.method(), request.keep_alive() ? KeepAlive::Yes : KeepAlive::No);
  }

  void admit(Admission admission) {
    if (auto* refused = std::get_if<HttpResponse>(&admission)) {
      log_refusal(*refused);
      answer(std::move(*refused), http::verb::get, KeepAlive::No);
      return;
    }
    stream_.expires_never();
    serve_websocket(core_, std::move(stream_), parser_->release(), std::get<WebSocketFactory>(std::move(admission)), std::move(slot_));
  }

  void log_refusal(const HttpResponse& refused) const {
    // Those who come too often shall not fill the log; that it came to this has been told.
    const bool throttled = refused.status == static_cast<unsigned>(http::status::too_many_requests);
    const std::string_view reason(refused.body);
    base::log::write(throttled ? base::log::Level::Debug : base::log::Level::Info, "websocket refused",
                     {{"status", refused.status}, {"reason", reason.substr(0, reason.find('\n'))}, {"remote", remote_of(stream_).to_string()}});
  }

  bool may_connect(const WebRequest& request) const {
    const std::size_t origins = request.count(http::field::origin);
    const std::string host = addressed_host(request);
    return origins == 0 || (origins == 1 && origin_may_connect(view(request[http::field::origin]), host, core_.config.allowed_origins, reach_));
  }

  /// With its port where we speak TLS: a page that came without is none of ours.
  std::string addressed_host(const WebRequest& request) const {
    std::string host(view(request[http::field::host]));
    const std::size_t colon = host.rfind(':');
    const bool has_port = colon != std::string::npos && host.find(']', colon) == std::string::npos;
    return stream_.is_secure() && !has_port && !host.empty() ? host + ":443" : host;
  }

  enum class KeepAlive { No, Yes };

  void answer(HttpResponse page, http::verb method, KeepAlive keep_alive) {
    response_ = {};
    response_.version(11);
    response_.result(page.status);
    if (!page.content_type.empty()) {
      response_.set(http::field::content_type, page.content_type);
    }
    response_.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : page.headers) {
      response_.insert(name, value);
    }
    if (page.status == static_cast<unsigned>(http::status::method_not_allowed) && response_.count(http::field::allow) == 0) {
      response_.set(http::field::allow, "GET, HEAD");
    }
    response_.keep_alive(keep_alive == KeepAlive::Yes && !closing_);
    response_.content_length(page.body.size());
    if (method != http::verb::head) {
      response_.body() = std::move(page.body);
    }
    answering_ = true;
    stream_.expires_after(core_.config.request_timeout);
    http::async_write(stream_, response_, beast::bind_front_handler(&HttpConnection::on_written, shared_from_this()));
  }

  void on_written(error_code failure, std::size_t) {
    answering_ = false;
    if (!failure && !closing_ && response_.keep_alive()) {
      read();
      return;
    }
    stream_.expires_after(kLinger);
    if (failure || !stream_.is_secure()) {
      end_sending();
      return;
    }
    // That the answer is whole, and nobody has cut it, is told by closing TLS, too; what the client makes of that does not matter.
    stream_.tls()->async_shutdown([self = shared_from_this()](error_code) { self->end_sending(); });
  }

  void end_sending() {
    error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    linger();
  }

  /// A socket that is closed with unread input resets the connection, and the client may never see the answer: so the rest is read, within limits.
  void linger() {
    buffer_.clear();
    stream_.tcp().async_read_some(buffer_.prepare(kLingerBytes), [self = shared_from_this()](error_code failure, std::size_t length) {
      self->lingered_ += length;
      if (!failure && self->lingered_ < self->core_.config.max_body_bytes) {
        self->linger();
      }
    });
  }

  WebCore& core_;
  WebStream stream_;
  asio::steady_timer patience_;  ///< With a service.
  std::uint64_t requests_ = 0;   ///< That went to services, each counted again with its answer.
  const Reach reach_;
  ConnectionSlot slot_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  std::size_t lingered_ = 0;
  bool answering_ = false;
  bool closing_ = false;
};

}  // namespace

void serve_http(WebCore& core, WebTcpSocket socket, Reach reach, WebSecurity security) {
  std::make_shared<HttpConnection>(core, std::move(socket), reach, ConnectionSlot(core))->run(security);
}

}  // namespace callwright::server
