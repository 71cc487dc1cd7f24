#include "app/script_subscribers.hpp"

#include "app/json_arguments.hpp"
#include "app/script_phone.hpp"
#include "sip/event_fields.hpp"

#include <boost/algorithm/string/case_conv.hpp>

#include <algorithm>
#include <utility>

namespace callwright::app {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Error;
using sip::IncomingSubscription;
using sip::SubscriptionState;

/// Of one agent.
constexpr std::size_t kMaxSubscribers = 1'000;

IncomingSubscription::Notification notification_of(const json::object& arguments) {
  return {.state = text_of(arguments, "state") == "pending" ? SubscriptionState::Kind::Pending : SubscriptionState::Kind::Active,
          .content_type = text_of(arguments, "content_type"),
          .body = text_of(arguments, "body"),
          .headers = script_header_lines(arguments.if_contains("headers"))};
}

SubscriptionState::Reason reason_of(std::string_view name) {
  using Reason = SubscriptionState::Reason;
  for (const Reason reason :
       {Reason::Deactivated, Reason::Probation, Reason::Rejected, Reason::Timeout, Reason::GiveUp, Reason::NoResource, Reason::Invariant}) {
    if (name == sip::to_string(reason)) {
      return reason;
    }
  }
  return Reason::None;
}

std::optional<std::chrono::seconds> retry_after_of(const json::object& arguments) {
  const auto seconds = number_of<std::int64_t>(arguments, "retry_after_s", -1);
  return seconds < 0 ? std::nullopt : std::optional(std::chrono::seconds(seconds));
}

std::string key_of(std::string_view package) { return boost::algorithm::to_lower_copy(std::string(package)); }

constexpr std::string_view name_of(IncomingSubscription::End::By by) {
  constexpr std::string_view kNames[] = {"subscriber", "expiry", "agent", "refusal"};
  return kNames[static_cast<std::size_t>(by)];
}

}  // namespace

ScriptSubscribers::ScriptSubscribers(call::Agent& agent, Tell tell) : agent_(agent), tell_(std::move(tell)), ended_(agent.user_agent().timers()) {}

ScriptSubscribers::~ScriptSubscribers() = default;

void ScriptSubscribers::list_events() {
  allow_events_.clear();
  for (const auto& [package, policy] : policies_) {
    allow_events_.append(allow_events_.empty() ? "Allow-Events: " : ", ").append(package);
  }
  allow_events_.append(allow_events_.empty() ? "" : "\r\n");
  capabilities_ = allow_events_.empty() ? std::string() : "Allow: SUBSCRIBE\r\n" + allow_events_;
}

ScriptSubscribers::Outcome ScriptSubscribers::notify_all(const json::object& arguments) {
  const std::string key = key_of(text_of(arguments, "package"));
  Policy policy{.told = notification_of(arguments), .longest = std::chrono::seconds(number_of<std::int64_t>(arguments, "expires_s", 7200)), .refusal = {}};
  for (const Subscriber& subscriber : subscribers_) {
    if (subscriber.package == key) {
      // Who unsubscribes just now has its last NOTIFY coming anyway.
      static_cast<void>(subscriber.subscription->notify(policy.told));
    }
  }
  policies_.insert_or_assign(key, std::move(policy));
  list_events();
  return json::object();
}

ScriptSubscribers::Outcome ScriptSubscribers::refuse(const json::object& arguments) {
  Policy& policy = policies_[key_of(text_of(arguments, "package"))];
  policy.refusal = call::Refusal{number_of<int>(arguments, "status", 403), text_of(arguments, "reason"), script_header_lines(arguments.if_contains("headers"))};
  list_events();
  return json::object();
}

ScriptSubscribers::Outcome ScriptSubscribers::stop(const json::object& arguments) {
  const std::string key = key_of(text_of(arguments, "package"));
  if (policies_.erase(key) == 0) {
    return Error(Errc::WrongState, "it takes no subscriptions to \"" + key + "\"");
  }
  list_events();
  for (const Subscriber& subscriber : subscribers_) {
    if (subscriber.package == key) {
      static_cast<void>(subscriber.subscription->terminate(reason_of(text_of(arguments, "reason")), retry_after_of(arguments)));
    }
  }
  return json::object();
}

