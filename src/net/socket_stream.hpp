#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/role.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace callwright::net {

/// A TCP socket with or without TLS: an AsyncStream to Asio and Beast, so that what is built on top needs one form for both. Stays where it is made.
class SocketStream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Tls = boost::asio::ssl::stream<Socket&>;
  using executor_type = Socket::executor_type;

  explicit SocketStream(boost::asio::io_context& context) : socket_(context) {}
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  /// From now on bytes go through TLS, once its handshake is done.
  Tls& secure(boost::asio::ssl::context& context) {
    tls_ = std::make_unique<Tls>(socket_, context);
    return *tls_;
  }

  [[nodiscard]] Socket& socket() noexcept { return socket_; }
  [[nodiscard]] Tls* tls() noexcept { return tls_.get(); }
  [[nodiscard]] executor_type get_executor() noexcept { return socket_.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto&& handler, const Buffers& into) {
          if (tls_ != nullptr) {
            tls_->async_read_some(into, std::forward<decltype(handler)>(handler));
          } else {
            socket_.async_read_some(into, std::forward<decltype(handler)>(handler));
          }
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto&& handler, const Buffers& from) {
          if (tls_ != nullptr) {
            tls_->async_write_some(from, std::forward<decltype(handler)>(handler));
          } else {
            socket_.async_write_some(from, std::forward<decltype(handler)>(handler));
          }
        },
        token, buffers);
  }

 private:
  Socket socket_;
  std::unique_ptr<Tls> tls_;
};

/// Beast's time-outs, which are not used here, would call this.
inline void beast_close_socket(SocketStream& stream) {
  boost::system::error_code ignored;
  stream.socket().close(ignored);
}

/// What Beast does after the closing frames. What the other side still sends is read and dropped until it closes too, within limits: a socket that is closed
/// with unread bytes resets the connection, and then the other side may never see why it was closed (RFC 1122 §4.2.2.13).
template <class Handler>
void async_teardown(boost::beast::role_type /*role*/, SocketStream& stream, Handler&& handler) {
  struct Linger {
    boost::asio::steady_timer timer;
    std::array<char, 4096> block{};
    std::size_t left = 16UL * 1024 * 1024;
  };
  auto& socket = stream.socket();
  auto linger = std::make_shared<Linger>(Linger{boost::asio::steady_timer(socket.get_executor(), std::chrono::seconds(2))});
  boost::system::error_code ignored;
  socket.shutdown(SocketStream::Socket::shutdown_send, ignored);
  linger->timer.async_wait([&socket, weak = std::weak_ptr(linger)](const boost::system::error_code& cancelled) {
    boost::system::error_code failure;
    if (!cancelled && !weak.expired()) {
      socket.cancel(failure);
    }
  });
  auto drain = [&socket, linger = std::move(linger)](auto& self, const boost::system::error_code& failure = {}, std::size_t length = 0) mutable {
    if (failure || length >= linger->left) {
      linger.reset();
      self.complete({});
      return;
    }
    linger->left -= length;
    const auto into = boost::asio::buffer(linger->block);
    socket.async_read_some(into, std::move(self));
  };
  boost::asio::async_compose<Handler, void(boost::system::error_code)>(std::move(drain), handler, socket.get_executor());
}

}  // namespace callwright::net
