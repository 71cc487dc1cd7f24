#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_stream.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace callwright::server {

/// A TCP connection with or without TLS: an AsyncStream with time-outs to Asio and Beast, so that what is built on top needs one form for both.
/// May be moved while nothing is under way.
class WebStream {
 public:
  /// The concrete executor spares a type-erased call for each operation.
  using Tcp = boost::beast::basic_stream<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
  using Tls = boost::asio::ssl::stream<Tcp&>;
  using executor_type = Tcp::executor_type;

  explicit WebStream(boost::asio::io_context& io) : layers_(std::make_unique<Layers>(io)) {}
  explicit WebStream(Tcp::socket_type socket) : layers_(std::make_unique<Layers>(std::move(socket))) {}

  /// From now on bytes go through TLS, once its handshake is done. New certificates do not touch this connection: it keeps the context.
  Tls& secure(std::shared_ptr<boost::asio::ssl::context> context) {
    layers_->context = std::move(context);
    return layers_->tls.emplace(layers_->tcp, *layers_->context).next_layer();
  }
  /// From now on they do not.
  void forget_tls() noexcept { layers_->tls.reset(); }

  /// Null without TLS.
  [[nodiscard]] Tls* tls() noexcept { return layers_->tls ? &layers_->tls->next_layer() : nullptr; }
  [[nodiscard]] bool is_secure() const noexcept { return layers_->tls.has_value(); }
  [[nodiscard]] Tcp& tcp() noexcept { return layers_->tcp; }
  [[nodiscard]] Tcp::socket_type& socket() noexcept { return layers_->tcp.socket(); }
  [[nodiscard]] const Tcp::socket_type& socket() const noexcept { return layers_->tcp.socket(); }
  [[nodiscard]] executor_type get_executor() noexcept { return layers_->tcp.get_executor(); }

  /// What is under way then fails.
  void expires_after(std::chrono::nanoseconds time) { layers_->tcp.expires_after(time); }
  void expires_never() { layers_->tcp.expires_never(); }
  void close() { layers_->tcp.close(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [layers = layers_.get()](auto&& handler, const Buffers& into) {
          if (layers->tls) {
            layers->tls->async_read_some(into, std::forward<decltype(handler)>(handler));
          } else {
            layers->tcp.async_read_some(into, std::forward<decltype(handler)>(handler));
          }
        },
        token, buffers);
  }

  /// While it is on, what is written stays here, up to kGathered bytes, and leaves with what is written behind it: of many short messages each would otherwise
  /// be a system call, and with TLS a record. Whoever writes the last piece turns it off before.
  void gather(bool on) noexcept { layers_->gathering = on; }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [layers = layers_.get()](auto&& handler, const Buffers& from) {
          if (layers->gathering || !layers->gathered.empty()) {
            layers->write_gathered(from, std::forward<decltype(handler)>(handler));
          } else if (layers->tls) {
            layers->tls->async_write_some(from, std::forward<decltype(handler)>(handler));
          } else {
            layers->tcp.async_write_some(from, std::forward<decltype(handler)>(handler));
          }
        },
        token, buffers);
  }

 private:
  static constexpr std::size_t kGathered = 64 * 1024;

  /// Stay where they are: TLS refers to TCP.
  struct Layers {
    explicit Layers(boost::asio::io_context& io) : tcp(io) {}
    explicit Layers(Tcp::socket_type socket) : tcp(std::move(socket)) {}

    template <class Buffers, class Handler>
    void write_gathered(const Buffers& from, Handler&& handler) {
      const std::size_t size = boost::asio::buffer_size(from);
      const std::size_t before = gathered.size();
      gathered.resize(before + size);
      boost::asio::buffer_copy(boost::asio::buffer(gathered.data() + before, size), from);
      if (gathering && gathered.size() < kGathered) {
        boost::asio::post(tcp.get_executor(),
                          [size, handler = std::forward<Handler>(handler)]() mutable { std::move(handler)(boost::system::error_code{}, size); });
        return;
      }
      auto all_written = [this, size, handler = std::forward<Handler>(handler)](boost::system::error_code failure, std::size_t /*all*/) mutable {
        gathered.clear();
        std::move(handler)(failure, failure ? 0 : size);
      };
      if (tls) {
        boost::asio::async_write(*tls, boost::asio::buffer(gathered), std::move(all_written));
      } else {
        boost::asio::async_write(tcp, boost::asio::buffer(gathered), std::move(all_written));
      }
    }

    Tcp tcp;
    std::shared_ptr<boost::asio::ssl::context> context;
    /// Flat: the head of a WebSocket message and its text leave in one record.
    std::optional<boost::beast::flat_stream<Tls>> tls;
    std::string gathered;
    bool gathering = false;
  };
  std::unique_ptr<Layers> layers_;
};

/// Beast's time-outs call this.
inline void beast_close_socket(WebStream& stream) { stream.close(); }

/// What Beast does after the closing frames of a WebSocket, which say that nothing was cut off: TLS adds nothing to that.
template <class Handler>
void async_teardown(boost::beast::role_type role, WebStream& stream, Handler&& handler) {
  async_teardown(role, stream.tcp(), std::forward<Handler>(handler));
}

using WebRequest = boost::beast::http::request<boost::beast::http::string_body>;

}  // namespace callwright::server
