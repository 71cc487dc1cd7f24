#include "app/time_zone.hpp"

#include <date/tz.h>

#include <ctime>
#include <exception>

namespace callwright::app {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;
using verify::LocalTime;

/// As if it were UTC.
TimeZone::Moment as_utc(const LocalTime& time) {
  const std::chrono::year_month_day date{std::chrono::year(time.year), std::chrono::month(static_cast<unsigned>(time.month)),
                                         std::chrono::day(static_cast<unsigned>(time.day))};
  return std::chrono::sys_days(date) + std::chrono::hours(time.hour) + std::chrono::minutes(time.minute) + seconds(time.second);
}

LocalTime shown_in_utc(TimeZone::Moment at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(time.hours().count()),
          static_cast<int>(time.minutes().count()),
          static_cast<int>(time.seconds().count())};
}

}  // namespace

base::Result<TimeZone> TimeZone::blocking_find(const std::string& name) {
  try {
    return TimeZone(*date::locate_zone(name));
  } catch (const std::exception&) {
    return base::Error(base::Errc::NotFound,
                       "there is no time zone \"" + name + "\"; write one of the IANA database, such as Europe/Berlin or UTC (Debian: tzdata)");
  }
}

seconds TimeZone::offset(Moment at) const {
  if (zone_ != nullptr) {
    return zone_->get_info(at).offset;
  }
  const std::time_t time = at.time_since_epoch().count();
  std::tm shown{};
  ::localtime_r(&time, &shown);
  return seconds(shown.tm_gmtoff);
}

LocalTime TimeZone::show(Moment at) const { return shown_in_utc(at + offset(at)); }

TimeZone::Moment TimeZone::when(const LocalTime& shown) const {
  const Moment utc = as_utc(shown);
  if (zone_ != nullptr) {
    return zone_->to_sys(date::local_seconds(utc.time_since_epoch()), date::choose::earliest);
  }
  const std::time_t time = utc.time_since_epoch().count();
  std::tm calendar{};
  ::gmtime_r(&time, &calendar);
  calendar.tm_isdst = -1;
  const Moment at(seconds(::mktime(&calendar)));
  // Where summer is what the law calls standard time (Dublin), it is an hour too early for a time that is skipped.
  const Moment shows = as_utc(show(at));
  return shows < utc ? at + (utc - shows) : at;
}

std::optional<system_clock::time_point> next_start(const verify::CronSchedule& schedule, const TimeZone& zone, system_clock::time_point after) {
  if (schedule.interval().count() > 0) {
    return after + schedule.interval();
  }
  const auto now = std::chrono::floor<seconds>(after);
  const auto next = schedule.next(zone.show(now));
  if (!next) {
    return std::nullopt;
  }
  const TimeZone::Moment named = zone.when(*next);
  // Told by the clock as it goes now; when it is changed before then, it shows another time at that moment, which may be one of the schedule, or not.
  const TimeZone::Moment as_now = as_utc(*next) - zone.offset(now);
  if (named > now && named < as_now && zone.show(named) == *next) {
    return named;
  }
  const LocalTime shown = zone.show(as_now);
  return named <= now || schedule.next(shown_in_utc(as_utc(shown) - seconds(1))) == shown ? as_now : named;
}

}  // namespace callwright::app
