#include "base/timers.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

namespace callwright::base {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A timer that runs any function, as tests need it.
class Probe {
 public:
  Probe(Timers& timers, std::function<void()> on_fire) : timer(timers, Callback::to<&Probe::fire>(*this)), on_fire_(std::move(on_fire)) {}

  void fire() {
    // A copy, because the function may destroy this object.
    const auto run = on_fire_;
    run();
  }

  Timer timer;

 private:
  std::function<void()> on_fire_;
};

class TimersTest : public ::testing::Test {
 protected:
  std::unique_ptr<Probe> probe(int name) {
    return std::make_unique<Probe>(timers_, [this, name] { fired_.push_back(name); });
  }

  void advance_by(Duration by) {
    clock_.advance(by);
    timers_.advance();
  }

  ManualClock clock_;
  Timers timers_{clock_};
  std::vector<int> fired_;
};

TEST_F(TimersTest, fires_at_the_deadline_and_not_before) {
  const auto one = probe(1);
  one->timer.start(milliseconds(10));
  EXPECT_EQ(one->timer.deadline(), clock_.now() + milliseconds(10));
  advance_by(milliseconds(9));
  EXPECT_TRUE(fired_.empty());
  EXPECT_TRUE(one->timer.pending());
  advance_by(milliseconds(1));
  EXPECT_EQ(fired_, std::vector{1});
  EXPECT_FALSE(one->timer.pending());
  advance_by(hours(1));
  EXPECT_EQ(fired_.size(), 1U);
}

TEST_F(TimersTest, rounds_a_delay_up_to_the_next_millisecond) {
  const auto one = probe(1);
  clock_.advance(microseconds(300));
  one->timer.start(microseconds(100));
  advance_by(microseconds(699));
  EXPECT_TRUE(fired_.empty());
  advance_by(microseconds(1));
  EXPECT_EQ(fired_, std::vector{1});
}

TEST_F(TimersTest, fires_a_delay_of_zero_or_less_with_the_next_millisecond) {
  const auto zero = probe(1);
  const auto negative = probe(2);
  zero->timer.start(Duration::zero());
  negative->timer.start(-hours(5));
  timers_.advance();
  EXPECT_TRUE(fired_.empty());
  advance_by(milliseconds(1));
  EXPECT_EQ(fired_, (std::vector{1, 2}));
}

TEST_F(TimersTest, cuts_a_delay_beyond_its_span_and_still_fires) {
  const auto one = probe(1);
  one->timer.start(Duration::max());
  const auto cut = one->timer.deadline() - clock_.now();
  EXPECT_GT(cut, hours(24 * 365 * 2));
  EXPECT_LT(cut, hours(24 * 365 * 3));
  advance_by(cut);
  EXPECT_EQ(fired_, std::vector{1});
}

TEST_F(TimersTest, fires_in_order_of_deadline_when_one_advance_covers_many) {
  const std::vector<Duration> delays{hours(30), milliseconds(70), seconds(5), milliseconds(1), hours(1), milliseconds(64), milliseconds(4096)};
  std::vector<std::unique_ptr<Probe>> probes;
  for (std::size_t index = 0; index < delays.size(); ++index) {
    probes.push_back(probe(static_cast<int>(index)));
    probes.back()->timer.start(delays[index]);
  }
  advance_by(hours(31));
  EXPECT_EQ(fired_, (std::vector{3, 5, 1, 6, 2, 4, 0}));
}

TEST_F(TimersTest, restarts_a_pending_timer_instead_of_firing_twice) {
  const auto one = probe(1);
  one->timer.start(milliseconds(10));
  one->timer.start(milliseconds(50));
  EXPECT_EQ(timers_.pending(), 1U);
  advance_by(milliseconds(49));
  EXPECT_TRUE(fired_.empty());
  advance_by(milliseconds(1));
  EXPECT_EQ(fired_, std::vector{1});
}

TEST_F(TimersTest, cancels_and_counts_what_is_pending) {
  const auto one = probe(1);
  auto two = probe(2);
  one->timer.start(milliseconds(5));
  two->timer.start(milliseconds(5));
  EXPECT_EQ(timers_.pending(), 2U);
  one->timer.cancel();
  one->timer.cancel();
  two.reset();
  EXPECT_EQ(timers_.pending(), 0U);
  EXPECT_EQ(timers_.next_wakeup(), std::nullopt);
  advance_by(milliseconds(10));
  EXPECT_TRUE(fired_.empty());
}

TEST_F(TimersTest, lets_a_callback_restart_its_own_timer) {
  int count = 0;
  std::unique_ptr<Probe> ticker;
  ticker = std::make_unique<Probe>(timers_, [&] {
    if (++count < 5) {
      ticker->timer.start(milliseconds(20));
    }
  });
  ticker->timer.start(milliseconds(20));
  for (int step = 0; step < 200; ++step) {
    advance_by(milliseconds(1));
  }
  EXPECT_EQ(count, 5);
  EXPECT_EQ(timers_.pending(), 0U);
}

TEST_F(TimersTest, lets_a_callback_cancel_a_timer_of_the_same_millisecond) {
  const auto victim = probe(2);
  Probe killer(timers_, [&] { victim->timer.cancel(); });
  killer.timer.start(milliseconds(3));
  victim->timer.start(milliseconds(3));
  advance_by(milliseconds(3));
  EXPECT_TRUE(fired_.empty());
  EXPECT_EQ(timers_.pending(), 0U);
}

TEST_F(TimersTest, lets_a_callback_destroy_itself_and_others) {
  auto victim = probe(2);
  std::unique_ptr<Probe> suicidal;
  bool ran = false;
  suicidal = std::make_unique<Probe>(timers_, [&] {
    ran = true;
    victim.reset();
    suicidal.reset();
  });
  suicidal->timer.start(milliseconds(3));
  victim->timer.start(milliseconds(3));
  advance_by(milliseconds(3));
  EXPECT_TRUE(ran);
  EXPECT_TRUE(fired_.empty());
  EXPECT_EQ(timers_.pending(), 0U);
}

TEST_F(TimersTest, never_fires_a_timer_started_in_a_callback_within_the_same_millisecond) {
  const auto late = probe(2);
  Probe starter(timers_, [&] { late->timer.start(Duration::zero()); });
  starter.timer.start(milliseconds(3));
  advance_by(milliseconds(3));
  EXPECT_TRUE(fired_.empty());
  advance_by(milliseconds(1));
  EXPECT_EQ(fired_, std::vector{2});
}

TEST_F(TimersTest, fires_the_rest_later_when_a_callback_throws) {
  Probe faulty(timers_, [] { throw std::runtime_error("a bug"); });
  const auto same = probe(1);
  const auto later = probe(2);
  faulty.timer.start(milliseconds(3));
  same->timer.start(milliseconds(3));
  later->timer.start(milliseconds(4));
  clock_.advance(milliseconds(10));
  EXPECT_THROW(timers_.advance(), std::runtime_error);
  EXPECT_TRUE(fired_.empty());
  timers_.advance();
  EXPECT_EQ(fired_.size(), 2U);
  EXPECT_EQ(timers_.pending(), 0U);
}

TEST_F(TimersTest, needs_few_wakeups_for_one_long_timer) {
  for (const Duration delay : {Duration(milliseconds(1)), Duration(seconds(32)), Duration(hours(1)), Duration(hours(24 * 365))}) {
    const auto one = probe(1);
    one->timer.start(delay);
    int wakeups = 0;
    while (one->timer.pending()) {
      const auto wakeup = timers_.next_wakeup();
      ASSERT_TRUE(wakeup.has_value());
      ASSERT_GT(*wakeup, clock_.now());
      ASSERT_LE(*wakeup, one->timer.deadline());
      clock_.set(*wakeup);
      timers_.advance();
      ++wakeups;
    }
    EXPECT_LE(wakeups, 6) << delay.count() << " ns";
  }
  EXPECT_EQ(fired_.size(), 4U);
}

TEST_F(TimersTest, needs_few_wakeups_after_many_cancelled_timers) {
  const auto one = probe(1);
  for (int delay = 1; delay < 100000; ++delay) {
    one->timer.start(milliseconds(delay));
  }
  one->timer.start(hours(2));
  int wakeups = 0;
  for (; one->timer.pending() && wakeups <= 64 * 6; ++wakeups) {
    clock_.set(timers_.next_wakeup().value());
    timers_.advance();
  }
  EXPECT_EQ(fired_, std::vector{1});
  EXPECT_LE(wakeups, 64 * 6);
}

/// Random operations on the wheel and on an ordered map at once; both must agree on what fires, when and in which order.
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {
    for (int name = 0; name < kTimers; ++name) {
      probes_.push_back(std::make_unique<Probe>(timers_, [this, name] { on_fire(name); }));
    }
  }

