// REFER and its NOTIFYs, both ways (RFC 3515), with and without a subscription (RFC 4488).
#include "sip/invite_session_parts.hpp"

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

bool refuses_subscription(const Message& message) {
  const auto value = message.header(Header::ReferSub);
  return value && equals_ignoring_case(TokenWithParameters::parse(*value).token, "false");
}

}  // namespace

bool InviteSession::refer_pending() const noexcept { return referring_ != nullptr && referring_->subscribed; }

InviteSession::Referring& InviteSession::referring() {
  if (referring_ == nullptr) {
    referring_ = std::make_unique<Referring>(*this);
  }
  return *referring_;
}

Result<void> InviteSession::refer(std::string_view refer_to, std::string_view referred_by, IncomingRefer::Subscription subscription) {
  if (state_ != State::Confirmed || (referring_ != nullptr && referring_->request != nullptr)) {
    return wrong_state("REFER needs a confirmed dialog with no other REFER under way");
  }
  OutgoingRequest request = in_dialog(Method::Refer);
  request.contact_user = contact_user_;
  request.headers = "Refer-To: <" + std::string(refer_to) + ">\r\n";
  if (!referred_by.empty()) {
    request.headers += "Referred-By: <" + std::string(referred_by) + ">\r\n";
  }
  if (subscription == IncomingRefer::Subscription::Unwanted) {
    request.headers += "Refer-Sub: false\r\n";
    append_capabilities(request.headers, policy_);
  }
  Referring& referring = this->referring();
  referring.subscribed = true;
  referring.wanted = subscription;
  referring.before = dialog_.local_cseq;
  referring.request = make_request(std::move(request));
  referring.request->send();
  return base::ok();
}

void InviteSession::on_refer_response(int status, std::string_view reason, const Message* response) {
  const std::string text(reason);
  const std::unique_ptr<ClientRequest> answered = std::move(referring_->request);
  const bool agreed_to_none = referring_->wanted == IncomingRefer::Subscription::Unwanted && response != nullptr && refuses_subscription(*response);
  if (status >= 300 || agreed_to_none) {
    referring_->subscribed = false;
    referring_->timeout.cancel();
  }
  observer_->on_refer_result(*this, status, text);
  if (state_ == State::Ended) {
    settle();
  }
}

void InviteSession::on_refer_silence() {
  referring_->subscribed = false;
  referring_->request.reset();
  observer_->on_refer_progress(*this, {}, true);
  settle();
}