ScriptSubscribers::Outcome ScriptSubscribers::notify(const json::object& arguments, std::int64_t request) {
  const auto found = find(number_of<std::int64_t>(arguments, "subscriber"));
  if (found == subscribers_.end()) {
    return Error(Errc::WrongState, "the subscription is over");
  }
  IncomingSubscription::Notification notification = notification_of(arguments);
  notification.reference = static_cast<std::uint64_t>(request);
  const auto sent = found->subscription->notify(std::move(notification));
  return sent ? Outcome(json::object{{"request", request}}) : sent.error();
}

ScriptSubscribers::Outcome ScriptSubscribers::end(const json::object& arguments) {
  const auto found = find(number_of<std::int64_t>(arguments, "subscriber"));
  if (found == subscribers_.end()) {
    return Error(Errc::WrongState, "the subscription is over");
  }
  const auto ended = found->subscription->terminate(reason_of(text_of(arguments, "reason")), retry_after_of(arguments));
  return ended ? Outcome(json::object()) : ended.error();
}

void ScriptSubscribers::leave() {
  for (const Subscriber& subscriber : subscribers_) {
    static_cast<void>(subscriber.subscription->terminate(SubscriptionState::Reason::NoResource));
  }
}

void ScriptSubscribers::on_subscribe(sip::ServerTransaction& transaction, const sip::Message& request) {
  const auto event = sip::EventType::of(request);
  const auto known = event ? policies_.find(key_of(event->package)) : policies_.end();
  if (known == policies_.end()) {
    transaction.respond({.status = 489, .headers = allow_events_});
    return;
  }
  const Policy& policy = known->second;
  if (policy.refusal) {
    transaction.respond({.status = policy.refusal->status, .reason = policy.refusal->reason, .headers = policy.refusal->headers});
    return;
  }
  if (const auto contact = request.contact(); !contact || contact->wildcard) {
    transaction.respond({.status = 400, .reason = "Bad Contact"});
    return;
  }
  if (!policy.told.body.empty() && !sip::accepts(request, policy.told.content_type)) {
    const std::string accept = "Accept: " + policy.told.content_type + "\r\n";
    transaction.respond({.status = 406, .headers = accept});
    return;
  }
  if (subscribers_.size() >= kMaxSubscribers) {
    transaction.respond({.status = 503, .reason = "Too Many Subscriptions", .headers = "Retry-After: 30\r\n"});
    return;
  }
  IncomingSubscription::Observer& observer = *this;
  auto made = std::make_unique<IncomingSubscription>(
      agent_.user_agent(), transaction, request,
      IncomingSubscription::Options{.contact_user = agent_.contact(), .credentials = agent_.credentials(), .longest = policy.longest, .first = policy.told},
      observer);
  IncomingSubscription& subscription = *made;
  subscribers_.push_back({++last_id_, known->first, std::move(made)});
  const std::int64_t id = last_id_;
  subscription.start(transaction, request);
  tell_({{"type", "subscribed"},
         {"subscriber", id},
         {"event", event->package},
         {"event_id", subscription.event_id()},
         {"from", request.from().uri},
         {"call_id", subscription.call_id()},
         {"expires", subscription.expires().count()},
         {"state", policy.told.state == SubscriptionState::Kind::Pending ? "pending" : "active"}});
}

std::vector<ScriptSubscribers::Subscriber>::iterator ScriptSubscribers::find(std::int64_t id) {
  return std::find_if(subscribers_.begin(), subscribers_.end(), [id](const Subscriber& one) { return one.id == id; });
}

ScriptSubscribers::Subscriber& ScriptSubscribers::of(const IncomingSubscription& subscription) {
  return *std::find_if(subscribers_.begin(), subscribers_.end(), [&](const Subscriber& one) { return one.subscription.get() == &subscription; });
}

void ScriptSubscribers::on_refreshed(IncomingSubscription& subscription) {
  tell_({{"type", "subscriber_refreshed"}, {"subscriber", of(subscription).id}, {"expires", subscription.expires().count()}});
}

void ScriptSubscribers::on_answered(IncomingSubscription& subscription, std::uint64_t reference, int status, std::string_view reason) {
  tell_({{"type", "response"}, {"request", reference}, {"status", status}, {"reason", reason}, {"call_id", subscription.call_id()}});
}

void ScriptSubscribers::on_ended(IncomingSubscription& subscription, const IncomingSubscription::End& end) {
  const auto found = find(of(subscription).id);
  tell_({{"type", "subscriber_ended"},
         {"subscriber", found->id},
         {"by", name_of(end.by)},
         {"status", end.status},
         {"status_reason", sip::reason_phrase(end.status)}});
  ended_.add(std::move(found->subscription));
  subscribers_.erase(found);
}

}  // namespace callwright::app
