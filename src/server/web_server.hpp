#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "server/websocket.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace callwright::server {

/// Of a listener.
enum class WebSecurity { Plain, Tls };

struct HttpRequest {
  std::string_view method;              ///< "GET", "HEAD"; of a service any.
  std::string_view path;                ///< Without the query, percent-escapes as sent.
  std::string_view query;               ///< After the '?', or "". May have secrets: `without_token_values` makes it fit for a log.
  std::string_view authorization = {};  ///< This header field and the next one; "" when there is none, or more than one.
  std::string_view api_key = {};        ///< X-API-Key
  base::SocketAddress remote = {};
  std::string_view body = {};                                              ///< Of a service, as are
  std::vector<std::pair<std::string_view, std::string_view>> fields = {};  ///< the header fields, in their order.
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "application/json";  ///< "": not told.
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< Besides those that each answer has.
};

using HttpHandler = std::function<HttpResponse(const HttpRequest& request)>;

/// Answers one request, now or later, from any thread while the server is there. The first answer counts; dropped without one, the client gets 503.
using HttpReply = std::function<void(HttpResponse response)>;
/// Called on the web thread; what `request` views ends with the call.
using HttpService = std::function<void(const HttpRequest& request, HttpReply reply)>;

/// Makes the handler of one connection, or is the answer that refuses it before the upgrade.
using Admission = std::variant<WebSocketFactory, HttpResponse>;
/// Looks at a handshake that is in order.
using WebSocketGate = std::function<Admission(const HttpRequest& request)>;

struct WebConfig {
  std::size_t max_connections = 1000;                   ///< More are answered with 503.
  std::size_t max_header_bytes = 8 * 1024;              ///< Request line and headers; more is 431.
  std::size_t max_body_bytes = 64 * 1024;               ///< More is 413.
  std::chrono::milliseconds request_timeout{30'000};    ///< For a whole request, and for the next one on an idle connection.
  std::chrono::milliseconds answer_timeout{600'000};    ///< Of a service; then 504.
  std::chrono::milliseconds handshake_timeout{10'000};  ///< Of TLS.
  std::size_t max_message_bytes = 1024 * 1024;          ///< Of a WebSocket message; more is close 1009.
  std::chrono::milliseconds idle_timeout{60'000};       ///< A silent WebSocket client is pinged after half of it and dropped after it.
  std::chrono::milliseconds close_timeout{5'000};       ///< How long a client may take to answer a close.
  /// Nothing more is read from a client while more than this waits to be sent to it.
  std::size_t high_water_bytes = 256 * 1024;
  std::size_t high_water_messages = 2048;
  /// A client for which more events than this wait is closed with 1008.
  std::size_t max_queued_event_bytes = 4 * 1024 * 1024;
  std::size_t max_queued_event_messages = 65536;
  /// Origins of web pages that may connect besides the server's own, "https://app.example.com".
  std::vector<std::string> allowed_origins = {};
};

/// HTTP/1.1 and WebSocket (RFC 6455), each with or without TLS, on one thread of its own, any number of listeners, all with the same routes.
/// Life: add routes, listen, start, blocking_stop, destroy. All from one thread, save `post`.
class WebServer {
 public:
  explicit WebServer(WebConfig config);
  /// Stops at once.
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  /// Handlers are called on the web thread. `path` is matched exactly.
  void add_page(std::string path, HttpHandler handler);
  /// All methods, for paths that begin with `prefix` and are no page's; the longest prefix counts. Web pages of other origins may only read.
  void add_service(std::string prefix, HttpService service);
  void add_websocket(std::string path, WebSocketGate gate);
  /// One without a gate.
  void add_websocket(std::string path, WebSocketFactory factory);
  /// How TLS handshakes go from now on, with which certificates; connections that are open stay as they are. Before `start`, or any thread.
  void set_tls(std::shared_ptr<boost::asio::ssl::context> context);
  /// Gives the address in use: the port is filled in when it was 0. For TLS, `set_tls` comes first. The error says what to do.
  base::Result<base::SocketAddress> listen(const base::SocketAddress& address, WebSecurity security = WebSecurity::Plain);

  void start();
  /// Runs `job` on the web thread, in the order of the calls; after the stop it is not run any more. Any thread.
  void post(std::function<void()> job);
  /// Stops accepting, closes every WebSocket with 1001, waits for the clients up to `grace`, ends the thread. Blocks; once is enough.
  void blocking_stop(std::chrono::milliseconds grace);

  /// Connections open now. Any thread.
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The page for `/healthz`: `{"status":"ok","version":"…"}`.
[[nodiscard]] HttpHandler health_page(std::string version);

}  // namespace callwright::server
