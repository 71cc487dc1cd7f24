#include "base/socket_address.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <unordered_set>

namespace callwright::base {
namespace {

using namespace std::string_view_literals;

TEST(IpAddress, prints_what_it_parsed_in_the_usual_form) {
  const struct {
    std::string_view text;
    std::string_view printed;
  } table[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"2001:db8::1", "2001:db8::1"},
      {"[2001:db8::1]", "2001:db8::1"},
      {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"::1", "::1"},
      {"::", "::"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
  };
  for (const auto& row : table) {
    const auto ip = IpAddress::parse(row.text);
    ASSERT_TRUE(ip.has_value()) << row.text;
    EXPECT_EQ(ip->to_string(), row.printed);
  }
}

TEST(IpAddress, refuses_what_is_no_address) {
  const std::string long_text = "0000:0000:0000:0000:0000:ffff:255.255.255.255" + std::string(1000, '5');
  for (const std::string_view text :
       {""sv,           "localhost"sv, "192.0.2"sv,  "192.0.2.256"sv, "192.0.2.1 "sv,   " 192.0.2.1"sv,   "192.0.2.1:5060"sv, "192.0.02.1"sv,
        "192.0.2.1."sv, "192..0.2"sv,  ".192.0.2"sv, "192.0.2.-1"sv,  "192.0.2.+1"sv,   "192.0.2.0001"sv, "1.2.3.4.5"sv,      "[192.0.2.1]"sv,
        "[::1"sv,       "::1]"sv,      "[]"sv,       "1::2::3"sv,     "fe80::1%eth0"sv, "192.0.2.1\0x"sv, "::1\0"sv,          std::string_view(long_text)}) {
    const auto ip = IpAddress::parse(text);
    ASSERT_TRUE(ip.has_error()) << text;
    EXPECT_EQ(ip.error().code, Errc::InvalidArgument);
    EXPECT_NE(ip.error().message().find("expected 192.0.2.1 or 2001:db8::1"), std::string::npos);
  }
}

TEST(IpAddress, knows_its_kind) {
  const struct {
    std::string_view text;
    bool v4, loopback, unspecified;
  } table[] = {
      {"127.0.0.1", true, true, false}, {"127.255.0.9", true, true, false},   {"192.0.2.1", true, false, false}, {"0.0.0.0", true, false, true},
      {"::1", false, true, false},      {"2001:db8::1", false, false, false}, {"::", false, false, true},
  };
  for (const auto& row : table) {
    const auto ip = IpAddress::parse(row.text).value();
    EXPECT_EQ(ip.is_v4(), row.v4) << row.text;
    EXPECT_EQ(ip.is_loopback(), row.loopback) << row.text;
    EXPECT_EQ(ip.is_unspecified(), row.unspecified) << row.text;
  }
}

TEST(IpAddress, keeps_the_bytes_it_was_made_of) {
  EXPECT_EQ(IpAddress::v4({192, 0, 2, 1}), IpAddress::parse("192.0.2.1").value());
  EXPECT_EQ(IpAddress::v4({192, 0, 2, 1}).v4_bytes(), (std::array<std::uint8_t, 4>{192, 0, 2, 1}));
  EXPECT_EQ(IpAddress::v6({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), IpAddress::parse("2001:db8::1").value());
  EXPECT_EQ(IpAddress(), IpAddress::parse("0.0.0.0").value());
}

TEST(SocketAddress, prints_what_it_parsed) {
  const struct {
    std::string_view text;
    std::string_view host;
    std::uint16_t port;
  } table[] = {
      {"192.0.2.1:5060", "192.0.2.1", 5060},
      {"127.0.0.1:0", "127.0.0.1", 0},
      {"[2001:db8::1]:65535", "[2001:db8::1]", 65535},
      {"[::]:5060", "[::]", 5060},
  };
  for (const auto& row : table) {
    const auto address = SocketAddress::parse(row.text);
    ASSERT_TRUE(address.has_value()) << row.text;
    EXPECT_EQ(address->host(), row.host);
    EXPECT_EQ(address->port, row.port);
    EXPECT_EQ(address->to_string(), row.text);
  }
}

TEST(SocketAddress, refuses_what_is_no_address_with_a_port) {
  for (const std::string_view text : {""sv, ":"sv, "192.0.2.1"sv, "192.0.2.1:"sv, "192.0.2.1:65536"sv, "192.0.2.1:-1"sv, "192.0.2.1:+1"sv, "192.0.2.1: 1"sv,
                                      "192.0.2.1:5060x"sv, "2001:db8::1:5060"sv, "[2001:db8::1]"sv, "[2001:db8::1]5060"sv, "host:5060"sv, "192.0.2.1\0:1"sv}) {
    const auto address = SocketAddress::parse(text);
    ASSERT_TRUE(address.has_error()) << text;
    EXPECT_NE(address.error().message().find("expected 192.0.2.1:5060"), std::string::npos);
  }
}

TEST(SocketAddress, can_be_a_key_and_be_sorted) {
  const auto low = SocketAddress::parse("192.0.2.1:5060").value();
  const auto high = SocketAddress::parse("192.0.2.1:5061").value();
  EXPECT_LT(low, high);
  const std::unordered_set<SocketAddress> addresses{low, high, low};
  EXPECT_EQ(addresses.size(), 2U);
}

}  // namespace
}  // namespace callwright::base
