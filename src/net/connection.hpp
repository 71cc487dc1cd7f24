#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "base/timers.hpp"
#include "net/engine_loop.hpp"
#include "net/socket_stream.hpp"
#include "net/tls.hpp"
#include "sip/message.hpp"
#include "sip/transport.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::net {

struct StreamLimits {
  std::size_t max_connections = 1000;          ///< In both directions together.
  std::size_t max_per_source = 100;            ///< Accepted from one IP address.
  std::size_t max_queued_bytes = 1024 * 1024;  ///< Unsent, for each connection; more closes it.
  std::size_t max_message_bytes = sip::Message::kMaxSize;
  base::Duration connect_timeout = std::chrono::seconds(5);
  base::Duration handshake_timeout = std::chrono::seconds(10);     ///< Of TLS and WebSocket together.
  base::Duration message_timeout = std::chrono::seconds(10);       ///< From the first byte of a message to its last.
  base::Duration first_message_timeout = std::chrono::minutes(1);  ///< Of an accepted connection that has said nothing yet.
  base::Duration idle_timeout = std::chrono::minutes(65);          ///< Without a byte in either direction: longer than phones register for, usually an hour.
};

/// What a connection is and whom it leads to.
struct Route {
  sip::Transport transport = sip::Transport::Tcp;
  base::SocketAddress remote;
  std::string server_name;  ///< Whom the certificate has to belong to; "" for a connection that was accepted, or without TLS.

  friend bool operator==(const Route&, const Route&) = default;
};

/// One SIP connection, in either direction: connecting, TLS, time-outs and the end. What runs over it is up to the derived class. Loop thread.
/// Lives in a shared_ptr: pending operations keep it until they are cancelled.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum class Closed {
    ConnectFailed,  ///< It never was a connection.
    Lost,           ///< By the peer, or by the network.
    Violation,      ///< The peer sent what is not SIP, or took too long for it, or does not read.
    Idle,           ///< No byte for the idle time.
  };

  class Owner {
   public:
    virtual void on_frame(Connection& connection, std::string_view message) = 0;
    /// The last call. Never from within `connect` or `send`.
    virtual void on_closed(Connection& connection, Closed why, const base::Error& error) = 0;

   protected:
    ~Owner() = default;
  };

  Connection(EngineLoop& loop, const StreamLimits& limits, Owner& owner, sip::ConnectionId id, Route route);
  virtual ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// One of the two begins its life. The last argument is for secure transports and null for the others.
  void accept(boost::asio::ip::tcp::socket socket, std::shared_ptr<const TlsServer> tls);
  void connect(std::shared_ptr<const TlsClient> tls, int dscp);

  /// Queues a message, also while the connection is being made.
  virtual void send(std::string_view message) = 0;
  /// At once and silently: `on_closed` is not called.
  void close();
  /// The same, but TLS is ended first (RFC 8446 §6.1): the peer can tell it from an attack. It gets a second to confirm it.
  void shut_down();
  /// A little later, with `on_closed`: nothing comes over it any more.
  void abandon() { fail_later(Closed::Lost, describe("was given up: it does not answer keep-alives")); }

  [[nodiscard]] sip::ConnectionId id() const noexcept { return id_; }
  [[nodiscard]] bool inbound() const noexcept { return inbound_; }
  [[nodiscard]] const Route& route() const noexcept { return route_; }
  [[nodiscard]] const base::SocketAddress& remote() const noexcept { return route_.remote; }
  /// Port 0 until connected.
  [[nodiscard]] const base::SocketAddress& local() const noexcept { return local_; }
  [[nodiscard]] sip::Flow flow() const noexcept { return {route_.transport, local_, route_.remote, id_}; }
  /// The certificate that an accepted connection's peer proved to have; no names when there is none.
  [[nodiscard]] CertificateNames verified_peer();

 protected:
  enum class State { New, Connecting, Handshaking, Open, Closed };

  /// Bytes can flow: the state is Handshaking until the derived class calls `opened`.
  virtual void start() = 0;
  virtual void on_idle();

  void opened();
  /// Bytes came or went.
  void touch() { idle_.start(idle_time_); }
  /// From a handler of the stream: false when the connection is closed already.
  [[nodiscard]] bool entered();
  void deliver(std::string_view message);
  void fail_later(Closed why, base::Error error);
  void fail(Closed why, const base::Error& error);
  [[nodiscard]] base::Error describe(std::string_view what) const;

  EngineLoop& loop_;
  const StreamLimits& limits_;
  SocketStream stream_;
  State state_ = State::New;
  base::Timer timeout_;  ///< For connecting, then for the handshakes, then for each partial message.
  base::Duration idle_time_;

 private:
  void on_connected(const boost::system::error_code& failure);
  void handshake();
  void on_handshake(const boost::system::error_code& failure);
  void set_options(int dscp);
  void on_timeout();
  void end_timers();
  void on_deferred_failure() { fail(deferred_why_, deferred_error_); }

  Owner* owner_;
  const sip::ConnectionId id_;
  const Route route_;
  bool inbound_ = false;
  base::SocketAddress local_;
  std::shared_ptr<const TlsServer> tls_server_;
  std::shared_ptr<const TlsClient> tls_client_;
  base::Timer idle_;
  EngineLoop::BatchEnd deferred_;
  Closed deferred_why_ = Closed::Lost;
  base::Error deferred_error_;
};

/// A TCP or TLS connection (RFC 3261 §18.3) or a WebSocket (RFC 7118), as the route's transport says. `origins` are the pages that may open a WebSocket.
[[nodiscard]] std::shared_ptr<Connection> make_connection(EngineLoop& loop, const StreamLimits& limits, const std::vector<std::string>& origins,
                                                          Connection::Owner& owner, sip::ConnectionId id, Route route);

}  // namespace callwright::net
