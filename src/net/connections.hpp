#pragma once

#include "net/connection.hpp"
#include "net/log_limit.hpp"
#include "net/source_guard.hpp"
#include "net/tcp_listener.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace callwright::net {

/// All SIP connections over TCP, TLS and WebSocket: listeners, connections in both directions, their reuse and their limits. Loop thread.
///
/// A connection is used again for every message to its remote address over the same transport, whoever made it; one over TLS that we make only for the
/// server name that it was verified for. A peer whose Via says `alias` (RFC 5923) is also reached over it at the address that it sends from: over TLS
/// when its certificate is that of the Via's host, over others when the host is the address that it came from.
class Connections final : private Connection::Owner, private TcpListener::Owner {
 public:
  class User {
   public:
    virtual void on_stream_message(const sip::Flow& flow, std::string_view message) = 0;
    /// A connection could not be made or was lost. Never from within `send`.
    virtual void on_stream_error(const sip::Flow& flow, const base::Error& error) = 0;

   protected:
    ~User() = default;
  };

  Connections(EngineLoop& loop, const StreamLimits& limits, SourceGuard& guard, User& user);
  ~Connections();

  /// TLS and WSS need `set_tls` with a certificate before.
  base::Result<base::SocketAddress> listen(sip::Transport transport, const base::SocketAddress& address, int dscp);
  /// From now on new connections use these certificates; nothing changes when one of the files cannot be used.
  base::Result<void> set_tls(const TlsSettings& settings);
  /// Web pages that may connect to WebSocket listeners besides those of the same host.
  void allow_origins(std::vector<std::string> origins) { origins_ = std::move(origins); }

  /// Over the connection that the flow names if it is still there, else over any with that transport and remote address, else over a new one. To the
  /// phone at the other end of a WebSocket that is gone there is no new one (RFC 7118 §5): that is an error at once.
  /// Returns the flow that took the message (its local port is 0 until connected), or nothing when there may be no more connections:
  /// then `on_stream_error` follows.
  std::optional<sip::Flow> send(const sip::Flow& flow, std::string_view message, int dscp);
  /// A connection to `remote`, made in the background when there is none; zero when there may be no more, then `on_stream_error` follows.
  sip::ConnectionId connect(sip::Transport transport, const base::SocketAddress& remote, std::string_view server_name, int dscp);

  /// Gives a connection up that is of no use any more; `on_stream_error` follows.
  void disconnect(sip::ConnectionId id);

  [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }
  /// Connections closed right after accepting them because of a limit.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  struct RouteHash {
    std::size_t operator()(const Route& route) const noexcept;
  };
  struct Entry {
    std::shared_ptr<Connection> connection;
    std::optional<Route> alias;
    bool heard = false;  ///< A message has come.
  };
  struct RefusedSend {
    sip::Flow flow;
    base::Error error;
  };

  void on_accepted(const TcpListener& listener, boost::asio::ip::tcp::socket socket, const base::SocketAddress& remote) override;
  void on_frame(Connection& connection, std::string_view message) override;
  void on_closed(Connection& connection, Connection::Closed why, const base::Error& error) override;

  [[nodiscard]] Connection* find(const sip::Flow& flow);
  [[nodiscard]] Connection* find_or_connect(Route route, int dscp);
  std::shared_ptr<Connection> add(Route route);
  void remove(const Connection& connection);
  void forget(const Route& route, sip::ConnectionId id);
  void take_alias(Entry& entry, std::string_view message);
  void refuse_send(const Route& route, base::Error error);
  void report_refused_sends();
  void close_from(const base::IpAddress& source);
  [[nodiscard]] base::Result<std::shared_ptr<const TlsClient>> tls_client();

  EngineLoop& loop_;
  const StreamLimits limits_;
  SourceGuard& guard_;
  User& user_;
  TlsSettings tls_;
  std::shared_ptr<const TlsServer> tls_server_;
  std::shared_ptr<const TlsClient> tls_client_;  ///< Made when the first is needed.
  std::vector<std::string> origins_;
  base::IdSource<sip::ConnectionId> ids_;
  std::vector<std::shared_ptr<TcpListener>> listeners_;
  std::unordered_map<sip::ConnectionId, Entry> connections_;
  std::unordered_map<Route, sip::ConnectionId, RouteHash> by_route_;  ///< The newest with that route.
  std::map<base::IpAddress, std::size_t> accepted_from_;
  std::uint64_t refused_ = 0;
  LogLimit refused_log_;
  LogLimit failed_log_;
  std::vector<RefusedSend> refused_sends_;
  EngineLoop::BatchEnd batch_end_;
};

}  // namespace callwright::net
