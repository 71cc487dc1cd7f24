// Requests inside the dialog: which comes in order and who gets it; BYE, OPTIONS, INFO and MESSAGE.
#include "sip/invite_session_parts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::size_t kMaxContents = 16;

/// Those that make, change or end a session or a subscription have operations of their own.
bool leaves_session_alone(Method method, std::string_view own_method) {
  switch (method) {
    case Method::Unknown: return is_method(own_method);
    case Method::Info:
    case Method::Message:
    case Method::Options:
    case Method::Notify:
    case Method::Publish:
    case Method::Register:
    case Method::Update: return true;
    default: return false;
  }
}

}  // namespace

void InviteSession::on_request(ServerTransaction& transaction, const Message& request) {
  EarlyDialog* const early = dialog_.remote_tag.empty() ? early_dialog(request.from().tag()) : nullptr;
  if (dialog_.remote_tag.empty() && early == nullptr) {
    // A request that overtook the response which makes the dialog: let the peer repeat it.
    transaction.respond({.status = 500, .headers = "Retry-After: 1\r\n"});
    return;
  }
  std::uint32_t& remote_cseq = early != nullptr ? early->dialog.remote_cseq : dialog_.remote_cseq;
  if (remote_cseq != 0 && request.cseq().number <= remote_cseq) {
    // A later request overtook it; with a new number it is welcome at once.
    transaction.respond({.status = 500, .reason = "CSeq out of order", .headers = "Retry-After: 0\r\n"});
    return;
  }
  remote_cseq = request.cseq().number;
  if (early != nullptr && request.method() != Method::Update && request.method() != Method::Info && request.method() != Method::Message &&
      request.method() != Method::Options) {
    // RFC 3261 §15: the called party may not say BYE before it has answered; the others need a confirmed dialog too.
    transaction.respond({.status = 403, .reason = "Early Dialog"});
    return;
  }
  switch (request.method()) {
    case Method::Invite: receive_reinvite(transaction, request); return;
    case Method::Update: receive_update(transaction, request, early); return;
    case Method::Prack: receive_prack(transaction, request); return;
    case Method::Bye: receive_bye(transaction, request); return;
    case Method::Refer: receive_refer(transaction, request); return;
    case Method::Notify: receive_notify(transaction, request); return;
    case Method::Info:
    case Method::Message: receive_content(transaction, request); return;
    default: receive_other(transaction, request); return;
  }
}

void InviteSession::receive_bye(ServerTransaction& transaction, const Message& request) {
  transaction.respond({.status = 200});
  finish({.by = SessionEnd::Party::Remote, .status = 200, .reason = "OK", .cause = reason_of(request)});
}

void InviteSession::receive_content(ServerTransaction& transaction, const Message& request) {
  if (state_ == State::Ended) {
    transaction.respond({.status = 481});
    return;
  }
  if (request.method() == Method::Info && request.header("Info-Package")) {
    // RFC 6086 §4.2.2: no package has been offered; only INFO without one, as of RFC 2976, is understood.
    transaction.respond({.status = 469, .headers = "Recv-Info: \r\n"});
    return;
  }
  const int status = take_content(transaction, request);
  if (status != InviteSessionObserver::kAnswerLater) {
    respond_to_content(transaction, status);
  }
}

int InviteSession::take_content(ServerTransaction& transaction, const Message& request) {
  auto& awaited = contents().awaited;
  std::erase_if(awaited, [](const auto& other) { return other->transaction == nullptr; });
  if (awaited.size() >= kMaxContents) {
    return 503;
  }
  const std::uint64_t reference = user_agent_.next_reference();
  // It waits before anybody is told, since whoever is told may answer at once.
  awaited.push_back(std::make_unique<AwaitedContent>(*this, transaction, reference));
  const int status = observer_->on_content(
      *this, {.method = request.method(), .content_type = request.content_type(), .body = request.body(), .message = &request, .reference = reference});
  if (status != InviteSessionObserver::kAnswerLater) {
    std::erase_if(awaited, [reference](const auto& other) { return other->reference == reference; });
  }
  return status;
}

