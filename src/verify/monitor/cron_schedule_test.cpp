#include "verify/monitor/cron_schedule.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace callwright::verify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

CronSchedule schedule_of(std::string_view text) {
  auto schedule = CronSchedule::parse(text);
  EXPECT_TRUE(schedule) << schedule.error().message();
  return schedule ? *schedule : CronSchedule();
}

std::string error_of(std::string_view text) {
  const auto schedule = CronSchedule::parse(text);
  EXPECT_FALSE(schedule) << text;
  return schedule.error().message();
}

std::string shown(const std::optional<LocalTime>& at) {
  return at ? fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", at->year, at->month, at->day, at->hour, at->minute, at->second) : "never";
}

/// 1 March 2026 is a Sunday.
constexpr LocalTime kSundayNoon{2026, 3, 1, 12, 0, 0};

std::string next_of(std::string_view text, const LocalTime& after = kSundayNoon) { return shown(schedule_of(text).next(after)); }

TEST(CronSchedule, finds_the_first_moment_behind_another) {
  EXPECT_EQ(next_of("* * * * *"), "2026-03-01 12:01:00");
  EXPECT_EQ(next_of("* * * * *", {2026, 3, 1, 12, 0, 59}), "2026-03-01 12:01:00");
  EXPECT_EQ(next_of("0 12 * * *"), "2026-03-02 12:00:00");
  EXPECT_EQ(next_of("0 12 * * *", {2026, 3, 1, 11, 59, 59}), "2026-03-01 12:00:00");
  EXPECT_EQ(next_of("30 4 1 1 *"), "2027-01-01 04:30:00");
  EXPECT_EQ(next_of("59 23 31 12 *", {2026, 12, 31, 23, 59, 0}), "2027-12-31 23:59:00");
  EXPECT_EQ(next_of("0 0 31 * *", {2026, 3, 31, 0, 0, 0}), "2026-05-31 00:00:00");
}

TEST(CronSchedule, reads_ranges_steps_and_lists) {
  EXPECT_EQ(next_of("*/25 * * * *"), "2026-03-01 12:25:00");
  EXPECT_EQ(next_of("*/25 * * * *", {2026, 3, 1, 12, 50, 0}), "2026-03-01 13:00:00");
  EXPECT_EQ(next_of("10-40/10 * * * *", {2026, 3, 1, 12, 40, 0}), "2026-03-01 13:10:00");
  EXPECT_EQ(next_of("5,7-9,40 * * * *", {2026, 3, 1, 12, 9, 0}), "2026-03-01 12:40:00");
  EXPECT_EQ(next_of("*/60 * * * *"), "2026-03-01 13:00:00");
  EXPECT_EQ(next_of("\t 0   6\t* *  * "), "2026-03-02 06:00:00");
}

TEST(CronSchedule, reads_names_of_months_and_weekdays) {
  EXPECT_EQ(next_of("0 8 * JAN-feb *"), "2027-01-01 08:00:00");
  EXPECT_EQ(next_of("0 8 * * Mon"), "2026-03-02 08:00:00");
  EXPECT_EQ(next_of("0 8 * * mon-fri", {2026, 3, 6, 9, 0, 0}), "2026-03-09 08:00:00");
  EXPECT_EQ(next_of("0 8 * * fri-sun", {2026, 3, 7, 9, 0, 0}), "2026-03-08 08:00:00");
}

TEST(CronSchedule, has_sunday_as_0_and_as_7) {
  EXPECT_EQ(next_of("0 8 * * 0"), "2026-03-08 08:00:00");
  EXPECT_EQ(next_of("0 8 * * 7"), "2026-03-08 08:00:00");
  EXPECT_EQ(next_of("0 8 * * 5-7", {2026, 3, 7, 9, 0, 0}), "2026-03-08 08:00:00");
  EXPECT_EQ(next_of("0 8 * * */4", {2026, 3, 5, 9, 0, 0}), "2026-03-08 08:00:00");
  EXPECT_EQ(next_of("0 8 * * */7"), "2026-03-08 08:00:00");
}

