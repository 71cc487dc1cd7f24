#pragma once

#include "call/call_control.hpp"
#include "server/call_api/transit.hpp"

#include <cstddef>

namespace callwright::server::call_api {

/// Carries the events of all commands from the engine thread to the web thread; how a command ends is never dropped.
class EventRelay final : public call::CommandObserver {
 public:
  using Sink = Transit<call::CommandEvent>::Sink;

  /// `sink` is called on the web thread and, like the relay itself, outlives all that was posted.
  EventRelay(PostToWeb to_web, Sink sink, std::size_t capacity);

  /// Engine thread.
  void on_command_event(const call::CommandEvent& event) override;
  /// Any thread. Progress events lost so far.
  [[nodiscard]] std::size_t dropped() const noexcept { return transit_.dropped(); }

 private:
  Transit<call::CommandEvent> transit_;
};

}  // namespace callwright::server::call_api
