#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/socket_address.hpp"
#include "base/timers.hpp"
#include "sip/transport.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// A network for tests: virtual time, a seed, and as much trouble as a test asks for. The same seed gives the same run to the bit.
namespace callwright::simulation {

class SimulatedNetwork;

/// What the network does to datagrams. Streams (all but UDP) lose, repeat and reorder nothing; they only take `delay`.
struct NetworkSettings {
  double loss = 0;         ///< Probability, 0 … 1.
  double duplication = 0;  ///< Probability that a datagram arrives twice; each copy takes its own time.
  double reordering = 0;   ///< Probability that a datagram is held back by up to `reordering_delay`.
  base::Duration delay = std::chrono::milliseconds(10);
  base::Duration jitter{};  ///< Up to this much more than `delay`, uniform.
  base::Duration reordering_delay = std::chrono::milliseconds(200);
};

/// A message on the wire, as the tap sees it when it is sent.
struct Packet {
  enum class Fate : std::uint8_t { Delivered, Lost };
  base::TimePoint sent;
  sip::Transport transport = sip::Transport::Udp;
  base::SocketAddress from;
  base::SocketAddress to;
  std::string_view message;  ///< Valid during the call.
  Fate fate = Fate::Delivered;
};

/// A host with one address, listening on every transport.
class Node final : public sip::TransportPort {
 public:
  Node(SimulatedNetwork& network, base::SocketAddress address) : network_(network), address_(address) {}

  /// What arrives goes to `user` (`UserAgent::transport_user()`), which must outlive the node's traffic or be detached.
  void attach(sip::TransportUser& user) noexcept { user_ = &user; }
  void detach() noexcept { user_ = nullptr; }
  [[nodiscard]] const base::SocketAddress& address() const noexcept { return address_; }
  /// Whether pings and STUN requests are answered (RFC 5626 §3.5), as real transports do by themselves.
  void answer_keep_alives(bool answers) noexcept { answers_keep_alives_ = answers; }
  /// The address that STUN requests seem to come from: that of a NAT; nothing takes the real one.
  void see_all_as(std::optional<base::SocketAddress> mapped) noexcept { seen_as_ = mapped; }

  void send(const sip::Flow& flow, std::string_view message) override;
  sip::ConnectionId connect(sip::Transport transport, const base::SocketAddress& remote, std::string_view server_name) override;
  void disconnect(sip::ConnectionId connection) override;
  [[nodiscard]] std::optional<base::SocketAddress> local_address(sip::Transport transport, const base::SocketAddress& remote) const override;
  [[nodiscard]] bool is_local(const base::SocketAddress& address) const override;

 private:
  friend class SimulatedNetwork;
  SimulatedNetwork& network_;
  base::SocketAddress address_;
  sip::TransportUser* user_ = nullptr;
  bool answers_keep_alives_ = true;
  std::optional<base::SocketAddress> seen_as_;
};

/// Owns virtual time, the timers that all engines in it share, and the packets in flight. Declare it before what uses its timers.
class SimulatedNetwork {
 public:
  explicit SimulatedNetwork(std::uint64_t seed, NetworkSettings settings = {});
  SimulatedNetwork(const SimulatedNetwork&) = delete;
  SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

  [[nodiscard]] base::ManualClock& clock() noexcept { return clock_; }
  [[nodiscard]] base::Timers& timers() noexcept { return timers_; }
  /// For the engines and the test; the network's own troubles are drawn from another stream of the same seed.
  [[nodiscard]] base::Random& random() noexcept { return random_; }
  [[nodiscard]] NetworkSettings& settings() noexcept { return settings_; }

  /// `address` is "192.0.2.1:5060" and not taken. The node lives as long as the network.
  Node& add_node(std::string_view address);
  /// Nothing passes between these two, either way, until `heal`. Streams report a transport error.
  void partition(const Node& one, const Node& other);
  void heal(const Node& one, const Node& other);
  /// Sees every message when it is sent, lost ones too.
  void set_tap(std::function<void(const Packet&)> tap) { tap_ = std::move(tap); }
  /// Decides which packets are lost, before the dice of `NetworkSettings::loss` are thrown: true drops it.
  void set_filter(std::function<bool(const Packet&)> filter) { filter_ = std::move(filter); }

