#include "sip/scan.hpp"

namespace callwright::sip::scan {
namespace {

/// The first comma in [at, end) that separates values, or `end`.
const char* find_separator(const char* at, const char* end) noexcept {
  for (; at != end && *at != ','; ++at) {
    if (*at == '"')
      at = find_closing_quote(at + 1, end);
    else if (*at == '<')
      at = find(at + 1, end, '>');
    if (at == end) return end;
  }
  return at;
}

int hex_value(char c) noexcept {
  if (is(kDigit, c)) return c - '0';
  return lower(c) - 'a' + 10;
}

}  // namespace

std::string_view next_value(std::string_view& rest) noexcept {
  while (!rest.empty()) {
    const char* const end = end_of(rest);
    const bool has_comma = find(rest.data(), end, ',') != end;
    const char* const separator = has_comma ? find_separator(rest.data(), end) : end;
    const std::string_view value = trim(view(rest.data(), separator));
    rest = separator == end ? std::string_view{} : view(separator + 1, end);
    if (!value.empty()) return value;
  }
  return {};
}

bool next_parameter(std::string_view& rest, Parameter& parameter) noexcept {
  const char* const end = end_of(rest);
  const char* at = rest.data();
  while (at != end && (*at == ';' || is_blank(*at)))
    ++at;
  if (at == end) {
    rest = {};
    return false;
  }
  const char* const name = at;
  while (at != end && *at != '=' && *at != ';' && !is_blank(*at))
    ++at;
  parameter = {view(name, at), {}};
  at = skip_blanks(at, end);
  if (at != end && *at == '=') {
    at = skip_blanks(at + 1, end);
    if (at != end && *at == '"') {
      const char* const closing = find_closing_quote(at + 1, end);
      parameter.value = view(at + 1, closing);
      at = closing;
    } else {
      const char* const value = at;
      while (at != end && *at != ';' && !is_blank(*at))
        ++at;
      parameter.value = view(value, at);
    }
  }
  rest = view(find(at, end, ';'), end);
  return true;
}

int decode_escape(const char* at, const char* end) noexcept {
  if (end - at < 3 || !is(kHex, at[1]) || !is(kHex, at[2])) return -1;
  return hex_value(at[1]) * 16 + hex_value(at[2]);
}

bool read_number(std::string_view digits, std::uint32_t limit, std::uint32_t& number) noexcept {
  if (digits.empty()) return false;
  std::uint64_t sum = 0;
  for (const char c : digits) {
    if (!is(kDigit, c)) return false;
    sum = sum * 10 + static_cast<std::uint64_t>(c - '0');
    if (sum > limit) return false;
  }
  number = static_cast<std::uint32_t>(sum);
  return true;
}

}  // namespace callwright::sip::scan
