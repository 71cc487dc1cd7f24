#pragma once

#include "base/socket_address.hpp"

#include <optional>
#include <string_view>

namespace callwright::sdp {

/// What a description is about, without reading it whole: one pass over its lines, no allocation. For those who only have to decide what becomes of it;
/// a text that is no description looks empty.
struct Glance {
  std::optional<base::IpAddress> address;  ///< Of the first active audio section, else of the session.
  bool audio = false;                      ///< Has an active audio section,
  bool others = false;                     ///< or one of something else: video, T.38.
  bool browser = false;                    ///< Speaks as browsers do: RTP/SAVPF or UDP/TLS/… .
  bool held = false;                       ///< The audio is not to be answered with any: sendonly, inactive, or to 0.0.0.0 without ICE.
};

[[nodiscard]] Glance glance(std::string_view description) noexcept;

/// Addresses that mean nothing elsewhere: of private networks (RFC 1918, RFC 4193), behind a carrier's NAT (RFC 6598), of the link, and loopback.
[[nodiscard]] bool is_private(const base::IpAddress& ip) noexcept;

}  // namespace callwright::sdp
