#include "net/source_guard.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;
using Verdict = SourceGuard::Verdict;

base::IpAddress ip(std::string_view text) { return base::IpAddress::parse(text).value(); }

constexpr std::string_view kRequest = "OPTIONS sip:a@b SIP/2.0";

class SourceGuards : public testing::Test {
 protected:
  static SourceLimits limits() {
    SourceLimits made;
    made.requests_per_second = 10;
    made.burst = 20;
    made.ban = 30s;
    return made;
  }
  /// Messages that are taken, of `count`.
  static int send(SourceGuard& guard, std::string_view source, int count, std::string_view message = kRequest) {
    int taken = 0;
    for (int number = 0; number < count; ++number) {
      taken += guard.admit(ip(source), message) == Verdict::Taken ? 1 : 0;
    }
    return taken;
  }

  int send(std::string_view source, int count, std::string_view message = kRequest) { return send(guard, source, count, message); }

  base::ManualClock clock;
  SourceGuard guard{clock, limits()};
};

TEST_F(SourceGuards, tells_when_a_ban_begins_and_ends) {
  base::Timers timers{clock};
  std::vector<std::string> told;
  guard.watch(timers, [&told](const base::IpAddress& source, base::Duration ban) {
    told.push_back(source.to_string() + " " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(ban).count()));
  });
  const auto pass = [&](base::Duration duration) {
    clock.advance(duration);
    timers.advance();
  };
  send("192.0.2.1", 25);
  pass(10s);
  send("2001:db8::1", 25);
  EXPECT_EQ(told, (std::vector<std::string>{"192.0.2.1 30", "2001:db8:: 30"}));
  pass(21s);
  EXPECT_EQ(told.back(), "192.0.2.1 0");
  pass(10s);
  EXPECT_EQ(told.back(), "2001:db8:: 0");
  send("192.0.2.1", 25);
  pass(31s);
  EXPECT_EQ(told.size(), 6U);
}

TEST_F(SourceGuards, bans_a_source_after_its_burst_and_takes_it_back_later) {
  EXPECT_EQ(send("192.0.2.1", 100), 20);
  EXPECT_TRUE(guard.is_banned(ip("192.0.2.1")));
  EXPECT_EQ(guard.refused(), 80U);
  EXPECT_EQ(guard.bans(), 1U);
  clock.advance(29s);
  EXPECT_EQ(send("192.0.2.1", 1), 0);
  clock.advance(1s);
  EXPECT_FALSE(guard.is_banned(ip("192.0.2.1")));
  EXPECT_EQ(send("192.0.2.1", 1), 1);
}

TEST_F(SourceGuards, takes_the_rate_for_ever) {
  EXPECT_EQ(send("192.0.2.1", 20), 20);
  for (int second = 0; second < 100; ++second) {
    clock.advance(1s);
    EXPECT_EQ(send("192.0.2.1", 10), 10) << second;
  }
  EXPECT_EQ(guard.bans(), 0U);
}

TEST_F(SourceGuards, does_not_let_one_source_harm_another) {
  send("192.0.2.1", 100);
  EXPECT_EQ(send("192.0.2.2", 20), 20);
  EXPECT_FALSE(guard.is_banned(ip("192.0.2.2")));
}

TEST_F(SourceGuards, counts_a_64_bit_network_of_ipv6_as_one_source) {
  EXPECT_EQ(send("2001:db8::1", 15) + send("2001:db8::2", 15), 20);
  EXPECT_TRUE(guard.is_banned(ip("2001:db8::3")));
  EXPECT_EQ(send("2001:db8:0:1::1", 20), 20);
}

TEST_F(SourceGuards, does_not_count_responses_but_drops_those_of_a_banned_source) {
  EXPECT_EQ(send("192.0.2.1", 1000, "SIP/2.0 200 OK"), 1000);
  send("192.0.2.1", 100);
  EXPECT_EQ(send("192.0.2.1", 1, "SIP/2.0 200 OK"), 0);
}

TEST_F(SourceGuards, never_limits_loopback_and_those_it_is_told) {
  EXPECT_EQ(send("127.0.0.1", 1000), 1000);
  EXPECT_EQ(send("::1", 1000), 1000);
  SourceLimits own = limits();
  own.unlimited = {base::IpNetwork::parse("198.51.100.0/24").value()};
  own.limit_loopback = true;
  SourceGuard told(clock, own);
  EXPECT_EQ(send(told, "198.51.100.77", 1000), 1000);
  EXPECT_EQ(send(told, "198.51.101.77", 1000), 20);
  EXPECT_EQ(send(told, "127.0.0.1", 1000), 20);
}

TEST_F(SourceGuards, has_no_limit_at_rate_zero) {
  SourceLimits none = limits();
  none.requests_per_second = 0;
  SourceGuard open(clock, none);
  for (int number = 0; number < 1000; ++number) {
    EXPECT_EQ(open.admit(ip("192.0.2.1"), kRequest), Verdict::Taken);
  }
}

TEST_F(SourceGuards, keeps_bans_while_many_other_sources_come) {
  send("192.0.2.1", 100);
  for (std::uint32_t number = 0; number < 4 * SourceGuard::kSources; ++number) {
    const auto byte = [number](int shift) { return static_cast<std::uint8_t>(number >> shift); };
    (void)guard.admit(base::IpAddress::v4({10, byte(16), byte(8), byte(0)}), kRequest);
  }
  EXPECT_TRUE(guard.is_banned(ip("192.0.2.1")));
}

}  // namespace
}  // namespace callwright::net
