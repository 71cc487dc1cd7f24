#pragma once

#include "base/result.hpp"
#include "base/socket_address.hpp"

#include <string_view>

namespace callwright::base {

/// A network such as "192.0.2.0/24"; a value.
struct IpNetwork {
  IpAddress address;
  int prefix_bits = 128;  ///< Of the address in its IPv6 form: an IPv4 network has 96 more than it says.

  /// "192.0.2.0/24", "2001:db8::/32", or an address for itself.
  static Result<IpNetwork> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& ip) const noexcept;
};

}  // namespace callwright::base
