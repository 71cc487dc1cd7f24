#include "sip/event_subscriber_fork.hpp"
#include "sip/session_fields.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

using Kind = SubscriptionState::Kind;
using Cause = SubscriptionState::Reason;

/// What lasted this long was a subscription, not another failure.
constexpr std::chrono::minutes kSettled{1};
constexpr std::chrono::hours kLongestExpires{24 * 7};

/// Refusals that may be over when it is asked again later.
bool is_worth_retrying(int status) {
  return status == 408 || status == 478 || status == 480 || status == 481 || (status >= 500 && status < 600 && status != 501 && status != 505 && status != 513);
}

}  // namespace

bool ends_subscription(int status) {
  constexpr int kEnding[] = {404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604};
  return std::find(std::begin(kEnding), std::end(kEnding), status) != std::end(kEnding);
}

Subscriber::Subscriber(UserAgent& user_agent, Options options, Observer& observer)
    : user_agent_(user_agent),
      options_(std::move(options)),
      observer_(observer),
      refresh_(user_agent.timers(), base::Callback::to<&Subscriber::on_refresh_time>(*this)),
      silence_(user_agent.timers(), base::Callback::to<&Subscriber::on_silence>(*this)) {
  if (options_.credentials) {
    digest_.emplace(*options_.credentials, user_agent.random());
  }
}

Subscriber::~Subscriber() { user_agent_.remove_usage(dialog_.call_id, dialog_.local_tag, *this); }

void Subscriber::start() {
  if (state_ == State::Idle) {
    stopping_ = false;
    subscribe();
  }
}

void Subscriber::stop() {
  stopping_ = true;
  switch (state_) {
    case State::Idle:
    case State::Ending: return;
    case State::Waiting: over({.status = 200, .again_in = {}}); return;
    case State::Subscribing: return;  // Its first NOTIFY, a refusal or silence decides.
    case State::Subscribed:
      state_ = State::Ending;
      send(std::chrono::seconds(0));
      for (const auto& fork : forks_) {
        fork->send(std::chrono::seconds(0));
      }
      return;
  }
}

void Subscriber::subscribe() {
  user_agent_.remove_usage(dialog_.call_id, dialog_.local_tag, *this);
  dialog_ = {};
  websocket_.reset();
  dialog_.call_id = user_agent_.random().token(24);
  dialog_.local_tag = user_agent_.random().token(10);
  dialog_.local = options_.from;
  dialog_.remote = options_.to;
  dialog_.remote_target = options_.uri;
  dialog_.route_set = options_.routes;
  user_agent_.add_usage(dialog_.call_id, dialog_.local_tag, *this);
  state_ = State::Subscribing;
  forking_until_ = user_agent_.timers().clock().now() + user_agent_.transactions().settings().timers.timeout();
  send(options_.expires);
}

void Subscriber::send(std::chrono::seconds expires) {
  refresh_.cancel();
  ClientRequest::User& user = *this;
  request_ = make_subscribe(dialog_, expires, user);
  request_->send();
}

std::unique_ptr<ClientRequest> Subscriber::make_subscribe(Dialog& dialog, std::chrono::seconds expires, ClientRequest::User& user) {
  OutgoingRequest request = dialog.request(Method::Subscribe);
  request.flow = websocket_ ? websocket_ : options_.flow;
  request.contact_user = options_.contact_user;
  append_header(request.headers, "Event", options_.id.empty() ? options_.package : options_.package + ";id=" + options_.id);
  append_header(request.headers, "Expires", std::to_string(expires.count()));
  if (!options_.accept.empty()) {
    append_header(request.headers, "Accept", options_.accept);
  }
  append_header(request.headers, "Allow-Events", options_.package);
  return std::make_unique<ClientRequest>(user_agent_, std::move(request), dialog.local_cseq, digest_ ? &*digest_ : nullptr, user);
}

Subscriber::Fork* Subscriber::fork_of(const Message& notify) {
  const std::string_view tag = notify.from().tag();
  const auto event = EventType::of(notify);
  if (!established() || tag.empty() || tag == dialog_.remote_tag || !event || !equals_ignoring_case(event->package, options_.package) ||
      event->id != options_.id) {
    return nullptr;
  }
  const auto known = std::find_if(forks_.begin(), forks_.end(), [tag](const auto& fork) { return fork->dialog().remote_tag == tag; });
  if (known != forks_.end()) {
    return known->get();
  }
  const bool forking = state_ == State::Subscribed && !stopping_ && user_agent_.timers().clock().now() < forking_until_;
  if (!forking || forks_.size() >= options_.max_forks || !SubscriptionState::of(notify)) {
    return nullptr;
  }
  return forks_.emplace_back(std::make_unique<Fork>(*this, notify)).get();
}

