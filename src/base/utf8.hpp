#pragma once

#include <cstddef>
#include <string_view>

namespace callwright::base {

/// Bytes of the character at the beginning of `text`, 1 to 4; 0 where no well-formed one stands (RFC 3629): overlong forms, surrogates, what is above
/// U+10FFFF or cut.
[[nodiscard]] std::size_t utf8_character(std::string_view text) noexcept;

/// Well-formed UTF-8 throughout.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace callwright::base
