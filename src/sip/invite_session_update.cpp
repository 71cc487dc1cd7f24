// UPDATE (RFC 3311), both ways, in early and confirmed dialogs; and which offer may cross which (RFC 6337 §3).
#include "sip/invite_session_parts.hpp"

#include <utility>

namespace callwright::sip {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr int kMaxUpdateAttempts = 5;
constexpr std::uint32_t kMaxRetryAfterSeconds = 32;

}  // namespace

bool InviteSession::offer_under_way() const noexcept {
  if (updating_ == nullptr) {
    return false;
  }
  const bool ours = !updating_->sdp.empty() && (updating_->request != nullptr || updating_->retry.pending());
  return ours || updating_->incoming != nullptr;
}

Result<void> InviteSession::update(std::string_view sdp_offer, std::string_view tag, OnGlare on_glare) {
  const EarlyDialog* early = nullptr;
  if (state_ == State::Inviting && calling_ != nullptr && !calling_->early.empty()) {
    early = tag.empty() ? &calling_->early.front() : early_dialog(tag);
  }
  const bool in_dialog = (early != nullptr && !early->over) || state_ == State::Confirmed || state_ == State::Accepted || state_ == State::Incoming;
  const bool busy = updating_ != nullptr && (updating_->request != nullptr || updating_->retry.pending());
  if (!in_dialog || busy) {
    return wrong_state("an UPDATE needs a dialog with no other UPDATE under way");
  }
  if (!peer_allows_update_) {
    return Error(Errc::Unsupported, "the peer does not allow UPDATE; use a re-INVITE once the call is answered");
  }
  const bool inviting = renegotiation_ != nullptr && (renegotiation_->sent.phase == SentInvite::Phase::Pending || renegotiation_->retry.pending());
  if (!sdp_offer.empty() && (inviting || refuse_offer(early) != 0)) {
    return wrong_state("another offer of this session waits for its answer");
  }
  if (updating_ == nullptr) {
    updating_ = std::make_unique<Updating>(*this);
  }
  updating_->sdp = sdp_offer;
  updating_->tag = early != nullptr ? std::string(early->dialog.remote_tag) : std::string();
  updating_->attempts = 0;
  updating_->on_glare = on_glare;
  updating_->purpose = Renegotiation::Purpose::Application;
  send_update();
  return base::ok();
}

void InviteSession::send_update() {
  const EarlyDialog* const early = state_ == State::Inviting ? early_dialog(updating_->tag) : nullptr;
  OutgoingRequest request = early != nullptr ? early->dialog.request(Method::Update) : in_dialog(Method::Update);
  if (flow_ != nullptr) {
    request.flow = *flow_;
  }
  request.contact_user = contact_user_;
  append_capabilities(request.headers, policy_);
  updating_->negotiates_timer = state_ == State::Confirmed;
  if (updating_->negotiates_timer) {
    append_timer_request(request.headers);
  }
  request.body = updating_->sdp;
  request.content_type = "application/sdp";
  ++updating_->attempts;
  // Its predecessor's callback may be running.
  const std::unique_ptr<ClientRequest> former = std::exchange(updating_->request, make_request(std::move(request)));
  updating_->request->send();
}

void InviteSession::retry_update() {
  if (state_ == State::Ended) {
    return;
  }
  if (state_ == State::Inviting && early_dialog(updating_->tag) == nullptr) {
    on_update_response(481, reason_phrase(481), nullptr);
    return;
  }
  const EarlyDialog* const early = state_ == State::Inviting ? early_dialog(updating_->tag) : nullptr;
  const bool inviting = renegotiation_ != nullptr && renegotiation_->sent.phase == SentInvite::Phase::Pending;
  if (!updating_->sdp.empty() && (inviting || refuse_offer(early) != 0)) {
    on_update_response(491, reason_phrase(491), nullptr);
    return;
  }
  send_update();
}

