#include "server/query.hpp"

#include <algorithm>
#include <charconv>

namespace callwright::server {

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
  std::optional<std::string_view> value;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name) {
      value = pair.substr(std::min(equals + 1, pair.size()));
    }
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return value;
}

std::optional<std::string> unescaped(std::string_view path) {
  constexpr std::size_t kDigits = 2;
  std::string text;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] != '%') {
      text += path[at];
      continue;
    }
    unsigned code = 0;
    const std::string_view digits = path.substr(at + 1, kDigits);
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (failure != std::errc() || digits.size() != kDigits || end != digits.data() + kDigits || code < ' ' || code == 127) {
      return std::nullopt;
    }
    text += static_cast<char>(code);
    at += kDigits;
  }
  return text;
}

std::string without_token_values(std::string_view url) {
  constexpr std::string_view kName = "token=";
  std::string masked;
  while (true) {
    const std::size_t next = std::min(url.find_first_of("?&"), url.size());
    const std::string_view part = url.substr(0, next);
    masked += part.starts_with(kName) ? std::string(kName) + "***" : std::string(part);
    if (next == url.size()) {
      return masked;
    }
    masked += url[next];
    url.remove_prefix(next + 1);
  }
}

}  // namespace callwright::server
