#include "base/ip_network.hpp"

#include <gtest/gtest.h>

namespace callwright::base {
namespace {

TEST(IpNetwork, contains_what_its_prefix_says) {
  const auto in = [](std::string_view network, std::string_view address) {
    return IpNetwork::parse(network).value().contains(IpAddress::parse(address).value());
  };
  EXPECT_TRUE(in("192.0.2.0/25", "192.0.2.127"));
  EXPECT_FALSE(in("192.0.2.0/25", "192.0.2.128"));
  EXPECT_TRUE(in("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(in("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(in("0.0.0.0/0", "203.0.113.1"));
  EXPECT_FALSE(in("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(in("2001:db8::/31", "2001:db9::1"));
  EXPECT_FALSE(in("2001:db8::/32", "2001:db9::1"));
  for (const char* const text : {"", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/8x", "name/8", "2001:db8::/129"}) {
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
  }
}

}  // namespace
}  // namespace callwright::base
