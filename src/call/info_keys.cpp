#include "call/info_keys.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace callwright::call {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::size_t kMaxBody = 256;
constexpr unsigned kLongest = 10000;
constexpr std::string_view kKeys = "0123456789*#ABCD";  // In the order of RFC 4733 §3.2.

char lower(char letter) noexcept { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::optional<unsigned> number(std::string_view text, unsigned limit) noexcept {
  unsigned value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size() && value <= limit ? std::optional(value) : std::nullopt;
}

std::optional<char> key_of(std::string_view signal) noexcept {
  if (signal.size() == 1) {
    const char key = lower(signal[0]) >= 'a' && lower(signal[0]) <= 'd' ? static_cast<char>(lower(signal[0]) - 'a' + 'A') : signal[0];
    return kKeys.find(key) != std::string_view::npos ? std::optional(key) : std::nullopt;
  }
  const auto event = number(signal, kKeys.size() - 1);
  return signal.size() == 2 && event ? std::optional(kKeys[*event]) : std::nullopt;
}

Error unreadable(const char* what) { return {Errc::InvalidArgument, fmt::format("The key in the INFO cannot be read: {}", what)}; }

Result<InfoKey> read_relay(std::string_view body) {
  InfoKey read;
  bool timed = false;
  while (!body.empty()) {
    const std::string_view line = trimmed(body.substr(0, body.find('\n')));
    body.remove_prefix(std::min(body.size(), std::min(body.find('\n'), body.size() - 1) + 1));
    const std::size_t equals = line.find('=');
    const std::string_view name = trimmed(line.substr(0, equals));
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : trimmed(line.substr(equals + 1));
    if (equals_ignoring_case(name, "Signal")) {
      const auto key = key_of(value);
      if (!key || read.key != 0) {
        return unreadable("Signal has to be one key, once");
      }
      read.key = *key;
    } else if (equals_ignoring_case(name, "Duration")) {
      const auto duration = number(value, kLongest);
      if (!duration || *duration == 0 || timed) {
        return unreadable("Duration has to be 1 to 10000 ms, once");
      }
      timed = true;
      read.duration = std::chrono::milliseconds(*duration);
    }
  }
  return read.key != 0 ? Result<InfoKey>(read) : unreadable("there is no Signal");
}

}  // namespace

bool is_key_type(std::string_view content_type) noexcept { return equals_ignoring_case(content_type, kDtmfRelay) || equals_ignoring_case(content_type, kDtmf); }

Result<InfoKey> read_info_key(std::string_view content_type, std::string_view body) {
  if (!is_key_type(content_type)) {
    return Error(Errc::Unsupported, "Keys by INFO come as application/dtmf-relay or application/dtmf");
  }
  if (body.size() > kMaxBody || body.find('\0') != std::string_view::npos) {
    return unreadable("the body is too long, or no text");
  }
  if (equals_ignoring_case(content_type, kDtmfRelay)) {
    return read_relay(body);
  }
  const auto key = key_of(trimmed(body));
  return key ? Result<InfoKey>(InfoKey{*key}) : unreadable("the body has to be one key");
}

std::string write_info_key(std::string_view content_type, const InfoKey& key) {
  if (equals_ignoring_case(content_type, kDtmf)) {
    return std::string(1, key.key);
  }
  return fmt::format("Signal={}\r\nDuration={}\r\n", key.key, key.duration.count());
}

}  // namespace callwright::call
