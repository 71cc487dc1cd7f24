#include "sip/auth_throttle.hpp"

#include "base/log.hpp"

#include <gtest/gtest.h>

#include <string>

namespace callwright::sip {
namespace {

using namespace std::chrono_literals;

class AuthThrottleTest : public testing::Test {
 protected:
  AuthThrottleTest() {
    base::log::set_sink([this](base::log::Level, std::string_view) { ++lines; });
  }
  ~AuthThrottleTest() override { base::log::set_sink({}); }
  static base::IpAddress address(std::string_view text) { return base::IpAddress::parse(text).value(); }
  void fail(std::string_view source, std::string_view user, int times) {
    for (int i = 0; i < times; ++i) {
      throttle.failed(address(source), user);
    }
  }
  [[nodiscard]] bool banned(std::string_view source, std::string_view user) const { return throttle.banned(address(source), user); }

  base::ManualClock clock;
  base::DeterministicRandom random{1};
  AuthThrottle throttle{clock, random, {.failures_per_source = 3, .failures_per_user = 5, .window = 60s, .ban = 30s, .slots = 64}};
  int lines = 0;
};

TEST_F(AuthThrottleTest, bans_a_source_for_a_while_and_says_so_once) {
  fail("192.0.2.1", "bob", 2);
  EXPECT_FALSE(banned("192.0.2.1", "bob"));
  fail("192.0.2.1", "alice", 1);
  EXPECT_TRUE(banned("192.0.2.1", "anybody"));
  EXPECT_FALSE(banned("192.0.2.2", "bob"));
  fail("192.0.2.1", "carol", 1);
  EXPECT_EQ(lines, 1);
  clock.advance(31s);
  EXPECT_FALSE(banned("192.0.2.1", "bob"));
}

TEST_F(AuthThrottleTest, bans_an_account_that_many_sources_try) {
  for (int i = 1; i <= 5; ++i) {
    fail("192.0.2." + std::to_string(i), "bob", 1);
  }
  EXPECT_TRUE(banned("192.0.2.99", "bob"));
  EXPECT_FALSE(banned("192.0.2.1", "alice"));
  EXPECT_EQ(lines, 1);
}

TEST_F(AuthThrottleTest, forgives_failures_that_are_far_apart) {
  for (int i = 0; i < 10; ++i) {
    fail("192.0.2.1", "bob", 1);
    clock.advance(40s);
  }
  EXPECT_FALSE(banned("192.0.2.1", "bob"));
}

TEST_F(AuthThrottleTest, takes_a_network_of_ipv6_for_one_source) {
  fail("2001:db8::1", "a", 1);
  fail("2001:db8::2", "b", 1);
  fail("2001:db8::3", "c", 1);
  EXPECT_TRUE(banned("2001:db8::4", "d"));
  EXPECT_FALSE(banned("2001:db8:0:1::4", "d"));
}

TEST_F(AuthThrottleTest, stays_bounded_when_thousands_fail) {
  for (int i = 0; i < 10'000; ++i) {
    fail("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250), "user" + std::to_string(i), 1);
  }
  fail("192.0.2.1", "bob", 3);
  EXPECT_TRUE(banned("192.0.2.1", "bob"));
}

}  // namespace
}  // namespace callwright::sip
