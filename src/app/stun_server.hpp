#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"
#include "base/timers.hpp"
#include "sip/resolver.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace callwright::app {

/// A STUN server as users name it.
struct StunServer {
  std::string host;        ///< A name or an address, IPv6 in brackets.
  std::uint16_t port = 0;  ///< 0: not said.

  /// "stun.example.com", "192.0.2.1:3478", "[2001:db8::1]", each also behind "stun:" (RFC 7064). Errors: InvalidArgument, a sentence.
  static base::Result<StunServer> parse(std::string_view text);
};

/// Where it is, for sockets of that kind (RFC 8489 §8.1): a name without a port is looked for as `_stun._udp` first; the usual port is 3478.
/// Calls `handler` once, at once or within 15 s; not at all when the resolver is destroyed. Errors: TimedOut, those of the resolver, and NotFound where it has
/// addresses of the other kind only; a sentence.
void find_stun_server(base::Timers& timers, sip::Resolver& resolver, const StunServer& server, bool v4,
                      std::function<void(base::Result<base::SocketAddress>)> handler);

}  // namespace callwright::app
