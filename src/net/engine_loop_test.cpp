#include "net/engine_loop.hpp"

#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kGuard = 20s;

struct Recorder {
  explicit Recorder(base::Timers& timers, std::vector<int>& fired, int number)
      : log(fired), name(number), timer(timers, base::Callback::to<&Recorder::fire>(*this)) {}
  void fire() { log.push_back(name); }
  std::vector<int>& log;
  int name;
  base::Timer timer;
};

/// A task that keeps its loop busy.
EngineLoop::Task working_for(EngineLoop& loop, base::Duration time) {
  return [&loop, time] {
    const auto end = loop.clock().now() + time;
    while (loop.clock().now() < end) {
    }
  };
}

TEST(EngineLoop, runs_tasks_of_every_thread_in_the_order_of_each) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  EngineLoop loop;
  std::vector<std::vector<int>> seen(kThreads);
  int total = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&loop, &seen, &total, thread] {
        for (int number = 0; number < kEach; ++number) {
          while (!loop.post([&seen, &total, thread, number] {
            seen[static_cast<std::size_t>(thread)].push_back(number);
            ++total;
          })) {
            std::this_thread::yield();
          }
        }
      });
    }
    EXPECT_TRUE(loop.run_until([&total] { return total == kThreads * kEach; }, kGuard));
  }
  for (const auto& numbers : seen) {
    EXPECT_EQ(numbers.size(), kEach);
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

TEST(EngineLoop, refuses_a_task_when_the_queue_is_full) {
  EngineLoop loop({.queue_capacity = 2});
  int ran = 0;
  EXPECT_TRUE(loop.post([&ran] { ++ran; }));
  EXPECT_TRUE(loop.post([&ran] { ++ran; }));
  EXPECT_FALSE(loop.post([&ran] { ++ran; }));
  EXPECT_TRUE(loop.run_until([&ran] { return ran == 2; }, kGuard));
  EXPECT_TRUE(loop.post([] {}));
}

TEST(EngineLoop, fires_timers_in_the_order_of_their_deadlines_and_not_early) {
  EngineLoop loop;
  std::vector<int> fired;
  Recorder late(loop.timers(), fired, 30);
  Recorder soon(loop.timers(), fired, 5);
  Recorder middle(loop.timers(), fired, 15);
  const auto begin = loop.clock().now();
  late.timer.start(30ms);
  soon.timer.start(5ms);
  middle.timer.start(15ms);
  EXPECT_TRUE(loop.run_until([&fired] { return fired.size() == 3; }, kGuard));
  EXPECT_EQ(fired, (std::vector{5, 15, 30}));
  EXPECT_GE(loop.clock().now() - begin, 30ms);
}

TEST(EngineLoop, wakes_for_a_timer_that_a_task_starts_while_the_loop_sleeps) {
  EngineLoop loop;
  std::atomic<bool> done{false};
  std::vector<int> fired;
  Recorder recorder(loop.timers(), fired, 1);
  loop.start();
  ASSERT_TRUE(loop.post([&recorder] { recorder.timer.start(1ms); }));
  const auto guard = std::chrono::steady_clock::now() + kGuard;
  while (!done && std::chrono::steady_clock::now() < guard) {
    (void)loop.post([&fired, &done] { done = !fired.empty(); });
    std::this_thread::yield();
  }
  EXPECT_TRUE(done);
  loop.stop();
  loop.join();
}

TEST(EngineLoop, stop_lets_the_tasks_posted_before_it_run_and_refuses_later_ones) {
  EngineLoop loop;
  int ran = 0;
  ASSERT_TRUE(loop.post([&ran] { ++ran; }));
  loop.stop();
  EXPECT_FALSE(loop.post([&ran] { ran = 100; }));
  loop.run();
  EXPECT_EQ(ran, 1);
}

TEST(EngineLoop, survives_a_task_that_throws) {
  EngineLoop loop;
  bool ran = false;
  ASSERT_TRUE(loop.post([] { throw std::runtime_error("a bug"); }));
  ASSERT_TRUE(loop.post([&ran] { ran = true; }));
  EXPECT_TRUE(loop.run_until([&ran] { return ran; }, kGuard));
}

TEST(EngineLoop, counts_an_iteration_that_works_too_long) {
  EngineLoop loop({.slow_iteration = 2ms});
  ASSERT_TRUE(loop.post(working_for(loop, 5ms)));
  EXPECT_TRUE(loop.run_until([&loop] { return loop.slow_iterations() == 1; }, kGuard));
}

TEST(EngineLoop, gives_timers_and_handlers_their_turn_while_many_tasks_wait) {
  EngineLoop loop;
  std::vector<int> order;
  Recorder timer(loop.timers(), order, 1);
  timer.timer.start(1ms);
  for (int task = 0; task < 100; ++task) {
    ASSERT_TRUE(loop.post(working_for(loop, 1ms)));
  }
  ASSERT_TRUE(loop.post([&order] { order.push_back(2); }));
  boost::asio::post(loop.context(), [&order] { order.push_back(3); });
  EXPECT_TRUE(loop.run_until([&order] { return order.size() == 3; }, kGuard));
  EXPECT_EQ(order.back(), 2);
}

TEST(EngineLoop, does_all_posted_work_before_it_stops_however_long_it_takes) {
  EngineLoop loop;
  int ran = 0;
  for (int task = 0; task < 20; ++task) {
    ASSERT_TRUE(loop.post(working_for(loop, 1ms)));
    ASSERT_TRUE(loop.post([&ran] { ++ran; }));
  }
  EXPECT_TRUE(loop.run_until([&ran] { return ran > 0; }, kGuard));
  EXPECT_LT(ran, 20);
  ASSERT_TRUE(loop.post([&ran] { ++ran; }));
  loop.stop();
  loop.run();
  EXPECT_EQ(ran, 21);
}

TEST(EngineLoop, does_not_count_waiting_as_work) {
  EngineLoop loop({.slow_iteration = 500ms});
  std::vector<int> fired;
  Recorder first(loop.timers(), fired, 1);
  Recorder second(loop.timers(), fired, 2);
  first.timer.start(1ms);
  second.timer.start(600ms);
  EXPECT_TRUE(loop.run_until([&fired] { return fired.size() == 2; }, kGuard));
  EXPECT_EQ(loop.slow_iterations(), 0U);
}

struct Batch {
  explicit Batch(EngineLoop& loop) : end(loop, base::Callback::to<&Batch::finish>(*this)) {}
  void finish() { ++calls; }
  int calls = 0;
  EngineLoop::BatchEnd end;
};

TEST(EngineLoop, calls_a_batch_end_once_for_many_requests_of_one_iteration) {
  EngineLoop loop;
  Batch batch(loop);
  for (int task = 0; task < 10; ++task) {
    ASSERT_TRUE(loop.post([&batch] { batch.end.request(); }));
  }
  EXPECT_TRUE(loop.run_until([&batch] { return batch.calls > 0; }, kGuard));
  EXPECT_EQ(batch.calls, 1);
}

TEST(EngineLoop, does_not_call_the_batch_end_of_an_object_that_is_gone) {
  EngineLoop loop;
  auto gone = std::make_unique<Batch>(loop);
  Batch other(loop);
  gone->end.request();
  other.end.request();
  gone.reset();
  EXPECT_TRUE(loop.run_until([&other] { return other.calls == 1; }, kGuard));
}

}  // namespace
}  // namespace callwright::net
