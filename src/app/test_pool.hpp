#pragma once

#include "app/child_process.hpp"
#include "app/test_files.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::app {

/// A process that is to run.
struct TestJob {
  TestFile file;
  std::string line;  ///< What it gets on standard input, with its end.
};

/// How the process of a file ended.
struct FileEnd {
  ChildEnd child;
  std::string not_started;  ///< Why there was none.
  bool timed_out = false;
  bool stopped = false;  ///< Somebody told it to.
  bool hung = false;     ///< It went on after what `expect_end_within` allowed.
  std::chrono::milliseconds duration{0};
};

/// Runs processes, some at a time. All calls and handlers are on the thread of the `io_context`.
class TestPool {
 public:
  struct Handlers {
    std::function<void(const TestFile& file)> on_start;
    std::function<void(const TestFile& file, std::string_view line)> on_line;
    std::function<void(const TestFile& file, std::string_view line)> on_log;
    std::function<void(const TestFile& file, const FileEnd& end)> on_end;
    std::function<void()> on_idle;  ///< All are over.
  };
  struct Limits {
    std::size_t jobs = 1;
    std::chrono::milliseconds file_timeout{std::chrono::minutes(10)};
  };

  /// `program` is started for each file, with the argument `run-file`; "": a copy of this process.
  TestPool(boost::asio::io_context& io, std::string program, Limits limits, Handlers handlers);

  void run(std::vector<TestJob> jobs);
  /// Starts none any more, and lets those that run hang up and un-register.
  void stop();
  /// At once.
  void kill();
  /// Something in this file has to end by then, or its process is ended; nothing in place of a time: it has ended.
  void expect_end_within(const TestFile& file, std::optional<std::chrono::milliseconds> time);
  /// The files whose processes run.
  [[nodiscard]] std::vector<std::string> running() const;

 private:
  struct Slot;
  void start_next();
  void start(TestJob job);
  void watch_time(const std::shared_ptr<Slot>& slot);
  void end(const std::shared_ptr<Slot>& slot, const ChildEnd& end);
  void wait_for_children();
  void idle_when_over();

  boost::asio::io_context& io_;
  const std::string program_;
  const Limits limits_;
  const Handlers handlers_;
  boost::asio::signal_set child_signals_;
  std::deque<TestJob> waiting_;
  std::vector<std::shared_ptr<Slot>> slots_;
  bool idle_ = true;
  bool listening_ = false;  ///< For the end of children.
};

}  // namespace callwright::app
