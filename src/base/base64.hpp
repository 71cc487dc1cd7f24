#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::base {

/// With padding and without line ends (RFC 4648 §4).
[[nodiscard]] std::string to_base64(std::span<const std::uint8_t> bytes);
/// Nothing for what is not of that form. Padding may be missing; bits that belong to no byte must be zero.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace callwright::base
