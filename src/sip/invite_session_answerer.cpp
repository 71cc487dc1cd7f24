// The answerer's side of INVITE (RFC 3261 §13.3).
#include "sip/invite_session_parts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

using base::Result;

Result<void> InviteSession::provisional(int status, std::string_view sdp, Delivery delivery) {
  const bool answered = reliability_ != nullptr && reliability_->accept;
  if (state_ != State::Incoming || invite_transaction_ == nullptr || answered || status <= 100 || status > 199) {
    return wrong_state("provisional responses are for an INVITE that has not been answered");
  }
  if (goes_reliably(sdp, delivery)) {
    return send_reliably(status, sdp);
  }
  const bool agreed = offer_answer_ == OfferAnswer::Agreed || offer_answer_ == OfferAnswer::OfferedHere;
  const std::string lines = contact_lines(invite_transaction_->flow());
  invite_transaction_->respond({.status = status, .headers = lines, .content_type = "application/sdp", .body = agreed ? std::string_view{} : sdp});
  return base::ok();
}

Result<void> InviteSession::accept(std::string_view sdp) {
  const bool answered = reliability_ != nullptr && reliability_->accept;
  if (state_ != State::Incoming || invite_transaction_ == nullptr || answered) {
    return wrong_state("this INVITE has been answered or cancelled already");
  }
  if (accept_must_wait()) {
    reliability_->accept = sdp;
    return base::ok();
  }
  state_ = State::Accepted;
  const bool settled = offer_answer_ == OfferAnswer::Agreed || offer_answer_ == OfferAnswer::OfferedHere;
  if (reliability_ != nullptr) {
    // RFC 3262 §3: nothing is sent again once there is a final response, but a PRACK that comes late is answered.
    reliability_->retransmit.cancel();
    reliability_->timeout.cancel();
    reliability_->waiting.clear();
  }
  answering_ = std::make_unique<Answering>(*this);
  answering_->carries = offer_answer_ == OfferAnswer::None ? Answering::Carries::Offer : Answering::Carries::Answer;
  offer_answer_ = offer_answer_ == OfferAnswer::None ? OfferAnswer::OfferedHere : OfferAnswer::Agreed;
  send_accept(settled ? std::string_view{} : sdp);
  remember_description(settled ? std::string_view{} : sdp);
  return base::ok();
}

void InviteSession::send_accept(std::string_view sdp) {
  std::string lines = contact_lines(invite_transaction_->flow());
  append_timer_answer(lines);
  invite_transaction_->respond({.status = 200, .headers = lines, .content_type = "application/sdp", .body = sdp});
  answering_->response = invite_transaction_->take_accepted_response();
  const TimerValues& timers = user_agent_.transactions().settings().timers;
  answering_->interval = timers.t1;
  answering_->retransmit.start(answering_->interval);
  answering_->timeout.start(timers.timeout());
}

Result<void> InviteSession::reject(int status, std::string_view reason, std::string_view headers) {
  if (state_ != State::Incoming || invite_transaction_ == nullptr || status < 300 || status > 699) {
    return wrong_state("only an INVITE that has not been answered can be refused, with 300 to 699");
  }
  invite_transaction_->respond({.status = status, .reason = reason, .headers = headers});
  finish({.by = SessionEnd::Party::Local, .status = status, .reason = std::string(reason.empty() ? reason_phrase(status) : reason)});
  return base::ok();
}

void InviteSession::retransmit_accept() {
  if (invite_transaction_ == nullptr) {
    return;
  }
  // RFC 3261 §13.3.1.4: over reliable transports too, since a proxy may have turned them into unreliable ones.
  invite_transaction_->send_again(answering_->response);
  answering_->interval = std::min(2 * answering_->interval, user_agent_.transactions().settings().timers.t2);
  answering_->retransmit.start(answering_->interval);
}

void InviteSession::on_no_ack() {
  // RFC 3261 §13.3.1.4: confirmed all the same, but to be ended with BYE.
  if (invite_transaction_ != nullptr) {
    invite_transaction_->detach();
    invite_transaction_ = nullptr;
  }
  bye_ = make_request(in_dialog(Method::Bye));
  bye_->send();
  finish({.by = SessionEnd::Party::Network, .status = 408, .reason = "No ACK"});
}

void InviteSession::on_ack(const Message& ack) {
  if (invite_transaction_ == nullptr || !invite_transaction_->accepted() || ack.cseq().number != invite_cseq_) {
    return;
  }
  answering_.reset();
  invite_transaction_->detach();
  invite_transaction_ = nullptr;
  if (state_ == State::Accepted) {
    state_ = State::Confirmed;
    offer_answer_ = OfferAnswer::Agreed;
    if (reliability_ != nullptr && reliability_->outstanding.status == 0) {
      reliability_.reset();
    }
  }
  if (end_requested_) {
    send_bye();
    return;
  }
  observer_->on_confirmed(*this, ack.body());
}

void InviteSession::on_cancel() {
  if (state_ == State::Incoming) {
    finish({.by = SessionEnd::Party::Remote, .status = 487, .reason = "Request Terminated"});
  } else if (reinvite_incoming()) {
    static_cast<void>(reject_reinvite(487));
  }
}

void InviteSession::note_cancel_cause(const Message& cancel) {
  if (auto cause = reason_of(cancel); cause && state_ == State::Incoming) {
    cause_ = std::make_unique<Reason>(std::move(*cause));
  }
}

void InviteSession::on_undelivered() {
  // The ACK of a refusal never came; the session has ended for us before (finish detaches), so there is nothing to tell.
}

}  // namespace callwright::sip