void InviteSession::respond_to_content(ServerTransaction& transaction, int status) const {
  std::string lines;
  append_capabilities(lines, policy_);
  if (status == 415) {
    lines += "Accept: application/sdp\r\n";
  }
  transaction.respond({.status = status, .headers = lines});
}

InviteSession::Contents& InviteSession::contents() {
  if (contents_ == nullptr) {
    contents_ = std::make_unique<Contents>();
  }
  return *contents_;
}

InviteSession::AwaitedContent::AwaitedContent(InviteSession& owner, ServerTransaction& offered, std::uint64_t number)
    : session(owner),
      transaction(&offered),
      reference(number),
      patience(owner.user_agent_.timers(), base::Callback::to<&AwaitedContent::on_patience_over>(*this)) {
  offered.attach(*this);
  // The peer gives up after 64*T1 (timer F).
  patience.start(owner.user_agent_.transactions().settings().timers.timeout() * 3 / 4);
}

InviteSession::AwaitedContent::~AwaitedContent() {
  if (transaction != nullptr) {
    transaction->detach();
  }
}

void InviteSession::AwaitedContent::answer(int status) {
  patience.cancel();
  if (ServerTransaction* const waiting = std::exchange(transaction, nullptr)) {
    waiting->detach();
    session.respond_to_content(*waiting, status);
  }
}

void InviteSession::AwaitedContent::on_patience_over() {
  // Not 408, which would be no answer: RFC 4320 §4.2.
  answer(504);
}

Result<void> InviteSession::answer_content(std::uint64_t reference, int status) {
  if (contents_ != nullptr && status >= 200 && status <= 699) {
    for (const auto& awaited : contents_->awaited) {
      if (awaited->reference == reference && awaited->transaction != nullptr) {
        awaited->answer(status);
        return base::ok();
      }
    }
  }
  return wrong_state("no INFO or MESSAGE of the peer waits for this answer");
}

void InviteSession::receive_other(ServerTransaction& transaction, const Message& request) {
  if (state_ == State::Ended) {
    transaction.respond({.status = 481});
    return;
  }
  std::string lines;
  append_capabilities(lines, policy_);
  if (request.method() == Method::Options) {
    // RFC 3261 §11.2: as an INVITE would be answered.
    lines += "Accept: application/sdp\r\n";
    transaction.respond({.status = 200, .headers = lines});
  } else {
    transaction.respond({.status = 405, .headers = lines});
  }
}

Result<void> InviteSession::send_content(Method method, std::string_view content_type, std::string_view body, std::uint64_t reference, std::string_view headers,
                                         std::string_view own_method) {
  const bool in_call = state_ == State::Confirmed || (state_ == State::Accepted && role_ == Role::Answerer) || state_ == State::Incoming;
  if (!in_call || !leaves_session_alone(method, own_method)) {
    return wrong_state("INFO, MESSAGE and the like need a dialog, and leave the session as it is");
  }
  auto& requests = contents().requests;
  if (requests.size() >= kMaxContents) {
    return Error(Errc::LimitReached, "too many requests in the call wait for their answers; send fewer");
  }
  OutgoingRequest request = in_dialog(method);
  request.own_method = own_method;
  if ((method == Method::Update || method == Method::Notify) && headers.find("Contact:") == std::string_view::npos) {
    request.contact_user = contact_user_;
  }
  request.headers += headers;
  request.content_type = content_type;
  request.body = body;
  requests.push_back({make_request(std::move(request)), reference});
  requests.back().request->send();
  return base::ok();
}

bool InviteSession::on_content_response(const ClientRequest& request, int status) {
  if (contents_ == nullptr) {
    return false;
  }
  auto& requests = contents_->requests;
  const auto found = std::find_if(requests.begin(), requests.end(), [&request](const auto& other) { return other.request.get() == &request; });
  if (found == requests.end()) {
    return false;
  }
  const Method method = request.request().method;
  const std::uint64_t reference = found->reference;
  requests.erase(found);
  if (state_ != State::Ended) {
    observer_->on_content_result(*this, method, status, reference);
    if ((status == 408 || status == 481) && state_ == State::Confirmed) {
      // RFC 3261 §12.2.1.2: the dialog is gone at the other end.
      send_bye();
    }
  }
  return true;
}

}  // namespace callwright::sip
