// The caller's side of INVITE and of re-INVITE (RFC 3261 §13.2, §14.1).
#include "sip/invite_session.hpp"
#include "sip/user_agent.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr int kMaxReinviteAttempts = 5;
constexpr std::size_t kMaxForks = 16;

InviteProgress progress_of(const Message& response) { return {.status = response.status(), .reason = response.reason(), .sdp = response.body()}; }

Error wrong_state(const char* what) { return {Errc::WrongState, what}; }

/// Where an ACK goes: to the address that stands in its first Route or its URI, else where the INVITE went.
Flow ack_flow(const OutgoingRequest& ack, const Flow& invite_flow) {
  Flow flow = invite_flow;
  const std::string_view next_hop = ack.routes.empty() ? std::string_view(ack.uri) : std::string_view(ack.routes.front());
  const auto named = NameAddr::parse(next_hop);
  const auto uri = named ? UriView::parse(named->uri) : Result<UriView>(named.error());
  const auto literal = uri ? base::IpAddress::parse(uri->host) : Result<base::IpAddress>(uri.error());
  if (literal && flow.transport == Transport::Udp) {
    flow.remote = {*literal, uri->port != 0 ? uri->port : std::uint16_t{5060}};
  }
  return flow;
}

}  // namespace

Result<void> InviteSession::invite(std::string_view sdp_offer) {
  if (state_ != State::Idle) {
    return wrong_state("the INVITE of this session has been sent already");
  }
  state_ = State::Inviting;
  send_invite(invite_, sdp_offer);
  return base::ok();
}

void InviteSession::send_invite(SentInvite& invite, std::string_view sdp) {
  OutgoingRequest request = dialog_.request(Method::Invite);
  request.contact_user = contact_user_;
  request.headers = UserAgent::kCapabilities;
  if (&invite == &invite_) {
    request.flow = options_.flow;
    request.headers += options_.headers;
    request.max_forwards = options_.max_forwards;
  }
  request.body = sdp;
  request.content_type = "application/sdp";
  keep_for_repeats(invite);
  invite.phase = SentInvite::Phase::Pending;
  invite.sdp = sdp;
  invite.ack.clear();
  invite.request = send_in_dialog(std::move(request));
  invite.request->send();
}

void InviteSession::on_invite_response(const Message& response) {
  const int status = response.status();
  if (status >= 300) {
    on_invite_refused(status, response.reason());
    return;
  }
  if (status >= 200) {
    on_invite_accepted(response);
    return;
  }
  if (state_ == State::Inviting && !end_requested_ && status > 100) {
    observer_->on_provisional(*this, progress_of(response));
  }
}

void InviteSession::on_invite_accepted(const Message& response) {
  if (state_ != State::Inviting) {
    on_other_accepted(response);
    return;
  }
  dialog_.establish(response);
  invite_.phase = SentInvite::Phase::AwaitingAck;
  if (!invite_.sdp.empty() || end_requested_) {
    acknowledge(invite_, {});
    state_ = State::Confirmed;
  } else {
    state_ = State::Accepted;
  }
  if (end_requested_) {
    send_bye();
    return;
  }
  observer_->on_accepted(*this, progress_of(response));
}

void InviteSession::on_invite_refused(int status, std::string_view reason) {
  if (state_ != State::Inviting) {
    return;
  }
  const bool network = invite_.request == nullptr || status == 408 || status == 503 || status == 478;
  const SessionEnd::Party by = end_requested_ ? SessionEnd::Party::Local : network ? SessionEnd::Party::Network : SessionEnd::Party::Remote;
  finish({.by = by, .status = status, .reason = std::string(reason)});
}

InviteSession::SentInvite* InviteSession::unacknowledged() noexcept {
  for (SentInvite* sent : {&reinvite_, &invite_}) {
    if (sent->phase == SentInvite::Phase::AwaitingAck) {
      return sent;
    }
  }
  return nullptr;
}

Result<void> InviteSession::acknowledge(std::string_view sdp_answer) {
  SentInvite* const sent = unacknowledged();
  if (sent == nullptr) {
    return wrong_state("no 2xx of this session waits for an ACK");
  }
  acknowledge(*sent, sdp_answer);
  if (state_ == State::Accepted) {
    state_ = State::Confirmed;
  }
  return base::ok();
}

void InviteSession::acknowledge(SentInvite& invite, std::string_view sdp) {
  // RFC 3261 §13.2.2.4: the ACK of a 2xx is no transaction; it goes where the route set says, and again for each repeated 2xx.
  const OutgoingRequest request = dialog_.request(Method::Ack);
  invite.ack_flow = ack_flow(request, invite.request->flow());
  invite.phase = SentInvite::Phase::Done;
  write_ack(invite.ack, *invite.request, invite.ack_flow, request, sdp);
  user_agent_.transactions().send(invite.ack_flow, invite.ack);
}

