#pragma once

#include "base/socket_address.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The form of STUN messages (RFC 8489): header, attributes, masked addresses, fingerprint. What they are for is known to `sip` (flows that are kept
/// alive) and `rtp` (connectivity checks).
namespace callwright::base {

/// Names a request; an answer repeats it. Random, so that nobody can answer who has not seen the request.
using StunTransaction = std::array<char, 12>;

namespace stun {

inline constexpr std::size_t kHeaderSize = 20;
inline constexpr std::string_view kCookie{"\x21\x12\xa4\x42", 4};

inline constexpr std::uint16_t kBindingRequest = 0x0001;
inline constexpr std::uint16_t kBindingIndication = 0x0011;
inline constexpr std::uint16_t kBindingSuccess = 0x0101;
inline constexpr std::uint16_t kBindingError = 0x0111;

inline constexpr std::uint16_t kMappedAddress = 0x0001;
inline constexpr std::uint16_t kUsername = 0x0006;
inline constexpr std::uint16_t kMessageIntegrity = 0x0008;
inline constexpr std::uint16_t kErrorCode = 0x0009;
inline constexpr std::uint16_t kUnknownAttributes = 0x000a;
inline constexpr std::uint16_t kXorMappedAddress = 0x0020;
inline constexpr std::uint16_t kPriority = 0x0024;
inline constexpr std::uint16_t kUseCandidate = 0x0025;
inline constexpr std::uint16_t kFirstOptional = 0x8000;  ///< From here on, attributes need not be understood.
inline constexpr std::uint16_t kSoftware = 0x8022;
inline constexpr std::uint16_t kFingerprint = 0x8028;
inline constexpr std::uint16_t kIceControlled = 0x8029;
inline constexpr std::uint16_t kIceControlling = 0x802a;

/// True for what begins like a message and is nothing else (RFC 8489 §5).
[[nodiscard]] bool is_message(std::string_view datagram) noexcept;

struct Attribute {
  std::uint16_t type = 0;
  std::string_view value;
  std::size_t at = 0;  ///< Where it begins in the datagram.
};

/// A message whose lengths are all checked: a view into its datagram.
class Message {
 public:
  static constexpr std::size_t kMaxAttributes = 64;

  /// Nothing for what is no message, does not fill its datagram, has an attribute that does not fit, or more than 64 of them.
  static std::optional<Message> parse(std::string_view datagram);

  [[nodiscard]] std::uint16_t type() const noexcept { return type_; }
  [[nodiscard]] StunTransaction transaction() const noexcept;
  [[nodiscard]] std::string_view bytes() const noexcept { return datagram_; }
  [[nodiscard]] const std::vector<Attribute>& attributes() const noexcept { return attributes_; }
  /// The first of that type; null when there is none.
  [[nodiscard]] const Attribute* find(std::uint16_t type) const noexcept;
  /// The address of a (XOR-)MAPPED-ADDRESS; nothing when it is malformed or not there.
  [[nodiscard]] std::optional<SocketAddress> mapped_address() const;
  /// Its last attribute is a FINGERPRINT that fits (RFC 8489 §14.7).
  [[nodiscard]] bool has_good_fingerprint() const noexcept;

 private:
  std::string_view datagram_;
  std::uint16_t type_ = 0;
  std::vector<Attribute> attributes_;
};

/// Puts a message together; its length is right after every step.
class Writer {
 public:
  Writer(std::uint16_t type, const StunTransaction& transaction);

  void add(std::uint16_t type, std::string_view value);
  void add_number32(std::uint16_t type, std::uint32_t value);
  void add_number64(std::uint16_t type, std::uint64_t value);
  void add_xor_mapped_address(const SocketAddress& address);
  /// `code` is 300 … 699.
  void add_error(unsigned code, std::string_view reason);
  void add_unknown_attributes(const std::vector<std::uint16_t>& types);
  /// The last one to be added.
  void add_fingerprint();

  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// The bytes over which MESSAGE-INTEGRITY and FINGERPRINT count: what stands before the attribute, with a header whose length ends behind an
/// attribute of `value_size` bytes at that place (RFC 8489 §14.5).
[[nodiscard]] std::string bytes_before(std::string_view message, std::size_t at, std::size_t value_size);

/// Big-endian numbers; the caller checks the size.
[[nodiscard]] std::uint16_t number16(std::string_view bytes, std::size_t at = 0) noexcept;
[[nodiscard]] std::uint32_t number32(std::string_view bytes, std::size_t at = 0) noexcept;
[[nodiscard]] std::uint64_t number64(std::string_view bytes, std::size_t at = 0) noexcept;

}  // namespace stun
}  // namespace callwright::base
