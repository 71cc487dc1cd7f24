#include "base/utf8.hpp"

#include <cstdint>

namespace callwright::base {
namespace {

/// What its first byte says of a character: how long it is, 0 for none, and the bounds of its second byte, which is where bad forms differ.
struct Lead {
  explicit Lead(std::uint8_t byte) noexcept
      : length(byte < 0x80                    ? 1U
               : byte >= 0xc2 && byte <= 0xdf ? 2U
               : byte >= 0xe0 && byte <= 0xef ? 3U
               : byte >= 0xf0 && byte <= 0xf4 ? 4U
                                              : 0U),
        low(byte == 0xe0   ? 0xa0
            : byte == 0xf0 ? 0x90
                           : 0x80),
        high(byte == 0xed   ? 0x9f
             : byte == 0xf4 ? 0x8f
                            : 0xbf) {}

  std::size_t length;
  std::uint8_t low;
  std::uint8_t high;
};

}  // namespace

std::size_t utf8_character(std::string_view text) noexcept {
  if (text.empty()) {
    return 0;
  }
  const Lead lead(static_cast<std::uint8_t>(text.front()));
  if (text.size() < lead.length) {
    return 0;
  }
  for (std::size_t index = 1; index < lead.length; ++index) {
    const auto byte = static_cast<std::uint8_t>(text[index]);
    if (byte < (index == 1 ? lead.low : 0x80) || byte > (index == 1 ? lead.high : 0xbf)) {
      return 0;
    }
  }
  return lead.length;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_character(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace callwright::base
