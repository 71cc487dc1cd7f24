// The ACK of a 2xx to an INVITE or re-INVITE of ours (RFC 3261 §13.2.2.4, §14.1).
#include "sip/invite_session_parts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

using base::Result;

InviteSession::SentInvite* InviteSession::unacknowledged() noexcept {
  if (renegotiation_ != nullptr && renegotiation_->sent.phase == SentInvite::Phase::AwaitingAck) {
    return &renegotiation_->sent;
  }
  return calling_ != nullptr && calling_->invite.phase == SentInvite::Phase::AwaitingAck ? &calling_->invite : nullptr;
}

Result<void> InviteSession::acknowledge(std::string_view sdp_answer, std::string_view tag) {
  if (EarlyDialog* const early = unanswered_early_offer(tag)) {
    early->offer_answer = OfferAnswer::Agreed;
    remember_description(sdp_answer);
    send_prack(*early, sdp_answer);
    return base::ok();
  }
  SentInvite* const sent = unacknowledged();
  if (sent == nullptr) {
    return wrong_state("no 2xx of this session waits for an ACK");
  }
  remember_description(sdp_answer);
  acknowledge(*sent, sdp_answer);
  if (state_ == State::Accepted) {
    state_ = State::Confirmed;
    offer_answer_ = OfferAnswer::Agreed;
  }
  return base::ok();
}

void InviteSession::acknowledge(SentInvite& invite, std::string_view sdp) {
  OutgoingRequest request = in_dialog(Method::Ack);
  request.body = sdp;
  invite.phase = SentInvite::Phase::Done;
  invite.ack = std::make_unique<SentAck>(user_agent_);
  invite.ack->send(std::move(request), *invite.request);
}

void InviteSession::keep_for_repeats(SentInvite& invite) {
  std::vector<SentInvite>& former = renegotiation_->former;
  std::erase_if(former, [](const SentInvite& other) { return !other.request->alive(); });
  if (invite.phase == SentInvite::Phase::Done && invite.request->alive()) {
    former.push_back(std::move(invite));
    invite = SentInvite{};
  }
}

bool InviteSession::repeat_ack(const ClientRequest& request, const Message& response) {
  if (renegotiation_ == nullptr) {
    return false;
  }
  const std::vector<SentInvite>& sent = renegotiation_->former;
  const auto former = std::find_if(sent.begin(), sent.end(), [&request](const SentInvite& other) { return other.request.get() == &request; });
  if (former == sent.end()) {
    return false;
  }
  if (response.status() >= 200 && response.status() < 300) {
    former->ack->repeat();
  }
  return true;
}

}  // namespace callwright::sip
