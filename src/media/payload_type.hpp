#pragma once

#include "rtp/packet.hpp"
#include "sdp/description.hpp"

#include <optional>

namespace callwright::media {

/// The number in the description is the one in the packets.
[[nodiscard]] constexpr rtp::PayloadType to_rtp(sdp::PayloadType type) noexcept { return rtp::PayloadType{static_cast<std::uint8_t>(type)}; }
[[nodiscard]] constexpr std::optional<rtp::PayloadType> to_rtp(std::optional<sdp::PayloadType> type) noexcept {
  return type ? std::optional(to_rtp(*type)) : std::nullopt;
}

}  // namespace callwright::media
