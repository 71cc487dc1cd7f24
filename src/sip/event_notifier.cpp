#include "sip/event_notifier.hpp"

#include "sip/session_fields.hpp"
#include "sip/writer.hpp"

#include <algorithm>
#include <utility>

namespace callwright::sip {
namespace {

using Kind = SubscriptionState::Kind;
using Cause = SubscriptionState::Reason;

/// More parts than this that change while a NOTIFY is under way are told as the whole state.
constexpr std::size_t kMaxParts = 16;
constexpr int kMaxAttempts = 3;

std::string entity_of(std::string_view request_uri) {
  const auto uri = UriView::parse(request_uri);
  return uri ? "sip:" + uri->address_of_record() : std::string(request_uri);
}

}  // namespace

/// What a SUBSCRIBE asks for and gets.
struct Notifier::Terms {
  std::string_view id;
  std::chrono::seconds expires;
};

/// One subscription: its dialog, its end, and the NOTIFY that is under way.
class Notifier::Subscription final : public DialogUsage, private ClientRequest::User {
 public:
  Subscription(Notifier& notifier, EventPackage& package, ServerTransaction& transaction, const Message& request, std::string_view resource,
               std::string_view id, std::string_view subscriber)
      : notifier_(notifier),
        package_(package),
        resource_(resource),
        entity_(entity_of(request.request_uri())),
        id_(id),
        contact_user_(user_of(request.request_uri())),
        subscriber_(subscriber),
        source_(transaction.flow().remote.ip),
        dialog_(Dialog::answering(request, transaction.to_tag())),
        flow_(way_back(dialog_, transaction.flow())),
        expiry_(notifier.user_agent_.timers(), base::Callback::to<&Subscription::on_expiry>(*this)),
        retry_(notifier.user_agent_.timers(), base::Callback::to<&Subscription::send_next>(*this)) {
    notifier_.user_agent_.add_usage(dialog_.call_id, dialog_.local_tag, *this);
  }
  ~Subscription() override { close(); }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  void accept(ServerTransaction& transaction, std::chrono::seconds expires, std::string_view headers);
  void on_request(ServerTransaction& transaction, const Message& request) override;
  void changed(std::string_view part);
  void terminate(Cause reason, std::optional<std::chrono::seconds> retry_after = {});
  /// Nothing is sent or received any more.
  void close();

  [[nodiscard]] const EventPackage& package() const noexcept { return package_; }
  [[nodiscard]] const std::string& resource() const noexcept { return resource_; }
  [[nodiscard]] const std::string& subscriber() const noexcept { return subscriber_; }
  [[nodiscard]] const base::IpAddress& source() const noexcept { return source_; }

 private:
  void on_response(ClientRequest& request, const Message& response) override;
  void on_failure(ClientRequest& request, int status, std::string_view reason) override;
  void on_answer(int status, std::optional<std::uint32_t> retry_after);
  void on_expiry() { terminate(Cause::Timeout); }
  void send_next();
  [[nodiscard]] std::string state_line() const;

