#include "base/base64.hpp"

namespace callwright::base {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// 0 … 63; nothing for other characters.
std::optional<std::uint32_t> value_of(char digit) noexcept {
  const auto value = [digit](char from, unsigned base) { return static_cast<std::uint32_t>(digit - from) + base; };
  if (digit >= 'A' && digit <= 'Z') return value('A', 0);
  if (digit >= 'a' && digit <= 'z') return value('a', 26);
  if (digit >= '0' && digit <= '9') return value('0', 52);
  if (digit == '+' || digit == '/') return digit == '+' ? 62U : 63U;
  return std::nullopt;
}

}  // namespace

std::string to_base64(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 6; count -= 6) {
      text += kDigits[bits >> (count - 6) & 63U];
    }
  }
  if (count > 0) {
    text += kDigits[bits << (6 - count) & 63U];
  }
  return text.append((4 - text.size() % 4) % 4, '=');
}

std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  const std::size_t end = text.find('=');
  if (end != std::string_view::npos) {
    if (text.size() % 4 != 0 || text.size() - end > 2 || text.find_first_not_of('=', end) != std::string_view::npos) return std::nullopt;
    text = text.substr(0, end);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char digit : text) {
    const auto value = value_of(digit);
    if (!value) return std::nullopt;
    bits = bits << 6 | *value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::uint8_t>(bits >> count));
    }
  }
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace callwright::base
