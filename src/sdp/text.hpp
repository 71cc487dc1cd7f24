#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

/// How the lines of a description are taken apart. Inside this folder only.
namespace callwright::sdp::text {

/// Cuts the first word off `rest`, together with the separators around it; empty at the end.
inline std::string_view next_word(std::string_view& rest, char separator = ' ') noexcept {
  const std::size_t begin = rest.find_first_not_of(separator);
  if (begin == std::string_view::npos) {
    rest = {};
    return {};
  }
  const std::size_t end = rest.find(separator, begin);
  const std::string_view word = rest.substr(begin, end == std::string_view::npos ? end : end - begin);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return word;
}

/// Decimal digits only, the whole text, within the type's range.
template <std::unsigned_integral Number>
std::optional<Number> to_number(std::string_view digits) noexcept {
  Number value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

inline char lower(char letter) noexcept { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

inline bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) {
    return false;
  }
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (lower(left[i]) != lower(right[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace callwright::sdp::text
