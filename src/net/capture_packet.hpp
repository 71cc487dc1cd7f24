#pragma once

#include "base/socket_address.hpp"
#include "sip/transport.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace callwright::net {

/// Makes IP packets of messages, for captures: IPv4 or IPv6, UDP or TCP, checksums included. What went over a stream is cut into segments with the
/// sequence numbers that a stream without its handshake has; TLS and WebSocket appear as the plain text that they carried. A value without threads.
class CapturePacketMaker {
 public:
  /// `from` and `to` are of one family, else there is no packet. Each element is one whole IP packet (no link layer).
  [[nodiscard]] std::vector<std::string> make(sip::Transport transport, const base::SocketAddress& from, const base::SocketAddress& to,
                                              std::string_view message);

 private:
  /// Streams that came first are forgotten beyond this many: their numbers begin anew, which an analyser shows as a gap.
  static constexpr std::size_t kMaxStreams = 20'000;
  struct Direction {
    base::SocketAddress from;
    base::SocketAddress to;
    friend bool operator==(const Direction&, const Direction&) = default;
  };
  struct DirectionHash {
    std::size_t operator()(const Direction& direction) const noexcept {
      const std::hash<base::SocketAddress> hash;
      return hash(direction.from) * 31 + hash(direction.to);
    }
  };

  /// The sequence number of the next byte of each direction of each stream.
  boost::unordered_flat_map<Direction, std::uint32_t, DirectionHash> next_;
};

}  // namespace callwright::net
