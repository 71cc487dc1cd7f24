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

TEST(NextStart, is_the_first_one_after_the_clocks_are_set_ahead) {
  // Asked on the Friday before: Monday's first is at nine by the clock of then.
  EXPECT_EQ(next("TZ=America/New_York 0 9-17 * * mon-fri", utc(3, 6, 22, 0)), utc(3, 9, 13, 0));
  EXPECT_EQ(next("TZ=America/New_York 0 3,4 * * *", utc(3, 8, 6, 0)), utc(3, 8, 7, 0));
  const MachineZone zone(kVienna);
  EXPECT_EQ(next("*/15 8-18 * * *", utc(3, 28, 17, 45)), utc(3, 29, 6, 0));
}

TEST(NextStart, goes_on_where_summer_is_standard_time) {
  // In Dublin, 01:00 becomes 02:00 on 29 March 2026; by law winter is what differs from standard time.
  for (const char* const schedule : {"30 1 * * *", "TZ=Europe/Dublin 30 1 * * *"}) {
    const MachineZone zone("Europe/Dublin");
    const auto skipped = next(schedule, utc(3, 28, 12, 0));
    EXPECT_GE(skipped, utc(3, 29, 1, 0)) << schedule;
    EXPECT_LE(skipped, utc(3, 29, 1, 30)) << schedule;
    EXPECT_EQ(next(schedule, skipped), utc(3, 30, 0, 30)) << schedule;
  }
}

TEST(NextStart, lies_ahead_wherever_clocks_are_set) {
  for (const char* const place : {"Europe/Dublin", "Africa/Casablanca", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"}) {
    const MachineZone zone(place);
    const auto schedule = verify::CronSchedule::parse("*/30 1-3 * * *").value();
    for (const TimeZone& by : {TimeZone(), TimeZone::blocking_find(place).value()}) {
      const auto end = utc(12, 31, 0, 0);
      std::size_t starts = 0;
      for (auto at = utc(1, 1, 0, 0); at < end; ++starts) {
        const auto next = next_start(schedule, by, at).value();
        ASSERT_GT(next, at) << place;
        at = next;
      }
      EXPECT_NEAR(static_cast<double>(starts), 364 * 6, 20) << place;
    }
  }
}

TEST(TimeZone, has_to_be_in_the_database) {
  EXPECT_EQ(TimeZone::blocking_find("Europe/Viena").error().message(),
            "there is no time zone \"Europe/Viena\"; write one of the IANA database, such as Europe/Berlin or UTC (Debian: tzdata)");
  EXPECT_FALSE(TimeZone::blocking_find(""));
  EXPECT_FALSE(TimeZone::blocking_find("../../../etc/passwd"));
}

}  // namespace
}  // namespace callwright::app