TEST(CronSchedule, takes_either_day_where_both_are_given) {
  EXPECT_EQ(next_of("0 8 13 * fri"), "2026-03-06 08:00:00");
  EXPECT_EQ(next_of("0 8 4 * fri"), "2026-03-04 08:00:00");
  EXPECT_EQ(next_of("0 8 13 * *"), "2026-03-13 08:00:00");
  // As with cron(8), a step over all days gives none: an odd day that is a Friday.
  EXPECT_EQ(next_of("0 8 */2 * fri"), "2026-03-13 08:00:00");
}

TEST(CronSchedule, has_seconds_in_front) {
  EXPECT_EQ(next_of("*/20 * * * * *"), "2026-03-01 12:00:20");
  EXPECT_EQ(next_of("*/20 * * * * *", {2026, 3, 1, 23, 59, 40}), "2026-03-02 00:00:00");
  EXPECT_EQ(next_of("15 30 6 * * *"), "2026-03-02 06:30:15");
  // A leap second is over when the next minute begins.
  EXPECT_EQ(next_of("* * * * * *", {2026, 12, 31, 23, 59, 60}), "2027-01-01 00:00:00");
}

TEST(CronSchedule, waits_for_29_february) {
  EXPECT_EQ(next_of("0 0 29 2 *"), "2028-02-29 00:00:00");
  EXPECT_EQ(next_of("0 0 29 2 *", {2096, 2, 29, 0, 0, 0}), "2104-02-29 00:00:00");
}

TEST(CronSchedule, gives_up_where_the_calendar_never_gets) {
  EXPECT_EQ(next_of("0 0 30 2 *"), "never");
  EXPECT_EQ(next_of("0 0 31 4,6,9,11 *"), "never");
}

TEST(CronSchedule, finds_all_moments_of_a_year) {
  const CronSchedule schedule = schedule_of("0 */6 * * *");
  LocalTime at{2027, 12, 31, 23, 59, 59};
  int found = 0;
  while (const auto next = schedule.next(at)) {
    ASSERT_LT(at, *next);
    at = *next;
    if (at.year > 2028) {
      break;
    }
    ++found;
  }
  EXPECT_EQ(found, 366 * 4);
}

TEST(CronSchedule, knows_nicknames) {
  EXPECT_EQ(next_of("@hourly"), "2026-03-01 13:00:00");
  EXPECT_EQ(next_of("@daily"), "2026-03-02 00:00:00");
  EXPECT_EQ(next_of(" @Midnight "), "2026-03-02 00:00:00");
  EXPECT_EQ(next_of("@weekly"), "2026-03-08 00:00:00");
  EXPECT_EQ(next_of("@monthly"), "2026-04-01 00:00:00");
  EXPECT_EQ(next_of("@yearly"), "2027-01-01 00:00:00");
  EXPECT_EQ(next_of("@annually"), "2027-01-01 00:00:00");
  EXPECT_EQ(schedule_of("@hourly").interval(), seconds(0));
}

TEST(CronSchedule, has_intervals_without_a_calendar) {
  EXPECT_EQ(schedule_of("@every 90s").interval(), seconds(90));
  EXPECT_EQ(schedule_of(" @every  5m ").interval(), minutes(5));
  EXPECT_EQ(schedule_of("@every 527040m").interval(), hours(24 * 366));
  EXPECT_EQ(next_of("@every 90s"), "never");
  EXPECT_EQ(error_of("@every 0s"), "@every 0s is not above 0 and at most 366 days");
  EXPECT_EQ(error_of("@every 527041m"), "@every 527041m is not above 0 and at most 366 days");
  EXPECT_EQ(error_of("@every soon"), "@every: \"soon\" is no duration; write a whole number and ms, s or m, such as 500ms, 10s or 2m");
}

