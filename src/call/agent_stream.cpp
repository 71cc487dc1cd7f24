#include "call/agent_stream.hpp"

#include "call/agent.hpp"

#include <utility>

namespace callwright::call {

AgentStream::AgentStream(Agent& agent, media::MediaObserver& call, std::string call_id) : agent_(agent), call_(&call), call_id_(std::move(call_id)) {}

void AgentStream::on_media_event(const media::StreamEvent& event) {
  if (call_ != nullptr) {
    call_->on_media_event(event);
  } else if (const auto* const ended = std::get_if<media::Ended>(&event.what)) {
    Agent& agent = agent_;
    agent.report(call_id_, MediaEnded{ended->statistics});
    agent.forget_stream(event.stream);  // Destroys this.
  } else if (const auto* const failed = std::get_if<media::FileFailed>(&event.what)) {
    agent_.report(call_id_, MediaFailed{failed->error.message()});
  }
}

}  // namespace callwright::call
