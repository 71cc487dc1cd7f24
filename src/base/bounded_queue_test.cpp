#include "base/bounded_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

namespace callwright::base {
namespace {

TEST(BoundedQueue, gives_values_back_in_order) {
  BoundedQueue<int> queue(4, Overflow::Refuse);
  queue.push(1);
  queue.push(2);
  EXPECT_EQ(queue.take_all(), (std::deque{1, 2}));
  EXPECT_TRUE(queue.take_all().empty());
}

TEST(BoundedQueue, tells_the_push_that_has_to_wake_the_owner) {
  BoundedQueue<int> queue(4, Overflow::Refuse);
  EXPECT_TRUE(queue.push(1).was_empty);
  EXPECT_FALSE(queue.push(2).was_empty);
  static_cast<void>(queue.take_all());
  EXPECT_TRUE(queue.push(3).was_empty);
}

TEST(BoundedQueue, refuses_the_newest_when_full_and_counts) {
  BoundedQueue<int> queue(2, Overflow::Refuse);
  EXPECT_TRUE(queue.push(1).accepted);
  EXPECT_TRUE(queue.push(2).accepted);
  EXPECT_FALSE(queue.push(3).accepted);
  EXPECT_EQ(queue.dropped(), 1U);
  EXPECT_EQ(queue.take_all(), (std::deque{1, 2}));
}

TEST(BoundedQueue, drops_the_oldest_when_full_and_counts) {
  BoundedQueue<int> queue(2, Overflow::DropOldest);
  for (int value = 1; value <= 5; ++value) {
    EXPECT_TRUE(queue.push(value).accepted);
  }
  EXPECT_EQ(queue.dropped(), 3U);
  EXPECT_EQ(queue.take_all(), (std::deque{4, 5}));
}

TEST(BoundedQueue, counts_a_capacity_of_zero_as_one) {
  BoundedQueue<int> queue(0, Overflow::DropOldest);
  queue.push(1);
  queue.push(2);
  EXPECT_EQ(queue.take_all(), std::deque{2});
}

TEST(BoundedQueue, carries_values_that_cannot_be_copied) {
  BoundedQueue<std::unique_ptr<int>> queue(1, Overflow::Refuse);
  queue.push(std::make_unique<int>(7));
  EXPECT_EQ(*queue.take_all().front(), 7);
}

/// Many threads push numbered values while the owner takes; returns what arrived, by thread.
struct Traffic {
  static constexpr int kThreads = 4;
  static constexpr int kEach = 20000;
  struct Value {
    int thread;
    int number;
  };

  explicit Traffic(BoundedQueue<Value>& queue) {
    std::vector<std::thread> threads;
    std::atomic<int> running = kThreads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([this, &queue, &running, thread] {
        for (int number = 0; number < kEach; ++number) {
          accepted += queue.push({thread, number}).accepted ? 1 : 0;
        }
        --running;
      });
    }
    while (running > 0) {
      collect(queue);
    }
    for (auto& thread : threads) {
      thread.join();
    }
    collect(queue);
  }

  void collect(BoundedQueue<Value>& queue) {
    for (const auto& [thread, number] : queue.take_all()) {
      in_order = in_order && number > last[static_cast<std::size_t>(thread)];
      last[static_cast<std::size_t>(thread)] = number;
      ++received;
    }
  }

  std::atomic<std::size_t> accepted = 0;
  std::size_t received = 0;
  bool in_order = true;
  std::vector<int> last = std::vector<int>(kThreads, -1);
};

TEST(BoundedQueue, delivers_each_accepted_value_once_and_in_order_from_many_threads) {
  BoundedQueue<Traffic::Value> queue(64, Overflow::Refuse);
  const Traffic traffic(queue);
  EXPECT_TRUE(traffic.in_order);
  EXPECT_EQ(traffic.received, traffic.accepted);
  EXPECT_EQ(traffic.received + queue.dropped(), static_cast<std::size_t>(Traffic::kThreads * Traffic::kEach));
}

TEST(BoundedQueue, keeps_the_newest_of_many_threads_when_it_drops_the_oldest) {
  BoundedQueue<Traffic::Value> queue(64, Overflow::DropOldest);
  const Traffic traffic(queue);
  EXPECT_TRUE(traffic.in_order);
  EXPECT_EQ(traffic.accepted, static_cast<std::size_t>(Traffic::kThreads * Traffic::kEach));
  EXPECT_EQ(traffic.received + queue.dropped(), traffic.accepted);
}

}  // namespace
}  // namespace callwright::base
