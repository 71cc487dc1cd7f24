// What a script's phone asks and is told outside of calls: single requests, and subscriptions.
#include "app/json_arguments.hpp"
#include "app/script_phone.hpp"

#include <boost/algorithm/string/predicate.hpp>

#include <algorithm>
#include <utility>

namespace callwright::app {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Error;
using sip::Method;

/// RFC 6665 §8.1.1, RFC 3515 §2.2, RFC 3311 §5.1
constexpr Method kWithContact[] = {Method::Subscribe, Method::Notify, Method::Refer, Method::Update};

/// What belongs to a verb of the script, and which.
struct Reserved {
  Method method;
  std::string_view instead;
};
constexpr Reserved kReserved[] = {
    {Method::Invite, "dial() places a call, hold() and resume() change it"},
    {Method::Ack, "it goes out by itself when a call is answered"},
    {Method::Bye, "hangup() ends a call"},
    {Method::Cancel, "hangup() ends a call that is not answered yet"},
    {Method::Prack, "it goes out by itself for reliable provisional responses"},
};
/// Outside of calls these have no session or subscription that they could confuse.
constexpr Reserved kReservedInCall[] = {
    {Method::Refer, "transfer() sends it and follows what becomes of it"},
    {Method::Subscribe, "subscribe() of the agent sends it and takes what it is told"},
};

template <std::size_t size>
const Reserved* find(const Reserved (&all)[size], Method method) {
  const auto found = std::find_if(std::begin(all), std::end(all), [method](const Reserved& one) { return one.method == method; });
  return found == std::end(all) ? nullptr : found;
}

enum class Where { Alone, InCall };

/// Errors: InvalidArgument, a sentence.
base::Result<Method> requested_method(const std::string& text, Where where) {
  if (!sip::is_method(text)) {
    return Error(Errc::InvalidArgument, "\"" + text + "\" is no method; it is a token such as OPTIONS (RFC 3261 §25.1)");
  }
  const Method method = sip::method_from(text);
  const Reserved* reserved = find(kReserved, method);
  if (reserved == nullptr && where == Where::InCall) {
    reserved = find(kReservedInCall, method);
  }
  if (reserved != nullptr) {
    return Error(Errc::InvalidArgument, text + " cannot be sent as it is: " + std::string(reserved->instead));
  }
  return method;
}

template <std::size_t size>
bool contains(const Method (&methods)[size], Method method) {
  return std::find(std::begin(methods), std::end(methods), method) != std::end(methods);
}

bool names_contact(const std::string& lines) {
  const std::string all = "\r\n" + lines;
  return boost::algorithm::icontains(all, "\r\nContact:") || boost::algorithm::icontains(all, "\r\nm:");
}

}  // namespace

ScriptPhone::Outcome ScriptPhone::send_request(const json::object& arguments) {
  const std::string name = text_of(arguments, "method");
  const bool in_call = arguments.contains("call");
  const auto method = requested_method(name, in_call ? Where::InCall : Where::Alone);
  if (!method || in_call) {
    return method ? send_in_call(arguments, *method) : method.error();
  }
  call::Agent& agent = phone_->agent();
  auto made = std::make_unique<Request>();
  made->id = ++last_request_;
  made->digest.emplace(agent.credentials(), world_.random);
  sip::OutgoingRequest request;
  request.method = *method;
  request.own_method = name;
  request.uri = agent.routed(text_of(arguments, "uri"));
  if (!sip::UriView::parse(request.uri)) {
    return Error(Errc::InvalidArgument, "\"" + request.uri + "\" is no SIP address");
  }
  request.routes = agent.route_set();
  request.parties = sip::party_lines(agent.name_and_address(), world_.random.token(8), "<" + request.uri + ">", {}, world_.random.token(16));
  request.headers = script_header_lines(arguments.if_contains("headers"));
  if (contains(kWithContact, *method) && !names_contact(request.headers)) {
    request.contact_user = agent.contact();
  }
  request.content_type = text_of(arguments, "content_type");
  request.body = text_of(arguments, "body");
  sip::ClientRequest::User& user = *this;
  made->request = std::make_unique<sip::ClientRequest>(phone_->user_agent(), std::move(request), made->cseq, &*made->digest, user);
  made->request->send();
  requests_.push_back(std::move(made));
  return json::object{{"request", last_request_}};
}

ScriptPhone::Outcome ScriptPhone::send_in_call(const json::object& arguments, sip::Method method) {
  const auto call = call_of(arguments);
  if (!call) {
    return call.error();
  }
  const std::int64_t id = ++last_request_;
  const call::AgentCall::Content content{.method = method,
                                         .own_method = text_of(arguments, "method"),
                                         .content_type = text_of(arguments, "content_type"),
                                         .body = text_of(arguments, "body"),
                                         .headers = script_header_lines(arguments.if_contains("headers"))};
  const std::string call_id = (*call)->call_id();
  // The phone owns its calls.
  const auto sent = (*call)->send_content(content, [this, id, call_id](int status) {
    tell({{"type", "response"}, {"request", id}, {"status", status}, {"reason", sip::reason_phrase(status)}, {"call_id", call_id}});
  });
  return sent ? Outcome(json::object{{"request", id}}) : sent.error();
}