void Subscriber::take_for(Fork& fork, const Message& notify) {
  const SubscriptionState state = *SubscriptionState::of(notify);
  fork.take(notify, state);
  observer_.on_notify(*this,
                      {.state = state, .content_type = notify.content_type(), .body = notify.body(), .message = &notify, .notifier = notify.from().tag()});
  if (state.kind == Kind::Terminated) {
    drop_fork(fork);
  }
}

void Subscriber::drop_fork(Fork& fork) {
  std::erase_if(forks_, [&fork](const auto& one) { return one.get() == &fork; });
}

bool Subscriber::promote_fork() {
  if (forks_.empty() || stopping_ || state_ != State::Subscribed) {
    return false;
  }
  const base::Duration left = forks_.front()->expires_at() - user_agent_.timers().clock().now();
  dialog_ = forks_.front()->dialog();
  forks_.erase(forks_.begin());
  request_.reset();
  last_until(std::chrono::ceil<std::chrono::seconds>(left));
  return true;
}

void Subscriber::on_response(ClientRequest& /*request*/, const Message& response) {
  const int status = response.status();
  if (status < 200) {
    return;
  }
  if (status < 300) {
    on_granted(response);
  } else if (status != 423 || !take_minimum(response)) {
    on_refused(status, parse_number(response.header(Header::RetryAfter).value_or(std::string_view{})));
  }
}

void Subscriber::on_failure(ClientRequest& /*request*/, int status, std::string_view /*reason*/) { on_refused(status, std::nullopt); }

void Subscriber::on_granted(const Message& response) {
  request_.reset();
  if (state_ == State::Ending || !established()) {
    silence_.start(user_agent_.transactions().settings().timers.timeout());
    return;
  }
  failures_ = 0;
  last_until(std::chrono::seconds(parse_number(response.header(Header::Expires).value_or(std::string_view{})).value_or(options_.expires.count())));
}

bool Subscriber::take_minimum(const Message& response) {
  const auto minimum = parse_number(response.header(Header::MinExpires).value_or(std::string_view{}));
  if (!minimum || std::chrono::seconds(*minimum) <= options_.expires || std::chrono::seconds(*minimum) > kLongestExpires || state_ == State::Ending ||
      options_.expires.count() == 0) {
    return false;
  }
  options_.expires = std::chrono::seconds(*minimum);
  send(options_.expires);
  return true;
}

void Subscriber::on_refused(int status, std::optional<std::uint32_t> retry_after) {
  request_.reset();
  const base::TimePoint now = user_agent_.timers().clock().now();
  if (state_ == State::Subscribed && !ends_subscription(status) && now < expires_at_) {
    const base::Duration wait = std::max<base::Duration>(std::chrono::seconds(retry_after.value_or(0)), back_off());
    refresh_.start(std::min(wait, expires_at_ - now));
    return;
  }
  End end{.status = status, .again_in = {}};
  if (state_ == State::Subscribed && status == 481) {
    end.again_in = failures_ == 0 ? base::Duration::zero() : back_off();
    ++failures_;
  } else if (is_worth_retrying(status)) {
    end.again_in = std::max<base::Duration>(std::chrono::seconds(retry_after.value_or(0)), back_off());
  }
  over(end);
}

int Subscriber::check(const Message& notify) const {
  const auto event = EventType::of(notify);
  if (!event || !equals_ignoring_case(event->package, options_.package)) {
    return 489;
  }
  const bool ours = event->id == options_.id && (!established() || dialog_.remote_tag == notify.from().tag()) && state_ != State::Idle &&
                    state_ != State::Waiting && !notify.from().tag().empty();
  if (!ours) {
    return 481;
  }
  if (established() && notify.cseq().number <= dialog_.remote_cseq) {
    return 500;
  }
  return SubscriptionState::of(notify) ? 200 : 400;
}

void Subscriber::on_request(ServerTransaction& transaction, const Message& request) {
  if (request.method() != Method::Notify) {
    transaction.respond({.status = 405, .headers = "Allow: NOTIFY\r\n"});
    return;
  }
  Fork* const fork = fork_of(request);
  const int status = fork != nullptr ? fork->check(request) : check(request);
  answer(transaction, status);
  if (status == 200 && is_websocket(transaction.flow().transport)) {
    websocket_ = transaction.flow();
  }
  if (status == 200 && fork != nullptr) {
    take_for(*fork, request);
  } else if (status == 200) {
    take(request, *SubscriptionState::of(request));
  }
}

