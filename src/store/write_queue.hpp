#pragma once

#include "base/callback.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "base/timers.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace callwright::store {

/// Writes values where that may fail for a while, in their order and in batches. What cannot be written is kept and tried again, ever more rarely; beyond
/// `capacity` new values are lost, which the log tells. Owner thread, which waits for the disk.
template <class Value>
class WriteQueue {
 public:
  struct Settings {
    std::string what;                ///< For the log: "call records in /var/…".
    std::size_t capacity = 100'000;  ///< Values that wait.
    std::size_t batch = 1'000;       ///< Values at a time.
    base::Duration first_retry = std::chrono::seconds(1);
    base::Duration longest_retry = std::chrono::seconds(30);
  };
  /// All of them, or none and an error.
  using Write = std::function<base::Result<void>(const std::vector<Value>& values)>;

  WriteQueue(base::Timers& timers, Settings settings, Write blocking_write)
      : settings_(std::move(settings)), write_(std::move(blocking_write)), timer_(timers, base::Callback::to<&WriteQueue::blocking_flush>(*this)) {}

  /// It is written soon: with what comes in the same moment. False: it is lost.
  bool add(Value value) {
    if (waiting_.size() >= settings_.capacity) {
      if (lost_++ == 0) {
        base::log::error("Too many wait to be written; new ones are lost until there is room", {{"what", settings_.what}, {"waiting", waiting_.size()}});
      }
      return false;
    }
    waiting_.push_back(std::move(value));
    if (!timer_.pending()) {
      timer_.start(base::Duration::zero());
    }
    return true;
  }

  /// Tries now.
  void blocking_flush() {
    timer_.cancel();
    while (!waiting_.empty()) {
      const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(settings_.batch, waiting_.size()));
      std::vector<Value> batch(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
      const auto written = write_(batch);
      if (!written) {
        std::move(batch.begin(), batch.end(), waiting_.begin());
        retry(written.error());
        return;
      }
      waiting_.erase(waiting_.begin(), end);
    }
    if (retry_ > base::Duration::zero() || lost_ > 0) {
      base::log::info("what waited is written", {{"what", settings_.what}, {"lost", lost_}});
    }
    retry_ = base::Duration::zero();
    lost_ = 0;
  }

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  void retry(const base::Error& error) {
    if (retry_ == base::Duration::zero()) {
      base::log::error("Writing fails; it is tried again until it works",
                       {{"what", settings_.what}, {"reason", error.message()}, {"waiting", waiting_.size()}});
    }
    retry_ = std::clamp(retry_ * 2, settings_.first_retry, settings_.longest_retry);
    timer_.start(retry_);
  }

  const Settings settings_;
  const Write write_;
  std::vector<Value> waiting_;
  std::size_t lost_ = 0;    ///< Since it was last without failure.
  base::Duration retry_{};  ///< Zero: writing works.
  base::Timer timer_;
};

}  // namespace callwright::store
