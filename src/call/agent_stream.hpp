#pragma once

#include "media/media_port.hpp"

#include <string>

namespace callwright::call {

class Agent;

/// Who hears of the stream of an agent's call: the call itself, and when that is over, the agent, until the stream has had its end. So what was
/// counted is known, however early the call goes.
class AgentStream final : public media::MediaObserver {
 public:
  /// `agent` outlives this, `call` lives until `leave_call`.
  AgentStream(Agent& agent, media::MediaObserver& call, std::string call_id);

  void leave_call() noexcept { call_ = nullptr; }

 private:
  void on_media_event(const media::StreamEvent& event) override;

  Agent& agent_;
  media::MediaObserver* call_;
  std::string call_id_;
};

}  // namespace callwright::call
