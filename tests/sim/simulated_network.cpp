#include "sim/simulated_network.hpp"

#include "sip/stun.hpp"

#include <algorithm>
#include <stdexcept>

namespace callwright::simulation {
namespace {

std::pair<base::SocketAddress, base::SocketAddress> ordered(const base::SocketAddress& one, const base::SocketAddress& other) {
  return one < other ? std::pair(one, other) : std::pair(other, one);
}

}  // namespace

void Node::send(const sip::Flow& flow, std::string_view message) { network_.send(address_, flow, message); }

sip::ConnectionId Node::connect(sip::Transport transport, const base::SocketAddress& remote, std::string_view /*server_name*/) {
  return sip::is_reliable(transport) ? network_.connection_between(address_, remote) : sip::ConnectionId{};
}

void Node::disconnect(sip::ConnectionId connection) { network_.cut(connection); }

std::optional<base::SocketAddress> Node::local_address(sip::Transport /*transport*/, const base::SocketAddress& /*remote*/) const { return address_; }

bool Node::is_local(const base::SocketAddress& address) const { return address.ip == address_.ip && (address.port == 0 || address.port == address_.port); }

SimulatedNetwork::SimulatedNetwork(std::uint64_t seed, NetworkSettings settings) : random_(seed), dice_(~seed), settings_(settings) {}

Node& SimulatedNetwork::add_node(std::string_view address) {
  const base::SocketAddress parsed = base::SocketAddress::parse(address).value();
  const auto [place, added] = nodes_.emplace(parsed, std::make_unique<Node>(*this, parsed));
  if (!added) {
    throw std::logic_error("a node has this address already: " + std::string(address));
  }
  return *place->second;
}

void SimulatedNetwork::partition(const Node& one, const Node& other) { partitions_.insert(ordered(one.address(), other.address())); }

void SimulatedNetwork::heal(const Node& one, const Node& other) { partitions_.erase(ordered(one.address(), other.address())); }

bool SimulatedNetwork::separated(const base::SocketAddress& one, const base::SocketAddress& other) const { return partitions_.contains(ordered(one, other)); }

sip::ConnectionId SimulatedNetwork::connection_between(const base::SocketAddress& one, const base::SocketAddress& other) {
  sip::ConnectionId& connection = connections_[ordered(one, other)];
  if (!connection) {
    connection = connection_ids_.next();
  }
  return connection;
}

void SimulatedNetwork::inject(const base::SocketAddress& from, const base::SocketAddress& to, std::string_view message, sip::Transport transport) {
  send(from, sip::Flow{.transport = transport, .local = from, .remote = to, .connection = {}}, message);
}

void SimulatedNetwork::send(const base::SocketAddress& from, const sip::Flow& flow, std::string_view message) {
  ++sent_;
  Packet packet{.sent = clock_.now(), .transport = flow.transport, .from = from, .to = flow.remote, .message = message};
  if (separated(from, flow.remote) || (filter_ && filter_(packet))) {
    packet.fate = Packet::Fate::Lost;
  }
  if (sip::is_reliable(flow.transport)) {
    send_stream(packet);
    return;
  }
  if (packet.fate == Packet::Fate::Delivered && dice_.chance(settings_.loss)) {
    packet.fate = Packet::Fate::Lost;
  }
  send_datagram(packet);
}

void SimulatedNetwork::send_datagram(const Packet& packet) {
  if (tap_) {
    tap_(packet);
  }
  if (packet.fate == Packet::Fate::Lost) {
    return;
  }
  const int copies = dice_.chance(settings_.duplication) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy) {
    base::Duration delay = settings_.delay + base::Duration(static_cast<std::int64_t>(dice_.between(0, static_cast<std::uint64_t>(settings_.jitter.count()))));
    if (dice_.chance(settings_.reordering)) {
      delay += base::Duration(static_cast<std::int64_t>(dice_.between(0, static_cast<std::uint64_t>(settings_.reordering_delay.count()))));
    }
    launch(delay, packet, {});
  }
}

void SimulatedNetwork::send_stream(const Packet& packet) {
  if (tap_) {
    tap_(packet);
  }
  const sip::ConnectionId connection = connection_between(packet.from, packet.to);
  if (packet.fate == Packet::Fate::Lost || !nodes_.contains(packet.to)) {
    // The sender learns of it: an empty message stands for the error.
    const Packet error{.sent = packet.sent, .transport = packet.transport, .from = packet.to, .to = packet.from, .message = {}};
    launch(settings_.delay, error, connection);
    return;
  }
  launch(settings_.delay, packet, connection);
}

void SimulatedNetwork::launch(base::Duration delay, const Packet& packet, sip::ConnectionId connection) {
  const sip::Flow flow{.transport = packet.transport, .local = packet.to, .remote = packet.from, .connection = connection};
  flights_.emplace(clock_.now() + delay, Flight{flow, std::string(packet.message)});
}

