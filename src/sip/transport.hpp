#pragma once

#include "base/id.hpp"
#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "sip/resolver.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace callwright::sip {

struct UriView;

/// WebSocket as in RFC 7118; Wss is WebSocket over TLS.
enum class Transport : std::uint8_t { Udp, Tcp, Tls, Ws, Wss };
/// For those who try each.
inline constexpr Transport kTransports[] = {Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss};

/// "UDP", "TCP", "TLS", "WS", "WSS": as in Via.
[[nodiscard]] std::string_view to_string(Transport transport) noexcept;
/// The reverse, in any letter case: of a Via or of a URI's transport parameter. Nothing for a transport that is not spoken here.
[[nodiscard]] std::optional<Transport> parse_transport(std::string_view name) noexcept;
/// What a URI asks for by its scheme and its transport parameter (RFC 3261 §19.1.1, RFC 7118 §5.2): UDP where it says nothing, TLS for sips, WSS for
/// sips with transport=ws. Nothing for a transport that is not spoken here, or for sips over UDP.
[[nodiscard]] std::optional<Transport> transport_of(const UriView& uri) noexcept;
/// What our URIs carry: "" for UDP, ";transport=tcp", ";transport=tls", and ";transport=ws" for both kinds of WebSocket (RFC 7118 §5.2.3).
[[nodiscard]] std::string_view uri_parameter(Transport transport) noexcept;
/// A stream: nothing gets lost, and the answer to a request comes back over its connection.
[[nodiscard]] constexpr bool is_reliable(Transport transport) noexcept { return transport != Transport::Udp; }
/// Encrypted, with a certificate.
[[nodiscard]] constexpr bool is_secure(Transport transport) noexcept { return transport == Transport::Tls || transport == Transport::Wss; }
[[nodiscard]] constexpr bool is_websocket(Transport transport) noexcept { return transport == Transport::Ws || transport == Transport::Wss; }
/// Where a URI without a port points (RFC 3261 §19.1.2; RFC 7118 leaves WebSocket the ports of HTTP).
[[nodiscard]] constexpr std::uint16_t default_port(Transport transport) noexcept {
  constexpr std::uint16_t kPorts[] = {5060, 5060, 5061, 80, 443};
  return kPorts[static_cast<std::size_t>(transport)];
}

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
  /// A connection to `remote`, an open one or a new one, at once: connecting goes on in the background, a failure is told through
  /// `TransportUser::on_transport_error`. For TLS and WSS the peer's certificate has to be that of `server_name`, the host that the URI named (RFC 5922
  /// §4), and only a connection that was checked against the same name is used again; "" takes the address itself for the name.
  /// Zero for UDP, and when there may be no more connections (`on_transport_error` follows).
  virtual ConnectionId connect(Transport transport, const base::SocketAddress& remote, std::string_view server_name) = 0;
  /// Gives up a connection that nothing comes over any more (RFC 5626 §4.4): it is closed, and `TransportUser::on_transport_error` follows, later.
  virtual void disconnect(ConnectionId /*connection*/) {}
  /// The address that a peer at `remote` should use to reach us (for Via and Contact), or nothing when there is no listener for that transport.
  [[nodiscard]] virtual std::optional<base::SocketAddress> local_address(Transport transport, const base::SocketAddress& remote) const = 0;
  /// True when a message to this address, of any transport, would come to us; port 0 stands for any port.
  [[nodiscard]] virtual bool is_local(const base::SocketAddress& address) const = 0;
};

/// What sockets tell the engine. Engine thread.
class TransportUser {
 public:
  virtual ~TransportUser() = default;

  /// One whole message (a datagram, or a frame cut from a stream). `bytes` live until the call returns. Answers to our keep-alives are messages, too
  /// (RFC 5626 §3.5): one line end over a stream after we sent two, a STUN response over UDP.
  virtual void on_message(const Flow& flow, std::string_view bytes) = 0;
  /// Nothing sent over this flow will arrive (ICMP error, connection refused or lost).
  virtual void on_transport_error(const Flow& flow, const base::Error& error) = 0;
};

/// Sees every message that is sent or received, for traces, ladders and captures. Engine thread.
class TraceSink {
 public:
  enum class Direction : std::uint8_t { Received, Sent };
  virtual ~TraceSink() = default;
  virtual void on_trace(Direction direction, const Flow& flow, std::string_view message) = 0;
};

}  // namespace callwright::sip