void ScriptPhone::on_response(sip::ClientRequest& request, const sip::Message& response) {
  settle(request, response.status(), response.reason(), response.call_id());
}

void ScriptPhone::on_failure(sip::ClientRequest& request, int status, std::string_view reason) { settle(request, status, reason); }

void ScriptPhone::settle(sip::ClientRequest& request, int status, std::string_view reason, std::string_view call_id) {
  const auto found = std::find_if(requests_.begin(), requests_.end(), [&](const auto& made) { return made->request.get() == &request; });
  if (status < 200 || found == requests_.end()) {
    return;
  }
  tell({{"type", "response"}, {"request", (*found)->id}, {"status", status}, {"reason", reason}, {"call_id", call_id}});
  requests_.erase(found);
}

void ScriptPhone::subscribe_to_mailbox() {
  sip::Subscriber::Options options;
  options.uri = phone_->agent().options().address_of_record;
  options.package = "message-summary";
  options.accept = "application/simple-message-summary";
  options.expires = std::chrono::seconds(600);
  start_subscription(kMailbox, std::move(options));
}

ScriptPhone::Outcome ScriptPhone::subscribe(const json::object& arguments) {
  sip::Subscriber::Options options;
  options.uri = phone_->agent().routed(text_of(arguments, "uri"));
  if (!sip::UriView::parse(options.uri)) {
    return Error(Errc::InvalidArgument, "\"" + options.uri + "\" is no SIP address");
  }
  options.package = text_of(arguments, "package");
  options.accept = text_of(arguments, "accept");
  options.expires = std::chrono::seconds(number_of<std::int64_t>(arguments, "expires_s"));
  start_subscription(++last_subscription_, std::move(options));
  return json::object{{"subscription", last_subscription_}};
}

void ScriptPhone::start_subscription(std::int64_t id, sip::Subscriber::Options options) {
  const call::Agent& agent = phone_->agent();
  options.routes = agent.route_set();
  options.from = agent.name_and_address();
  options.to = "<" + options.uri + ">";
  options.contact_user = agent.contact();
  options.credentials = agent.credentials();
  sip::Subscriber::Observer& observer = *this;
  auto made = std::make_unique<sip::Subscriber>(phone_->user_agent(), std::move(options), observer);
  sip::Subscriber& subscriber = *made;
  subscriptions_.push_back({id, std::move(made)});
  subscriber.start();
}

ScriptPhone::Outcome ScriptPhone::unsubscribe(const json::object& arguments) {
  const auto id = number_of<std::int64_t>(arguments, "subscription");
  const auto found = std::find_if(subscriptions_.begin(), subscriptions_.end(), [id](const Subscription& one) { return one.id == id; });
  if (found == subscriptions_.end()) {
    return Error(Errc::WrongState, "the subscription is over");
  }
  found->subscriber->stop();
  return json::object();
}

ScriptPhone::Outcome ScriptPhone::notify(const json::object& arguments) { return subscribers_->notify_all(arguments); }

ScriptPhone::Outcome ScriptPhone::notify_subscriber(const json::object& arguments) { return subscribers_->notify(arguments, ++last_request_); }

ScriptPhone::Outcome ScriptPhone::end_subscriber(const json::object& arguments) { return subscribers_->end(arguments); }

ScriptPhone::Outcome ScriptPhone::refuse_subscriptions(const json::object& arguments) { return subscribers_->refuse(arguments); }

ScriptPhone::Outcome ScriptPhone::stop_notify(const json::object& arguments) { return subscribers_->stop(arguments); }

std::vector<ScriptPhone::Subscription>::iterator ScriptPhone::subscription_of(const sip::Subscriber& subscriber) {
  return std::find_if(subscriptions_.begin(), subscriptions_.end(), [&](const Subscription& one) { return one.subscriber.get() == &subscriber; });
}

void ScriptPhone::on_notify(sip::Subscriber& subscriber, const sip::Subscriber::Notification& notification) {
  constexpr std::string_view kStates[] = {"active", "pending", "terminated"};
  const std::int64_t id = subscription_of(subscriber)->id;
  if (id == kMailbox) {
    tell({{"type", "mwi"}, {"body", notification.body}});
    return;
  }
  const std::string_view content_type = notification.message->header(sip::Header::ContentType).value_or(std::string_view{});
  tell({{"type", "notified"},
        {"subscription", id},
        {"state", kStates[static_cast<std::size_t>(notification.state.kind)]},
        {"reason", sip::to_string(notification.state.reason)},
        {"content_type", content_type},
        {"body", notification.body}});
}

void ScriptPhone::on_subscription_ended(sip::Subscriber& subscriber, const sip::Subscriber::End& end) {
  const auto found = subscription_of(subscriber);
  if (found->id == kMailbox) {
    return;  // It goes on by itself where it can.
  }
  tell({{"type", "subscription_ended"},
        {"subscription", found->id},
        {"status", end.status},
        {"status_reason", sip::reason_phrase(end.status)},
        {"reason", sip::to_string(end.reason)}});
  subscriptions_.erase(found);
}

}  // namespace callwright::app
