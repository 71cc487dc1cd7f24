#pragma once

#include "base/id.hpp"
#include "base/result.hpp"
#include "base/socket_address.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::sip {

enum class Transport : std::uint8_t { Udp, Tcp };
/// "UDP", "TCP": as in Via.
[[nodiscard]] std::string_view to_string(Transport transport) noexcept;
[[nodiscard]] constexpr bool is_reliable(Transport transport) noexcept { return transport != Transport::Udp; }

struct ConnectionTag;
using ConnectionId = base::Id<ConnectionTag>;

/// A way to reach a peer: where a message came from, or where one should go.
struct Flow {
  Transport transport = Transport::Udp;
  base::SocketAddress local;  ///< The listener's address; port 0 when the transport should choose.
  base::SocketAddress remote;
  ConnectionId connection;  ///< Of a stream; zero for UDP, or to use any open connection to `remote` or make one.

  friend bool operator==(const Flow&, const Flow&) = default;
};

/// What the engine needs from sockets. Implemented in `net`, and by the simulated network in the tests. Engine thread.
class TransportPort {
 public:
  virtual ~TransportPort() = default;

  /// Takes the message; the bytes are not used after the call. A failure is told through `TransportUser::on_transport_error`, later: never from
  /// within this call.
  virtual void send(const Flow& flow, std::string_view message) = 0;
  /// The address that a peer at `remote` should use to reach us (for Via and Contact), or nothing when there is no listener for that transport.
  [[nodiscard]] virtual std::optional<base::SocketAddress> local_address(Transport transport, const base::SocketAddress& remote) const = 0;
};

/// What sockets tell the engine. Engine thread.
class TransportUser {
 public:
  virtual ~TransportUser() = default;

  /// One whole message (a datagram, or a frame cut from a stream). `bytes` live until the call returns.
  virtual void on_message(const Flow& flow, std::string_view bytes) = 0;
  /// Nothing sent over this flow will arrive (ICMP error, connection refused or lost).
  virtual void on_transport_error(const Flow& flow, const base::Error& error) = 0;
};

/// Names to addresses (RFC 3263 without NAPTR and SRV for now). Engine thread.
class Resolver {
 public:
  using Handler = std::function<void(base::Result<std::vector<base::IpAddress>>)>;
  virtual ~Resolver() = default;

  /// Calls `handler` once, at once or later. IPv4 before IPv6.
  virtual void resolve(const std::string& host, Handler handler) = 0;
};

/// Sees every message that is sent or received, for traces, ladders and captures. Engine thread.
class TraceSink {
 public:
  enum class Direction : std::uint8_t { Received, Sent };
  virtual ~TraceSink() = default;
  virtual void on_trace(Direction direction, const Flow& flow, std::string_view message) = 0;
};

}  // namespace callwright::sip