  void run(int steps) {
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      const auto name = static_cast<int>(random_.between(0, kTimers - 1));
      const std::uint64_t choice = random_.between(0, 9);
      if (choice < 5) {
        start(name);
      } else if (choice < 7) {
        cancel(name);
      } else if (choice < 9) {
        jump();
      } else {
        follow_wakeups();
      }
      ASSERT_EQ(timers_.pending(), due_.size());
    }
  }

 private:
  static constexpr int kTimers = 60;

  /// Spread over all levels: a random number of bits, then a random number of that size, in microseconds.
  Duration random_delay() { return microseconds(random_.next() >> random_.between(64 - 45, 63)); }

  void start(int name) {
    cancel(name);
    const auto delay = random_delay();
    probes_[static_cast<std::size_t>(name)]->timer.start(delay);
    const auto deadline = probes_[static_cast<std::size_t>(name)]->timer.deadline();
    ASSERT_GE(deadline, clock_.now() + delay);
    ASSERT_LE(deadline, clock_.now() + delay + milliseconds(1));
    due_[name] = deadline;
  }

  void cancel(int name) {
    probes_[static_cast<std::size_t>(name)]->timer.cancel();
    due_.erase(name);
  }

  void on_fire(int name) {
    const auto entry = due_.find(name);
    ASSERT_NE(entry, due_.end()) << name << " fired although it was not pending";
    ASSERT_LE(entry->second, clock_.now()) << name << " fired early";
    ASSERT_GE(entry->second, last_fired_) << name << " fired out of order";
    last_fired_ = entry->second;
    due_.erase(entry);
    if (random_.chance(0.2)) {  // Callbacks start and cancel timers too.
      start(name);
      cancel(static_cast<int>(random_.between(0, kTimers - 1)));
    }
  }

  void advance() {
    last_fired_ = TimePoint::min();
    timers_.advance();
    for (const auto& [name, deadline] : due_) {
      ASSERT_GT(deadline, clock_.now()) << name << " is overdue";
    }
  }

  void jump() {
    clock_.advance(random_delay());
    advance();
  }

  /// As an event loop does it: sleeps until `next_wakeup()`, so a timer that it forgets would fire late.
  void follow_wakeups() {
    const auto count = random_.between(1, 30);
    for (std::uint64_t turn = 0; turn < count && !due_.empty(); ++turn) {
      const auto wakeup = timers_.next_wakeup();
      ASSERT_TRUE(wakeup.has_value());
      for (const auto& [name, deadline] : due_) {
        ASSERT_LE(*wakeup, deadline) << "would be late for " << name;
      }
      clock_.set(std::max(*wakeup, clock_.now()));
      advance();
    }
  }

  DeterministicRandom random_;
  ManualClock clock_;
  Timers timers_{clock_};
  std::map<int, TimePoint> due_;
  TimePoint last_fired_ = TimePoint::min();
  std::vector<std::unique_ptr<Probe>> probes_;
};

