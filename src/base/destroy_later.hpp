#pragma once

#include "base/timers.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace callwright::base {

/// Destroys objects a little after they have ended. One that reports its end from within its own functions has to outlive them, and a wake-up for each
/// would cost more than most of them. A member of their owner; what is left goes with it.
template <class Object>
class DestroyLater {
 public:
  explicit DestroyLater(Timers& timers) noexcept : timer_(timers, Callback::to<&DestroyLater::clear>(*this)) {}

  void add(std::unique_ptr<Object> object) {
    objects_.push_back(std::move(object));
    if (!timer_.pending()) {
      timer_.start(kDelay);
    }
  }
  /// Destroys them all now; those that are added meanwhile wait for their time. Not from within a function of one of them.
  void clear() {
    const std::vector<std::unique_ptr<Object>> ended = std::exchange(objects_, {});
    objects_.reserve(ended.size());
  }
  [[nodiscard]] std::size_t size() const noexcept { return objects_.size(); }

 private:
  static constexpr Duration kDelay = std::chrono::milliseconds(20);

  std::vector<std::unique_ptr<Object>> objects_;
  Timer timer_;
};

}  // namespace callwright::base
