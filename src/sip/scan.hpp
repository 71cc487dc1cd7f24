#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// Character classes and searches that the parsers of this folder share. Not for other folders.
namespace callwright::sip::scan {

inline constexpr std::uint8_t kToken = 1;  ///< RFC 3261 §25.1 `token`.
inline constexpr std::uint8_t kDigit = 2;
inline constexpr std::uint8_t kHex = 4;
inline constexpr std::uint8_t kHost = 8;         ///< Of a host name or IPv4 address; '_' too, since people use it.
inline constexpr std::uint8_t kValue = 16;       ///< May stand in an unquoted parameter value.
inline constexpr std::uint8_t kUnreserved = 32;  ///< RFC 3261 §25.1 `unreserved`.
inline constexpr std::uint8_t kUri = 64;         ///< May stand anywhere in a URI: visible ASCII but for '<', '>' and '"'.
inline constexpr std::uint8_t kAlpha = 128;

namespace detail {

constexpr bool in(char c, std::string_view set) noexcept { return set.find(c) != std::string_view::npos; }

constexpr std::uint8_t classify(unsigned byte) noexcept {
  const char c = static_cast<char>(byte);
  const bool digit = byte >= '0' && byte <= '9';
  const bool alpha = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  const bool hex = digit || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
  const bool visible = byte > 0x20 && byte < 0x7f;
  unsigned classes = 0;
  if (digit || alpha || in(c, "-.!%*_+`'~")) classes |= kToken;
  if (digit) classes |= kDigit;
  if (hex) classes |= kHex;
  if (digit || alpha || in(c, "-._")) classes |= kHost;
  if ((visible || byte >= 0x80) && !in(c, ";,\"<>")) classes |= kValue;
  if (digit || alpha || in(c, "-_.!~*'()")) classes |= kUnreserved;
  if (visible && !in(c, "<>\"")) classes |= kUri;
  if (alpha) classes |= kAlpha;
  return static_cast<std::uint8_t>(classes);
}

constexpr std::array<std::uint8_t, 256> make_classes() noexcept {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned byte = 0; byte < 256; ++byte)
    classes[byte] = classify(byte);
  return classes;
}

inline constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

}  // namespace detail

[[nodiscard]] constexpr bool is(std::uint8_t classes, char c) noexcept { return (detail::kClasses[static_cast<unsigned char>(c)] & classes) != 0; }
[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
[[nodiscard]] constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

[[nodiscard]] inline const char* skip(std::uint8_t classes, const char* at, const char* end) noexcept {
  while (at != end && is(classes, *at))
    ++at;
  return at;
}
[[nodiscard]] inline const char* skip_blanks(const char* at, const char* end) noexcept {
  while (at != end && is_blank(*at))
    ++at;
  return at;
}

[[nodiscard]] inline std::string_view view(const char* from, const char* to) noexcept { return {from, static_cast<std::size_t>(to - from)}; }
[[nodiscard]] inline const char* end_of(std::string_view text) noexcept { return text.data() + text.size(); }

[[nodiscard]] inline std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

/// The first `wanted` in [at, end), or `end`.
[[nodiscard]] inline const char* find(const char* at, const char* end, char wanted) noexcept {
  if (at == end) return end;
  const void* found = std::memchr(at, wanted, static_cast<std::size_t>(end - at));
  return found != nullptr ? static_cast<const char*>(found) : end;
}

/// The first byte below 0x20 in [at, end), or `end`. Eight bytes at a time: this is the inner loop of the message parser.
[[nodiscard]] inline const char* find_control(const char* at, const char* end) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHighBits = kOnes * 0x80U;
  if constexpr (std::endian::native == std::endian::little) {
    while (end - at >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, sizeof(word));
      const std::uint64_t below = (word - kOnes * 0x20U) & ~word & kHighBits;
      if (below != 0) return at + std::countr_zero(below) / 8;
      at += 8;
    }
  }
  while (at != end && static_cast<unsigned char>(*at) >= 0x20)
    ++at;
  return at;
}

/// `at` is behind the opening quote; the result is the closing quote, or `end` when there is none. Escapes are stepped over.
[[nodiscard]] inline const char* find_closing_quote(const char* at, const char* end) noexcept {
  while (at != end && *at != '"') {
    if (*at == '\\' && end - at > 1) ++at;
    ++at;
  }
  return at;
}

/// What a reader found wrong, and where. `reason` is constant text; empty when nothing is wrong.
struct Fault {
  const char* at = nullptr;
  std::string_view reason;
  [[nodiscard]] explicit operator bool() const noexcept { return !reason.empty(); }
};

/// The next of the comma-separated values in `rest`, which is cut to what follows; blanks around it are gone. Commas in quotes and in
/// angle brackets do not separate. Empty when nothing but commas is left.
[[nodiscard]] std::string_view next_value(std::string_view& rest) noexcept;

/// One ";name=value" of a parameter list.
struct Parameter {
  std::string_view name;
  std::string_view value;  ///< Without quotes; "" when there is none.
};
/// Takes the next parameter off `rest`; false at the end. Never fails: what makes no sense is stepped over.
[[nodiscard]] bool next_parameter(std::string_view& rest, Parameter& parameter) noexcept;

/// The byte that the escape at `at` (its percent sign) stands for, or -1 when no two hexadecimal digits follow.
[[nodiscard]] int decode_escape(const char* at, const char* end) noexcept;

/// Digits only, nothing around them; at most `limit`. Returns false for anything else.
[[nodiscard]] bool read_number(std::string_view digits, std::uint32_t limit, std::uint32_t& number) noexcept;

}  // namespace callwright::sip::scan
