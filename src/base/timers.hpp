#pragma once

#include "base/callback.hpp"
#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace callwright::base {

class Timers;

namespace detail {
/// A link of a circular doubly linked list; a lone link points at itself.
struct TimerLink {
  TimerLink* previous = this;
  TimerLink* next = this;

  TimerLink() = default;
  TimerLink(const TimerLink&) = delete;
  TimerLink& operator=(const TimerLink&) = delete;

  void unlink() noexcept {
    previous->next = next;
    next->previous = previous;
    previous = next = this;
  }
  void insert_before(TimerLink& position) noexcept {
    previous = position.previous;
    next = &position;
    position.previous->next = this;
    position.previous = this;
  }
  [[nodiscard]] bool linked() const noexcept { return next != this; }
};
}  // namespace detail

/// One shot after a delay. A member of the object that it calls: destroyed = cancelled, so it is neither copied nor moved.
/// Its callback may start, cancel or destroy any timer, itself included.
class Timer : private detail::TimerLink {
 public:
  Timer(Timers& timers, Callback callback) noexcept : timers_(timers), callback_(callback) {}
  ~Timer() { cancel(); }

  /// Fires once, `delay` from now rounded up to the next millisecond, the next millisecond at the earliest; restarts when it is already pending.
  void start(Duration delay) noexcept;
  void cancel() noexcept;
  [[nodiscard]] bool pending() const noexcept { return linked(); }
  /// When it will fire; meaningful only while pending.
  [[nodiscard]] TimePoint deadline() const noexcept;

 private:
  friend class Timers;
  Timers& timers_;
  Callback callback_;
  std::uint64_t tick_ = 0;
};

/// A hierarchical timing wheel with a resolution of one millisecond: start, cancel and expiry take constant time for any
/// number of timers. It never reads a clock of its own accord other than to start a timer; whoever owns it calls `advance()`.
///
/// Six levels of 64 slots cover 2 years; a longer delay is an error of the caller and is cut to that.
class Timers {
 public:
  explicit Timers(const Clock& clock) noexcept;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  /// Fires everything due at the clock's present time, in order of deadline (to the millisecond). What a callback throws passes
  /// through; the timers that were still due fire with the next call.
  void advance();
  /// A time at or before the next expiry and never in the past of it: when `advance()` should be called next. Empty: no timer is pending.
  [[nodiscard]] std::optional<TimePoint> next_wakeup() const noexcept;
  [[nodiscard]] std::size_t pending() const noexcept { return pending_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

 private:
  friend class Timer;
  static constexpr unsigned kSlotBits = 6;
  static constexpr unsigned kSlots = 1U << kSlotBits;
  static constexpr unsigned kLevels = 6;

  struct Level {
    std::array<detail::TimerLink, kSlots> slots;
    std::uint64_t occupied = 0;  ///< Bit i: slot i may hold a timer (cleared lazily, when the slot is visited).
  };

  void insert(Timer& timer) noexcept;
  void cascade(unsigned level, unsigned slot) noexcept;
  void fire(unsigned slot);
  void postpone(detail::TimerLink& head) noexcept;
  void step_to(std::uint64_t tick);
  [[nodiscard]] std::optional<std::uint64_t> next_tick() const noexcept;
  [[nodiscard]] std::uint64_t tick_of(TimePoint time) const noexcept;
  [[nodiscard]] TimePoint time_of(std::uint64_t tick) const noexcept;

  const Clock& clock_;
  TimePoint origin_;
  std::uint64_t current_ = 0;  ///< Everything due at or before this tick has fired.
  std::size_t pending_ = 0;
  std::array<Level, kLevels> levels_;
};

}  // namespace callwright::base
