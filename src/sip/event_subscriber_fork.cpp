#include "sip/event_subscriber_fork.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

constexpr std::chrono::hours kLongestExpires{24 * 7};
constexpr std::chrono::seconds kRetry{30};

}  // namespace

Subscriber::Fork::Fork(Subscriber& owner, const Message& notify)
    : owner_(owner),
      dialog_(Dialog::answering(notify, owner.dialog_.local_tag)),
      refresh_(owner.user_agent_.timers(), base::Callback::to<&Fork::on_refresh_time>(*this)) {
  dialog_.local = owner.dialog_.local;
  dialog_.local_cseq = owner.dialog_.local_cseq;
  dialog_.remote_cseq = 0;
  last_until(owner.options_.expires);
}

int Subscriber::Fork::check(const Message& notify) const {
  if (dialog_.remote_cseq != 0 && notify.cseq().number <= dialog_.remote_cseq) {
    return 500;
  }
  return SubscriptionState::of(notify) ? 200 : 400;
}

void Subscriber::Fork::take(const Message& notify, const SubscriptionState& state) {
  dialog_.remote_cseq = notify.cseq().number;
  dialog_.refresh_target(notify);
  if (state.expires && state.kind != SubscriptionState::Kind::Terminated) {
    last_until(*state.expires);
  }
}

void Subscriber::Fork::send(std::chrono::seconds expires) {
  refresh_.cancel();
  ClientRequest::User& user = *this;
  request_ = owner_.make_subscribe(dialog_, expires, user);
  request_->send();
}

void Subscriber::Fork::on_response(ClientRequest& /*request*/, const Message& response) {
  if (response.status() >= 300) {
    on_refused(response.status());
  } else if (response.status() >= 200) {
    request_.reset();
    last_until(std::chrono::seconds(parse_number(response.header(Header::Expires).value_or(std::string_view{})).value_or(owner_.options_.expires.count())));
  }
}

void Subscriber::Fork::on_failure(ClientRequest& /*request*/, int status, std::string_view /*reason*/) { on_refused(status); }

void Subscriber::Fork::on_refused(int status) {
  request_.reset();
  const base::TimePoint now = owner_.user_agent_.timers().clock().now();
  if (ends_subscription(status) || now >= expires_at_) {
    owner_.drop_fork(*this);
    return;
  }
  refresh_.start(std::min<base::Duration>(kRetry, expires_at_ - now));
}

void Subscriber::Fork::on_refresh_time() {
  if (owner_.user_agent_.timers().clock().now() >= expires_at_) {
    owner_.drop_fork(*this);
  } else {
    send(owner_.options_.expires);
  }
}

void Subscriber::Fork::last_until(std::chrono::seconds expires) {
  expires = std::clamp<std::chrono::seconds>(expires, std::chrono::seconds(1), kLongestExpires);
  expires_at_ = owner_.user_agent_.timers().clock().now() + expires;
  refresh_.start(std::max<base::Duration>(expires - std::min(std::chrono::seconds(32), expires / 2), std::chrono::seconds(1)));
}

}  // namespace callwright::sip
