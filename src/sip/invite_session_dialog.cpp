// Requests inside the dialog other than INVITE and ACK: BYE, REFER and NOTIFY (RFC 3515), OPTIONS, INFO.
#include "sip/invite_session.hpp"
#include "sip/user_agent.hpp"

#include <utility>

namespace callwright::sip {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr int kMaxNotifyAttempts = 3;
constexpr std::size_t kMaxNotifies = 8;
constexpr std::string_view kSipFrag = "message/sipfrag;version=2.0";

/// "SIP/2.0 180 Ringing" → "180 Ringing"; "" when the body is no status line.
std::string_view status_line_of(std::string_view sipfrag) {
  std::string_view line = sipfrag.substr(0, sipfrag.find_first_of("\r\n"));
  constexpr std::string_view kVersion = "SIP/2.0 ";
  return line.starts_with(kVersion) ? line.substr(kVersion.size()) : std::string_view{};
}

}  // namespace

void InviteSession::on_request(ServerTransaction& transaction, const Message& request) {
  if (dialog_.remote_tag.empty()) {
    // A request that overtook the 2xx which makes the dialog: let the peer repeat it.
    transaction.respond({.status = 500, .headers = "Retry-After: 1\r\n"});
    return;
  }
  if (dialog_.remote_cseq != 0 && request.cseq().number <= dialog_.remote_cseq) {
    transaction.respond({.status = 500, .reason = "CSeq out of order"});
    return;
  }
  dialog_.remote_cseq = request.cseq().number;
  switch (request.method()) {
    case Method::Invite: receive_reinvite(transaction, request); return;
    case Method::Bye: receive_bye(transaction); return;
    case Method::Refer: receive_refer(transaction, request); return;
    case Method::Notify: receive_notify(transaction, request); return;
    default: receive_other(transaction, request); return;
  }
}

void InviteSession::receive_bye(ServerTransaction& transaction) {
  transaction.respond({.status = 200});
  finish({.by = SessionEnd::Party::Remote, .status = 200, .reason = "OK"});
}

void InviteSession::receive_other(ServerTransaction& transaction, const Message& request) {
  if (state_ == State::Ended) {
    transaction.respond({.status = 481});
  } else if (request.method() == Method::Options || request.method() == Method::Info) {
    transaction.respond({.status = 200, .headers = UserAgent::kCapabilities});
  } else {
    transaction.respond({.status = 405, .headers = UserAgent::kCapabilities});
  }
}

Result<void> InviteSession::refer(std::string_view refer_to, std::string_view referred_by) {
  if (state_ != State::Confirmed || refer_ != nullptr) {
    return Error(Errc::WrongState, "REFER needs a confirmed dialog with no other REFER under way");
  }
  OutgoingRequest request = dialog_.request(Method::Refer);
  request.contact_user = contact_user_;
  request.headers = "Refer-To: <" + std::string(refer_to) + ">\r\n";
  if (!referred_by.empty()) {
    request.headers += "Referred-By: <" + std::string(referred_by) + ">\r\n";
  }
  refer_subscribed_ = true;
  refer_ = send_in_dialog(std::move(request));
  refer_->send();
  return base::ok();
}

void InviteSession::on_refer_response(int status, std::string_view reason) {
  const std::string text(reason);
  refer_.reset();
  if (status >= 300) {
    refer_subscribed_ = false;
    refer_timeout_.cancel();
  }
  observer_->on_refer_result(*this, status, text);
  if (state_ == State::Ended) {
    settle();
  }
}

void InviteSession::on_refer_silence() {
  refer_subscribed_ = false;
  refer_.reset();
  observer_->on_refer_progress(*this, {}, true);
  settle();
}

void InviteSession::receive_notify(ServerTransaction& transaction, const Message& request) {
  const auto event = TokenWithParameters::parse(request.header(Header::Event).value_or(std::string_view{}));
  if (!equals_ignoring_case(event.token, "refer")) {
    transaction.respond({.status = 489, .headers = "Allow-Events: refer\r\n"});
    return;
  }
  if (!refer_subscribed_) {
    transaction.respond({.status = 481});
    return;
  }
  transaction.respond({.status = 200});
  if (refer_ != nullptr) {
    // It overtook the response to the REFER, which it implies (RFC 6665 §4.1.2.4).
    on_refer_response(202, reason_phrase(202));
  }
  const auto subscription = TokenWithParameters::parse(request.header(Header::SubscriptionState).value_or(std::string_view{}));
  const std::string_view line = status_line_of(request.body());
  // Some phones leave the subscription active after the final status; nothing follows all the same.
  const bool last = equals_ignoring_case(subscription.token, "terminated") || (!line.empty() && line.front() >= '2');
  if (last) {
    refer_subscribed_ = false;
    refer_timeout_.cancel();
  }
  if (!line.empty() || last) {
    observer_->on_refer_progress(*this, line, last);
  }
  if (state_ == State::Ended) {
    settle();
  }
}

