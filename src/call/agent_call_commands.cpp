// What a program asks of a call that is up: hold, resume, and what concerns its stream.
#include "call/agent.hpp"
#include "call/agent_call.hpp"

namespace callwright::call {

base::Result<void> AgentCall::propose(sdp::Direction direction) {
  if (session_->state() != sip::InviteSession::State::Confirmed || negotiated() == nullptr) {
    return base::Error(base::Errc::WrongState, "The call is not answered");
  }
  leg_->speaks().direction = direction;
  auto sent = session_->reinvite(leg_->offer());
  if (!sent) {
    leg_->speaks().direction = agreed_direction_;
  }
  return sent;
}

void AgentCall::on_reinvite_result(sip::InviteSession& /*session*/, const sip::InviteProgress& result) {
  if (result.status >= 300) {
    leg_->speaks().direction = agreed_direction_;
    report(MediaFailed{"The other side refused the change of the call: " + std::to_string(result.status) + " " + std::string(result.reason)});
  } else if (!result.sdp.empty()) {
    take_answer(result.sdp);
  }
}

void AgentCall::play(const media::SourceSpec& source) {
  if (leg_ != nullptr) {
    agent_.media().set_source(leg_->stream(), source);
  }
}

base::Result<void> AgentCall::press(std::string_view keys) {
  return leg_ != nullptr ? agent_.media().press(leg_->stream(), keys, {}) : media::check_keys(keys, {});
}

}  // namespace callwright::call
