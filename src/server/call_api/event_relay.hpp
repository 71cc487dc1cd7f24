#pragma once

#include "call/call_control.hpp"

#include <atomic>
#include <cstddef>
#include <functional>

namespace callwright::server::call_api {

/// Runs a function on the web thread, in the order of the calls. Any thread.
using PostToWeb = std::function<void(std::function<void()>)>;

/// Carries the events of all commands from the engine thread to the web thread. When more than `capacity` are under way, progress events
/// are dropped and counted; how a command ends is never dropped.
class EventRelay final : public call::CommandObserver {
 public:
  using Sink = std::function<void(const call::CommandEvent&)>;

  /// `sink` is called on the web thread and, like the relay itself, outlives all that was posted.
  EventRelay(PostToWeb to_web, Sink sink, std::size_t capacity);

  /// Engine thread.
  void on_command_event(const call::CommandEvent& event) override;
  /// Any thread. Progress events lost so far.
  [[nodiscard]] std::size_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  const PostToWeb to_web_;
  const Sink sink_;
  const std::size_t capacity_;
  std::atomic<std::size_t> in_transit_ = 0;
  std::atomic<std::size_t> dropped_ = 0;
};

}  // namespace callwright::server::call_api
