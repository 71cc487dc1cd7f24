#include "sip/incoming_subscription.hpp"

#include "sip/session_fields.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::size_t kMaxWaiting = 64;
constexpr std::chrono::seconds kUsual{3600};

Error over() { return {Errc::WrongState, "the subscription is over"}; }

}  // namespace

IncomingSubscription::IncomingSubscription(UserAgent& user_agent, ServerTransaction& transaction, const Message& subscribe, Options options, Observer& observer)
    : user_agent_(user_agent),
      options_(std::move(options)),
      observer_(observer),
      package_(EventType::of(subscribe).value_or(EventType{}).package),
      id_(EventType::of(subscribe).value_or(EventType{}).id),
      dialog_(Dialog::answering(subscribe, transaction.to_tag())),
      expiry_(user_agent.timers(), base::Callback::to<&IncomingSubscription::on_expiry>(*this)),
      current_(options_.first) {
  if (options_.credentials) {
    digest_.emplace(*options_.credentials, user_agent.random());
  }
  user_agent_.add_usage(dialog_.call_id, dialog_.local_tag, *this);
}

IncomingSubscription::~IncomingSubscription() { user_agent_.remove_usage(dialog_.call_id, dialog_.local_tag, *this); }

void IncomingSubscription::accept(ServerTransaction& transaction, const Message& subscribe) {
  const auto asked = parse_number(subscribe.header(Header::Expires).value_or(std::string_view{}));
  granted_ = std::min(asked ? std::chrono::seconds(*asked) : kUsual, options_.longest);
  flow_ = way_back(dialog_, transaction.flow());
  expires_at_ = user_agent_.timers().clock().now() + granted_;
  std::string lines = "Contact: " + user_agent_.contact(transaction.flow(), options_.contact_user) + "\r\n";
  append_header(lines, "Expires", std::to_string(granted_.count()));
  transaction.respond({.status = 200, .headers = lines});
  if (granted_.count() == 0) {
    // It wants to know the state once, or no more (RFC 6665 §4.4.3, §4.1.2.3).
    end(End::By::Subscriber, SubscriptionState::Reason::Timeout, {});
    return;
  }
  expiry_.start(granted_);
  waiting_.push_back({current_, std::nullopt});
  waiting_.back().notification.reference = 0;
  send_next();
}

void IncomingSubscription::on_request(ServerTransaction& transaction, const Message& request) {
  if (request.from().tag() != dialog_.remote_tag || ending_ || over_) {
    transaction.respond({.status = 481});
    return;
  }
  if (request.cseq().number <= dialog_.remote_cseq) {
    transaction.respond({.status = 500, .reason = "CSeq out of order", .headers = "Retry-After: 0\r\n"});
    return;
  }
  dialog_.remote_cseq = request.cseq().number;
  if (request.method() != Method::Subscribe) {
    transaction.respond({.status = 405, .headers = "Allow: SUBSCRIBE\r\n"});
    return;
  }
  const auto event = EventType::of(request);
  if (!event || !event->matches({package_, id_})) {
    // One subscription a dialog (RFC 6665 §4.5.2).
    transaction.respond({.status = 481, .reason = "Another Event"});
    return;
  }
  dialog_.refresh_target(request);
  accept(transaction, request);
  if (granted_.count() != 0) {
    observer_.on_refreshed(*this);
  }
}

Result<void> IncomingSubscription::notify(Notification notification) {
  if (ending_ || over_) {
    return over();
  }
  if (waiting_.size() >= kMaxWaiting) {
    return Error(Errc::LimitReached, "too many NOTIFYs wait for the answers to those before them; wait for these");
  }
  current_ = notification;
  waiting_.push_back({std::move(notification), std::nullopt});
  send_next();
  return base::ok();
}

Result<void> IncomingSubscription::terminate(SubscriptionState::Reason reason, std::optional<std::chrono::seconds> retry_after) {
  if (ending_ || over_) {
    return over();
  }
  end(End::By::Owner, reason, retry_after);
  return base::ok();
}

void IncomingSubscription::end(End::By by, SubscriptionState::Reason reason, std::optional<std::chrono::seconds> retry_after) {
  expiry_.cancel();
  ending_ = End{.by = by, .status = 0};
  current_.state = SubscriptionState::Kind::Terminated;
  current_.reference = 0;
  waiting_.push_back({current_, SubscriptionState{.kind = SubscriptionState::Kind::Terminated, .reason = reason, .expires = {}, .retry_after = retry_after}});
  send_next();
}

void IncomingSubscription::send_next() {
  if (request_ != nullptr || waiting_.empty()) {
    return;
  }
  const auto& [notification, last] = waiting_.front();
  const auto left = std::chrono::ceil<std::chrono::seconds>(expires_at_ - user_agent_.timers().clock().now());
  const SubscriptionState state =
      last ? *last : SubscriptionState{.kind = notification.state, .expires = std::max(left, std::chrono::seconds(0)), .retry_after = {}};
  OutgoingRequest request = dialog_.request(Method::Notify);
  request.flow = flow_;
  request.contact_user = options_.contact_user;
  append_header(request.headers, "Event", id_.empty() ? package_ : package_ + ";id=" + id_);
  append_header(request.headers, "Subscription-State", state.to_string());
  request.headers += notification.headers;
  request.body = notification.body;
  if (!request.body.empty()) {
    request.content_type = notification.content_type;
  }
  ClientRequest::User& user = *this;
  request_ = std::make_unique<ClientRequest>(user_agent_, std::move(request), dialog_.local_cseq, digest_ ? &*digest_ : nullptr, user);
  request_->send();
}

void IncomingSubscription::on_response(ClientRequest& /*request*/, const Message& response) {
  if (response.status() >= 200) {
    on_answer(response.status(), response.reason(), response.has(Header::RetryAfter));
  }
}

void IncomingSubscription::on_failure(ClientRequest& /*request*/, int status, std::string_view reason) { on_answer(status, reason, false); }

void IncomingSubscription::on_answer(int status, std::string_view reason, bool again_later) {
  const std::uint64_t reference = waiting_.front().notification.reference;
  const bool last = waiting_.front().last.has_value();
  const std::string phrase(reason);
  waiting_.pop_front();
  request_.reset();
  if (reference != 0) {
    observer_.on_answered(*this, reference, status, phrase);
  }
  // RFC 6665 §4.2.2: whoever refuses a NOTIFY is subscribed no more, unless he asks for it again later.
  if (last) {
    finish(*ending_);
  } else if (status >= 300 && (status == 481 || !again_later)) {
    finish({.by = End::By::Refusal, .status = status});
  } else {
    send_next();
  }
}

void IncomingSubscription::finish(const End& end) {
  const End how = end;
  over_ = true;
  expiry_.cancel();
  user_agent_.remove_usage(dialog_.call_id, dialog_.local_tag, *this);
  for (const Waiting& never_sent : std::exchange(waiting_, {})) {
    if (never_sent.notification.reference != 0) {
      observer_.on_answered(*this, never_sent.notification.reference, 481, "the subscription is over");
    }
  }
  observer_.on_ended(*this, how);
}

}  // namespace callwright::sip
