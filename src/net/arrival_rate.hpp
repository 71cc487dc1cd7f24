#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstddef>

namespace callwright::net {

/// Whether so many datagrams come that looking for them in intervals costs less than waiting for each.
class ArrivalRate {
 public:
  void begin(base::TimePoint now) noexcept { window_start_ = now; }
  void add(std::size_t count) noexcept { in_window_ += count; }
  /// True when more than kBusyRate came in a second, over the last whole window.
  bool is_busy_at(base::TimePoint now) noexcept {
    if (now - window_start_ >= kWindow) {
      const double seconds = std::chrono::duration<double>(now - window_start_).count();
      busy_ = static_cast<double>(in_window_) > seconds * static_cast<double>(kBusyRate);
      in_window_ = 0;
      window_start_ = now;
    }
    return busy_;
  }
  [[nodiscard]] bool busy() const noexcept { return busy_; }

 private:
  static constexpr std::size_t kBusyRate = 1250;
  static constexpr base::Duration kWindow = std::chrono::milliseconds(100);  ///< Long enough that chance does not look like a rush.

  base::TimePoint window_start_{};
  std::size_t in_window_ = 0;
  bool busy_ = false;
};

}  // namespace callwright::net