void InviteSession::write_ack(std::string& ack, const ClientRequest& invite, const Flow& flow, const OutgoingRequest& request, std::string_view sdp) const {
  TransactionLayer& layer = user_agent_.transactions();
  ack.clear();
  Writer writer(ack);
  writer.request(Method::Ack, request.uri);
  writer.header(Header::Via, layer.make_via(flow, layer.make_branch()).value_or(std::string{}));
  writer.header(Header::MaxForwards, 70);
  for (const std::string& route : request.routes) {
    writer.header(Header::Route, route);
  }
  writer.header(Header::From, request.from);
  writer.header(Header::To, request.to);
  writer.header(Header::CallId, request.call_id);
  writer.cseq(invite.cseq(), "ACK");
  writer.raw(invite.authorization());
  if (sdp.empty()) {
    writer.end();
  } else {
    writer.body("application/sdp", sdp);
  }
}

void InviteSession::on_other_accepted(const Message& response) {
  const std::string_view tag = response.to().tag();
  if (tag == dialog_.remote_tag) {
    if (invite_.phase == SentInvite::Phase::Done) {
      user_agent_.transactions().send(invite_.ack_flow, invite_.ack);
    }
    return;
  }
  const auto fork = std::find_if(forks_.begin(), forks_.end(), [tag](const Fork& other) { return other.tag == tag; });
  if (fork != forks_.end()) {
    user_agent_.transactions().send(fork->flow, fork->ack);
  } else if (forks_.size() < kMaxForks) {
    drop_fork(response);
  }
}

void InviteSession::drop_fork(const Message& response) {
  Dialog other = dialog_;
  other.establish(response);
  const OutgoingRequest request = other.request(Method::Ack);
  Fork& fork = forks_.emplace_back();
  fork.tag = other.remote_tag;
  fork.flow = ack_flow(request, invite_.request->flow());
  write_ack(fork.ack, *invite_.request, fork.flow, request, {});
  user_agent_.transactions().send(fork.flow, fork.ack);
  fork.bye = send_in_dialog(other.request(Method::Bye));
  fork.bye->send();
}

void InviteSession::keep_for_repeats(SentInvite& invite) {
  std::erase_if(former_reinvites_, [](const SentInvite& former) { return !former.request->alive(); });
  if (invite.phase == SentInvite::Phase::Done && invite.request->alive()) {
    former_reinvites_.push_back(std::move(invite));
    invite = SentInvite{};
  }
}

bool InviteSession::repeat_ack(const ClientRequest& request, const Message& response) {
  const auto former =
      std::find_if(former_reinvites_.begin(), former_reinvites_.end(), [&request](const SentInvite& sent) { return sent.request.get() == &request; });
  if (former == former_reinvites_.end()) {
    return false;
  }
  if (response.status() >= 200 && response.status() < 300) {
    user_agent_.transactions().send(former->ack_flow, former->ack);
  }
  return true;
}

Result<void> InviteSession::reinvite(std::string_view sdp_offer) {
  const bool pending = reinvite_.phase == SentInvite::Phase::Pending || reinvite_retry_.pending() || unacknowledged() != nullptr;
  if (state_ != State::Confirmed || pending || invite_transaction_ != nullptr) {
    return wrong_state("a re-INVITE needs a confirmed dialog with no other INVITE under way");
  }
  reinvite_attempts_ = 1;
  send_invite(reinvite_, sdp_offer);
  return base::ok();
}

void InviteSession::on_reinvite_response(const Message& response) {
  const int status = response.status();
  if (status < 200) {
    return;
  }
  if (status >= 300) {
    finish_reinvite(status, response.reason());
    return;
  }
  if (reinvite_.phase != SentInvite::Phase::Pending) {
    if (reinvite_.phase == SentInvite::Phase::Done) {
      user_agent_.transactions().send(reinvite_.ack_flow, reinvite_.ack);
    }
    return;
  }
  reinvite_.phase = SentInvite::Phase::AwaitingAck;
  dialog_.refresh_target(response);
  if (!reinvite_.sdp.empty() || state_ == State::Ended) {
    acknowledge(reinvite_, {});
  }
  if (state_ != State::Ended) {
    observer_->on_reinvite_result(*this, progress_of(response));
  }
}

void InviteSession::finish_reinvite(int status, std::string_view reason) {
  reinvite_.phase = SentInvite::Phase::None;
  if (state_ != State::Confirmed) {
    return;
  }
  if (status == 491 && reinvite_attempts_ < kMaxReinviteAttempts) {
    // RFC 3261 §14.1: the owner of the Call-ID waits 2.1 to 4 s, the other one up to 2 s, in steps of 10 ms.
    const std::uint64_t steps = role_ == Role::Caller ? user_agent_.random().between(210, 400) : user_agent_.random().between(0, 200);
    reinvite_retry_.start(std::chrono::milliseconds(10) * static_cast<std::int64_t>(steps));
    return;
  }
  observer_->on_reinvite_result(*this, {.status = status, .reason = reason, .sdp = {}});
  if ((status == 408 || status == 481) && state_ == State::Confirmed) {
    // RFC 3261 §12.2.1.2: the dialog is gone at the other end.
    send_bye();
  }
}

void InviteSession::retry_reinvite() {
  if (state_ != State::Confirmed || invite_transaction_ != nullptr) {
    finish_reinvite(491, "Request Pending");
    return;
  }
  ++reinvite_attempts_;
  const std::string sdp = reinvite_.sdp;
  send_invite(reinvite_, sdp);
}

}  // namespace callwright::sip
