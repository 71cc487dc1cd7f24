// The caller's side of INVITE and of re-INVITE (RFC 3261 §13.2, §14.1).
#include "sip/invite_session.hpp"
#include "sip/user_agent.hpp"
#include "sip/writer.hpp"

#include <utility>

namespace callwright::sip {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr int kMaxReinviteAttempts = 5;

InviteProgress progress_of(const Message& response) { return {.status = response.status(), .reason = response.reason(), .sdp = response.body()}; }

Error wrong_state(const char* what) { return {Errc::WrongState, what}; }

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
  if (state_ != State::Inviting) {
    return;
  }
  provisional_received_ = true;
  if (end_requested_) {
    invite_.request->cancel();
  } else if (status > 100) {
    observer_->on_provisional(*this, progress_of(response));
  }
}

void InviteSession::on_invite_accepted(const Message& response) {
  if (state_ != State::Inviting) {
    // Repeated since our ACK was lost, or another fork that answered too (RFC 3261 §13.2.2.4).
    if (response.to().tag() != dialog_.remote_tag) {
      drop_fork(response);
    } else if (invite_.phase == SentInvite::Phase::Done) {
      user_agent_.transactions().send(invite_.ack_flow, invite_.ack);
    }
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
  TransactionLayer& layer = user_agent_.transactions();
  invite.ack_flow = invite.request->flow();
  const std::string_view next_hop = request.routes.empty() ? std::string_view(request.uri) : std::string_view(request.routes.front());
  if (const auto named = NameAddr::parse(next_hop)) {
    if (const auto uri = UriView::parse(named->uri)) {
      const auto literal = base::IpAddress::parse(uri->host);
      if (literal && invite.ack_flow.transport == Transport::Udp) {
        invite.ack_flow.remote = {*literal, uri->port != 0 ? uri->port : std::uint16_t{5060}};
      }
    }
  }
  invite.phase = SentInvite::Phase::Done;
  Writer writer(invite.ack);
  writer.request(Method::Ack, request.uri);
  writer.header(Header::Via, layer.make_via(invite.ack_flow, layer.make_branch()).value_or(std::string{}));
  writer.header(Header::MaxForwards, 70);
  for (const std::string& route : request.routes) {
    writer.header(Header::Route, route);
  }
  writer.header(Header::From, request.from);
  writer.header(Header::To, request.to);
  writer.header(Header::CallId, request.call_id);
  writer.cseq(invite.request->cseq(), "ACK");
  if (sdp.empty()) {
    writer.end();
  } else {
    writer.body("application/sdp", sdp);
  }
  layer.send(invite.ack_flow, invite.ack);
}

void InviteSession::drop_fork(const Message& response) {
  const Dialog kept = dialog_;
  const std::string ack = std::exchange(invite_.ack, {});
  const Flow ack_flow = invite_.ack_flow;
  dialog_.establish(response);
  acknowledge(invite_, {});
  fork_byes_.push_back(send_in_dialog(dialog_.request(Method::Bye)));
  ClientRequest& bye = *fork_byes_.back();
  bye.send();
  const std::uint32_t cseq = dialog_.local_cseq;
  dialog_ = kept;
  dialog_.local_cseq = cseq;
  invite_.ack = ack;
  invite_.ack_flow = ack_flow;
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
