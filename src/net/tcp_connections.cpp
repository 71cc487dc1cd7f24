#include "net/tcp_connections.hpp"

#include "base/log.hpp"

#include <bit>
#include <utility>

namespace callwright::net {
namespace {

sip::Flow flow_of(const TcpConnection& connection) { return {sip::Transport::Tcp, connection.local(), connection.remote(), connection.id()}; }

}  // namespace

TcpConnections::TcpConnections(EngineLoop& loop, const StreamLimits& limits, User& user)
    : loop_(loop), limits_(limits), user_(user), batch_end_(loop, base::Callback::to<&TcpConnections::report_refused_sends>(*this)) {}

TcpConnections::~TcpConnections() {
  for (const auto& listener : listeners_) {
    listener->close();
  }
  for (const auto& [id, connection] : connections_) {
    connection->close();
  }
}

base::Result<base::SocketAddress> TcpConnections::listen(const base::SocketAddress& address) {
  const auto listener = std::make_shared<TcpListener>(loop_, static_cast<TcpListener::Owner&>(*this));
  auto local = listener->open(address);
  if (local) {
    listeners_.push_back(listener);
  }
  return local;
}

std::optional<sip::Flow> TcpConnections::send(const sip::Flow& flow, std::string_view message) {
  TcpConnection* const connection = find_or_connect(flow);
  if (connection == nullptr) {
    return std::nullopt;
  }
  connection->send(message);
  return flow_of(*connection);
}

sip::ConnectionId TcpConnections::connect(const base::SocketAddress& remote) {
  const TcpConnection* const connection = find_or_connect({sip::Transport::Tcp, {}, remote, {}});
  return connection == nullptr ? sip::ConnectionId{} : connection->id();
}

TcpConnection* TcpConnections::find_or_connect(const sip::Flow& flow) {
  if (TcpConnection* const open = find(flow)) {
    return open;
  }
  if (connections_.size() >= limits_.max_connections) {
    refused_sends_.push_back(flow);
    batch_end_.request();
    return nullptr;
  }
  const auto connection = add(flow.remote);
  connection->connect(flow.remote);
  return connection.get();
}

TcpConnection* TcpConnections::find(const sip::Flow& flow) {
  if (const auto named = connections_.find(flow.connection); named != connections_.end()) {
    return named->second.get();
  }
  const auto other = by_remote_.find(flow.remote);
  return other == by_remote_.end() ? nullptr : connections_.at(other->second).get();
}

std::shared_ptr<TcpConnection> TcpConnections::add(const base::SocketAddress& remote) {
  const sip::ConnectionId id = ids_.next();
  auto connection = std::make_shared<TcpConnection>(loop_, limits_, static_cast<TcpConnection::Owner&>(*this), id);
  connections_.emplace(id, connection);
  by_remote_[remote] = id;
  return connection;
}

void TcpConnections::remove(const TcpConnection& connection) {
  if (connection.inbound()) {
    const auto source = accepted_from_.find(connection.remote().ip);
    if (--source->second == 0) {
      accepted_from_.erase(source);
    }
  }
  if (const auto found = by_remote_.find(connection.remote()); found != by_remote_.end() && found->second == connection.id()) {
    by_remote_.erase(found);
  }
  connections_.erase(connection.id());
}

void TcpConnections::on_accepted(boost::asio::ip::tcp::socket socket, const base::SocketAddress& remote) {
  const auto source = accepted_from_.find(remote.ip);
  const std::size_t from_source = source == accepted_from_.end() ? 0 : source->second;
  if (connections_.size() >= limits_.max_connections || from_source >= limits_.max_per_source) {
    // One line for each power of two: a flood of connections must not become a flood of log lines.
    if (std::has_single_bit(++refused_)) {
      base::log::warn("A TCP connection was refused by a limit", {{"remote", remote.to_string()}, {"open", connections_.size()}, {"refused_so_far", refused_}});
    }
    return;
  }
  ++accepted_from_[remote.ip];
  add(remote)->accept(std::move(socket), remote);
}

void TcpConnections::on_frame(TcpConnection& connection, std::string_view message) { user_.on_stream_message(flow_of(connection), message); }

void TcpConnections::on_closed(TcpConnection& connection, TcpConnection::Closed why, const base::Error& error) {
  const sip::Flow flow = flow_of(connection);
  remove(connection);
  base::log::debug("SIP connection closed", {{"remote", flow.remote.to_string()}, {"reason", error.message()}});
  if (why != TcpConnection::Closed::Idle) {
    user_.on_stream_error(flow, error);
  }
}

void TcpConnections::report_refused_sends() {
  for (const sip::Flow& flow : std::exchange(refused_sends_, {})) {
    user_.on_stream_error(flow, {base::Errc::LimitReached, "No connection to " + flow.remote.to_string() + ": " + std::to_string(limits_.max_connections) +
                                                               " are open, which is the configured limit."});
  }
}

}  // namespace callwright::net
