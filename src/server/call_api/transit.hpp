#pragma once

#include "base/bounded_queue.hpp"
#include "base/log.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <utility>

namespace callwright::server::call_api {

/// Runs a function on the web thread, in the order of the calls. Any thread.
using PostToWeb = std::function<void(std::function<void()>)>;

/// The way of events from the engine thread to the web thread. When more than `capacity` are under way, those that somebody can do without are dropped and
/// counted; the others never are. What nobody waits for travels in lots, since each time wakes that thread. It outlives all that was posted.
template <class Carried>
class Transit {
 public:
  enum class Importance { Dispensable, Needed };
  /// Web thread, in the order of `carry`.
  using Sink = std::function<void(Carried)>;

  /// `what` is carried, for the log: "progress events".
  Transit(PostToWeb to_web, std::size_t capacity, std::string what, Sink sink)
      : to_web_(std::move(to_web)), capacity_(capacity), what_(std::move(what)), sink_(std::move(sink)) {}

  /// False when it was dropped. Engine thread.
  bool carry(Importance importance, Carried carried) {
    if (importance == Importance::Dispensable && in_transit_.load(std::memory_order_relaxed) >= capacity_) {
      if (dropped_.fetch_add(1, std::memory_order_relaxed) == 0) {
        base::log::warn("events are dropped: the web thread does not keep up", {{"events", what_}, {"capacity", capacity_}});
      }
      return false;
    }
    in_transit_.fetch_add(1, std::memory_order_relaxed);
    sent_.push(std::move(carried));
    ++carried_;
    if (awaited_.load() || carried_ - posted_ >= kLot) {
      posted_ = carried_;
      to_web_([this, until = carried_] { deliver(until); });  // So small that the function needs no memory of its own.
    }
    return true;
  }
  /// Whether somebody waits for what is carried, as at the beginning. Web thread.
  void set_awaited(bool awaited) { awaited_.store(awaited); }
  /// Delivers all that was carried by now. Web thread.
  void catch_up() { deliver(std::numeric_limits<std::uint64_t>::max()); }
  /// Any thread.
  [[nodiscard]] std::size_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t kLot = 256;

  /// Up to that one, as far as they are not delivered.
  void deliver(std::uint64_t until) {
    while (delivered_ < until) {
      if (arrived_.empty()) {
        sent_.take_all(arrived_);
      }
      if (arrived_.empty()) {
        return;
      }
      Carried carried = std::move(arrived_.front());
      arrived_.pop_front();
      ++delivered_;
      in_transit_.fetch_sub(1, std::memory_order_relaxed);
      sink_(std::move(carried));
    }
  }

  const PostToWeb to_web_;
  const std::size_t capacity_;
  const std::string what_;
  const Sink sink_;
  std::atomic<std::size_t> in_transit_ = 0;
  std::atomic<std::size_t> dropped_ = 0;
  base::BoundedQueue<Carried> sent_{std::numeric_limits<std::size_t>::max(), base::Overflow::Refuse};
  std::atomic<bool> awaited_ = true;
  std::uint64_t carried_ = 0;  ///< The engine thread's,
  std::uint64_t posted_ = 0;
  std::deque<Carried> arrived_;  ///< and the web thread's.
  std::uint64_t delivered_ = 0;
};

}  // namespace callwright::server::call_api
