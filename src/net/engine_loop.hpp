#pragma once

#include "base/bounded_queue.hpp"
#include "base/callback.hpp"
#include "base/clock.hpp"
#include "base/timers.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace callwright::net {

struct Datagrams;

/// One owner thread: its sockets, its timers and a queue of work from other threads. The engine has one, and so has each media thread.
///
/// An iteration runs one socket handler, then posted work, then the timers that are due, then the batch ends that were requested. Whatever an engine
/// does therefore happens on one thread, and what it sends during an iteration can leave in one system call at its end. Posted work that takes long,
/// such as a thousand streams to be opened, is done over several iterations, so that sockets and timers are not late.
/// A thread has to be given by either `run()` or `start()`. Everything but `post` and `stop` belongs to that thread, or to the thread that
/// constructs the loop as long as it does not run.
class EngineLoop {
 public:
  using Task = std::function<void()>;

  struct Options {
    std::string name = "engine";                                     ///< For log lines.
    std::size_t queue_capacity = 65'536;                             ///< Tasks waiting at most; `post` refuses more.
    base::Duration slow_iteration = std::chrono::milliseconds(100);  ///< An iteration that works longer than this is logged.
    base::Duration slow_log_interval = std::chrono::seconds(10);     ///< At most one such line in this time.
    /// The thread of `start` runs before others: in real time (SCHED_RR) where the system permits it and there is another processor, else with nice −10 where
    /// that is permitted, else like the others.
    bool urgent = false;
  };

  /// A callback at the end of each iteration in which `request()` was called: for work that pays when it is done in one go.
  /// A member of the object that it calls: destroyed = cancelled.
  class BatchEnd {
   public:
    BatchEnd(EngineLoop& loop, base::Callback callback) noexcept : loop_(loop), callback_(callback) {}
    ~BatchEnd();
    BatchEnd(const BatchEnd&) = delete;
    BatchEnd& operator=(const BatchEnd&) = delete;

    /// Loop thread. Once an iteration is enough; more do no harm.
    void request();

   private:
    friend class EngineLoop;
    EngineLoop& loop_;
    base::Callback callback_;
    bool requested_ = false;
  };

  EngineLoop();
  explicit EngineLoop(Options options);
  /// Stops and joins. Objects that use the loop are destroyed before it; the best order is `stop()`, then they, then the loop.
  ~EngineLoop();
  EngineLoop(const EngineLoop&) = delete;
  EngineLoop& operator=(const EngineLoop&) = delete;

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }
  [[nodiscard]] const base::Clock& clock() const noexcept { return clock_; }
  [[nodiscard]] base::Timers& timers() noexcept { return timers_; }
  /// Room for a batch of datagrams, which the UDP sockets of this thread use in turns. Loop thread.
  [[nodiscard]] Datagrams& datagrams();

  /// Any thread. Runs `task` on the loop thread, in the order of posting; never at once. False when the queue is full or the loop was stopped:
  /// the task will not run and the caller must tell whoever waits for it.
  [[nodiscard]] bool post(Task task);

  /// Runs on the calling thread until `stop()`. Work posted before `stop()` has been done when it returns.
  void run();
  /// Runs on a thread of its own until `stop()`.
  void start();
  /// Any thread. Asks the loop to end; returns at once.
  void stop();
  /// Waits for the thread of `start()` to end. Not from that thread.
  void join();

  /// Runs on the calling thread until `done()` is true (looked at after each iteration) or `limit` has passed; returns `done()`.
  [[nodiscard]] bool run_until(const std::function<bool()>& done, base::Duration limit);

  /// Timers that are due before `until` wait for it, at most a few milliseconds: for a socket that is looked at then anyway and saves the wake-ups in between.
  void hold_timers(base::TimePoint until) noexcept { timers_held_until_ = until; }
  /// Tells the watchdog that work begins; socket handlers call it first, since the loop cannot see when waiting ended.
  void handler_started() noexcept;
  /// Iterations that ran over `slow_iteration`. Loop thread.
  [[nodiscard]] std::size_t slow_iterations() const noexcept { return slow_iterations_; }

 private:
  void iterate(base::TimePoint latest);
  void run_handlers(base::TimePoint latest);
  void run_posted(base::TimePoint until);
  void run_batch_ends();
  void watch_iteration();

  const Options options_;
  const base::SystemClock clock_;
  // What sockets refer to stands before the context, whose end destroys the handlers that keep them.
  base::Timers timers_;
  std::vector<BatchEnd*> batch_ends_;
  std::vector<BatchEnd*> ending_;  ///< Those that are being called now.
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  base::BoundedQueue<Task> posted_;
  std::deque<Task> running_;  ///< Taken from the queue. What is in it between two iterations waits for the next, which then does not sleep.
  std::atomic<bool> stopped_{false};
  std::unique_ptr<Datagrams> datagrams_;  ///< Made for the first that asks.
  base::TimePoint timers_held_until_{};
  base::TimePoint work_started_{};
  base::TimePoint last_slow_log_{};
  std::size_t slow_iterations_ = 0;
  std::jthread thread_;
};

}  // namespace callwright::net