TEST(TimersModel, agrees_with_an_ordered_map_under_random_operations) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Model(seed).run(4000);
  }
}

/// Counts without allocating, for the test with a million of them.
struct Counter {
  Counter(Timers& timers, std::size_t& count) : timer(timers, Callback::to<&Counter::fire>(*this)), total(count) {}
  void fire() { ++total; }

  Timer timer;
  std::size_t& total;
};

TEST(TimersLoad, fires_each_of_a_million_timers_once) {
  constexpr std::size_t kMillion = 1000000;
  ManualClock clock;
  Timers timers(clock);
  DeterministicRandom random(7);
  std::size_t fired = 0;
  std::vector<std::unique_ptr<Counter>> counters;
  counters.reserve(kMillion);
  for (std::size_t index = 0; index < kMillion; ++index) {
    counters.push_back(std::make_unique<Counter>(timers, fired));
    counters.back()->timer.start(milliseconds(random.between(1, 3600 * 1000)));
  }
  EXPECT_EQ(timers.pending(), kMillion);
  for (int minute = 0; minute < 60; ++minute) {
    clock.advance(std::chrono::minutes(1));
    timers.advance();
  }
  EXPECT_EQ(fired, kMillion);
  EXPECT_EQ(timers.pending(), 0U);
}

}  // namespace
}  // namespace callwright::base
