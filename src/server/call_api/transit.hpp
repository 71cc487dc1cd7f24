#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

namespace callwright::server::call_api {

/// Runs a function on the web thread, in the order of the calls. Any thread.
using PostToWeb = std::function<void(std::function<void()>)>;

/// The way of events from the engine thread to the web thread. When more than `capacity` are under way, those that somebody can do without are dropped and
/// counted; the others never are. Like what it carries, it outlives all that was posted.
class Transit {
 public:
  enum class Importance { Dispensable, Needed };

  /// `what` is carried, for the log: "progress events".
  Transit(PostToWeb to_web, std::size_t capacity, std::string what) : to_web_(std::move(to_web)), capacity_(capacity), what_(std::move(what)) {}

  /// False when it was dropped. Engine thread.
  bool carry(Importance importance, std::function<void()> job);
  /// Any thread.
  [[nodiscard]] std::size_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  const PostToWeb to_web_;
  const std::size_t capacity_;
  const std::string what_;
  std::atomic<std::size_t> in_transit_ = 0;
  std::atomic<std::size_t> dropped_ = 0;
};

}  // namespace callwright::server::call_api
