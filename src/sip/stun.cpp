#include "sip/stun.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace callwright::sip {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t kHeaderSize = 20;
constexpr std::size_t kAttributeHeaderSize = 4;
constexpr std::size_t kCookieAt = 4;
constexpr std::string_view kCookie = "\x21\x12\xa4\x42"sv;
constexpr std::uint16_t kBindingRequest = 0x0001;
constexpr std::uint16_t kBindingSuccess = 0x0101;
constexpr std::uint16_t kBindingError = 0x0111;
constexpr std::uint16_t kMappedAddress = 0x0001;
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

/// The address, masked with cookie and transaction id (RFC 8489 §14.2).
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

/// Calls `take(type, value)` for each attribute. False when they are malformed.
template <class Take>
bool for_each_attribute(std::string_view attributes, Take take) {
  while (!attributes.empty()) {
    if (attributes.size() < kAttributeHeaderSize) {
      return false;
    }
    const std::size_t length = number_at(attributes, 2);
    const std::size_t size = kAttributeHeaderSize + (length + 3) / 4 * 4;
    if (size > attributes.size()) {
      return false;
    }
    take(number_at(attributes, 0), attributes.substr(kAttributeHeaderSize, length));
    attributes.remove_prefix(size);
  }
  return true;
}

/// Attributes that have to be understood: none is. False when they are malformed.
bool read_unknown(std::string_view attributes, std::vector<std::uint16_t>& unknown) {
  return for_each_attribute(attributes, [&unknown](std::uint16_t type, std::string_view) {
    if (type < kFirstOptional && unknown.size() < kMaxUnknown) {
      unknown.push_back(type);
    }
  });
}

/// The value of a (XOR-)MAPPED-ADDRESS; `mask` is empty for one that is not masked.
std::optional<base::SocketAddress> read_address(std::string_view value, std::string_view mask) {
  constexpr std::size_t kAddressAt = 4;
  if (value.size() < kAddressAt) {
    return std::nullopt;
  }
  const bool v4 = value[1] == 1;
  std::array<std::uint8_t, 16> bytes{};
  const std::size_t size = v4 ? 4 : bytes.size();
  if ((!v4 && value[1] != 2) || value.size() != kAddressAt + size) {
    return std::nullopt;
  }
  for (std::size_t index = 0; index < size; ++index) {
    bytes[index] = static_cast<std::uint8_t>(value[kAddressAt + index] ^ (mask.empty() ? '\0' : mask[index]));
  }
  const auto port = static_cast<std::uint16_t>(number_at(value, 2) ^ (mask.empty() ? 0 : number_at(mask, 0)));
  return base::SocketAddress{v4 ? base::IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]}) : base::IpAddress::v6(bytes), port};
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

std::string make_stun_keep_alive(const StunTransaction& transaction) {
  std::string request;
  append_number(request, kBindingRequest);
  append_number(request, 0);
  request.append(kCookie);
  return request.append(transaction.data(), transaction.size());
}

std::optional<StunAnswer> read_stun_answer(std::string_view datagram) {
  if (!is_stun(datagram) || number_at(datagram, 2) != datagram.size() - kHeaderSize) {
    return std::nullopt;
  }
  const std::uint16_t type = number_at(datagram, 0);
  if (type != kBindingSuccess && type != kBindingError) {
    return std::nullopt;
  }
  StunAnswer answer;
  const std::string_view mask = datagram.substr(kCookieAt, kHeaderSize - kCookieAt);
  std::copy_n(mask.begin() + kCookie.size(), answer.transaction.size(), answer.transaction.begin());
  std::optional<base::SocketAddress> plain;
  const bool good = for_each_attribute(datagram.substr(kHeaderSize), [&](std::uint16_t attribute, std::string_view value) {
    if (attribute == kXorMappedAddress && !answer.mapped) {
      answer.mapped = read_address(value, mask);
    } else if (attribute == kMappedAddress && !plain) {
      plain = read_address(value, {});
    }
  });
  if (!answer.mapped) {
    answer.mapped = plain;
  }
  // A success has to say what was seen.
  return good && (answer.mapped || type == kBindingError) ? std::optional(answer) : std::nullopt;
}

}  // namespace callwright::sip
