#include "net/text_encoding.hpp"

#include <cstdint>

namespace callwright::net {
namespace {

/// Bytes of the character that begins with `lead`; 0 for none. `low` and `high` bound its second byte, which is where bad forms differ.
int length_of(std::uint8_t lead, std::uint8_t& low, std::uint8_t& high) noexcept {
  low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    std::uint8_t low = 0;
    std::uint8_t high = 0;
    const int length = length_of(static_cast<std::uint8_t>(text[at]), low, high);
    if (length == 0 || text.size() - at < static_cast<std::size_t>(length)) {
      return false;
    }
    for (int index = 1; index < length; ++index) {
      const auto byte = static_cast<std::uint8_t>(text[at + static_cast<std::size_t>(index)]);
      if (byte < low || byte > high) {
        return false;
      }
      low = 0x80;
      high = 0xbf;
    }
    at += static_cast<std::size_t>(length);
  }
  return true;
}

}  // namespace callwright::net
