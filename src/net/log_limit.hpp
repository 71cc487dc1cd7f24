#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>

namespace callwright::net {

/// Lets one log line through in an interval, and counts the others: a flood from outside must not become a flood of lines.
class LogLimit {
 public:
  explicit LogLimit(const base::Clock& clock, base::Duration interval = std::chrono::seconds(10)) : clock_(clock), interval_(interval) {}

  /// How often it happened since the line before, this time included, or nothing when no line is due.
  std::optional<std::uint64_t> due() {
    ++times_;
    const base::TimePoint now = clock_.now();
    if (logged_ && now - last_ < interval_) {
      return std::nullopt;
    }
    logged_ = true;
    last_ = now;
    const std::uint64_t times = times_;
    times_ = 0;
    return times;
  }

 private:
  const base::Clock& clock_;
  base::Duration interval_;
  base::TimePoint last_{};
  std::uint64_t times_ = 0;
  bool logged_ = false;
};

}  // namespace callwright::net