void SimulatedNetwork::cut(sip::ConnectionId connection) {
  const auto found = std::find_if(connections_.begin(), connections_.end(), [connection](const auto& entry) { return entry.second == connection; });
  if (found == connections_.end()) {
    return;
  }
  const auto [one, other] = found->first;
  connections_.erase(found);
  for (const auto& [from, to] : {std::pair(one, other), std::pair(other, one)}) {
    launch(settings_.delay, {.sent = clock_.now(), .transport = sip::Transport::Tcp, .from = from, .to = to, .message = {}}, connection);
  }
}

bool SimulatedNetwork::answer_keep_alive(const Node& node, const Flight& flight) {
  const sip::Flow back{.transport = flight.flow.transport, .local = node.address(), .remote = flight.flow.remote, .connection = flight.flow.connection};
  if (sip::is_reliable(back.transport)) {
    const bool ping = flight.message == "\r\n\r\n";
    if (ping && node.answers_keep_alives_) {
      send(node.address(), back, "\r\n");
    }
    return ping;
  }
  const std::string answer = sip::answer_stun_keep_alive(flight.message, node.seen_as_.value_or(back.remote));
  if (!answer.empty() && node.answers_keep_alives_) {
    send(node.address(), back, answer);
  }
  return !answer.empty();
}

void SimulatedNetwork::arrive(const Flight& flight) {
  const auto node = nodes_.find(flight.flow.local);
  if (node == nodes_.end() || node->second->user_ == nullptr) {
    return;
  }
  if (flight.message.empty() && sip::is_reliable(flight.flow.transport)) {
    node->second->user_->on_transport_error(flight.flow, base::Error(base::Errc::Unreachable, "The simulated connection failed."));
    return;
  }
  if (!answer_keep_alive(*node->second, flight)) {
    node->second->user_->on_message(flight.flow, flight.message);
  }
}

bool SimulatedNetwork::step(base::TimePoint until) {
  base::TimePoint next = base::TimePoint::max();
  if (!flights_.empty()) {
    next = flights_.begin()->first;
  }
  if (const auto wakeup = timers_.next_wakeup()) {
    next = std::min(next, *wakeup);
  }
  if (next > until) {
    return false;
  }
  clock_.set(std::max(next, clock_.now()));
  // Packets of this moment first. What a packet makes an engine send arrives later, unless the delay is zero.
  while (!flights_.empty() && flights_.begin()->first <= clock_.now()) {
    const Flight flight = std::move(flights_.extract(flights_.begin()).mapped());
    arrive(flight);
  }
  timers_.advance();
  return true;
}

void SimulatedNetwork::run_for(base::Duration duration) {
  const base::TimePoint end = clock_.now() + duration;
  while (step(end)) {
  }
  clock_.set(end);
  timers_.advance();
}

bool SimulatedNetwork::run_until_idle(base::Duration limit) {
  const base::TimePoint end = clock_.now() + limit;
  while (step(end)) {
  }
  return flights_.empty() && timers_.pending() == 0;
}

bool SimulatedNetwork::run_until(const std::function<bool()>& done, base::Duration limit) {
  const base::TimePoint end = clock_.now() + limit;
  while (!done()) {
    if (!step(end)) {
      return false;
    }
  }
  return true;
}

void FakeResolver::resolve(const std::string& host, Handler handler) {
  if (held_) {
    waiting_.emplace_back(host, std::move(handler));
    return;
  }
  answer(host, handler);
}

void FakeResolver::query(sip::DnsKind kind, const std::string& name, Answer answer) {
  if (kind == sip::DnsKind::Addresses) {
    resolve(name, [answer = std::move(answer)](const base::Result<std::vector<base::IpAddress>>& addresses) {
      answer(sip::DnsRecords{.addresses = addresses ? *addresses : std::vector<base::IpAddress>{}});
    });
    return;
  }
  sip::DnsRecords records;
  if (const auto services = services_.find(name); kind == sip::DnsKind::Services && services != services_.end()) {
    records.services = services->second;
  }
  if (const auto pointers = pointers_.find(name); kind == sip::DnsKind::Pointers && pointers != pointers_.end()) {
    records.pointers = pointers->second;
  }
  answer(records);
}

void FakeResolver::release() {
  held_ = false;
  for (const auto& [host, handler] : std::exchange(waiting_, {})) {
    answer(host, handler);
  }
}

void FakeResolver::answer(const std::string& host, const Handler& handler) const {
  const auto found = table_.find(host);
  if (found == table_.end()) {
    handler(base::Error(base::Errc::NotFound, "The fake resolver does not know " + host + "."));
    return;
  }
  handler(found->second);
}

}  // namespace callwright::simulation
