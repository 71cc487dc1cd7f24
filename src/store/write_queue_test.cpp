#include "store/write_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace callwright::store {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct Queued : testing::Test {
  void pass(base::Duration time) {
    clock.advance(time);
    timers.advance();
  }
  base::Result<void> write(const std::vector<int>& values) {
    ++attempts;
    if (broken) {
      return base::Error(base::Errc::Io, "no room");
    }
    written.insert(written.end(), values.begin(), values.end());
    return base::ok();
  }

  base::ManualClock clock;
  base::Timers timers{clock};
  bool broken = false;
  int attempts = 0;
  std::vector<int> written;
  WriteQueue<int> queue{timers, {.what = "numbers", .capacity = 5, .batch = 2}, [this](const std::vector<int>& values) { return write(values); }};
};

TEST_F(Queued, values_are_written_soon_in_their_order_and_in_batches) {
  for (const int value : {1, 2, 3}) {
    EXPECT_TRUE(queue.add(value));
  }
  EXPECT_THAT(written, IsEmpty());
  pass(1ms);
  EXPECT_THAT(written, ElementsAre(1, 2, 3));
  EXPECT_EQ(attempts, 2);
  EXPECT_EQ(timers.pending(), 0U);
}

TEST_F(Queued, values_that_cannot_be_written_are_kept_and_tried_again_ever_more_rarely) {
  broken = true;
  queue.add(1);
  pass(1ms);
  EXPECT_EQ(attempts, 1);
  queue.add(2);
  queue.add(3);
  pass(998ms);
  EXPECT_EQ(attempts, 1) << "what is added does not hurry";
  pass(2ms);
  EXPECT_EQ(attempts, 2);
  pass(1900ms);
  EXPECT_EQ(attempts, 2);
  pass(200ms);
  EXPECT_EQ(attempts, 3);
  broken = false;
  pass(10s);
  EXPECT_THAT(written, ElementsAre(1, 2, 3));
  queue.add(4);
  pass(1ms);
  EXPECT_THAT(written, ElementsAre(1, 2, 3, 4)) << "no more waiting";
}

TEST_F(Queued, values_beyond_the_capacity_are_lost_until_there_is_room) {
  broken = true;
  for (int value = 1; value <= 5; ++value) {
    EXPECT_TRUE(queue.add(value));
  }
  EXPECT_FALSE(queue.add(6));
  EXPECT_EQ(queue.waiting(), 5U);
  broken = false;
  queue.blocking_flush();
  EXPECT_TRUE(queue.add(7));
  queue.blocking_flush();
  EXPECT_THAT(written, ElementsAre(1, 2, 3, 4, 5, 7));
}

}  // namespace
}  // namespace callwright::store
