#pragma once

#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace callwright::base {

/// An IPv4 or IPv6 address; a value. IPv4 is kept in its IPv4-mapped form.
class IpAddress {
 public:
  /// 0.0.0.0
  IpAddress() noexcept;
  static IpAddress v4(std::array<std::uint8_t, 4> bytes) noexcept;
  static IpAddress v6(std::array<std::uint8_t, 16> bytes) noexcept;
  /// "192.0.2.1", "2001:db8::1" or "[2001:db8::1]"; a name is an error.
  static Result<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const noexcept;
  [[nodiscard]] bool is_loopback() const noexcept;
  /// 0.0.0.0 or ::
  [[nodiscard]] bool is_unspecified() const noexcept;
  [[nodiscard]] std::array<std::uint8_t, 4> v4_bytes() const noexcept;
  [[nodiscard]] const std::array<std::uint8_t, 16>& v6_bytes() const noexcept { return bytes_; }
  /// Without brackets, IPv6 as in RFC 5952.
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  explicit IpAddress(const std::array<std::uint8_t, 16>& bytes) noexcept : bytes_(bytes) {}

  std::array<std::uint8_t, 16> bytes_;
};

/// An address and a port (host byte order).
struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  /// "192.0.2.1:5060" or "[2001:db8::1]:5060"; the port is required.
  static Result<SocketAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  /// The same, at the end of `text`.
  void append_to(std::string& text) const;
  /// The address as it stands in a URI or Via: IPv6 in brackets.
  [[nodiscard]] std::string host() const;
  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

}  // namespace callwright::base

template <>
struct std::hash<callwright::base::SocketAddress> {
  std::size_t operator()(const callwright::base::SocketAddress& address) const noexcept {
    const auto& bytes = address.ip.v6_bytes();
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return std::hash<std::string_view>{}(text)*31 + address.port;
  }
};
