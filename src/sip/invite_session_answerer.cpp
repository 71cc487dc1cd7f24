// The answerer's side of INVITE and of re-INVITE (RFC 3261 §13.3, §14.2).
#include "sip/invite_session.hpp"
#include "sip/user_agent.hpp"

#include <algorithm>

namespace callwright::sip {

using base::Errc;
using base::Error;
using base::Result;

namespace {

Error wrong_state(const char* what) { return {Errc::WrongState, what}; }

}  // namespace

Result<void> InviteSession::provisional(int status, std::string_view sdp) {
  if (state_ != State::Incoming || invite_transaction_ == nullptr || status <= 100 || status > 199) {
    return wrong_state("provisional responses are for an INVITE that has not been answered");
  }
  const std::string lines = contact_lines(invite_transaction_->flow());
  invite_transaction_->respond({.status = status, .headers = lines, .content_type = "application/sdp", .body = sdp});
  return base::ok();
}

Result<void> InviteSession::accept(std::string_view sdp) {
  if (state_ != State::Incoming || invite_transaction_ == nullptr) {
    return wrong_state("this INVITE has been answered or cancelled already");
  }
  state_ = State::Accepted;
  send_accept(sdp);
  return base::ok();
}

void InviteSession::send_accept(std::string_view sdp) {
  const std::string lines = contact_lines(invite_transaction_->flow());
  invite_transaction_->respond({.status = 200, .headers = lines, .content_type = "application/sdp", .body = sdp});
  accepted_response_ = invite_transaction_->take_accepted_response();
  const TimerValues& timers = user_agent_.transactions().settings().timers;
  accept_interval_ = timers.t1;
  accept_retransmit_.start(accept_interval_);
  accept_timeout_.start(timers.timeout());
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
  invite_transaction_->send_again(accepted_response_);
  accept_interval_ = std::min(2 * accept_interval_, user_agent_.transactions().settings().timers.t2);
  accept_retransmit_.start(accept_interval_);
}

void InviteSession::on_no_ack() {
  // RFC 3261 §13.3.1.4: confirmed all the same, but to be ended with BYE.
  accept_retransmit_.cancel();
  if (invite_transaction_ != nullptr) {
    invite_transaction_->detach();
    invite_transaction_ = nullptr;
  }
  bye_ = send_in_dialog(dialog_.request(Method::Bye));
  bye_->send();
  finish({.by = SessionEnd::Party::Network, .status = 408, .reason = "No ACK"});
}

void InviteSession::on_ack(const Message& ack) {
  if (invite_transaction_ == nullptr || !invite_transaction_->accepted() || ack.cseq().number != invite_cseq_) {
    return;
  }
  accept_retransmit_.cancel();
  accept_timeout_.cancel();
  accepted_response_.clear();
  invite_transaction_->detach();
  invite_transaction_ = nullptr;
  if (state_ == State::Accepted) {
    state_ = State::Confirmed;
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
  } else if (reinvite_incoming_) {
    reinvite_incoming_ = false;
    invite_transaction_->respond({.status = 487});
    invite_transaction_->detach();
    invite_transaction_ = nullptr;
  }
}

void InviteSession::on_undelivered() {
  // The ACK of a refusal never came; the session has ended for us before (finish detaches), so there is nothing to tell.
}

void InviteSession::receive_reinvite(ServerTransaction& transaction, const Message& request) {
  const bool ours_pending = reinvite_.phase == SentInvite::Phase::Pending;
  if (state_ == State::Ended) {
    transaction.respond({.status = 481});
    return;
  }
  if (ours_pending || invite_transaction_ != nullptr || unacknowledged() != nullptr || state_ != State::Confirmed) {
    // RFC 3261 §14.2; 491 also where the RFC has 500, since the peer repeats after 491 by itself.
    transaction.respond({.status = 491});
    return;
  }
  dialog_.refresh_target(request);
  invite_cseq_ = request.cseq().number;
  invite_transaction_ = &transaction;
  reinvite_incoming_ = true;
  transaction.attach(*this);
  transaction.respond({.status = 100});
  observer_->on_reinvite(*this, request.body());
}

Result<void> InviteSession::accept_reinvite(std::string_view sdp) {
  if (!reinvite_incoming_ || invite_transaction_ == nullptr) {
    return wrong_state("there is no re-INVITE to answer");
  }
  reinvite_incoming_ = false;
  send_accept(sdp);
  return base::ok();
}

Result<void> InviteSession::reject_reinvite(int status) {
  if (!reinvite_incoming_ || invite_transaction_ == nullptr) {
    return wrong_state("there is no re-INVITE to answer");
  }
  reinvite_incoming_ = false;
  invite_transaction_->respond({.status = status});
  invite_transaction_->detach();
  invite_transaction_ = nullptr;
  return base::ok();
}

}  // namespace callwright::sip
