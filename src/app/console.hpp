#pragma once

#include "base/bounded_queue.hpp"
#include "base/result.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace callwright::app {

/// Standard input, standard output and the signals that end a command which runs until it is told to stop. Made before any other thread starts, since
/// it blocks SIGINT and SIGTERM for all of them.
class Console {
 public:
  struct Handlers {
    std::function<void(std::string_view)> on_line;  ///< Of standard input, without its end.
    std::function<void()> on_end_of_input;          ///< Once: whoever was at the other end of a terminal or pipe has gone.
    std::function<void()> on_stop;                  ///< SIGINT or SIGTERM, or nobody reads standard output any more; a second one is not waited for.
  };

  /// Errors: Io.
  static base::Result<std::unique_ptr<Console>> create();
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Any thread. A line for standard output; beyond 10 000 that wait, the oldest are dropped, and their number is told at the end.
  void print(std::string line);
  /// Any thread. `blocking_run` returns `status` once everything is printed.
  void finish(int status);

  /// Handlers are called on this thread. Returns the status of `finish`, or 130 after a second signal.
  int blocking_run(const Handlers& handlers);

  static constexpr std::size_t kMaxLine = 4096;  ///< Longer input is cut to this.

 private:
  Console(int wake, int signals) noexcept : wake_(wake), signals_(signals) {}
  void wake() const noexcept;
  void take_input(const Handlers& handlers);
  [[nodiscard]] bool blocking_flush();

  const int wake_;
  const int signals_;
  base::BoundedQueue<std::string> lines_{10'000, base::Overflow::DropOldest};
  std::atomic<int> status_{-1};
  std::string input_;
  bool input_open_ = true;
};

}  // namespace callwright::app
