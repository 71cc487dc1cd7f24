// Re-INVITE, both ways, with its glare (RFC 3261 §14).
#include "sip/invite_session_parts.hpp"

#include <utility>

namespace callwright::sip {

using base::Result;

namespace {

constexpr int kMaxAttemptsOfOwner = 5;
/// Whoever does not own the Call-ID waits less each time, and has to outlast the owner's patience, which may be another exchange's.
constexpr int kMaxAttemptsOfOther = 12;
/// A peer that asks for more patience than this is not waited for.
constexpr std::uint32_t kMaxRetryAfterSeconds = 32;

}  // namespace

bool InviteSession::reinvite_incoming() const noexcept { return renegotiation_ != nullptr && renegotiation_->incoming != Renegotiation::Incoming::None; }

void InviteSession::refuse_later(ServerTransaction& transaction) const {
  // RFC 3261 §14.2, RFC 3311 §5.2: a random time of up to 10 s.
  const std::string lines = "Retry-After: " + std::to_string(user_agent_.random().between(0, 10)) + "\r\n";
  transaction.respond({.status = 500, .headers = lines});
}

base::Duration InviteSession::glare_delay() const {
  // RFC 3261 §14.1: the owner of the Call-ID waits 2.1 to 4 s, the other one up to 2 s, in steps of 10 ms.
  const std::uint64_t steps = role_ == Role::Caller ? user_agent_.random().between(210, 400) : user_agent_.random().between(0, 200);
  return std::chrono::milliseconds(10) * static_cast<std::int64_t>(steps);
}

bool InviteSession::may_reinvite() noexcept {
  const bool pending = renegotiation_ != nullptr && (renegotiation_->sent.phase == SentInvite::Phase::Pending || renegotiation_->retry.pending());
  return state_ == State::Confirmed && !pending && unacknowledged() == nullptr && invite_transaction_ == nullptr && !offer_under_way();
}

Result<void> InviteSession::reinvite(std::string_view sdp_offer, OnGlare on_glare) {
  if (!may_reinvite()) {
    return wrong_state("a re-INVITE needs a confirmed dialog with no other INVITE or offer under way");
  }
  if (renegotiation_ == nullptr) {
    renegotiation_ = std::make_unique<Renegotiation>(*this);
  }
  renegotiation_->attempts = 1;
  renegotiation_->on_glare = on_glare;
  renegotiation_->purpose = Renegotiation::Purpose::Application;
  send_reinvite(std::string(sdp_offer));
  return base::ok();
}

void InviteSession::send_reinvite(std::string sdp) {
  OutgoingRequest request = in_dialog(Method::Invite);
  request.contact_user = contact_user_;
  append_capabilities(request.headers, policy_);
  append_timer_request(request.headers);
  request.body = std::move(sdp);
  request.content_type = "application/sdp";
  SentInvite& sent = renegotiation_->sent;
  keep_for_repeats(sent);
  sent.phase = SentInvite::Phase::Pending;
  sent.ack.reset();
  // Its predecessor's callback may be running.
  const std::unique_ptr<ClientRequest> former = std::exchange(sent.request, make_request(std::move(request)));
  sent.request->send();
}

void InviteSession::on_reinvite_response(const Message& response) {
  const int status = response.status();
  SentInvite& sent = renegotiation_->sent;
  if (status < 200) {
    return;
  }
  if (status >= 300) {
    finish_reinvite(status, response.reason(), &response);
    return;
  }
  if (sent.phase != SentInvite::Phase::Pending) {
    if (sent.ack != nullptr) {
      sent.ack->repeat();
    }
    return;
  }
  sent.phase = SentInvite::Phase::AwaitingAck;
  dialog_.refresh_target(response);
  note_peer(response);
  if (state_ != State::Ended) {
    take_timer_answer(response);
  }
  if (sent.offered() || state_ == State::Ended) {
    remember_description(sent.request->request().body);
    acknowledge(sent, {});
  }
  if (state_ != State::Ended && renegotiation_->purpose == Renegotiation::Purpose::Application) {
    observer_->on_reinvite_result(*this, progress_of(response));
  }
}

void InviteSession::finish_reinvite(int status, std::string_view reason, const Message* response) {
  Renegotiation& renegotiation = *renegotiation_;
  renegotiation.sent.phase = SentInvite::Phase::None;
  if (state_ != State::Confirmed) {
    return;
  }
  const int most = role_ == Role::Caller ? kMaxAttemptsOfOwner : kMaxAttemptsOfOther;
  if (status == 491 && renegotiation.on_glare == OnGlare::Retry && renegotiation.attempts < most) {
    renegotiation.retry.start(glare_delay());
    return;
  }
  if (renegotiation.attempts < most && response != nullptr) {
    const auto patience = parse_number(response->header(Header::RetryAfter).value_or(std::string_view{}));
    if (status == 500 && patience && *patience <= kMaxRetryAfterSeconds) {
      renegotiation.retry.start(std::chrono::seconds(*patience));
      return;
    }
    if (status == 422) {
      take_larger_interval(*response);
      renegotiation.retry.start(base::Duration::zero());
      return;
    }
  }
  if (renegotiation.purpose == Renegotiation::Purpose::Application) {
    InviteProgress result{.status = status, .reason = reason, .sdp = {}};
    result.message = response;
    observer_->on_reinvite_result(*this, result);
  }
  if ((status == 408 || status == 481) && state_ == State::Confirmed) {
    // RFC 3261 §12.2.1.2: the dialog is gone at the other end.
    send_bye();
  }
}

void InviteSession::retry_reinvite() {
  if (state_ != State::Confirmed || invite_transaction_ != nullptr || offer_under_way()) {
    finish_reinvite(491, "Request Pending", nullptr);
    return;
  }
  ++renegotiation_->attempts;
  send_reinvite(renegotiation_->sent.request->request().body);
}

void InviteSession::receive_reinvite(ServerTransaction& transaction, const Message& request) {
  const bool ours_pending = renegotiation_ != nullptr && renegotiation_->sent.phase == SentInvite::Phase::Pending;
  const bool our_update = updating_ != nullptr && updating_->request != nullptr && !updating_->sdp.empty();
  if (state_ == State::Ended) {
    transaction.respond({.status = 481});
    return;
  }
  if (reinvite_incoming() || state_ == State::Incoming || (updating_ != nullptr && updating_->incoming != nullptr)) {
    refuse_later(transaction);
    return;
  }
  if (ours_pending || our_update || invite_transaction_ != nullptr || unacknowledged() != nullptr || state_ != State::Confirmed) {
    // RFC 3261 §14.2; 491 also while the ACK of our own 2xx is outstanding, since the peer repeats after 491 by itself.
    transaction.respond({.status = 491});
    return;
  }
  if (refuse_interval(transaction, request)) {
    return;
  }
  dialog_.refresh_target(request);
  note_peer(request);
  note_timer_proposal(request);
  note_flow(transaction.flow());
  invite_cseq_ = request.cseq().number;
  invite_transaction_ = &transaction;
  if (renegotiation_ == nullptr) {
    renegotiation_ = std::make_unique<Renegotiation>(*this);
  }
  renegotiation_->incoming = request.body().empty() ? Renegotiation::Incoming::WithoutOffer : Renegotiation::Incoming::WithOffer;
  transaction.attach(*this);
  transaction.respond({.status = 100});
  observer_->on_reinvite(*this, request.body());
}

Result<void> InviteSession::accept_reinvite(std::string_view sdp) {
  if (!reinvite_incoming() || invite_transaction_ == nullptr) {
    return wrong_state("there is no re-INVITE to answer");
  }
  const bool asked_for_offer = std::exchange(renegotiation_->incoming, Renegotiation::Incoming::None) == Renegotiation::Incoming::WithoutOffer;
  answering_ = std::make_unique<Answering>(*this);
  answering_->carries = asked_for_offer ? Answering::Carries::Offer : Answering::Carries::Answer;
  send_accept(sdp);
  remember_description(sdp);
  return base::ok();
}

Result<void> InviteSession::reject_reinvite(int status) {
  if (!reinvite_incoming() || invite_transaction_ == nullptr) {
    return wrong_state("there is no re-INVITE to answer");
  }
  renegotiation_->incoming = Renegotiation::Incoming::None;
  ServerTransaction& transaction = *std::exchange(invite_transaction_, nullptr);
  transaction.detach();
  transaction.respond({.status = status});
  return base::ok();
}

}  // namespace callwright::sip
