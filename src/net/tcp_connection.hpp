#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "base/timers.hpp"
#include "net/engine_loop.hpp"
#include "sip/transport.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::net {

struct StreamLimits {
  std::size_t max_connections = 1000;          ///< In both directions together.
  std::size_t max_per_source = 100;            ///< Accepted from one IP address.
  std::size_t max_queued_bytes = 1024 * 1024;  ///< Unsent, for each connection; more closes it.
  base::Duration connect_timeout = std::chrono::seconds(5);
  base::Duration message_timeout = std::chrono::seconds(10);  ///< From the first byte of a message to its last.
  base::Duration idle_timeout = std::chrono::minutes(5);      ///< Without a byte in either direction.
};

/// One SIP stream over TCP: cuts what comes in into messages, answers keep-alive pings (RFC 5626 §3.5.1), sends in order. Loop thread.
/// Lives in a shared_ptr: pending operations keep it until they are cancelled.
class TcpConnection : public std::enable_shared_from_this<TcpConnection> {
 public:
  enum class Closed {
    ConnectFailed,  ///< It never was a connection.
    Lost,           ///< By the peer, or by the network.
    Violation,      ///< The peer sent what is no SIP stream, or took too long for it, or does not read.
    Idle,           ///< No byte for the idle time.
  };

  class Owner {
   public:
    virtual void on_frame(TcpConnection& connection, std::string_view message) = 0;
    /// The last call. Never from within `connect` or `send`.
    virtual void on_closed(TcpConnection& connection, Closed why, const base::Error& error) = 0;

   protected:
    ~Owner() = default;
  };

  TcpConnection(EngineLoop& loop, const StreamLimits& limits, Owner& owner, sip::ConnectionId id);

  /// One of the two begins its life.
  void accept(boost::asio::ip::tcp::socket socket, const base::SocketAddress& remote);
  void connect(const base::SocketAddress& remote);

  /// Queues bytes, also while the connection is being made.
  void send(std::string_view bytes);
  /// At once and silently: `on_closed` is not called.
  void close();

  [[nodiscard]] sip::ConnectionId id() const noexcept { return id_; }
  [[nodiscard]] bool inbound() const noexcept { return inbound_; }
  [[nodiscard]] const base::SocketAddress& remote() const noexcept { return remote_; }
  /// Port 0 until connected.
  [[nodiscard]] const base::SocketAddress& local() const noexcept { return local_; }

 private:
  enum class State { New, Connecting, Open, Closed };

  void opened();
  void on_connected(const boost::system::error_code& failure);
  void read();
  void on_read(const boost::system::error_code& failure, std::size_t size);
  void cut_frames();
  void consume(std::size_t size);
  void watch_partial_message(std::string_view rest);
  void write();
  void on_written(const boost::system::error_code& failure);
  void on_timeout();
  void on_idle();
  void on_deferred_failure();
  void fail_later(Closed why, base::Error error);
  void fail(Closed why, const base::Error& error);
  [[nodiscard]] base::Error describe(std::string_view what) const;

  EngineLoop& loop_;
  const StreamLimits& limits_;
  Owner* owner_;
  const sip::ConnectionId id_;
  boost::asio::ip::tcp::socket socket_;
  State state_ = State::New;
  bool inbound_ = false;
  base::SocketAddress remote_;
  base::SocketAddress local_;

  std::string received_;  ///< Bytes [consumed_, filled_) wait to be cut.
  std::size_t consumed_ = 0;
  std::size_t filled_ = 0;
  std::size_t scanned_ = 0;

  std::string queued_;
  std::string writing_;  ///< Being written; empty when no write is under way.

  base::Timer timeout_;  ///< For connecting, then for each partial message.
  base::Timer idle_;
  EngineLoop::BatchEnd deferred_;
  Closed deferred_why_ = Closed::Lost;
  base::Error deferred_error_;
};

}  // namespace callwright::net
