#pragma once

#include "net/tcp_connection.hpp"
#include "net/tcp_listener.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace callwright::net {

/// All SIP connections over TCP: listeners, connections in both directions, their reuse and their limits. Loop thread.
class TcpConnections final : private TcpConnection::Owner, private TcpListener::Owner {
 public:
  class User {
   public:
    virtual void on_stream_message(const sip::Flow& flow, std::string_view message) = 0;
    /// A connection could not be made or was lost. Never from within `send`.
    virtual void on_stream_error(const sip::Flow& flow, const base::Error& error) = 0;

   protected:
    ~User() = default;
  };

  TcpConnections(EngineLoop& loop, const StreamLimits& limits, User& user);
  ~TcpConnections();

  base::Result<base::SocketAddress> listen(const base::SocketAddress& address);
  /// Over the connection that the flow names if it is still there, else over any with that remote address, else over a new one.
  /// Returns the flow that took the message (its local port is 0 until connected), or nothing when there may be no more connections:
  /// then `on_stream_error` follows.
  std::optional<sip::Flow> send(const sip::Flow& flow, std::string_view message);

  /// A connection to `remote`, made in the background when there is none; zero when there may be no more, then `on_stream_error` follows.
  sip::ConnectionId connect(const base::SocketAddress& remote);

  [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }
  /// Connections closed right after accepting them because of a limit.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  void on_accepted(boost::asio::ip::tcp::socket socket, const base::SocketAddress& remote) override;
  void on_frame(TcpConnection& connection, std::string_view message) override;
  void on_closed(TcpConnection& connection, TcpConnection::Closed why, const base::Error& error) override;

  [[nodiscard]] TcpConnection* find(const sip::Flow& flow);
  [[nodiscard]] TcpConnection* find_or_connect(const sip::Flow& flow);
  std::shared_ptr<TcpConnection> add(const base::SocketAddress& remote);
  void remove(const TcpConnection& connection);
  void report_refused_sends();

  EngineLoop& loop_;
  const StreamLimits limits_;
  User& user_;
  base::IdSource<sip::ConnectionId> ids_;
  std::vector<std::shared_ptr<TcpListener>> listeners_;
  std::unordered_map<sip::ConnectionId, std::shared_ptr<TcpConnection>> connections_;
  std::unordered_map<base::SocketAddress, sip::ConnectionId> by_remote_;  ///< The newest with that address.
  std::map<base::IpAddress, std::size_t> accepted_from_;
  std::uint64_t refused_ = 0;
  std::vector<sip::Flow> refused_sends_;
  EngineLoop::BatchEnd batch_end_;
};

}  // namespace callwright::net
