#include "sip/invite_session.hpp"

#include "sip/user_agent.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

using base::Callback;
using base::Errc;
using base::Error;
using base::Result;

void InviteSessionObserver::on_provisional(InviteSession& /*session*/, const InviteProgress& /*progress*/) {}
void InviteSessionObserver::on_accepted(InviteSession& /*session*/, const InviteProgress& /*progress*/) {}
void InviteSessionObserver::on_confirmed(InviteSession& /*session*/, std::string_view /*sdp*/) {}
void InviteSessionObserver::on_reinvite(InviteSession& session, std::string_view /*sdp*/) { static_cast<void>(session.reject_reinvite(488)); }
void InviteSessionObserver::on_reinvite_result(InviteSession& /*session*/, const InviteProgress& /*result*/) {}
void InviteSessionObserver::on_refer(InviteSession& session, std::string_view /*refer_to*/, std::string_view /*referred_by*/) {
  static_cast<void>(session.reject_refer(603));
}
void InviteSessionObserver::on_refer_result(InviteSession& /*session*/, int /*status*/, std::string_view /*reason*/) {}
void InviteSessionObserver::on_refer_progress(InviteSession& /*session*/, std::string_view /*status_line*/, bool /*last*/) {}

InviteSession::InviteSession(UserAgent& user_agent, CallerOptions options, InviteSessionObserver& observer)
    : user_agent_(user_agent),
      observer_(&observer),
      options_(std::move(options)),
      contact_user_(options_.contact_user),
      role_(Role::Caller),
      reinvite_retry_(user_agent.timers(), Callback::to<&InviteSession::retry_reinvite>(*this)),
      accept_retransmit_(user_agent.timers(), Callback::to<&InviteSession::retransmit_accept>(*this)),
      accept_timeout_(user_agent.timers(), Callback::to<&InviteSession::on_no_ack>(*this)),
      refer_timeout_(user_agent.timers(), Callback::to<&InviteSession::on_refer_silence>(*this)) {
  dialog_.call_id = options_.call_id.empty() ? user_agent.random().token(24) : options_.call_id;
  dialog_.local_tag = user_agent.random().token(10);
  dialog_.local = options_.from;
  dialog_.remote = options_.to;
  dialog_.remote_target = options_.uri;
  dialog_.route_set = options_.routes;
  if (options_.credentials) {
    digest_ = std::make_unique<DigestClient>(*options_.credentials, user_agent.random());
  }
  user_agent_.add(*this);
}

InviteSession::InviteSession(UserAgent& user_agent, ServerTransaction& transaction, const Message& invite, std::string contact_user,
                             InviteSessionObserver& observer)
    : user_agent_(user_agent),
      observer_(&observer),
      dialog_(Dialog::answering(invite, transaction.to_tag())),
      contact_user_(std::move(contact_user)),
      role_(Role::Answerer),
      state_(State::Incoming),
      reinvite_retry_(user_agent.timers(), Callback::to<&InviteSession::retry_reinvite>(*this)),
      invite_transaction_(&transaction),
      invite_cseq_(invite.cseq().number),
      accept_retransmit_(user_agent.timers(), Callback::to<&InviteSession::retransmit_accept>(*this)),
      accept_timeout_(user_agent.timers(), Callback::to<&InviteSession::on_no_ack>(*this)),
      refer_timeout_(user_agent.timers(), Callback::to<&InviteSession::on_refer_silence>(*this)) {
  transaction.attach(*this);
  user_agent_.add(*this);
}

InviteSession::~InviteSession() {
  if (invite_transaction_ != nullptr) {
    invite_transaction_->detach();
    // An INVITE without a final response would stay in the transaction layer for ever.
    invite_transaction_->respond({.status = 480});
  }
  user_agent_.remove(*this);
}

void InviteSession::detach_observer() noexcept {
  class Nobody final : public InviteSessionObserver {
   public:
    void on_ended(InviteSession& /*session*/, const SessionEnd& /*end*/) override {}
  };
  static Nobody nobody;
  observer_ = &nobody;
  refer_accepted_ = false;
}

