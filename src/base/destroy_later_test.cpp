#include "base/destroy_later.hpp"

#include <gtest/gtest.h>

namespace callwright::base {
namespace {

using namespace std::chrono_literals;

/// Counts those that are alive. One with a successor hands it over when it is destroyed, as calls do that end others.
struct Counted {
  explicit Counted(int& count) : alive(count) { ++alive; }
  ~Counted() {
    --alive;
    if (successor) {
      ended->add(std::move(successor));
    }
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  int& alive;
  DestroyLater<Counted>* ended = nullptr;
  std::unique_ptr<Counted> successor;
};

class Ended : public testing::Test {
 protected:
  void pass(Duration time) {
    clock.advance(time);
    timers.advance();
  }

  int alive = 0;
  ManualClock clock;
  Timers timers{clock};
};

TEST_F(Ended, are_destroyed_together_a_little_later) {
  DestroyLater<Counted> ended(timers);
  ended.add(std::make_unique<Counted>(alive));
  pass(10ms);
  ended.add(std::make_unique<Counted>(alive));
  EXPECT_EQ(alive, 2);
  EXPECT_EQ(timers.pending(), 1U);
  pass(11ms);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(ended.size(), 0U);
  EXPECT_EQ(timers.pending(), 0U);
}

TEST_F(Ended, may_end_others_while_they_are_destroyed) {
  DestroyLater<Counted> ended(timers);
  auto first = std::make_unique<Counted>(alive);
  first->ended = &ended;
  first->successor = std::make_unique<Counted>(alive);
  ended.add(std::move(first));
  pass(21ms);
  EXPECT_EQ(alive, 1);
  pass(21ms);
  EXPECT_EQ(alive, 0);
}

TEST_F(Ended, go_with_their_owner) {
  {
    DestroyLater<Counted> ended(timers);
    ended.add(std::make_unique<Counted>(alive));
  }
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(timers.pending(), 0U);
}

}  // namespace
}  // namespace callwright::base
