// The caller's side of INVITE (RFC 3261 §13.2).
#include "sip/invite_session_parts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

using base::Result;

namespace {

constexpr std::size_t kMaxForks = 16;
constexpr int kMaxIntervalRetries = 3;

}  // namespace

Result<void> InviteSession::invite(std::string_view sdp_offer) {
  if (state_ != State::Idle) {
    return wrong_state("the INVITE of this session has been sent already");
  }
  state_ = State::Inviting;
  offer_answer_ = sdp_offer.empty() ? OfferAnswer::None : OfferAnswer::OfferedHere;
  send_invite(sdp_offer);
  return base::ok();
}

void InviteSession::send_invite(std::string_view sdp) {
  const CallerOptions& options = *calling_->options;
  OutgoingRequest request = dialog_.request(Method::Invite);
  request.contact_user = contact_user_;
  append_capabilities(request.headers, policy_);
  append_timer_request(request.headers);
  if (policy_.reliable == SessionPolicy::Reliable::Required) {
    request.headers += "Require: 100rel\r\n";
  }
  if (options.replaces) {
    request.headers += "Require: replaces\r\n";
    append_header(request.headers, "Replaces", options.replaces->to_string());
  }
  request.headers += options.headers;
  request.flow = options.flow;
  request.max_forwards = options.max_forwards;
  request.redirects = options.redirects;
  request.body = sdp;
  request.content_type = "application/sdp";
  SentInvite& invite = calling_->invite;
  invite.phase = SentInvite::Phase::Pending;
  invite.request = make_request(std::move(request));
  invite.request->send();
}

void InviteSession::on_invite_response(const Message& response) {
  const int status = response.status();
  if (status >= 300) {
    if (status != 422 || !retry_with_larger_interval(response)) {
      on_invite_refused(status, response.reason(), &response);
    }
    return;
  }
  if (status >= 200) {
    on_invite_accepted(response);
    return;
  }
  if (state_ == State::Inviting && !end_requested_ && status > 100) {
    on_provisional(response);
  }
}

bool InviteSession::retry_with_larger_interval(const Message& response) {
  if (state_ != State::Inviting || end_requested_ || ++calling_->interval_retries > kMaxIntervalRetries) {
    return false;
  }
  take_larger_interval(response);
  calling_->early.clear();
  calling_->early_tags.clear();
  // Its callback is running, so that it lives until the new one is sent.
  const std::unique_ptr<ClientRequest> refused = std::move(calling_->invite.request);
  send_invite(refused->request().body);
  return true;
}

void InviteSession::on_invite_accepted(const Message& response) {
  if (state_ != State::Inviting) {
    on_other_accepted(response);
    return;
  }
  SentInvite& invite = calling_->invite;
  dialog_.establish(response);
  note_peer(response);
  note_flow(invite.request->flow());
  const std::string early_description = confirm_early_dialog(response);
  InviteProgress progress = progress_of(response);
  if (progress.sdp.empty()) {
    progress.sdp = early_description;
  }
  take_timer_answer(response);
  invite.phase = SentInvite::Phase::AwaitingAck;
  if (invite.offered() || offer_answer_ == OfferAnswer::Agreed || end_requested_) {
    remember_description(invite.request->request().body);
    acknowledge(invite, {});
    state_ = State::Confirmed;
    offer_answer_ = OfferAnswer::Agreed;
  } else {
    state_ = State::Accepted;
  }
  calling_->options.reset();
  std::string().swap(calling_->early_tags);
  if (end_requested_) {
    send_bye();
    return;
  }
  observer_->on_accepted(*this, progress);
}

void InviteSession::on_invite_refused(int status, std::string_view reason, const Message* response) {
  if (state_ != State::Inviting) {
    return;
  }
  const bool network = response == nullptr || status == 408 || status == 503 || status == 478;
  const SessionEnd::Party by = end_requested_ ? SessionEnd::Party::Local : network ? SessionEnd::Party::Network : SessionEnd::Party::Remote;
  calling_->early.clear();
  SessionEnd end{.by = by, .status = status, .reason = std::string(reason)};
  if (response != nullptr && !end_requested_) {
    end.cause = reason_of(*response);
    if (status / 100 == 3) {
      Redirects places(RedirectPolicy::All, "sip:nobody.invalid");  // No place has been tried.
      places.add(*response);
      end.contact = places.next().value_or("");
    }
  }
  finish(std::move(end));
}

void InviteSession::on_other_accepted(const Message& response) {
  const std::string_view tag = response.to().tag();
  SentInvite& invite = calling_->invite;
  if (tag == dialog_.remote_tag) {
    if (invite.ack != nullptr) {
      invite.ack->repeat();
    }
    return;
  }
  std::vector<Fork>& forks = calling_->forks;
  const auto fork = std::find_if(forks.begin(), forks.end(), [tag](const Fork& other) { return other.tag == tag; });
  if (fork != forks.end()) {
    fork->ack->repeat();
  } else if (forks.size() < kMaxForks) {
    drop_fork(response);
  }
}

void InviteSession::drop_fork(const Message& response) {
  Dialog other = dialog_;
  other.establish(response);
  Fork& fork = calling_->forks.emplace_back();
  fork.tag = other.remote_tag;
  fork.ack = std::make_unique<SentAck>(user_agent_);
  fork.ack->send(other.request(Method::Ack), *calling_->invite.request);
  fork.bye = make_request(other.request(Method::Bye));
  fork.bye->send();
}

}  // namespace callwright::sip
