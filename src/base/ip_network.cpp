#include "base/ip_network.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>

namespace callwright::base {
namespace {

constexpr int kV4Offset = 96;

}  // namespace

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return address.error();
  }
  const int offset = address->is_v4() ? kV4Offset : 0;
  int bits = 128 - offset;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    int given = -1;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), given);
    if (failure != std::errc{} || end != digits.data() + digits.size() || given < 0 || given > bits) {
      return Error(Errc::InvalidArgument, "\"" + std::string(text) + "\" is no network such as 192.0.2.0/24 or 2001:db8::/32");
    }
    bits = given;
  }
  return IpNetwork{*address, bits + offset};
}

bool IpNetwork::contains(const IpAddress& ip) const noexcept {
  const auto& left = address.v6_bytes();
  const auto& right = ip.v6_bytes();
  const auto whole = static_cast<std::size_t>(prefix_bits / 8);
  if (!std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(whole), right.begin())) {
    return false;
  }
  const int rest = prefix_bits % 8;
  return rest == 0 || ((left[whole] ^ right[whole]) >> (8 - rest)) == 0;
}

}  // namespace callwright::base