  Notifier& notifier_;
  EventPackage& package_;
  std::string resource_;
  std::string entity_;
  std::string id_;
  std::string contact_user_;
  std::string subscriber_;
  base::IpAddress source_;
  Dialog dialog_;
  std::optional<Flow> flow_;
  base::TimePoint expires_at_;
  base::Timer expiry_;
  base::Timer retry_;
  std::unique_ptr<ClientRequest> notify_;
  std::uint32_t version_ = 0;
  int attempts_ = 0;
  bool wanted_ = false;  ///< There is something to tell:
  bool full_ = false;    ///< all of the state, or
  std::vector<std::string> parts_;
  std::optional<SubscriptionState> last_;  ///< It is over, and this says why.
  bool last_sent_ = false;
};

void Notifier::Subscription::accept(ServerTransaction& transaction, std::chrono::seconds expires, std::string_view headers) {
  const base::TimePoint now = notifier_.user_agent_.timers().clock().now();
  expires_at_ = now + expires;
  std::string lines = "Contact: " + notifier_.user_agent_.contact(transaction.flow(), contact_user_) + "\r\n";
  append_header(lines, "Expires", std::to_string(expires.count()));
  lines.append(headers);
  transaction.respond({.status = 200, .headers = lines});
  wanted_ = full_ = true;
  if (expires.count() == 0) {
    terminate(Cause::Timeout);
    return;
  }
  expiry_.start(expires);
  send_next();
}

void Notifier::Subscription::on_request(ServerTransaction& transaction, const Message& request) {
  if (request.from().tag() != dialog_.remote_tag || last_) {
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
  if (!event || !event->matches({package_.name(), id_})) {
    // One subscription a dialog (RFC 6665 §4.5.2).
    transaction.respond({.status = 481, .reason = "Another Event"});
    return;
  }
  Terms terms{};
  if (!notifier_.read_terms(transaction, request, package_, terms)) {
    return;
  }
  dialog_.refresh_target(request);
  flow_ = way_back(dialog_, transaction.flow());
  accept(transaction, terms.expires, {});
}

void Notifier::Subscription::changed(std::string_view part) {
  if (last_) {
    return;
  }
  wanted_ = true;
  if (part.empty() || parts_.size() >= kMaxParts) {
    full_ = true;
  } else if (std::find(parts_.begin(), parts_.end(), part) == parts_.end()) {
    parts_.emplace_back(part);
  }
  send_next();
}

void Notifier::Subscription::terminate(Cause reason, std::optional<std::chrono::seconds> retry_after) {
  if (last_) {
    return;
  }
  expiry_.cancel();
  last_ = SubscriptionState{.kind = Kind::Terminated, .reason = reason, .expires = {}, .retry_after = retry_after};
  wanted_ = full_ = true;
  send_next();
}

void Notifier::Subscription::close() {
  expiry_.cancel();
  retry_.cancel();
  notifier_.user_agent_.remove_usage(dialog_.call_id, dialog_.local_tag, *this);
}

std::string Notifier::Subscription::state_line() const {
  if (last_) {
    return last_->to_string();
  }
  const auto left = std::chrono::ceil<std::chrono::seconds>(expires_at_ - notifier_.user_agent_.timers().clock().now());
  return SubscriptionState{.expires = std::max(left, std::chrono::seconds(0)), .retry_after = {}}.to_string();
}

void Notifier::Subscription::send_next() {
  if (notify_ != nullptr || !wanted_ || retry_.pending()) {
    return;
  }
  OutgoingRequest request = dialog_.request(Method::Notify);
  request.flow = flow_;
  request.contact_user = contact_user_;
  append_header(request.headers, "Event", id_.empty() ? std::string(package_.name()) : std::string(package_.name()) + ";id=" + id_);
  append_header(request.headers, "Subscription-State", state_line());
  const std::vector<std::string> parts = full_ ? std::vector<std::string>{} : std::exchange(parts_, {});
  request.body = package_.body({.resource = resource_, .entity = entity_, .version = version_++, .changed = parts});
  if (!request.body.empty()) {
    request.content_type = package_.content_type();
  }
  parts_.clear();
  wanted_ = full_ = false;
  last_sent_ = last_.has_value();
  ClientRequest::User& user = *this;
  notify_ = std::make_unique<ClientRequest>(notifier_.user_agent_, std::move(request), dialog_.local_cseq, nullptr, user);
  notify_->send();
}

void Notifier::Subscription::on_response(ClientRequest& /*request*/, const Message& response) {
  if (response.status() >= 200) {
    on_answer(response.status(), parse_number(response.header(Header::RetryAfter).value_or(std::string_view{})));
  }
}

void Notifier::Subscription::on_failure(ClientRequest& /*request*/, int status, std::string_view /*reason*/) { on_answer(status, std::nullopt); }

void Notifier::Subscription::on_answer(int status, std::optional<std::uint32_t> retry_after) {
  notify_.reset();
  if (status < 300) {
    attempts_ = 0;
    if (last_sent_) {
      notifier_.drop(*this);
    } else {
      send_next();
    }
    return;
  }
  // RFC 6665 §4.2.2: whoever refuses a NOTIFY is subscribed no more, unless he asks for it again later.
  if (!retry_after || status < 400 || status == 481 || last_sent_ || ++attempts_ >= kMaxAttempts) {
    notifier_.drop(*this);
    return;
  }
  wanted_ = full_ = true;
  retry_.start(std::chrono::seconds(std::clamp<std::uint32_t>(*retry_after, 1, 300)));
}

Notifier::Notifier(UserAgent& user_agent, Limits limits) : user_agent_(user_agent), limits_(limits), dropped_(user_agent.timers()) {}

Notifier::~Notifier() = default;

void Notifier::add(EventPackage& package) {
  packages_.push_back(&package);
  allow_events_.append(allow_events_.empty() ? "" : ", ").append(package.name());
}

EventPackage* Notifier::package_of(ServerTransaction& transaction, const Message& request) {
  const auto event = EventType::of(request);
  const auto found = std::find_if(packages_.begin(), packages_.end(),
                                  [&event](const EventPackage* package) { return event && equals_ignoring_case(package->name(), event->package); });
  if (found != packages_.end()) {
    return *found;
  }
  std::string lines;
  append_header(lines, "Allow-Events", allow_events_);
  transaction.respond({.status = 489, .headers = lines});
  return nullptr;
}

bool Notifier::read_terms(ServerTransaction& transaction, const Message& request, const EventPackage& package, Terms& terms) const {
  if (!accepts(request, package.content_type())) {
    std::string lines;
    append_header(lines, "Accept", package.content_type());
    transaction.respond({.status = 406, .headers = lines});
    return false;
  }
  const auto asked = parse_number(request.header(Header::Expires).value_or(std::string_view{}));
  terms.id = EventType::of(request).value_or(EventType{}).id;
  terms.expires = asked ? std::chrono::seconds(*asked) : limits_.default_expires;
  // RFC 6665 §4.2.1.1: only what is shorter than an hour may be called too short.
  if (terms.expires.count() != 0 && terms.expires < std::min(limits_.minimum_expires, std::chrono::seconds(3600))) {
    std::string lines;
    append_header(lines, "Min-Expires", std::to_string(limits_.minimum_expires.count()));
    transaction.respond({.status = 423, .headers = lines});
    return false;
  }
  terms.expires = std::min(terms.expires, limits_.maximum_expires);
  return true;
}

bool Notifier::admit(ServerTransaction& transaction, std::string_view subscriber) const {
  const auto source = by_source_.find(transaction.flow().remote.ip);
  const auto user = by_subscriber_.find(subscriber);
  if (subscriptions_.size() < limits_.subscriptions && (source == by_source_.end() || source->second < limits_.subscriptions_per_source) &&
      (user == by_subscriber_.end() || user->second < limits_.subscriptions_per_user)) {
    return true;
  }
  std::string lines;
  append_header(lines, "Retry-After", std::to_string(limits_.retry_after_s));
  transaction.respond({.status = 503, .reason = "Too Many Subscriptions", .headers = lines});
  return false;
}

void Notifier::handle(ServerTransaction& transaction, const Message& request, std::string_view resource, std::string_view headers,
                      std::string_view subscriber) {
  EventPackage* const package = package_of(transaction, request);
  Terms terms{};
  if (package == nullptr || !read_terms(transaction, request, *package, terms) || !admit(transaction, subscriber)) {
    return;
  }
  if (const auto contact = request.contact(); !contact || contact->wildcard || !is_header_safe(terms.id)) {
    transaction.respond({.status = 400, .reason = "Bad Contact or Event"});
    return;
  }
  auto made = std::make_unique<Subscription>(*this, *package, transaction, request, resource, terms.id, subscriber);
  Subscription& subscription = *made;
  subscriptions_.emplace(&subscription, std::move(made));
  by_resource_.emplace(Key(package->name(), resource), &subscription);
  ++by_source_[subscription.source()];
  if (!subscriber.empty()) {
    ++by_subscriber_[subscription.subscriber()];
  }
  std::string lines(headers);
  append_header(lines, "Allow-Events", allow_events_);
  subscription.accept(transaction, terms.expires, lines);
}

std::vector<Notifier::Subscription*> Notifier::of(const EventPackage& package, std::string_view resource) const {
  std::vector<Subscription*> found;
  if (by_resource_.empty()) {
    return found;
  }
  const auto [first, last] = by_resource_.equal_range(Key(package.name(), resource));
  for (auto entry = first; entry != last; ++entry) {
    found.push_back(entry->second);
  }
  return found;
}

void Notifier::changed(const EventPackage& package, std::string_view resource, std::string_view part) {
  // Nothing is dropped from within: requests report their failures later.
  for (Subscription* const subscription : of(package, resource)) {
    subscription->changed(part);
  }
}

void Notifier::end(const EventPackage& package, std::string_view resource, Cause reason) {
  for (Subscription* const subscription : of(package, resource)) {
    subscription->terminate(reason);
  }
}

void Notifier::end_all(Cause reason, std::optional<std::chrono::seconds> retry_after) {
  for (const auto& [subscription, owned] : subscriptions_) {
    subscription->terminate(reason, retry_after);
  }
}

void Notifier::drop(Subscription& subscription) {
  const auto found = subscriptions_.find(&subscription);
  if (found == subscriptions_.end()) {
    return;
  }
  const auto [first, last] = by_resource_.equal_range(Key(subscription.package().name(), subscription.resource()));
  by_resource_.erase(std::find_if(first, last, [&subscription](const auto& entry) { return entry.second == &subscription; }));
  if (const auto source = by_source_.find(subscription.source()); --source->second == 0) {
    by_source_.erase(source);
  }
  if (const auto user = by_subscriber_.find(subscription.subscriber()); user != by_subscriber_.end() && --user->second == 0) {
    by_subscriber_.erase(user);
  }
  subscription.close();
  dropped_.add(std::move(found->second));
  subscriptions_.erase(found);
}

}  // namespace callwright::sip
