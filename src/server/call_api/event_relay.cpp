#include "server/call_api/event_relay.hpp"

#include "base/log.hpp"

#include <utility>

namespace callwright::server::call_api {

EventRelay::EventRelay(PostToWeb to_web, Sink sink, std::size_t capacity) : to_web_(std::move(to_web)), sink_(std::move(sink)), capacity_(capacity) {}

void EventRelay::on_command_event(const call::CommandEvent& event) {
  using Kind = call::CommandEvent::Kind;
  const bool is_final = event.kind == Kind::Failed || event.kind == Kind::Ended;
  if (!is_final && in_transit_.load(std::memory_order_relaxed) >= capacity_) {
    if (dropped_.fetch_add(1, std::memory_order_relaxed) == 0) {
      base::log::warn("progress events are dropped: the web thread does not keep up", {{"capacity", capacity_}});
    }
    return;
  }
  in_transit_.fetch_add(1, std::memory_order_relaxed);
  to_web_([this, event] {
    in_transit_.fetch_sub(1, std::memory_order_relaxed);
    sink_(event);
  });
}

}  // namespace callwright::server::call_api