void InviteSession::receive_notify(ServerTransaction& transaction, const Message& request) {
  const auto event = TokenWithParameters::parse(request.header(Header::Event).value_or(std::string_view{}));
  if (!equals_ignoring_case(event.token, "refer")) {
    transaction.respond({.status = 489, .headers = "Allow-Events: refer\r\n"});
    return;
  }
  if (!refer_pending()) {
    transaction.respond({.status = 481});
    return;
  }
  transaction.respond({.status = 200});
  // RFC 3515 §2.4.6: where there was more than one REFER, the id is the CSeq number of that to which it belongs. One that is over may have news still.
  const auto id = parse_number(event.parameters.find("id").value_or(std::string_view{}));
  if (id && *id <= referring_->before) {
    return;
  }
  if (referring_->request != nullptr) {
    // It overtook the response to the REFER, which it implies (RFC 6665 §4.1.2.4).
    on_refer_response(202, reason_phrase(202), nullptr);
  }
  const auto subscription = TokenWithParameters::parse(request.header(Header::SubscriptionState).value_or(std::string_view{}));
  const std::string_view line = status_line_of(request.body());
  // Some phones leave the subscription active after the final status; nothing follows all the same.
  const bool last = equals_ignoring_case(subscription.token, "terminated") || (!line.empty() && line.front() >= '2');
  if (last) {
    referring_->subscribed = false;
    referring_->timeout.cancel();
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
  Referring& referring = this->referring();
  const bool first = referring.received++ == 0;
  if (!refer_to || refer_to->wildcard) {
    transaction.respond({.status = 400, .reason = "Bad Refer-To"});
    return;
  }
  if (referring.accepted) {
    transaction.respond({.status = 491});
    return;
  }
  IncomingRefer refer;
  refer.refer_to = refer_to->uri;
  refer.target = refer_to->uri.substr(0, refer_to->uri.find('?'));
  if (const auto uri = UriView::parse(refer_to->uri)) {
    if (const auto replaces = uri->header("Replaces")) {
      refer.replaces = DialogName::parse(unescape(*replaces));
      if (!refer.replaces) {
        transaction.respond({.status = 400, .reason = "Bad Replaces in Refer-To"});
        return;
      }
    }
  }
  if (const auto referred_by = NameAddr::parse(request.header(Header::ReferredBy).value_or(std::string_view{}))) {
    refer.referred_by = referred_by->uri;
  }
  refer.subscription = refuses_subscription(request) ? IncomingRefer::Subscription::Unwanted : IncomingRefer::Subscription::Wanted;
  referring.incoming = refer.subscription;
  referring.accepted_number = first ? 0 : request.cseq().number;
  referring.transaction = &transaction;
  observer_->on_refer(*this, refer);
  if (referring.transaction != nullptr) {
    static_cast<void>(reject_refer(603));
  }
}

Result<void> InviteSession::accept_refer() {
  if (referring_ == nullptr || referring_->transaction == nullptr) {
    return wrong_state("a REFER is accepted from within on_refer");
  }
  ServerTransaction& transaction = *std::exchange(referring_->transaction, nullptr);
  std::string lines = contact_lines(transaction.flow());
  if (referring_->incoming == IncomingRefer::Subscription::Unwanted) {
    lines += "Refer-Sub: false\r\n";
    transaction.respond({.status = 202, .headers = lines});
    return base::ok();
  }
  transaction.respond({.status = 202, .headers = lines});
  referring_->accepted = true;
  return notify_refer(100, "Trying");
}

Result<void> InviteSession::reject_refer(int status) {
  if (referring_ == nullptr || referring_->transaction == nullptr) {
    return wrong_state("a REFER is refused from within on_refer");
  }
  std::exchange(referring_->transaction, nullptr)->respond({.status = status});
  return base::ok();
}

Result<void> InviteSession::notify_refer(int status, std::string_view reason) {
  if (referring_ == nullptr || !referring_->accepted) {
    return wrong_state("there is no REFER whose sender could be notified");
  }
  std::string line = std::to_string(status) + " ";
  line += reason.empty() ? reason_phrase(status) : reason;
  using Notification = Referring::Notification;
  std::deque<Notification>& notifies = referring_->notifies;
  if (notifies.size() >= kMaxNotifies && notifies.back().kind == Notification::Kind::Progress) {
    // Nobody misses a 180 that a later status overtakes.
    notifies.pop_back();
  }
  notifies.push_back({std::move(line), status >= 200 ? Notification::Kind::Last : Notification::Kind::Progress, referring_->accepted_number});
  if (status >= 200) {
    referring_->accepted = false;
  }
  send_next_notify();
  return base::ok();
}

void InviteSession::on_notify_result(int status) {
  referring_->notify.reset();
  // 500: another request of ours, sent later, overtook it, so that its CSeq number came too late. With a new number it is welcome.
  const bool again = status == 500 && ++referring_->notify_attempts < kMaxNotifyAttempts;
  if (!again) {
    referring_->notifies.pop_front();
    referring_->notify_attempts = 0;
  }
  if (status >= 300 && status != 500) {
    // 481 and the like: the peer wants no more of them (RFC 6665 §4.2.2).
    referring_->notifies.clear();
    referring_->accepted = false;
  }
  send_next_notify();
}

void InviteSession::send_next_notify() {
  Referring& referring = *referring_;
  if (referring.notify != nullptr) {
    return;
  }
  if (referring.notifies.empty()) {
    if (state_ == State::Ended) {
      settle();
    }
    return;
  }
  const Referring::Notification& next = referring.notifies.front();
  OutgoingRequest request = in_dialog(Method::Notify);
  request.contact_user = contact_user_;
  request.headers = "Event: refer";
  if (next.refer != 0) {
    request.headers += ";id=" + std::to_string(next.refer);  // RFC 3515 §2.4.6
  }
  request.headers += "\r\nSubscription-State: ";
  request.headers += next.kind == Referring::Notification::Kind::Last ? "terminated;reason=noresource\r\n" : "active;expires=60\r\n";
  request.content_type = kSipFrag;
  request.body = "SIP/2.0 " + next.status_line + "\r\n";
  referring.notify = make_request(std::move(request));
  referring.notify->send();
}

}  // namespace callwright::sip