void InviteSession::on_update_response(int status, std::string_view reason, const Message* response) {
  Updating& updating = *updating_;
  const std::unique_ptr<ClientRequest> answered = std::move(updating.request);
  if (state_ == State::Ended) {
    return;
  }
  if (response != nullptr && status < 300) {
    EarlyDialog* const early = state_ == State::Inviting ? early_dialog(updating.tag) : nullptr;
    (early != nullptr ? early->dialog : dialog_).refresh_target(*response);
    if (early != nullptr && !response->body().empty()) {
      early->description = response->body();
    }
    if (updating.negotiates_timer) {
      take_timer_answer(*response);
    }
    if (state_ == State::Confirmed) {
      remember_description(updating.sdp);
    }
  } else if (status == 491 && updating.on_glare == OnGlare::Retry && updating.attempts < kMaxUpdateAttempts) {
    updating.retry.start(glare_delay());
    return;
  } else if (response != nullptr && updating.attempts < kMaxUpdateAttempts) {
    const auto patience = parse_number(response->header(Header::RetryAfter).value_or(std::string_view{}));
    if (status == 500 && patience && *patience <= kMaxRetryAfterSeconds) {
      updating.retry.start(std::chrono::seconds(*patience));
      return;
    }
    if (status == 422) {
      take_larger_interval(*response);
      updating.retry.start(base::Duration::zero());
      return;
    }
  }
  updating.sdp.clear();
  if (updating.purpose == Renegotiation::Purpose::Application) {
    InviteProgress result = response != nullptr ? progress_of(*response) : InviteProgress{.status = status, .reason = reason, .sdp = {}};
    observer_->on_update_result(*this, result);
  } else if (status == 405 || status == 501) {
    peer_allows_update_ = false;
  }
  if ((status == 408 || status == 481) && state_ == State::Confirmed) {
    // RFC 3261 §12.2.1.2: the dialog is gone at the other end.
    send_bye();
  }
}

int InviteSession::refuse_offer(const EarlyDialog* early) const noexcept {
  // RFC 3311 §5.2: 491 while an offer of ours waits for its answer, 500 while one of theirs does.
  const bool our_update = updating_ != nullptr && updating_->request != nullptr && !updating_->sdp.empty();
  const bool our_reinvite = renegotiation_ != nullptr && renegotiation_->sent.phase == SentInvite::Phase::Pending;
  const bool our_answer_offered = answering_ != nullptr && answering_->carries == Answering::Carries::Offer;
  const OfferAnswer initial = early != nullptr ? early->offer_answer : offer_answer_;
  if (our_update || our_reinvite || our_answer_offered || initial == OfferAnswer::OfferedHere) {
    return 491;
  }
  const bool their_update = updating_ != nullptr && updating_->incoming != nullptr;
  const bool their_accept = renegotiation_ != nullptr && renegotiation_->sent.phase == SentInvite::Phase::AwaitingAck;
  return their_update || their_accept || reinvite_incoming() || initial != OfferAnswer::Agreed ? 500 : 0;
}

void InviteSession::receive_update(ServerTransaction& transaction, const Message& request, EarlyDialog* early) {
  if (state_ == State::Ended) {
    transaction.respond({.status = 481});
    return;
  }
  if (updating_ != nullptr && updating_->incoming != nullptr) {
    refuse_later(transaction);
    return;
  }
  if (!request.body().empty()) {
    const int refused = refuse_offer(early);
    if (refused == 500) {
      refuse_later(transaction);
      return;
    }
    if (refused != 0) {
      transaction.respond({.status = refused});
      return;
    }
  }
  if (refuse_interval(transaction, request)) {
    return;
  }
  (early != nullptr ? early->dialog : dialog_).refresh_target(request);
  note_peer(request);
  if (state_ == State::Confirmed) {
    note_timer_proposal(request);
  }
  if (request.body().empty()) {
    answer_update(transaction, 200, {});
    return;
  }
  if (early != nullptr) {
    early->description = request.body();
  }
  take_offer(transaction, request.body());
}

void InviteSession::take_offer(ServerTransaction& transaction, std::string_view sdp) {
  if (state_ == State::Ended) {
    transaction.respond({.status = 487});
    return;
  }
  if (updating_ == nullptr) {
    updating_ = std::make_unique<Updating>(*this);
  }
  updating_->take(transaction);
  observer_->on_update(*this, sdp);
}

void InviteSession::answer_update(ServerTransaction& transaction, int status, std::string_view sdp) {
  std::string lines;
  if (status < 300) {
    lines = contact_lines(transaction.flow());
    if (transaction.method() == Method::Update && state_ == State::Confirmed) {
      append_timer_answer(lines);
    }
  }
  transaction.respond({.status = status, .headers = lines, .content_type = "application/sdp", .body = sdp});
}

Result<void> InviteSession::accept_update(std::string_view sdp) {
  ServerTransaction* const offered = updating_ != nullptr ? updating_->release() : nullptr;
  if (offered == nullptr) {
    return wrong_state("there is no UPDATE to answer");
  }
  answer_update(*offered, 200, sdp);
  remember_description(sdp);
  continue_after_prack();
  return base::ok();
}

Result<void> InviteSession::reject_update(int status) {
  ServerTransaction* const offered = updating_ != nullptr ? updating_->release() : nullptr;
  if (offered == nullptr) {
    return wrong_state("there is no UPDATE to answer");
  }
  answer_update(*offered, status, {});
  continue_after_prack();
  return base::ok();
}

}  // namespace callwright::sip
