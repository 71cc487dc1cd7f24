#include "server/web_server.hpp"

#include "base/log.hpp"
#include "server/http_connection.hpp"
#include "server/web_core.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <thread>
#include <utility>

#include <pthread.h>

namespace callwright::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using Executor = asio::io_context::executor_type;

/// After a failed accept (no file descriptors left, say) the next one waits.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
/// Connections beyond the limit that are kept for long enough to tell them 503.
constexpr std::size_t kRefusalSlots = 64;

tcp::endpoint endpoint_of(const base::SocketAddress& address) {
  if (address.ip.is_v4()) {
    return {asio::ip::address_v4(address.ip.v4_bytes()), address.port};
  }
  return {asio::ip::address_v6(address.ip.v6_bytes()), address.port};
}

/// Accepts connections on one address.
class Listener {
 public:
  Listener(WebCore& core, WebSecurity security) : core_(core), security_(security), acceptor_(core.io), pause_(core.io) {}

  base::Result<base::SocketAddress> open(const base::SocketAddress& address) {
    const auto endpoint = endpoint_of(address);
    error_code failure;
    acceptor_.open(endpoint.protocol(), failure);
    if (!failure) {
      acceptor_.set_option(asio::socket_base::reuse_address(true), failure);
    }
    if (!failure) {
      acceptor_.bind(endpoint, failure);
    }
    if (!failure) {
      acceptor_.listen(asio::socket_base::max_listen_connections, failure);
    }
    if (failure) {
      return base::Error(failure, "cannot listen on " + address.to_string() + " (TCP): " + failure.message() + "; choose another address or port");
    }
    reach_ = address.ip.is_loopback() ? Reach::Loopback : Reach::Network;
    return base::SocketAddress{.ip = address.ip, .port = acceptor_.local_endpoint().port()};
  }

  void accept() {
    acceptor_.async_accept(core_.io, [this](error_code failure, WebTcpSocket socket) { on_accepted(failure, std::move(socket)); });
  }

  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

 private:
  void on_accepted(error_code failure, WebTcpSocket socket) {
    if (!acceptor_.is_open()) {
      return;
    }
    if (failure) {
      base::log::warn("a connection could not be accepted", {{"reason", failure.message()}});
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([this](error_code cancelled) {
        if (!cancelled) {
          accept();
        }
      });
      return;
    }
    if (core_.connections() < core_.config.max_connections + kRefusalSlots) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      serve_http(core_, std::move(socket), reach_, security_);
    }
    accept();
  }

  WebCore& core_;
  const WebSecurity security_;
  asio::basic_socket_acceptor<tcp, Executor> acceptor_;
  asio::steady_timer pause_;
  Reach reach_ = Reach::Network;
};

}  // namespace

class WebServer::Impl {
 public:
  explicit Impl(WebConfig config) : core(std::move(config)), work_(asio::make_work_guard(core.io)), grace_(core.io) {}

  base::Result<base::SocketAddress> listen(const base::SocketAddress& address, WebSecurity security) {
    if (security == WebSecurity::Tls && core.tls == nullptr) {
      return base::Error(base::Errc::WrongState, "a listener for wss or https needs a certificate; add a [[certificates]] table with chain and key");
    }
    auto listener = std::make_unique<Listener>(core, security);
    auto bound = listener->open(address);
    if (bound) {
      listeners_.push_back(std::move(listener));
    }
    return bound;
  }

  void start() {
    for (const auto& listener : listeners_) {
      listener->accept();
    }
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "web");
  }

  void set_tls(std::shared_ptr<asio::ssl::context> context) {
    if (!thread_.joinable()) {
      core.tls = std::move(context);
      return;
    }
    asio::post(core.io, [this, context = std::move(context)]() mutable { core.tls = std::move(context); });
  }

  void blocking_stop(std::chrono::milliseconds grace) {
    if (!thread_.joinable()) {
      return;
    }
    asio::post(core.io, [this, grace] { begin_stop(grace); });
    thread_.join();
  }

  WebCore core;

 private:
  void run() {
    while (true) {
      try {
        core.io.run();
        return;
      } catch (const std::exception& error) {
        // A bug; it costs what ran in this handler, not the server.
        base::log::error("exception on the web thread", {{"what", error.what()}});
      }
    }
  }

  /// From here on the thread ends as soon as nothing is left to be done.
  void begin_stop(std::chrono::milliseconds grace) {
    core.stopping = true;
    work_.reset();
    for (const auto& listener : listeners_) {
      listener->close();
    }
    grace_.expires_after(grace);
    grace_.async_wait([this](error_code cancelled) {
      if (!cancelled) {
        core.for_each_connection([](Connection& connection) { connection.abort(); });
      }
    });
    core.on_empty = [this] { grace_.cancel(); };
    core.for_each_connection([](Connection& connection) { connection.begin_close(); });
    if (core.connections() == 0) {
      grace_.cancel();
    }
  }

  asio::executor_work_guard<Executor> work_;
  asio::steady_timer grace_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::thread thread_;
};

WebServer::WebServer(WebConfig config) : impl_(std::make_unique<Impl>(std::move(config))) {}

WebServer::~WebServer() { blocking_stop(std::chrono::milliseconds(0)); }

void WebServer::add_page(std::string path, HttpHandler handler) { impl_->core.pages.insert_or_assign(std::move(path), std::move(handler)); }

void WebServer::add_service(std::string prefix, HttpService service) { impl_->core.services.insert_or_assign(std::move(prefix), std::move(service)); }

void WebServer::add_websocket(std::string path, WebSocketGate gate) { impl_->core.websockets.insert_or_assign(std::move(path), std::move(gate)); }

void WebServer::add_websocket(std::string path, WebSocketFactory factory) {
  add_websocket(std::move(path), [factory = std::move(factory)](const HttpRequest&) -> Admission { return factory; });
}

void WebServer::set_tls(std::shared_ptr<asio::ssl::context> context) { impl_->set_tls(std::move(context)); }

base::Result<base::SocketAddress> WebServer::listen(const base::SocketAddress& address, WebSecurity security) { return impl_->listen(address, security); }

void WebServer::start() { impl_->start(); }

void WebServer::post(std::function<void()> job) { asio::post(impl_->core.io, std::move(job)); }

void WebServer::blocking_stop(std::chrono::milliseconds grace) { impl_->blocking_stop(grace); }

std::size_t WebServer::connections() const noexcept { return impl_->core.connections(); }

HttpHandler health_page(std::string version) {
  return [body = R"({"status":"ok","version":")" + std::move(version) + "\"}\n"](const HttpRequest&) { return HttpResponse{.body = body}; };
}

}  // namespace callwright::server