void InviteSession::receive_refer(ServerTransaction& transaction, const Message& request) {
  const auto refer_to = NameAddr::parse(request.header(Header::ReferTo).value_or(std::string_view{}));
  if (state_ == State::Ended) {
    transaction.respond({.status = 481});
    return;
  }
  if (!refer_to) {
    transaction.respond({.status = 400, .reason = "Bad Refer-To"});
    return;
  }
  if (refer_accepted_) {
    transaction.respond({.status = 491});
    return;
  }
  std::string_view by;
  const auto referred_by = NameAddr::parse(request.header(Header::ReferredBy).value_or(std::string_view{}));
  if (referred_by) {
    by = referred_by->uri;
  }
  refer_transaction_ = &transaction;
  observer_->on_refer(*this, refer_to->uri, by);
  if (refer_transaction_ != nullptr) {
    static_cast<void>(reject_refer(603));
  }
}

Result<void> InviteSession::accept_refer() {
  if (refer_transaction_ == nullptr) {
    return Error(Errc::WrongState, "a REFER is accepted from within on_refer");
  }
  ServerTransaction& transaction = *std::exchange(refer_transaction_, nullptr);
  const std::string lines = contact_lines(transaction.flow());
  transaction.respond({.status = 202, .headers = lines});
  refer_accepted_ = true;
  return notify_refer(100, "Trying");
}

Result<void> InviteSession::reject_refer(int status) {
  if (refer_transaction_ == nullptr) {
    return Error(Errc::WrongState, "a REFER is refused from within on_refer");
  }
  std::exchange(refer_transaction_, nullptr)->respond({.status = status});
  return base::ok();
}

Result<void> InviteSession::notify_refer(int status, std::string_view reason) {
  if (!refer_accepted_) {
    return Error(Errc::WrongState, "there is no REFER whose sender could be notified");
  }
  std::string line = std::to_string(status) + " ";
  line += reason.empty() ? reason_phrase(status) : reason;
  if (notifies_.size() >= kMaxNotifies && notifies_.back().kind == Notification::Kind::Progress) {
    // Nobody misses a 180 that a later status overtakes.
    notifies_.pop_back();
  }
  notifies_.push_back({std::move(line), status >= 200 ? Notification::Kind::Last : Notification::Kind::Progress});
  if (status >= 200) {
    refer_accepted_ = false;
  }
  send_next_notify();
  return base::ok();
}

void InviteSession::on_notify_result(int status) {
  notify_.reset();
  // 500: another request of ours, sent later, overtook it, so that its CSeq number came too late. With a new number it is welcome.
  const bool again = status == 500 && ++notify_attempts_ < kMaxNotifyAttempts;
  if (!again) {
    notifies_.pop_front();
    notify_attempts_ = 0;
  }
  if (status >= 300 && status != 500) {
    // 481 and the like: the peer wants no more of them (RFC 6665 §4.2.2).
    notifies_.clear();
    refer_accepted_ = false;
  }
  send_next_notify();
}

void InviteSession::send_next_notify() {
  if (notify_ != nullptr) {
    return;
  }
  if (notifies_.empty()) {
    if (state_ == State::Ended) {
      settle();
    }
    return;
  }
  const Notification& next = notifies_.front();
  OutgoingRequest request = dialog_.request(Method::Notify);
  request.contact_user = contact_user_;
  request.headers = "Event: refer\r\nSubscription-State: ";
  request.headers += next.kind == Notification::Kind::Last ? "terminated;reason=noresource\r\n" : "active;expires=60\r\n";
  request.content_type = kSipFrag;
  request.body = "SIP/2.0 " + next.status_line + "\r\n";
  notify_ = send_in_dialog(std::move(request));
  notify_->send();
}

}  // namespace callwright::sip
