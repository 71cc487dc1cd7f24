#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

namespace callwright::base {

/// What `push` does when the queue is full.
enum class Overflow {
  Refuse,      ///< `push` returns false and the new value is not taken: for control messages, whose sender can report it.
  DropOldest,  ///< The oldest value is discarded and counted: for audio and statistics, where the newest matters.
};

/// Values from any number of threads to one owner thread. The only lock between threads lives here.
template <class T>
class BoundedQueue {
 public:
  /// A capacity of zero counts as one.
  BoundedQueue(std::size_t capacity, Overflow overflow) : capacity_(std::max<std::size_t>(capacity, 1)), overflow_(overflow) {}

  struct Pushed {
    bool accepted = false;
    bool was_empty = false;  ///< The owner may be asleep: wake it.
  };

  /// Any thread. Never blocks.
  Pushed push(T value) {
    const std::lock_guard lock(mutex_);
    Pushed pushed{.accepted = true, .was_empty = values_.empty()};
    if (values_.size() >= capacity_) {
      ++dropped_;
      if (overflow_ == Overflow::Refuse) {
        pushed.accepted = false;
        return pushed;
      }
      values_.pop_front();
    }
    values_.push_back(std::move(value));
    return pushed;
  }

  /// Owner thread. All values that are there, oldest first; empty when there are none.
  [[nodiscard]] std::deque<T> take_all() {
    std::deque<T> taken;
    take_all(taken);
    return taken;
  }
  /// The same into an empty container, whose memory the queue takes in exchange: for owners that look often.
  void take_all(std::deque<T>& into) {
    const std::lock_guard lock(mutex_);
    values_.swap(into);
  }

  /// Any thread. Values refused or discarded so far.
  [[nodiscard]] std::size_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<T> values_;
  std::size_t dropped_ = 0;
  const std::size_t capacity_;
  const Overflow overflow_;
};

}  // namespace callwright::base
