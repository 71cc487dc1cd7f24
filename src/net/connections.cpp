#include "net/connections.hpp"

#include "base/log.hpp"
#include "sip/message.hpp"

#include <utility>

namespace callwright::net {
namespace {

using base::Errc;
using base::Error;
using base::Result;

/// RFC 5923 §6.2: the address that the sender of this request wants to be reached at over the same connection.
std::optional<sip::Via> aliasing_via(const sip::Message& message) {
  const sip::Via& via = message.top_via();
  return message.is_request() && via.parameters.has("alias") ? std::optional(via) : std::nullopt;
}

}  // namespace

std::size_t Connections::RouteHash::operator()(const Route& route) const noexcept {
  return (std::hash<base::SocketAddress>{}(route.remote) * 31 + std::hash<std::string>{}(route.server_name)) * 31 + static_cast<std::size_t>(route.transport);
}

Connections::Connections(EngineLoop& loop, const StreamLimits& limits, SourceGuard& guard, User& user)
    : loop_(loop),
      limits_(limits),
      guard_(guard),
      user_(user),
      refused_log_(loop.clock()),
      failed_log_(loop.clock()),
      batch_end_(loop, base::Callback::to<&Connections::report_refused_sends>(*this)) {}

Connections::~Connections() {
  for (const auto& listener : listeners_) {
    listener->close();
  }
  for (const auto& [id, entry] : connections_) {
    entry.connection->shut_down();
  }
}

Result<base::SocketAddress> Connections::listen(sip::Transport transport, const base::SocketAddress& address, int dscp) {
  if (is_secure(transport) && tls_server_ == nullptr) {
    return TlsServer::create({}).error();
  }
  const auto listener = std::make_shared<TcpListener>(loop_, static_cast<TcpListener::Owner&>(*this), transport);
  auto local = listener->open(address, dscp);
  if (local) {
    listeners_.push_back(listener);
  }
  return local;
}

Result<void> Connections::set_tls(const TlsSettings& settings) {
  std::shared_ptr<const TlsServer> server;
  if (!settings.certificates.empty()) {
    auto made = TlsServer::create(settings);
    if (!made) {
      return made.error();
    }
    server = *made;
  }
  std::shared_ptr<const TlsClient> client;
  // The system's authorities take 20 ms to read: that waits for a connection that needs them. What was configured is looked at now.
  if (!settings.ca_file.empty() || server != nullptr) {
    auto made = TlsClient::create(settings);
    if (!made) {
      return made.error();
    }
    client = *made;
  }
  tls_ = settings;
  tls_server_ = std::move(server);
  tls_client_ = std::move(client);
  return base::ok();
}

Result<std::shared_ptr<const TlsClient>> Connections::tls_client() {
  if (tls_client_ == nullptr) {
    auto made = TlsClient::create(tls_);
    if (!made) {
      return made;
    }
    tls_client_ = *made;
  }
  return tls_client_;
}

std::optional<sip::Flow> Connections::send(const sip::Flow& flow, std::string_view message, int dscp) {
  Connection* connection = find(flow);
  if (connection == nullptr && flow.connection && is_websocket(flow.transport)) {
    refuse_send({flow.transport, flow.remote, {}}, {Errc::Unreachable, "The WebSocket with " + flow.remote.to_string() + " is gone."});
    return std::nullopt;
  }
  if (connection == nullptr) {
    connection = find_or_connect({flow.transport, flow.remote, is_secure(flow.transport) ? flow.remote.ip.to_string() : std::string{}}, dscp);
  }
  if (connection == nullptr) {
    return std::nullopt;
  }
  connection->send(message);
  return connection->flow();
}

sip::ConnectionId Connections::connect(sip::Transport transport, const base::SocketAddress& remote, std::string_view server_name, int dscp) {
  Route route{transport, remote, {}};
  if (is_secure(transport)) {
    route.server_name = server_name.empty() ? remote.ip.to_string() : std::string(server_name);
  }
  const Connection* const connection = find_or_connect(std::move(route), dscp);
  return connection == nullptr ? sip::ConnectionId{} : connection->id();
}

void Connections::disconnect(sip::ConnectionId id) {
  if (const auto found = connections_.find(id); found != connections_.end()) {
    found->second.connection->abandon();
  }
}

Connection* Connections::find(const sip::Flow& flow) {
  if (const auto named = connections_.find(flow.connection); named != connections_.end()) {
    return named->second.connection.get();
  }
  const auto other = by_route_.find({flow.transport, flow.remote, {}});
  return other == by_route_.end() ? nullptr : connections_.at(other->second).connection.get();
}

Connection* Connections::find_or_connect(Route route, int dscp) {
  if (const auto open = by_route_.find(route); open != by_route_.end()) {
    return connections_.at(open->second).connection.get();
  }
  if (connections_.size() >= limits_.max_connections) {
    refuse_send(route, {Errc::LimitReached, "No connection to " + route.remote.to_string() + ": " + std::to_string(limits_.max_connections) +
                                                " are open, which is the configured limit."});
    return nullptr;
  }
  std::shared_ptr<const TlsClient> tls;
  if (is_secure(route.transport)) {
    auto client = tls_client();
    if (!client) {
      refuse_send(route, client.error());
      return nullptr;
    }
    tls = *client;
  }
  const auto connection = add(std::move(route));
  connection->connect(std::move(tls), dscp);
  return connection.get();
}

std::shared_ptr<Connection> Connections::add(Route route) {
  const sip::ConnectionId id = ids_.next();
  by_route_[route] = id;
  auto connection = make_connection(loop_, limits_, origins_, static_cast<Connection::Owner&>(*this), id, std::move(route));
  connections_[id].connection = connection;
  return connection;
}

void Connections::forget(const Route& route, sip::ConnectionId id) {
  if (const auto found = by_route_.find(route); found != by_route_.end() && found->second == id) {
    by_route_.erase(found);
  }
}

void Connections::remove(const Connection& connection) {
  if (connection.inbound()) {
    const auto source = accepted_from_.find(connection.remote().ip);
    if (--source->second == 0) {
      accepted_from_.erase(source);
    }
  }
  forget(connection.route(), connection.id());
  const auto entry = connections_.find(connection.id());
  if (entry->second.alias) {
    forget(*entry->second.alias, connection.id());
  }
  connections_.erase(entry);
}

void Connections::on_accepted(const TcpListener& listener, boost::asio::ip::tcp::socket socket, const base::SocketAddress& remote) {
  const auto source = accepted_from_.find(remote.ip);
  const std::size_t from_source = source == accepted_from_.end() ? 0 : source->second;
  const bool banned = guard_.is_banned(remote.ip);
  if (banned || connections_.size() >= limits_.max_connections || from_source >= limits_.max_per_source) {
    ++refused_;
    if (const auto times = refused_log_.due()) {
      const char* const why = banned ? "the source is banned" : from_source >= limits_.max_per_source ? "connections of one source" : "connections in all";
      base::log::warn("A SIP connection was refused by a limit",
                      {{"limit", why}, {"remote", remote.to_string()}, {"open", connections_.size()}, {"times", *times}});
    }
    return;
  }
  ++accepted_from_[remote.ip];
  add({listener.transport(), remote, {}})->accept(std::move(socket), is_secure(listener.transport()) ? tls_server_ : nullptr);
}

void Connections::on_frame(Connection& connection, std::string_view message) {
  if (guard_.admit(connection.remote().ip, message) == SourceGuard::Verdict::Refused) {
    close_from(connection.remote().ip);
    return;
  }
  Entry& entry = connections_.at(connection.id());
  if (!entry.heard) {
    entry.heard = true;
    take_alias(entry, message);
  }
  user_.on_stream_message(connection.flow(), message);
}

void Connections::take_alias(Entry& entry, std::string_view message) {
  Connection& connection = *entry.connection;
  sip::Message parsed;
  if (!connection.inbound() || message.find("alias") == std::string_view::npos || !parsed.parse(message)) {
    return;
  }
  const auto via = aliasing_via(parsed);
  if (!via) {
    return;
  }
  const auto host = base::IpAddress::parse(via->host);
  const bool from_there = host && *host == connection.remote().ip;
  const bool proved = is_certificate_of(connection.verified_peer(), via->host);
  if (is_secure(connection.route().transport) ? !proved : !from_there) {
    return;
  }
  const std::uint16_t port = via->port != 0 ? via->port : default_port(connection.route().transport);
  const std::string name = is_secure(connection.route().transport) ? std::string(via->host) : std::string{};
  entry.alias = Route{connection.route().transport, {connection.remote().ip, port}, name};
  by_route_[*entry.alias] = connection.id();
}

void Connections::close_from(const base::IpAddress& source) {
  std::vector<std::shared_ptr<Connection>> doomed;
  for (const auto& [id, entry] : connections_) {
    if (entry.connection->inbound() && entry.connection->remote().ip == source) {
      doomed.push_back(entry.connection);
    }
  }
  for (const auto& connection : doomed) {
    const sip::Flow flow = connection->flow();
    connection->close();
    remove(*connection);
    user_.on_stream_error(flow, {Errc::LimitReached, "The connection with " + flow.remote.to_string() + " was closed: its source is banned."});
  }
}

void Connections::on_closed(Connection& connection, Connection::Closed why, const Error& error) {
  const sip::Flow flow = connection.flow();
  remove(connection);
  base::log::debug("SIP connection closed", {{"remote", flow.remote.to_string()}, {"reason", error.message()}});
  if (why == Connection::Closed::ConnectFailed || why == Connection::Closed::Violation) {
    if (const auto times = failed_log_.due()) {
      base::log::warn("A SIP connection failed", {{"reason", error.message()}, {"times", *times}});
    }
  }
  user_.on_stream_error(flow, error);
}

void Connections::refuse_send(const Route& route, Error error) {
  refused_sends_.push_back({{route.transport, {}, route.remote, {}}, std::move(error)});
  batch_end_.request();
}

void Connections::report_refused_sends() {
  for (const RefusedSend& refused : std::exchange(refused_sends_, {})) {
    user_.on_stream_error(refused.flow, refused.error);
  }
}

}  // namespace callwright::net
