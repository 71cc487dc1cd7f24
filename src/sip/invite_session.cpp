#include "sip/invite_session.hpp"

#include "sip/invite_session_parts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

using base::Result;

void InviteSessionObserver::on_provisional(InviteSession& /*session*/, const InviteProgress& /*progress*/) {}
void InviteSessionObserver::on_accepted(InviteSession& /*session*/, const InviteProgress& /*progress*/) {}
void InviteSessionObserver::on_prack(InviteSession& /*session*/, std::string_view /*sdp*/) {}
void InviteSessionObserver::on_confirmed(InviteSession& /*session*/, std::string_view /*sdp*/) {}
void InviteSessionObserver::on_reinvite(InviteSession& session, std::string_view /*sdp*/) { static_cast<void>(session.reject_reinvite(488)); }
void InviteSessionObserver::on_reinvite_result(InviteSession& /*session*/, const InviteProgress& /*result*/) {}
void InviteSessionObserver::on_update(InviteSession& session, std::string_view /*sdp*/) { static_cast<void>(session.reject_update(488)); }
void InviteSessionObserver::on_update_result(InviteSession& /*session*/, const InviteProgress& /*result*/) {}
void InviteSessionObserver::on_refer(InviteSession& session, const IncomingRefer& /*refer*/) { static_cast<void>(session.reject_refer(603)); }
void InviteSessionObserver::on_refer_result(InviteSession& /*session*/, int /*status*/, std::string_view /*reason*/) {}
void InviteSessionObserver::on_refer_progress(InviteSession& /*session*/, std::string_view /*status_line*/, bool /*last*/) {}
int InviteSessionObserver::on_content(InviteSession& /*session*/, const DialogContent& content) { return content.method == Method::Info ? 200 : 415; }
void InviteSessionObserver::on_content_result(InviteSession& /*session*/, Method /*method*/, int /*status*/, std::uint64_t /*reference*/) {}

InviteSession::InviteSession(UserAgent& user_agent, CallerOptions options, InviteSessionObserver& observer)
    : user_agent_(user_agent),
      observer_(&observer),
      contact_user_(options.contact_user),
      policy_(options.policy.value_or(user_agent.session_policy())),
      role_(Role::Caller),
      calling_(std::make_unique<Calling>()) {
  dialog_.call_id = options.call_id.empty() ? user_agent.random().token(24) : options.call_id;
  dialog_.local_tag = user_agent.random().token(10);
  dialog_.local = std::move(options.from);
  dialog_.remote = std::move(options.to);
  dialog_.remote_target = std::move(options.uri);
  dialog_.route_set = std::move(options.routes);
  if (options.credentials) {
    digest_ = std::make_unique<DigestClient>(*options.credentials, user_agent.random());
  }
  calling_->options = std::make_unique<CallerOptions>(std::move(options));
  user_agent_.add(*this);
}

InviteSession::InviteSession(UserAgent& user_agent, ServerTransaction& transaction, const Message& invite, std::string contact_user,
                             InviteSessionObserver& observer)
    : user_agent_(user_agent),
      observer_(&observer),
      dialog_(Dialog::answering(invite, transaction.to_tag())),
      contact_user_(std::move(contact_user)),
      policy_(user_agent.session_policy()),
      role_(Role::Answerer),
      state_(State::Incoming),
      offer_answer_(invite.body().empty() ? OfferAnswer::None : OfferAnswer::OfferedThere),
      invite_cseq_(invite.cseq().number),
      invite_transaction_(&transaction) {
  note_peer(invite);
  note_timer_proposal(invite);
  note_flow(transaction.flow());
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
  if (referring_ != nullptr) {
    referring_->accepted = false;
  }
}

bool InviteSession::idle() const noexcept {
  const bool forks_ended =
      calling_ == nullptr || std::all_of(calling_->forks.begin(), calling_->forks.end(), [](const Fork& fork) { return fork.bye == nullptr; });
  const bool referred = referring_ == nullptr || (referring_->notify == nullptr && !referring_->subscribed && !referring_->accepted);
  return state_ == State::Ended && bye_ == nullptr && forks_ended && referred;
}

void InviteSession::settle() {
  if (idle()) {
    user_agent_.remove(*this);
  }
  user_agent_.on_settled(*this);
}

Flow InviteSession::flow() const noexcept { return calling_ != nullptr && calling_->invite.request != nullptr ? calling_->invite.request->flow() : Flow{}; }

DialogName InviteSession::name_at_peer() const { return {dialog_.call_id, dialog_.remote_tag, dialog_.local_tag, DialogName::Stage::Any}; }

void InviteSession::end(int status, std::optional<Reason> cause) {
  switch (state_) {
    case State::Idle: finish({.by = SessionEnd::Party::Local, .status = 487, .reason = "Request Terminated", .cause = std::move(cause)}); return;
    case State::Inviting: {
      end_requested_ = true;
      std::string lines;
      if (cause) {
        append_header(lines, "Reason", cause->to_string());
        cause_ = std::make_unique<Reason>(std::move(*cause));
      }
      calling_->invite.request->cancel(lines);
      return;
    }
    case State::Incoming: {
      std::string lines;
      if (cause) {
        append_header(lines, "Reason", cause->to_string());
        cause_ = std::make_unique<Reason>(std::move(*cause));
      }
      static_cast<void>(reject(status, {}, lines));
      return;
    }
    case State::Accepted:
      if (role_ == Role::Answerer) {
        // RFC 3261 §15: the answerer may not send BYE before the ACK has come or can come no more.
        end_requested_ = true;
        cause_ = cause ? std::make_unique<Reason>(std::move(*cause)) : nullptr;
        return;
      }
      acknowledge(calling_->invite, {});
      [[fallthrough]];
    case State::Confirmed: send_bye(std::move(cause)); return;
    case State::Ended: return;
  }
}

