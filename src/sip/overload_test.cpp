#include "sip/overload.hpp"

#include "base/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::sip {
namespace {

using namespace std::chrono_literals;

class OverloadTest : public testing::Test {
 protected:
  void pass(base::Duration time) {
    clock.advance(time);
    timers.advance();
  }

  base::ManualClock clock;
  base::Timers timers{clock};
  Overload overload{timers, 200ms};
};

TEST_F(OverloadTest, is_seen_by_timers_that_are_late_and_passes) {
  overload.on_request();
  pass(250ms);
  EXPECT_FALSE(overload.lagging()) << "150 ms late are fine";
  overload.on_request();
  pass(350ms);
  EXPECT_TRUE(overload.lagging());
  pass(1001ms);
  EXPECT_FALSE(overload.lagging());
}

TEST_F(OverloadTest, costs_no_timer_while_nothing_comes) {
  overload.on_request();
  overload.on_request();
  EXPECT_EQ(timers.pending(), 1U);
  pass(100ms);
  EXPECT_EQ(timers.pending(), 0U);
}

TEST_F(OverloadTest, is_never_seen_when_it_is_off) {
  Overload off(timers, 0ms);
  off.on_request();
  pass(10s);
  EXPECT_FALSE(off.lagging());
}

TEST_F(OverloadTest, logs_a_line_every_ten_seconds_with_the_number_of_refusals) {
  std::vector<std::string> lines;
  base::log::set_sink([&lines](base::log::Level, std::string_view line) { lines.emplace_back(line); });
  for (int i = 0; i < 100; ++i) {
    overload.on_refused("too many dialogs");
    pass(110ms);
  }
  base::log::set_sink({});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], testing::HasSubstr("refused=1"));
  EXPECT_THAT(lines[1], testing::HasSubstr("refused=91"));
  EXPECT_THAT(lines[1], testing::HasSubstr("too many dialogs"));
}

}  // namespace
}  // namespace callwright::sip
