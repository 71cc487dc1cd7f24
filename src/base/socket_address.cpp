#include "base/socket_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

namespace callwright::base {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr const char* kExpectedIp = "an IP address (expected 192.0.2.1 or 2001:db8::1)";
constexpr const char* kExpectedIpAndPort = "an address with a port (expected 192.0.2.1:5060 or [2001:db8::1]:5060)";

/// Four numbers without leading zeros (RFC 3986 §3.2.2, IPv4address). By hand: an exchange reads a dozen for each call, and inet_pton wants a copy of each.
std::optional<std::array<std::uint8_t, 4>> dotted(std::string_view text) noexcept {
  std::array<std::uint8_t, 4> bytes{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    if (index != 0 && (at == end || *at++ != '.')) {
      return std::nullopt;
    }
    const auto [behind, error] = std::from_chars(at, end, bytes[index]);
    if (error != std::errc{} || (*at == '0' && behind != at + 1)) {
      return std::nullopt;
    }
    at = behind;
  }
  return at == end ? std::optional(bytes) : std::nullopt;
}

Error malformed(std::string_view text, const char* expected) { return {Errc::InvalidArgument, "\"" + std::string(text) + "\" is not " + expected}; }

}  // namespace

IpAddress::IpAddress() noexcept : IpAddress(v4({0, 0, 0, 0})) {}

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes) noexcept {
  std::array<std::uint8_t, 16> mapped{};
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), mapped.begin());
  std::copy(bytes.begin(), bytes.end(), mapped.begin() + kMappedPrefix.size());
  return IpAddress(mapped);
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> bytes) noexcept { return IpAddress(bytes); }

Result<IpAddress> IpAddress::parse(std::string_view text) {
  std::string_view plain = text;
  if (plain.size() > 2 && plain.front() == '[' && plain.back() == ']') {
    plain = plain.substr(1, plain.size() - 2);
  }
  if (plain.find('\0') != std::string_view::npos) {  // inet_pton would stop there and accept what stands before it.
    return malformed(text, kExpectedIp);
  }
  if (plain.size() == text.size()) {
    if (const auto four = dotted(plain)) {
      return v4(*four);
    }
  }
  const std::string terminated(plain.substr(0, INET6_ADDRSTRLEN));
  std::array<std::uint8_t, 16> sixteen{};
  if (inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) {
    return v6(sixteen);
  }
  return malformed(text, kExpectedIp);
}

bool IpAddress::is_v4() const noexcept { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin()); }

bool IpAddress::is_loopback() const noexcept {
  if (is_v4()) {
    return bytes_[12] == 127;
  }
  return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_unspecified() const noexcept {
  const auto first = is_v4() ? bytes_.begin() + 12 : bytes_.begin();
  return std::all_of(first, bytes_.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::array<std::uint8_t, 4> IpAddress::v4_bytes() const noexcept { return {bytes_[12], bytes_[13], bytes_[14], bytes_[15]}; }

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (!is_v4()) {
    inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
  }
  // Every message carries some of these: inet_ntop goes through printf, which is ten times as slow.
  char* end = text.data();
  for (const std::uint8_t byte : v4_bytes()) {
    end = std::to_chars(end, text.data() + text.size() - 1, byte).ptr;
    *end++ = '.';
  }
  return {text.data(), end - 1};
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return malformed(text, kExpectedIpAndPort);
  }
  const std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool bare_v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  if (failure != std::errc() || end != digits.data() + digits.size() || bare_v6) {
    return malformed(text, kExpectedIpAndPort);
  }
  auto ip = IpAddress::parse(host);
  if (!ip) {
    return malformed(text, kExpectedIpAndPort);
  }
  return SocketAddress{*ip, port};
}

std::string SocketAddress::host() const { return ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]"; }

void SocketAddress::append_to(std::string& text) const {
  if (ip.is_v4()) {
    text.append(ip.to_string());
  } else {
    text.append("[").append(ip.to_string()).append("]");
  }
  std::array<char, 6> digits{':'};
  text.append(digits.data(), std::to_chars(digits.data() + 1, digits.data() + digits.size(), port).ptr);
}

std::string SocketAddress::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

}  // namespace callwright::base