void InviteSession::finish(SessionEnd end) {
  if (state_ == State::Ended) {
    return;
  }
  state_ = State::Ended;
  std::string().swap(description_);
  if (!end.cause && cause_ != nullptr) {
    end.cause = std::move(*cause_);
  }
  if (renegotiation_ != nullptr) {
    renegotiation_->retry.cancel();
  }
  if (updating_ != nullptr) {
    updating_->retry.cancel();
    if (ServerTransaction* const offered = updating_->release()) {
      offered->respond({.status = 487});
    }
  }
  if (contents_ != nullptr) {
    // RFC 3261 §15.1.2: what is still pending ends with the dialog.
    for (const auto& awaited : contents_->awaited) {
      awaited->answer(487);
    }
  }
  answering_.reset();
  reliability_.reset();
  timing_.reset();
  if (invite_transaction_ != nullptr) {
    if (!invite_transaction_->answered()) {
      invite_transaction_->respond({.status = 487});
    }
    invite_transaction_->detach();
    invite_transaction_ = nullptr;
  }
  if (refer_pending()) {
    // The subscription outlives the call (RFC 3515 §2.4.4), but not for ever.
    referring_->timeout.start(user_agent_.transactions().settings().timers.timeout());
  }
  observer_->on_ended(*this, end);
  settle();
}

void InviteSession::on_response(ClientRequest& request, const Message& response) {
  const int status = response.status();
  if (calling_ != nullptr && &request == calling_->invite.request.get()) {
    on_invite_response(response);
  } else if (renegotiation_ != nullptr && &request == renegotiation_->sent.request.get()) {
    on_reinvite_response(response);
  } else if (repeat_ack(request, response) || status < 200) {
    return;
  } else if (referring_ != nullptr && &request == referring_->request.get()) {
    on_refer_response(status, response.reason(), &response);
  } else if (updating_ != nullptr && &request == updating_->request.get()) {
    on_update_response(status, response.reason(), &response);
  } else {
    on_failure(request, status, response.reason());
  }
}

void InviteSession::on_failure(ClientRequest& request, int status, std::string_view reason) {
  if (calling_ != nullptr && &request == calling_->invite.request.get()) {
    on_invite_refused(status, reason, nullptr);
  } else if (renegotiation_ != nullptr && &request == renegotiation_->sent.request.get()) {
    finish_reinvite(status, reason, nullptr);
  } else if (updating_ != nullptr && &request == updating_->request.get()) {
    on_update_response(status, reason, nullptr);
  } else if (referring_ != nullptr && &request == referring_->request.get()) {
    on_refer_response(status, reason, nullptr);
  } else if (referring_ != nullptr && &request == referring_->notify.get()) {
    on_notify_result(status);
  } else if (&request == bye_.get()) {
    bye_.reset();
    settle();
  } else if (on_prack_result(request, status) || on_content_response(request, status) || calling_ == nullptr) {
    return;
  } else {
    const auto fork = std::find_if(calling_->forks.begin(), calling_->forks.end(), [&request](const Fork& other) { return other.bye.get() == &request; });
    if (fork != calling_->forks.end()) {
      fork->bye.reset();
      settle();
    }
  }
}

std::unique_ptr<ClientRequest> InviteSession::make_request(OutgoingRequest request) {
  ClientRequest::User& user = *this;
  return std::make_unique<ClientRequest>(user_agent_, std::move(request), dialog_.local_cseq, digest_.get(), user);
}

OutgoingRequest InviteSession::in_dialog(Method method) const {
  OutgoingRequest request = dialog_.request(method);
  if (flow_ != nullptr) {
    request.flow = *flow_;
  }
  return request;
}

void InviteSession::note_flow(const Flow& flow) {
  // A browser's Contact is a name that cannot be looked up (RFC 7118 §5), a GRUU (RFC 5627) names a registrar, which may be this exchange, and whoever
  // came by a stream may be reached by no other way.
  const auto target = UriView::parse(dialog_.remote_target);
  constexpr std::string_view kNowhere = ".invalid";
  const bool nowhere =
      target && target->host.size() >= kNowhere.size() && equals_ignoring_case(target->host.substr(target->host.size() - kNowhere.size()), kNowhere);
  const bool indirect = target && dialog_.route_set.empty() && (nowhere || target->has_parameter("gr"));
  if (is_reliable(flow.transport) || indirect) {
    flow_ = std::make_unique<Flow>(flow);
  } else {
    flow_.reset();
  }
}

std::string InviteSession::contact_lines(const Flow& flow) const {
  std::string lines;
  lines.reserve(384);
  lines += "Contact: ";
  user_agent_.append_contact(lines, flow, contact_user_);
  lines += "\r\n";
  append_capabilities(lines, policy_);
  return lines;
}

void InviteSession::send_bye(std::optional<Reason> cause) {
  if (!cause && cause_ != nullptr) {
    cause = std::move(*cause_);
  }
  OutgoingRequest request = in_dialog(Method::Bye);
  if (cause) {
    append_header(request.headers, "Reason", cause->to_string());
  }
  bye_ = make_request(std::move(request));
  bye_->send();
  finish({.by = SessionEnd::Party::Local, .status = 200, .reason = "OK", .cause = std::move(cause)});
}

}  // namespace callwright::sip
