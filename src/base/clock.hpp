#pragma once

#include <chrono>

namespace callwright::base {

using Duration = std::chrono::nanoseconds;
/// Monotonic time; its epoch means nothing.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// Calendar time (UTC), for what people and other machines read. Never for waiting.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Where the pure folders get their time from. Called from the owner thread only.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;
  [[nodiscard]] virtual WallTime wall_now() const noexcept = 0;
};

/// The machine's clocks. `base` otherwise knows no I/O; reading a clock needs no adapter of its own.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime wall_now() const noexcept override { return std::chrono::system_clock::now(); }
};

/// Stands still until told to move; for tests and the simulated network.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return now_; }
  [[nodiscard]] WallTime wall_now() const noexcept override { return WallTime(now_.time_since_epoch()); }

  void advance(Duration by) noexcept { now_ += by; }
  void set(TimePoint to) noexcept { now_ = to; }

 private:
  TimePoint now_{std::chrono::hours(1)};
};

}  // namespace callwright::base