void Subscriber::answer(ServerTransaction& transaction, int status) {
  std::string lines;
  if (status == 489) {
    append_header(lines, "Allow-Events", options_.package);
  } else if (status == 200) {
    append_header(lines, "Contact", user_agent_.contact(transaction.flow(), options_.contact_user));
  }
  transaction.respond({.status = status, .headers = lines});
}

void Subscriber::take(const Message& notify, const SubscriptionState& state) {
  if (!established()) {
    Dialog made = Dialog::answering(notify, dialog_.local_tag);
    made.local_cseq = dialog_.local_cseq;
    made.local = dialog_.local;
    dialog_ = std::move(made);
    established_at_ = user_agent_.timers().clock().now();
    last_until(options_.expires);
  }
  dialog_.remote_cseq = notify.cseq().number;
  dialog_.refresh_target(notify);
  if (state_ == State::Subscribing) {
    state_ = options_.expires.count() == 0 ? State::Ending : State::Subscribed;
  }
  if (state_ == State::Subscribed) {
    silence_.cancel();
  }
  observer_.on_notify(*this,
                      {.state = state, .content_type = notify.content_type(), .body = notify.body(), .message = &notify, .notifier = notify.from().tag()});
  if (state.kind == Kind::Terminated) {
    end_terminated(state);
  } else if (stopping_ && state_ == State::Subscribed) {
    stop();
  } else if (state.expires && state_ == State::Subscribed) {
    last_until(*state.expires);
  }
}

void Subscriber::end_terminated(const SubscriptionState& state) {
  End end{.status = 200, .reason = state.reason, .again_in = {}};
  if (user_agent_.timers().clock().now() - established_at_ >= kSettled) {
    failures_ = 0;
  }
  switch (state.reason) {
    case Cause::Rejected:
    case Cause::NoResource:
    case Cause::Invariant: break;
    case Cause::Deactivated:
    case Cause::Timeout:
      // At once, but whoever says so each time is not asked without end.
      end.again_in = failures_ == 0 ? base::Duration::zero() : back_off();
      failures_ += failures_ == 0 ? 1 : 0;
      break;
    default: end.again_in = state.retry_after ? *state.retry_after : back_off(); break;
  }
  if (state_ == State::Ending) {
    end.again_in.reset();
  }
  over(end);
}

void Subscriber::last_until(std::chrono::seconds expires) {
  expires = std::clamp<std::chrono::seconds>(expires, std::chrono::seconds(1), kLongestExpires);
  expires_at_ = user_agent_.timers().clock().now() + expires;
  // Early enough that a lost request can be repeated for all of timer F.
  refresh_.start(std::max<base::Duration>(expires - std::min(std::chrono::seconds(32), expires / 2), std::chrono::seconds(1)));
}

void Subscriber::on_refresh_time() {
  if (state_ == State::Waiting) {
    subscribe();
  } else if (user_agent_.timers().clock().now() >= expires_at_) {
    over({.status = 408, .reason = Cause::Timeout, .again_in = base::Duration::zero()});
  } else if (state_ == State::Subscribed) {
    send(options_.expires);
  }
}

void Subscriber::on_silence() {
  End end{.status = 408, .again_in = {}};
  if (state_ != State::Ending) {
    end.again_in = back_off();
  }
  over(end);
}

base::Duration Subscriber::back_off() {
  const base::Duration longest = std::min(options_.retry_after * (std::int64_t{1} << std::min(failures_, 10U)), options_.longest_retry);
  ++failures_;
  return longest / 1000 * static_cast<std::int64_t>(user_agent_.random().between(500, 1000));
}

void Subscriber::over(End end) {
  if (promote_fork()) {
    return;
  }
  forks_.clear();
  request_.reset();
  refresh_.cancel();
  silence_.cancel();
  user_agent_.remove_usage(dialog_.call_id, dialog_.local_tag, *this);
  if (stopping_ || options_.expires.count() == 0) {
    end.again_in.reset();
  }
  state_ = end.again_in ? State::Waiting : State::Idle;
  if (end.again_in) {
    refresh_.start(*end.again_in);
  }
  observer_.on_subscription_ended(*this, end);
}

}  // namespace callwright::sip
