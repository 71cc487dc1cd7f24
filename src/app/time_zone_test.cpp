#include "app/time_zone.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace callwright::app {
namespace {

using std::chrono::system_clock;

/// The process lives in this time zone while the object does.
class MachineZone {
 public:
  explicit MachineZone(const char* rules) {
    ::setenv("TZ", rules, 1);
    ::tzset();
  }
  ~MachineZone() {
    ::unsetenv("TZ");
    ::tzset();
  }
  MachineZone(const MachineZone&) = delete;
  MachineZone& operator=(const MachineZone&) = delete;
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

/// By the clocks that the schedule names.
system_clock::time_point next(const char* text, system_clock::time_point after) {
  const auto schedule = verify::CronSchedule::parse(text).value();
  return next_start(schedule, schedule.zone().empty() ? TimeZone() : TimeZone::blocking_find(schedule.zone()).value(), after).value();
}

TEST(NextStart, is_told_by_the_local_clock) {
  const MachineZone zone(kVienna);
  EXPECT_EQ(next("0 3 * * *", utc(6, 1, 12, 0)), utc(6, 2, 1, 0));
  EXPECT_EQ(next("0 3 * * *", utc(12, 1, 12, 0)), utc(12, 2, 2, 0));
  EXPECT_EQ(next("@every 90s", utc(6, 1, 12, 0)), utc(6, 1, 12, 1) + std::chrono::seconds(30));
}

TEST(NextStart, comes_once_where_the_clock_is_set_ahead) {
  const MachineZone zone(kVienna);
  // On 29 March 2026, 02:00 becomes 03:00, so 02:30 never comes.
  const auto skipped = next("30 2 * * *", utc(3, 28, 12, 0));
  EXPECT_GE(skipped, utc(3, 29, 0, 30));
  EXPECT_LE(skipped, utc(3, 29, 1, 30));
  EXPECT_EQ(next("30 2 * * *", skipped), utc(3, 30, 0, 30));
  EXPECT_EQ(next("*/30 * * * *", utc(3, 29, 0, 30)), utc(3, 29, 1, 0));
}

TEST(NextStart, goes_on_while_the_clock_is_set_back) {
  const MachineZone zone(kVienna);
  // On 25 October 2026, 03:00 becomes 02:00: the hour from 00:00 to 01:00 UTC is followed by one with the same names.
  EXPECT_EQ(next("*/30 * * * *", utc(10, 25, 0, 30)), utc(10, 25, 1, 0));
  EXPECT_EQ(next("*/30 * * * *", utc(10, 25, 1, 0)), utc(10, 25, 1, 30));
  EXPECT_EQ(next("0 3 * * *", utc(10, 25, 0, 30)), utc(10, 25, 2, 0));
}

TEST(NextStart, never_is_on_a_day_that_there_is_not) {
  EXPECT_FALSE(next_start(verify::CronSchedule::parse("0 0 30 2 *").value(), TimeZone(), utc(1, 1, 0, 0)));
}

TEST(NextStart, is_told_by_the_clocks_of_another_place) {
  const MachineZone zone(kVienna);
  EXPECT_EQ(next("TZ=Asia/Tokyo 30 4 * * *", utc(6, 1, 12, 0)), utc(6, 1, 19, 30));
  EXPECT_EQ(next("CRON_TZ=America/New_York 0 9 * * *", utc(6, 1, 12, 0)), utc(6, 1, 13, 0));
  EXPECT_EQ(next("TZ=America/New_York 0 9 * * *", utc(1, 15, 12, 0)), utc(1, 15, 14, 0));
  EXPECT_EQ(next("TZ=UTC @daily", utc(6, 1, 12, 0)), utc(6, 2, 0, 0));
  EXPECT_EQ(next("TZ=Asia/Tokyo @every 90s", utc(6, 1, 12, 0)), utc(6, 1, 12, 1) + std::chrono::seconds(30));
  // The day of the week is that of the place: at 23:00 UTC on a Sunday it is Monday in Tokyo.
  EXPECT_EQ(next("TZ=Asia/Tokyo 0 8 * * mon", utc(6, 5, 12, 0)), utc(6, 7, 23, 0));
}

TEST(NextStart, follows_the_clocks_of_another_place_when_they_are_set) {
  // On 8 March 2026, 02:00 becomes 03:00 in New York; on 1 November, 02:00 becomes 01:00.
  EXPECT_EQ(next("TZ=America/New_York 30 2 * * *", utc(3, 8, 0, 0)), utc(3, 8, 7, 0));
  EXPECT_EQ(next("TZ=America/New_York 30 2 * * *", utc(3, 8, 7, 0)), utc(3, 9, 6, 30));
  EXPECT_EQ(next("TZ=America/New_York */30 * * * *", utc(11, 1, 5, 30)), utc(11, 1, 6, 0));
  EXPECT_EQ(next("TZ=America/New_York */30 * * * *", utc(11, 1, 6, 0)), utc(11, 1, 6, 30));
  EXPECT_EQ(next("TZ=America/New_York 0 2 * * *", utc(11, 1, 5, 30)), utc(11, 1, 7, 0));
}

TEST(TimeZone, has_to_be_in_the_database) {
  EXPECT_EQ(TimeZone::blocking_find("Europe/Viena").error().message(),
            "there is no time zone \"Europe/Viena\"; write one of the IANA database, such as Europe/Berlin or UTC (Debian: tzdata)");
  EXPECT_FALSE(TimeZone::blocking_find(""));
  EXPECT_FALSE(TimeZone::blocking_find("../../../etc/passwd"));
}

}  // namespace
}  // namespace callwright::app