  /// A message from `from` to the node at `to`, not sent by an engine: the test plays a peer, or an attacker.
  void inject(const base::SocketAddress& from, const base::SocketAddress& to, std::string_view message, sip::Transport transport = sip::Transport::Udp);

  /// Lets time pass: packets arrive and timers fire at their moments, in order.
  void run_for(base::Duration duration);
  /// Until no packet is in flight and no timer pending. False when that did not come about within `limit`.
  [[nodiscard]] bool run_until_idle(base::Duration limit = std::chrono::hours(1));
  /// Until `done` says so (asked after each moment at which something happened). False when that did not come about within `limit`.
  [[nodiscard]] bool run_until(const std::function<bool()>& done, base::Duration limit = std::chrono::hours(1));

  [[nodiscard]] std::size_t in_flight() const noexcept { return flights_.size(); }
  /// Messages sent so far, lost ones included.
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

 private:
  friend class Node;
  struct Flight {
    sip::Flow flow;  ///< As the receiver sees it; a transport error when `message` is empty.
    std::string message;
  };

  void send(const base::SocketAddress& from, const sip::Flow& flow, std::string_view message);
  void send_datagram(const Packet& packet);
  void send_stream(const Packet& packet);
  void launch(base::Duration delay, const Packet& packet, sip::ConnectionId connection);
  void arrive(const Flight& flight);
  [[nodiscard]] bool answer_keep_alive(const Node& node, const Flight& flight);
  void cut(sip::ConnectionId connection);
  /// Goes to the next moment at which something happens, at most `until`. False when nothing happens by then.
  bool step(base::TimePoint until);
  [[nodiscard]] bool separated(const base::SocketAddress& one, const base::SocketAddress& other) const;
  [[nodiscard]] sip::ConnectionId connection_between(const base::SocketAddress& one, const base::SocketAddress& other);

  base::ManualClock clock_;
  base::Timers timers_{clock_};
  base::DeterministicRandom random_;
  base::DeterministicRandom dice_;
  NetworkSettings settings_;
  std::map<base::SocketAddress, std::unique_ptr<Node>> nodes_;
  std::set<std::pair<base::SocketAddress, base::SocketAddress>> partitions_;
  std::map<std::pair<base::SocketAddress, base::SocketAddress>, sip::ConnectionId> connections_;
  base::IdSource<sip::ConnectionId> connection_ids_;
  std::multimap<base::TimePoint, Flight> flights_;
  std::function<void(const Packet&)> tap_;
  std::function<bool(const Packet&)> filter_;
  std::uint64_t sent_ = 0;
};

/// Answers names from a table, at once or, while held, when told to.
class FakeResolver final : public sip::Resolver {
 public:
  void add(std::string host, std::vector<base::IpAddress> addresses) { table_[std::move(host)] = std::move(addresses); }
  void add_services(std::string name, std::vector<sip::ServiceRecord> services) { services_[std::move(name)] = std::move(services); }
  void add_pointers(std::string name, std::vector<sip::PointerRecord> pointers) { pointers_[std::move(name)] = std::move(pointers); }
  void hold() noexcept { held_ = true; }
  /// Answers what was asked since `hold`, and from now on at once.
  void release();

  void resolve(const std::string& host, Handler handler) override;
  void query(sip::DnsKind kind, const std::string& name, Answer answer) override;

 private:
  void answer(const std::string& host, const Handler& handler) const;

  std::unordered_map<std::string, std::vector<base::IpAddress>> table_;
  std::unordered_map<std::string, std::vector<sip::ServiceRecord>> services_;
  std::unordered_map<std::string, std::vector<sip::PointerRecord>> pointers_;
  std::vector<std::pair<std::string, Handler>> waiting_;
  bool held_ = false;
};

}  // namespace callwright::simulation
