#pragma once

#include "base/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

/// Keys that are pressed by INFO (RFC 2976): the bodies that gateways and phones send.
namespace callwright::call {

struct InfoKey {
  char key = 0;                             ///< 0 … 9, *, #, A … D.
  std::chrono::milliseconds duration{100};  ///< 1 … 10000; where none is told, that of a usual press.
  friend bool operator==(const InfoKey&, const InfoKey&) = default;
};

inline constexpr std::string_view kDtmfRelay = "application/dtmf-relay";  ///< `Signal=5`, `Duration=160`, a line each.
inline constexpr std::string_view kDtmf = "application/dtmf";             ///< One character.

[[nodiscard]] bool is_key_type(std::string_view content_type) noexcept;
/// Signals 10 and 11 are * and #, 12 to 15 A to D, as telephone-events count. Errors: Unsupported (another type: 415), InvalidArgument (no key, or a body
/// that cannot be read: 400).
base::Result<InfoKey> read_info_key(std::string_view content_type, std::string_view body);
/// The body in that type, which is one of the two.
[[nodiscard]] std::string write_info_key(std::string_view content_type, const InfoKey& key);

}  // namespace callwright::call
