#include "app/monitor_service.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace callwright::app {
namespace {

using std::chrono::system_clock;

/// The process lives in this time zone while the object does.
class TimeZone {
 public:
  explicit TimeZone(const char* rules) {
    ::setenv("TZ", rules, 1);
    ::tzset();
  }
  ~TimeZone() {
    ::unsetenv("TZ");
    ::tzset();
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;
};

/// Central European time, with the rules within.
constexpr const char* kVienna = "CET-1CEST,M3.5.0,M10.5.0/3";

system_clock::time_point utc(int month, int day, int hour, int minute) {
  std::tm tm{};
  tm.tm_year = 2026 - 1900;
  tm.tm_mon = month - 1;
  tm.tm_mday = day;
  tm.tm_hour = hour;
  tm.tm_min = minute;
  return system_clock::from_time_t(::timegm(&tm));
}

system_clock::time_point next(const char* schedule, system_clock::time_point after) {
  return next_start(verify::CronSchedule::parse(schedule).value(), after).value();
}

TEST(NextStart, is_told_by_the_local_clock) {
  const TimeZone zone(kVienna);
  EXPECT_EQ(next("0 3 * * *", utc(6, 1, 12, 0)), utc(6, 2, 1, 0));
  EXPECT_EQ(next("0 3 * * *", utc(12, 1, 12, 0)), utc(12, 2, 2, 0));
  EXPECT_EQ(next("@every 90s", utc(6, 1, 12, 0)), utc(6, 1, 12, 1) + std::chrono::seconds(30));
}

TEST(NextStart, comes_once_where_the_clock_is_set_ahead) {
  const TimeZone zone(kVienna);
  // On 29 March 2026, 02:00 becomes 03:00, so 02:30 never comes.
  const auto skipped = next("30 2 * * *", utc(3, 28, 12, 0));
  EXPECT_GE(skipped, utc(3, 29, 0, 30));
  EXPECT_LE(skipped, utc(3, 29, 1, 30));
  EXPECT_EQ(next("30 2 * * *", skipped), utc(3, 30, 0, 30));
  EXPECT_EQ(next("*/30 * * * *", utc(3, 29, 0, 30)), utc(3, 29, 1, 0));
}

TEST(NextStart, goes_on_while_the_clock_is_set_back) {
  const TimeZone zone(kVienna);
  // On 25 October 2026, 03:00 becomes 02:00: the hour from 00:00 to 01:00 UTC is followed by one with the same names.
  EXPECT_EQ(next("*/30 * * * *", utc(10, 25, 0, 30)), utc(10, 25, 1, 0));
  EXPECT_EQ(next("*/30 * * * *", utc(10, 25, 1, 0)), utc(10, 25, 1, 30));
  EXPECT_EQ(next("0 3 * * *", utc(10, 25, 0, 30)), utc(10, 25, 2, 0));
}

TEST(NextStart, never_is_on_a_day_that_there_is_not) { EXPECT_FALSE(next_start(verify::CronSchedule::parse("0 0 30 2 *").value(), utc(1, 1, 0, 0))); }

}  // namespace
}  // namespace callwright::app