bool InviteSession::idle() const noexcept {
  const bool forks_ended = std::all_of(forks_.begin(), forks_.end(), [](const Fork& fork) { return fork.bye == nullptr; });
  return state_ == State::Ended && bye_ == nullptr && notify_ == nullptr && forks_ended && !refer_subscribed_ && !refer_accepted_;
}

void InviteSession::settle() {
  if (idle()) {
    user_agent_.remove(*this);
  }
  user_agent_.on_settled(*this);
}

void InviteSession::end(int status) {
  switch (state_) {
    case State::Idle: finish({.by = SessionEnd::Party::Local, .status = 487, .reason = "Request Terminated"}); return;
    case State::Inviting:
      end_requested_ = true;
      invite_.request->cancel();
      return;
    case State::Incoming: static_cast<void>(reject(status)); return;
    case State::Accepted:
      if (role_ == Role::Answerer) {
        // RFC 3261 §15: the answerer may not send BYE before the ACK has come or can come no more.
        end_requested_ = true;
        return;
      }
      acknowledge(invite_, {});
      [[fallthrough]];
    case State::Confirmed: send_bye(); return;
    case State::Ended: return;
  }
}

void InviteSession::finish(const SessionEnd& end) {
  if (state_ == State::Ended) {
    return;
  }
  state_ = State::Ended;
  reinvite_retry_.cancel();
  accept_retransmit_.cancel();
  accept_timeout_.cancel();
  if (invite_transaction_ != nullptr) {
    if (!invite_transaction_->answered()) {
      invite_transaction_->respond({.status = 487});
    }
    invite_transaction_->detach();
    invite_transaction_ = nullptr;
  }
  if (refer_subscribed_) {
    // The subscription outlives the call (RFC 3515 §2.4.4), but not for ever.
    refer_timeout_.start(user_agent_.transactions().settings().timers.timeout());
  }
  observer_->on_ended(*this, end);
  settle();
}

void InviteSession::on_response(ClientRequest& request, const Message& response) {
  if (&request == invite_.request.get()) {
    on_invite_response(response);
  } else if (&request == reinvite_.request.get()) {
    on_reinvite_response(response);
  } else if (repeat_ack(request, response)) {
    return;
  } else if (response.status() < 200) {
    return;
  } else if (&request == refer_.get()) {
    on_refer_response(response.status(), response.reason());
  } else {
    on_failure(request, response.status(), response.reason());
  }
}

void InviteSession::on_failure(ClientRequest& request, int status, std::string_view reason) {
  if (&request == invite_.request.get()) {
    on_invite_refused(status, reason);
  } else if (&request == reinvite_.request.get()) {
    finish_reinvite(status, reason);
  } else if (&request == refer_.get()) {
    on_refer_response(status, reason);
  } else if (&request == notify_.get()) {
    on_notify_result(status);
  } else if (&request == bye_.get()) {
    bye_.reset();
    settle();
  } else {
    const auto fork = std::find_if(forks_.begin(), forks_.end(), [&request](const Fork& other) { return other.bye.get() == &request; });
    if (fork != forks_.end()) {
      fork->bye.reset();
      settle();
    }
  }
}

std::unique_ptr<ClientRequest> InviteSession::send_in_dialog(OutgoingRequest request) {
  ClientRequest::User& user = *this;
  return std::make_unique<ClientRequest>(user_agent_, std::move(request), dialog_.local_cseq, digest_.get(), user);
}

std::string InviteSession::contact_lines(const Flow& flow) const {
  std::string lines = "Contact: " + user_agent_.contact(flow, contact_user_) + "\r\n";
  return lines.append(UserAgent::kCapabilities);
}

void InviteSession::send_bye() {
  bye_ = send_in_dialog(dialog_.request(Method::Bye));
  bye_->send();
  finish({.by = SessionEnd::Party::Local, .status = 200, .reason = "OK"});
}

}  // namespace callwright::sip
