#include "base/timers.hpp"

#include <algorithm>
#include <bit>

namespace callwright::base {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(1);
/// What six levels can tell apart, a little less than the 2^36 ticks of a whole turn.
constexpr Duration kLongestDelay = kTick * (63LL << 30);

}  // namespace

void Timer::start(Duration delay) noexcept {
  cancel();
  const TimePoint deadline = timers_.clock_.now() + std::clamp(delay, Duration::zero(), kLongestDelay);
  tick_ = std::max(timers_.tick_of(deadline + kTick - Duration(1)), timers_.current_ + 1);
  timers_.insert(*this);
  ++timers_.pending_;
}

void Timer::cancel() noexcept {
  if (!linked()) {
    return;
  }
  unlink();
  --timers_.pending_;
}

TimePoint Timer::deadline() const noexcept { return timers_.time_of(tick_); }

Timers::Timers(const Clock& clock) noexcept : clock_(clock), origin_(clock.now()) {}

std::uint64_t Timers::tick_of(TimePoint time) const noexcept { return time <= origin_ ? 0 : static_cast<std::uint64_t>((time - origin_) / kTick); }

TimePoint Timers::time_of(std::uint64_t tick) const noexcept { return origin_ + kTick * static_cast<std::int64_t>(tick); }

void Timers::insert(Timer& timer) noexcept {
  constexpr std::uint64_t kSpan = (1ULL << (kSlotBits * kLevels)) - 1;
  timer.tick_ = std::min(timer.tick_, current_ + kSpan - kSpan / kSlots);
  // The level is that of the highest group of bits in which the deadline differs from now: the timer cascades when time reaches it.
  const std::uint64_t difference = timer.tick_ ^ current_;
  const auto highest = static_cast<unsigned>(63 - std::countl_zero(difference | 1));
  const unsigned level = std::min(highest / kSlotBits, kLevels - 1);
  const auto slot = static_cast<unsigned>((timer.tick_ >> (level * kSlotBits)) & (kSlots - 1));
  timer.insert_before(levels_[level].slots[slot]);
  levels_[level].occupied |= 1ULL << slot;
}

void Timers::cascade(unsigned level, unsigned slot) noexcept {
  detail::TimerLink& head = levels_[level].slots[slot];
  levels_[level].occupied &= ~(1ULL << slot);
  // Detach the whole slot first: a timer beyond the wheel's span may come back to the slot that it left.
  detail::TimerLink moving;
  while (head.linked()) {
    detail::TimerLink& link = *head.next;
    link.unlink();
    link.insert_before(moving);
  }
  while (moving.linked()) {
    auto& timer = static_cast<Timer&>(*moving.next);
    timer.unlink();
    insert(timer);
  }
}

void Timers::fire(unsigned slot) {
  detail::TimerLink& head = levels_[0].slots[slot];
  levels_[0].occupied &= ~(1ULL << slot);
  while (head.linked()) {
    auto& timer = static_cast<Timer&>(*head.next);
    timer.cancel();
    try {
      timer.callback_();
    } catch (...) {
      // The slot will not be visited again in this turn: the timers behind the one that failed fire a tick later.
      postpone(head);
      throw;
    }
  }
}

void Timers::postpone(detail::TimerLink& head) noexcept {
  while (head.linked()) {
    auto& timer = static_cast<Timer&>(*head.next);
    timer.unlink();
    timer.tick_ = current_ + 1;
    insert(timer);
  }
}

void Timers::step_to(std::uint64_t tick) {
  const std::uint64_t before = current_;
  current_ = tick;
  for (unsigned level = kLevels - 1; level > 0; --level) {
    const unsigned shift = level * kSlotBits;
    if ((before >> shift) != (tick >> shift)) {
      cascade(level, static_cast<unsigned>((tick >> shift) & (kSlots - 1)));
    }
  }
  fire(static_cast<unsigned>(tick & (kSlots - 1)));
}

std::optional<std::uint64_t> Timers::next_tick() const noexcept {
  std::optional<std::uint64_t> best;
  for (unsigned level = 0; level < kLevels; ++level) {
    const std::uint64_t occupied = levels_[level].occupied;
    if (occupied == 0) {
      continue;
    }
    const unsigned shift = level * kSlotBits;
    const std::uint64_t position = current_ >> shift;
    const auto here = static_cast<int>(position & (kSlots - 1));
    // Slots after the present one, wrapping; the present slot itself was emptied when time entered it, so it means one round later.
    const std::uint64_t rotated = std::rotr(occupied, (here + 1) % static_cast<int>(kSlots));
    const auto ahead = static_cast<std::uint64_t>(std::countr_zero(rotated)) + 1;
    const std::uint64_t tick = (position + ahead) << shift;
    best = best ? std::min(*best, tick) : tick;
  }
  return best;
}

std::optional<TimePoint> Timers::next_wakeup() const noexcept {
  if (pending_ == 0) {
    return std::nullopt;
  }
  const auto tick = next_tick();
  return tick ? std::optional(time_of(*tick)) : std::nullopt;
}

void Timers::advance() {
  const std::uint64_t target = tick_of(clock_.now());
  while (current_ < target) {
    const auto next = pending_ == 0 ? std::nullopt : next_tick();
    if (!next || *next > target) {
      current_ = target;
      return;
    }
    step_to(*next);
  }
}

}  // namespace callwright::base
