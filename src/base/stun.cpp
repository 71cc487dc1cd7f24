#include "base/stun.hpp"

#include <algorithm>

namespace callwright::base::stun {
namespace {

constexpr std::size_t kAttributeHeaderSize = 4;
constexpr std::size_t kCookieAt = 4;
constexpr std::size_t kTransactionAt = 8;

void append_number(std::string& out, std::size_t number) {
  out.push_back(static_cast<char>(number >> 8 & 0xff));
  out.push_back(static_cast<char>(number & 0xff));
}

std::size_t padded(std::size_t size) noexcept { return (size + 3) / 4 * 4; }

/// As zlib has it, bit by bit: messages are short, and few.
std::uint32_t crc32(std::string_view bytes) noexcept {
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    }
  }
  return ~crc;
}

std::uint32_t fingerprint_of(std::string_view message, std::size_t at) {
  constexpr std::uint32_t kMask = 0x5354554e;
  return crc32(bytes_before(message, at, 4)) ^ kMask;
}

/// `mask` is empty for an address that is not masked.
std::optional<SocketAddress> read_address(std::string_view value, std::string_view mask) {
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
  const auto port = static_cast<std::uint16_t>(number16(value, 2) ^ (mask.empty() ? 0 : number16(mask)));
  return SocketAddress{v4 ? IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]}) : IpAddress::v6(bytes), port};
}

}  // namespace

std::uint16_t number16(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[at]) << 8 | static_cast<std::uint8_t>(bytes[at + 1]));
}

std::uint32_t number32(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(number16(bytes, at)) << 16 | number16(bytes, at + 2);
}

std::uint64_t number64(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint64_t>(number32(bytes, at)) << 32 | number32(bytes, at + 4);
}

bool is_message(std::string_view datagram) noexcept {
  return datagram.size() >= kHeaderSize && static_cast<std::uint8_t>(datagram[0]) < 4 && datagram.substr(kCookieAt, kCookie.size()) == kCookie;
}

std::string bytes_before(std::string_view message, std::size_t at, std::size_t value_size) {
  std::string bytes(message.substr(0, at));
  const std::size_t length = at - kHeaderSize + kAttributeHeaderSize + value_size;
  bytes[2] = static_cast<char>(length >> 8 & 0xff);
  bytes[3] = static_cast<char>(length & 0xff);
  return bytes;
}

std::optional<Message> Message::parse(std::string_view datagram) {
  if (!is_message(datagram) || number16(datagram, 2) != datagram.size() - kHeaderSize) {
    return std::nullopt;
  }
  Message message;
  message.datagram_ = datagram;
  message.type_ = number16(datagram);
  for (std::size_t at = kHeaderSize; at < datagram.size();) {
    if (datagram.size() - at < kAttributeHeaderSize || message.attributes_.size() == kMaxAttributes) {
      return std::nullopt;
    }
    const std::size_t length = number16(datagram, at + 2);
    if (datagram.size() - at - kAttributeHeaderSize < padded(length)) {
      return std::nullopt;
    }
    message.attributes_.push_back({number16(datagram, at), datagram.substr(at + kAttributeHeaderSize, length), at});
    at += kAttributeHeaderSize + padded(length);
  }
  return message;
}

StunTransaction Message::transaction() const noexcept {
  StunTransaction transaction;
  std::copy_n(datagram_.begin() + kTransactionAt, transaction.size(), transaction.begin());
  return transaction;
}

const Attribute* Message::find(std::uint16_t type) const noexcept {
  const auto found = std::find_if(attributes_.begin(), attributes_.end(), [type](const Attribute& attribute) { return attribute.type == type; });
  return found == attributes_.end() ? nullptr : &*found;
}

std::optional<SocketAddress> Message::mapped_address() const {
  std::optional<SocketAddress> address;
  if (const Attribute* masked = find(kXorMappedAddress)) {
    address = read_address(masked->value, datagram_.substr(kCookieAt, kHeaderSize - kCookieAt));
  }
  if (const Attribute* plain = find(kMappedAddress); plain != nullptr && !address) {
    address = read_address(plain->value, {});
  }
  return address;
}

bool Message::has_good_fingerprint() const noexcept {
  if (attributes_.empty() || attributes_.back().type != kFingerprint || attributes_.back().value.size() != 4) {
    return false;
  }
  return number32(attributes_.back().value) == fingerprint_of(datagram_, attributes_.back().at);
}

Writer::Writer(std::uint16_t type, const StunTransaction& transaction) {
  append_number(bytes_, type);
  append_number(bytes_, 0);
  bytes_.append(kCookie).append(transaction.data(), transaction.size());
}

void Writer::add(std::uint16_t type, std::string_view value) {
  append_number(bytes_, type);
  append_number(bytes_, value.size());
  bytes_.append(value).append(padded(value.size()) - value.size(), '\0');
  const std::size_t length = bytes_.size() - kHeaderSize;
  bytes_[2] = static_cast<char>(length >> 8 & 0xff);
  bytes_[3] = static_cast<char>(length & 0xff);
}

void Writer::add_number32(std::uint16_t type, std::uint32_t value) {
  std::string bytes;
  append_number(bytes, value >> 16);
  append_number(bytes, value);
  add(type, bytes);
}

void Writer::add_number64(std::uint16_t type, std::uint64_t value) {
  std::string bytes;
  for (const unsigned shift : {48U, 32U, 16U, 0U}) {
    append_number(bytes, value >> shift);
  }
  add(type, bytes);
}

void Writer::add_xor_mapped_address(const SocketAddress& address) {
  const std::string mask = bytes_.substr(kCookieAt, kHeaderSize - kCookieAt);
  std::string value;
  append_number(value, address.ip.is_v4() ? 1 : 2);
  append_number(value, static_cast<std::size_t>(address.port ^ number16(mask)));
  std::string bytes;
  if (address.ip.is_v4()) {
    const auto v4 = address.ip.v4_bytes();
    bytes.assign(v4.begin(), v4.end());
  } else {
    bytes.assign(address.ip.v6_bytes().begin(), address.ip.v6_bytes().end());
  }
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    value.push_back(static_cast<char>(bytes[index] ^ mask[index]));
  }
  add(kXorMappedAddress, value);
}

void Writer::add_error(unsigned code, std::string_view reason) {
  std::string value(2, '\0');
  value.push_back(static_cast<char>(code / 100));
  value.push_back(static_cast<char>(code % 100));
  add(kErrorCode, value.append(reason));
}

void Writer::add_unknown_attributes(const std::vector<std::uint16_t>& types) {
  std::string list;
  for (const std::uint16_t type : types) {
    append_number(list, type);
  }
  add(kUnknownAttributes, list);
}

void Writer::add_fingerprint() { add_number32(kFingerprint, fingerprint_of(bytes_, bytes_.size())); }

}  // namespace callwright::base::stun
