#include "net/stun_keep_alive.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace callwright::net {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t kHeaderSize = 20;
constexpr std::size_t kAttributeHeaderSize = 4;
constexpr std::size_t kCookieAt = 4;
constexpr std::string_view kCookie = "\x21\x12\xa4\x42"sv;
constexpr std::uint16_t kBindingRequest = 0x0001;
constexpr std::uint16_t kBindingSuccess = 0x0101;
constexpr std::uint16_t kBindingError = 0x0111;
constexpr std::uint16_t kErrorCode = 0x0009;
constexpr std::uint16_t kUnknownAttributes = 0x000a;
constexpr std::uint16_t kXorMappedAddress = 0x0020;
constexpr std::uint16_t kFirstOptional = 0x8000;
constexpr std::size_t kMaxUnknown = 8;

std::uint16_t number_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[at]) << 8 | static_cast<std::uint8_t>(bytes[at + 1]));
}

void append_number(std::string& out, std::size_t number) {
  out.push_back(static_cast<char>(number >> 8 & 0xff));
  out.push_back(static_cast<char>(number & 0xff));
}

void append_attribute(std::string& out, std::uint16_t type, std::string_view value) {
  append_number(out, type);
  append_number(out, value.size());
  out.append(value);
  out.append((4 - value.size() % 4) % 4, '\0');
}

std::string response_to(std::string_view request, std::uint16_t type, std::string_view attributes) {
  std::string response;
  append_number(response, type);
  append_number(response, attributes.size());
  response.append(request.substr(kCookieAt, kHeaderSize - kCookieAt));
  return response.append(attributes);
}

/// The address, masked with cookie and transaction id (§15.2).
std::string xor_mapped_address(std::string_view request, const base::SocketAddress& remote) {
  const std::string_view mask = request.substr(kCookieAt, kHeaderSize - kCookieAt);
  std::string value;
  append_number(value, remote.ip.is_v4() ? 1 : 2);
  append_number(value, static_cast<std::size_t>(remote.port ^ number_at(mask, 0)));
  std::string bytes;
  if (remote.ip.is_v4()) {
    const auto v4 = remote.ip.v4_bytes();
    bytes.assign(v4.begin(), v4.end());
  } else {
    bytes.assign(remote.ip.v6_bytes().begin(), remote.ip.v6_bytes().end());
  }
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    value.push_back(static_cast<char>(bytes[index] ^ mask[index]));
  }
  return value;
}

/// Attributes that have to be understood: none is. False when they are malformed.
bool read_unknown(std::string_view attributes, std::vector<std::uint16_t>& unknown) {
  while (!attributes.empty()) {
    if (attributes.size() < kAttributeHeaderSize) {
      return false;
    }
    const std::uint16_t type = number_at(attributes, 0);
    const std::size_t size = kAttributeHeaderSize + (number_at(attributes, 2) + std::size_t{3}) / 4 * 4;
    if (size > attributes.size()) {
      return false;
    }
    if (type < kFirstOptional && unknown.size() < kMaxUnknown) {
      unknown.push_back(type);
    }
    attributes.remove_prefix(size);
  }
  return true;
}

}  // namespace

bool is_stun(std::string_view datagram) noexcept {
  return datagram.size() >= kHeaderSize && static_cast<std::uint8_t>(datagram[0]) < 4 && datagram.substr(kCookieAt, kCookie.size()) == kCookie;
}

std::string answer_stun_keep_alive(std::string_view datagram, const base::SocketAddress& remote) {
  std::vector<std::uint16_t> unknown;
  if (!is_stun(datagram) || number_at(datagram, 0) != kBindingRequest || number_at(datagram, 2) != datagram.size() - kHeaderSize ||
      !read_unknown(datagram.substr(kHeaderSize), unknown)) {
    return {};
  }
  std::string attributes;
  if (unknown.empty()) {
    append_attribute(attributes, kXorMappedAddress, xor_mapped_address(datagram, remote));
    return response_to(datagram, kBindingSuccess, attributes);
  }
  append_attribute(attributes, kErrorCode, "\0\0\x04\x14Unknown Attribute"sv);
  std::string list;
  for (const std::uint16_t type : unknown) {
    append_number(list, type);
  }
  append_attribute(attributes, kUnknownAttributes, list);
  return response_to(datagram, kBindingError, attributes);
}

}  // namespace callwright::net
