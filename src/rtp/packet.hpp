#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// RTP and RTCP (RFC 3550) as bytes and numbers: no sockets, no clock. Times are passed in.
namespace callwright::rtp {

using Bytes = std::span<const std::uint8_t>;
using Buffer = std::vector<std::uint8_t>;

/// Names a source of packets within a session (RFC 3550 §8).
enum class Ssrc : std::uint32_t {};
/// 0 … 127.
enum class PayloadType : std::uint8_t {};
/// In units of the payload's clock (8000 a second for G.711); wraps.
enum class Timestamp : std::uint32_t {};

/// Set on the first packet after a silence (RFC 3551 §4.1).
enum class Marker : bool { No, Yes };

struct HeaderExtension {
  std::uint16_t profile = 0;
  Bytes data;  ///< A multiple of 4 bytes.
};

/// One RTP packet (RFC 3550 §5.1). A parsed one is a view into the datagram and lives as long as that.
struct Packet {
  Marker marker = Marker::No;
  PayloadType payload_type{};
  std::uint16_t sequence = 0;
  Timestamp timestamp{};
  Ssrc ssrc{};
  std::uint8_t csrc_count = 0;
  std::array<std::uint32_t, 15> csrcs{};
  std::optional<HeaderExtension> extension;
  Bytes payload;  ///< Without padding; may be empty.

  static constexpr std::size_t kFixedHeaderSize = 12;

  /// Checks version, lengths, CSRC list, header extension and padding against the size of the datagram.
  static base::Result<Packet> parse(Bytes datagram);
  /// Appends the packet, without padding. `payload_type` ≤ 127, `csrc_count` ≤ 15, the extension a multiple of 4 bytes up to 256 KB.
  void write(Buffer& out) const;
};

/// Tells RTCP from RTP where both share a port (RFC 5761 §4). False for anything too short.
[[nodiscard]] bool is_rtcp(Bytes datagram) noexcept;

}  // namespace callwright::rtp
