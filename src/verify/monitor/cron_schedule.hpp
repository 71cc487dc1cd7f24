#pragma once

#include "base/result.hpp"

#include <bitset>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace callwright::verify {

/// A moment as a calendar and a clock on the wall show it.
struct LocalTime {
  int year = 1970;
  int month = 1;  ///< From 1.
  int day = 1;    ///< From 1.
  int hour = 0;
  int minute = 0;
  int second = 0;

  friend auto operator<=>(const LocalTime&, const LocalTime&) = default;
};

/// When something is to be done again and again: the five fields of cron(8) (minute, hour, day of the month, month, day of the week), six with seconds in
/// front, `@hourly`, `@daily` (`@midnight`), `@weekly`, `@monthly`, `@yearly` (`@annually`), or `@every 90s`. Before it may stand by whose clocks:
/// `TZ=Europe/Vienna` or `CRON_TZ=Europe/Vienna`. Pure.
class CronSchedule {
 public:
  /// Fields: `*`, numbers, ranges `1-5`, steps `*/5` and `10-40/10`, lists of these; months and days of the week also as `jan` and `mon`, Sunday as 0 and 7.
  /// Where day of the month and day of the week are both given, either is enough. Errors: InvalidArgument, which names the field and what it takes.
  static base::Result<CronSchedule> parse(std::string_view text);

  /// The first moment behind this one; nothing where the calendar never gets there (30 February), or for `@every`.
  [[nodiscard]] std::optional<LocalTime> next(const LocalTime& after) const;
  /// Of `@every`, from one start to the next; zero for a calendar.
  [[nodiscard]] std::chrono::milliseconds interval() const noexcept { return interval_; }
  /// By whose clocks, a name of the IANA time zone database that may or may not exist; "": by those here.
  [[nodiscard]] const std::string& zone() const noexcept { return zone_; }

 private:
  [[nodiscard]] bool has_day(int year, int month, int day) const;
  /// On that day, not before that time.
  [[nodiscard]] std::optional<LocalTime> next_time(const LocalTime& at) const;

  std::bitset<60> seconds_;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;     ///< Of the month, from 1.
  std::bitset<13> months_;   ///< From 1.
  std::bitset<7> weekdays_;  ///< From Sunday.
  bool any_day_ = true;      ///< The day of the month begins with `*`.
  bool any_weekday_ = true;
  std::chrono::milliseconds interval_{0};
  std::string zone_;
};

}  // namespace callwright::verify
