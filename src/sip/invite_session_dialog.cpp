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
  const int status =
      observer_->on_content(*this, {.method = request.method(), .content_type = request.content_type(), .body = request.body(), .message = &request});
  std::string lines;
  append_capabilities(lines, policy_);
  if (status == 415) {
    lines += "Accept: application/sdp\r\n";
  }
  transaction.respond({.status = status, .headers = lines});
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

Result<void> InviteSession::send_content(Method method, std::string_view content_type, std::string_view body, std::string_view headers) {
  const bool in_call = state_ == State::Confirmed || (state_ == State::Accepted && role_ == Role::Answerer) || state_ == State::Incoming;
  if (!in_call || (method != Method::Info && method != Method::Message)) {
    return wrong_state("INFO and MESSAGE need a dialog");
  }
  if (contents_ == nullptr) {
    contents_ = std::make_unique<Contents>();
  }
  if (contents_->requests.size() >= kMaxContents) {
    return Error(Errc::LimitReached, "too many INFO and MESSAGE requests wait for their answers; send fewer");
  }
  OutgoingRequest request = in_dialog(method);
  request.headers = headers;
  request.content_type = content_type;
  request.body = body;
  contents_->requests.push_back(make_request(std::move(request)));
  contents_->requests.back()->send();
  return base::ok();
}

bool InviteSession::on_content_response(const ClientRequest& request, int status) {
  if (contents_ == nullptr) {
    return false;
  }
  auto& requests = contents_->requests;
  const auto found = std::find_if(requests.begin(), requests.end(), [&request](const auto& other) { return other.get() == &request; });
  if (found == requests.end()) {
    return false;
  }
  const Method method = request.request().method;
  requests.erase(found);
  if (state_ != State::Ended) {
    observer_->on_content_result(*this, method, status);
    if ((status == 408 || status == 481) && state_ == State::Confirmed) {
      // RFC 3261 §12.2.1.2: the dialog is gone at the other end.
      send_bye();
    }
  }
  return true;
}

}  // namespace callwright::sip