TEST(CronSchedule, may_name_the_place_whose_clocks_count) {
  EXPECT_EQ(schedule_of("TZ=Asia/Tokyo 30 4 * * *").zone(), "Asia/Tokyo");
  EXPECT_EQ(next_of("TZ=Asia/Tokyo 30 4 * * *"), next_of("30 4 * * *"));
  EXPECT_EQ(schedule_of(" CRON_TZ=Europe/Berlin  @daily").zone(), "Europe/Berlin");
  EXPECT_EQ(schedule_of("CRON_TZ=UTC @every 90s").interval(), seconds(90));
  EXPECT_EQ(schedule_of("@daily").zone(), "");
  EXPECT_EQ(error_of("TZ= 0 4 * * *"), "\"TZ= 0 4 * * *\" names no time zone; write TZ=Europe/Berlin, or leave it out");
  EXPECT_EQ(error_of("TZ=UTC 0 25 * * *"), "the hour \"25\" is not from 0 to 23");
  EXPECT_TRUE(error_of("TZ=UTC").starts_with("\"TZ=UTC\" has 0 fields; write 5 "));
}

TEST(CronSchedule, names_the_field_that_is_wrong) {
  EXPECT_EQ(error_of("0 25 * * *"), "the hour \"25\" is not from 0 to 23");
  EXPECT_EQ(error_of("60 * * * *"), "the minute \"60\" is not from 0 to 59");
  EXPECT_EQ(error_of("-1 * * * *"), "the minute \"\" is not from 0 to 59");
  EXPECT_EQ(error_of("1, * * * *"), "the minute \"\" is not from 0 to 59");
  EXPECT_EQ(error_of("60 0 * * * *"), "the second \"60\" is not from 0 to 59");
  EXPECT_EQ(error_of("0 0 0 * *"), "the day of the month \"0\" is not from 1 to 31");
  EXPECT_EQ(error_of("0 0 * 13 *"), "the month \"13\" is not from 1 to 12 or jan to dec");
  EXPECT_EQ(error_of("0 0 * mon *"), "the month \"mon\" is not from 1 to 12 or jan to dec");
  EXPECT_EQ(error_of("0 0 * * 8"), "the day of the week \"8\" is not from 0 to 7 or sun to sat");
  EXPECT_EQ(error_of("0 9-5 * * *"), "the range \"9-5\" of the hour ends before it begins");
  EXPECT_EQ(error_of("0 99999999999999999999 * * *"), "the hour \"99999999999999999999\" is not from 0 to 23");
}

TEST(CronSchedule, refuses_steps_that_do_not_step) {
  EXPECT_EQ(error_of("*/90 * * * *"), "the step \"90\" of the minute is not from 1 to 60");
  EXPECT_EQ(error_of("*/0 * * * *"), "the step \"0\" of the minute is not from 1 to 60");
  EXPECT_EQ(error_of("*/ * * * *"), "the step \"\" of the minute is not from 1 to 60");
  EXPECT_EQ(error_of("*/5/5 * * * *"), "the step \"5/5\" of the minute is not from 1 to 60");
  EXPECT_EQ(error_of("0 0 * * */8"), "the step \"8\" of the day of the week is not from 1 to 7");
  EXPECT_EQ(error_of("5/15 * * * *"), "the minute \"5/15\" has a step and no range; write */15 or 5-59/15");
}

TEST(CronSchedule, says_how_many_fields_there_have_to_be) {
  EXPECT_EQ(error_of("* * * *"), "\"* * * *\" has 4 fields; write 5 (minute, hour, day of the month, month, day of the week), or 6 with seconds in front");
  EXPECT_TRUE(error_of("").starts_with("\"\" has 0 fields; write 5 "));
  EXPECT_TRUE(error_of("* * * * * * *").starts_with("\"* * * * * * *\" has 7 fields; write 5 "));
}

TEST(CronSchedule, refuses_other_nicknames) {
  EXPECT_EQ(
      error_of("@reboot"),
      "\"@reboot\" is not known; write one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually, or @every with a duration, such as @every "
      "90s");
  EXPECT_TRUE(error_of("@daily 5").starts_with("\"@daily 5\" is not known; "));
  EXPECT_TRUE(error_of("@every").starts_with("\"@every\" is not known; "));
}

}  // namespace
}  // namespace callwright::verify
