#pragma once

#include "base/result.hpp"
#include "verify/monitor/cron_schedule.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace date {
class time_zone;
}

namespace callwright::app {

/// What the clocks on the walls of some place show. A value; any thread.
class TimeZone {
 public:
  using Moment = std::chrono::time_point<std::chrono::system_clock, std::chrono::seconds>;

  /// That of this machine: what TZ says, or else /etc/localtime.
  TimeZone() = default;
  /// By its name in the IANA time zone database: "Europe/Vienna". Reads the database of the machine. Errors: NotFound, with the remedy.
  static base::Result<TimeZone> blocking_find(const std::string& name);

  /// What is ahead of UTC there at that moment.
  [[nodiscard]] std::chrono::seconds offset(Moment at) const;
  /// What clocks show at that moment.
  [[nodiscard]] verify::LocalTime show(Moment at) const;
  /// When clocks show that for the first time; when they never do, since they are set ahead over it, a moment near to that.
  [[nodiscard]] Moment when(const verify::LocalTime& shown) const;

 private:
  explicit TimeZone(const date::time_zone& zone) : zone_(&zone) {}

  const date::time_zone* zone_ = nullptr;  ///< Null: this machine's. The database stays in memory.
};

/// The first start behind `after`; nothing when there is none.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> next_start(const verify::CronSchedule& schedule, const TimeZone& zone,
                                                                              std::chrono::system_clock::time_point after);

}  // namespace callwright::app
