#pragma once

#include "rtp/packet.hpp"

namespace callwright::rtp {

/// What may come on one port (RFC 7983 §7).
enum class DatagramKind { Stun, Dtls, Rtp, Rtcp, Other };

/// By the first byte, and for RTCP by its packet type (RFC 5761 §4: 192 … 223, which no payload type in use on a multiplexed port looks like).
/// A kind is no promise that the datagram is well-formed.
[[nodiscard]] DatagramKind kind_of(Bytes datagram) noexcept;

/// May be used for RTP on a port with rtcp-mux: not 64 … 95, which with the marker would look like RTCP (RFC 5761 §4).
[[nodiscard]] constexpr bool may_be_multiplexed(PayloadType type) noexcept {
  const auto number = static_cast<unsigned>(type);
  return number < 64 || (number > 95 && number < 128);
}

}  // namespace callwright::rtp
