#include "server/call_api/event_relay.hpp"

#include <utility>

namespace callwright::server::call_api {

EventRelay::EventRelay(PostToWeb to_web, Sink sink, std::size_t capacity) : transit_(std::move(to_web), capacity, "progress of commands", std::move(sink)) {}

void EventRelay::on_command_event(const call::CommandEvent& event) {
  using Kind = call::CommandEvent::Kind;
  const bool is_needed = event.kind == Kind::Failed || event.kind == Kind::Ended || event.kind == Kind::Features || event.kind == Kind::MediaMeasured;
  using Importance = decltype(transit_)::Importance;
  transit_.carry(is_needed ? Importance::Needed : Importance::Dispensable, event);
}

}  // namespace callwright::server::call_api
