#include "call/exchange.hpp"

#include "call/pickup.hpp"
#include "call/routed_call.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

using sip::Method;

namespace {

/// The routes, those to a trusted address marked as such.
std::vector<Route> routes_with_peers(const ExchangeSettings& settings) {
  std::vector<Route> routes = settings.routes;
  for (Route& route : routes) {
    const auto uri = sip::UriView::parse(route.target);
    const auto ip = base::IpAddress::parse(uri ? uri->host : std::string_view{});
    const auto holds = [&ip](const base::IpNetwork& network) { return network.contains(*ip); };
    if (ip && std::any_of(settings.trusted.begin(), settings.trusted.end(), holds)) {
      route.peer = Peer::Trusted;
    }
  }
  return routes;
}

}  // namespace

Exchange::Exchange(sip::UserAgent& user_agent, EventSink& events, ExchangeSettings settings, MediaDesk::PortMaker media)
    : user_agent_(user_agent),
      events_(events),
      settings_(std::move(settings)),
      accounts_(settings_.realm, settings_.digest_algorithms, user_agent.timers().clock(), user_agent.random(), settings_.wrong_passwords),
      registrar_(user_agent.timers(), user_agent.random(), settings_.registrar),
      routing_(registrar_, user_agent, settings_.domains, routes_with_peers(settings_)),
      states_(
          user_agent, registrar_, settings_.subscriptions, [this](const std::string& uri) { return user_of(uri); },
          [this](const std::string& call_id) { return ringing(call_id); }),
      messages_(user_agent),
      parking_(*this, settings_.parking, [this](const ParkedParty& parked) { ring_back(parked); }),
      registrations_(registrar_, [this](ContactChanged what) { report({}, std::move(what)); }),
      redials_(
          user_agent.timers(), [this](const StartCall& call) { return is_in_call(call); },
          [this](CommandId id, const StartCall& call, CommandObserver& observer) { start(id, call, observer); }),
      capabilities_("Allow: SUBSCRIBE, PUBLISH\r\nAllow-Events: " + states_.notifier().allow_events() + "\r\n"),
      calls_(user_agent.random()),
      finished_(user_agent.timers()) {
  user_agent_.set_handler(this);
  if (media) {
    media_ = std::make_unique<MediaDesk>(std::move(media), user_agent_.random(), user_agent_.transport(), settings_.media,
                                         [this](const std::string& call_id, decltype(Event::what) what) { report(call_id, std::move(what)); });
  }
  if (settings_.qualify.period > base::Duration::zero()) {
    qualifier_ = std::make_unique<Qualifier>(user_agent_, registrar_, settings_.qualify, [this](ContactChanged what) { report({}, std::move(what)); });
  }
  sip::SessionPolicy policy = user_agent_.session_policy();
  policy.named_dialogs = sip::SessionPolicy::NamedDialogs::ReplacesOnly;
  user_agent_.set_session_policy(policy);
}

Exchange::~Exchange() {
  user_agent_.set_handler(nullptr);
  user_agent_.set_trace(nullptr);
  // Calls use the exchange while they are destroyed.
  commands_.clear();
  calls_.clear();
  finished_.clear();
}

void Exchange::refuse_new_calls() {
  shutting_down_ = true;
  redials_.cancel_all("503 Service Unavailable: the server stops");
}

void Exchange::shut_down() {
  refuse_new_calls();
  states_.notifier().end_all(sip::SubscriptionState::Reason::Probation, std::chrono::seconds(settings_.retry_after_s));
  for (ActiveCall* const call : calls_.all()) {
    if (calls_.contains(*call)) {
      call->hang_up();
    }
  }
}

void Exchange::on_request(sip::ServerTransaction& transaction, const sip::Message& request) {
  switch (request.method()) {
    case Method::Invite: on_invite(transaction, request); return;
    case Method::Register: on_register(transaction, request); return;
    case Method::Subscribe: on_subscribe(transaction, request); return;
    case Method::Publish: on_publish(transaction, request); return;
    case Method::Message: on_message(transaction, request); return;
    case Method::Notify: transaction.respond({.status = 481}); return;
    default: transaction.respond({.status = 405, .headers = std::string(sip::UserAgent::kAllow) + capabilities_}); return;
  }
}

std::string Exchange::user_of(std::string_view text) const {
  const auto uri = sip::UriView::parse(text);
  std::string user = uri ? sip::unescape(uri->user) : std::string();
  return accounts_.has(user) && is_ours(*uri) ? user : std::string();
}

void Exchange::on_subscribe(sip::ServerTransaction& transaction, const sip::Message& request) {
  if (states_.notifier().package_of(transaction, request) == nullptr) {
    return;
  }
  const std::string user = user_of(request.request_uri());
  if (user.empty()) {
    transaction.respond({.status = 404});
    return;
  }
  states_.subscribe(transaction, request, user, admitted_.username, admitted_.info);
}

void Exchange::on_publish(sip::ServerTransaction& transaction, const sip::Message& request) {
  if (states_.notifier().package_of(transaction, request) == nullptr) {
    return;
  }
  if (user_of(request.request_uri()) != admitted_.username) {
    transaction.respond({.status = 403, .reason = "Not your state"});
    return;
  }
  states_.publish(transaction, request, admitted_.username, admitted_.info);
}

void Exchange::on_message(sip::ServerTransaction& transaction, const sip::Message& request) {
  const Routing::Found found = routing_.find(request.request_uri(), Asker::Phone);
  if (found.targets.empty()) {
    transaction.respond({.status = found.status, .headers = admitted_.info});
    return;
  }
  messages_.relay(transaction, request, found.targets, admitted_.info);
}

void Exchange::on_register(sip::ServerTransaction& transaction, const sip::Message& request) {
  const auto uri = sip::UriView::parse(request.to().uri);
  if (!uri || sip::unescape(uri->user) != admitted_.username) {
    transaction.respond({.status = 403, .reason = "Not your address of record"});
    return;
  }
  registrar_.handle(transaction, request, admitted_.username, admitted_.info);
}

void Exchange::on_invite(sip::ServerTransaction& transaction, const sip::Message& request) {
  const auto uri = sip::UriView::parse(request.request_uri());
  if (!uri || uri->scheme != sip::UriView::Scheme::Sip) {
    transaction.respond({.status = 416});
    return;
  }
  if (!may_call(transaction, request) || (rooms_ != nullptr && enter_room(transaction, request, *uri)) || fetch_parked(transaction, request, *uri) ||
      park_caller(transaction, request, *uri)) {
    return;
  }
  if (const auto token = uri->parameter(ReferringCommand::kTokenParameter)) {
    ReferringCommand* const command = token->empty() ? nullptr : expecting(*token);
    if (command == nullptr) {
      transaction.respond({.status = 403, .reason = "Transfer Expired"});
    } else if (const CallParty* const partner = command->partner()) {
      take_place(transaction, request, *command, *partner);
    } else if (!offer_to_api(transaction, request, command)) {
      route_call(transaction, request, command);
    }
    return;
  }
  ReferringCommand* const command = admitted_.username.empty() ? nullptr : expecting(admitted_.username, request);
  if (!offer_to_api(transaction, request, command)) {
    route_call(transaction, request, command);
  }
}

void Exchange::refuse_call(sip::ServerTransaction& transaction, const sip::Message& invite, const ReferringCommand* command, sip::Response answer) {
  const std::string call_id(invite.call_id());
  const int status = answer.status;
  const std::string reason(answer.reason.empty() ? sip::reason_phrase(status) : answer.reason);
  transaction.respond(answer);
  if (calls_.find(call_id) != nullptr) {
    return;  // Another call has that name.
  }
  report(call_id, CallStarted{std::string(invite.from().uri), std::string(command == nullptr ? invite.request_uri() : std::string_view(command->callee()))});
  if (command != nullptr) {
    link(command->referring_call(), call_id);
  }
  report(call_id, CallEnded{status, reason});
}

void Exchange::link(const std::string& one, const std::string& other) {
  if (!one.empty() && one != other) {
    report(one, CallLinked{other});
    report(other, CallLinked{one});
  }
}

void Exchange::on_replaces(sip::ServerTransaction& transaction, const sip::Message& invite, sip::InviteSession& replaced) {
  // Who knows the names of a dialog is one of its parties or was told by one, or sees it ring by a subscription that needs an account. So does this:
  // every user may pick up what rings at another.
  ActiveCall* const owner = calls_.find(replaced.call_id());
  if (owner == nullptr) {
    transaction.respond({.status = 481});
    return;
  }
  owner->replace(replaced, transaction, invite, {});
}

std::optional<sip::DialogName> Exchange::ringing(const std::string& call_id) const {
  const ActiveCall* const owner = calls_.find(call_id);
  return owner == nullptr ? std::nullopt : owner->ringing();
}

sip::InviteSession* Exchange::across(const sip::InviteSession& session) {
  ActiveCall* const owner = calls_.find(session.call_id());
  return owner == nullptr ? nullptr : owner->across(session);
}

void Exchange::route_call(sip::ServerTransaction& transaction, const sip::Message& request, ReferringCommand* command) {
  const unsigned max_forwards = sip::parse_number(request.header(sip::Header::MaxForwards).value_or(std::string_view{})).value_or(70);
  if (max_forwards == 0) {
    transaction.respond({.status = 483});
    return;
  }
  ActiveCall* const same_id = calls_.find(request.call_id());
  if (same_id != nullptr && same_id != dynamic_cast<ActiveCall*>(command)) {
    // Whoever asks by Call-ID must get one call: nobody can put his in the place of another's.
    transaction.respond({.status = 482});
    return;
  }
  RoutedCall::Options options;
  options.identity = identity_of(transaction, request, command);
  if (options.identity.wants_too_much()) {
    // RFC 3323 §5: better no call than one without the privacy that is insisted on.
    refuse_call(transaction, request, command, {.status = 500, .reason = "Session Privacy Not Available"});
    return;
  }
  options.course = course_of(transaction, request, command, options.identity);
  CallCourse::Next next = command == nullptr ? first_step(std::string(request.request_uri()), Asker::Phone, options.course.get())
                                             : first_step(command->callee(), Asker::Api, options.course.get());
  if (const auto* const refusal = std::get_if<CallCourse::Refusal>(&next)) {
    refuse_call(transaction, request, command, {.status = refusal->status, .reason = refusal->reason});
    if (command != nullptr) {
      command->on_unroutable(refusal->status);
    }
    return;
  }
  auto& step = std::get<CallCourse::Step>(next);
  // RFC 3261 §17.2.1: finding and ringing a phone takes more than 200 ms, so the caller need not repeat its INVITE.
  transaction.respond({.status = 100});
  if (command != nullptr) {
    options.watcher = command->watcher();
    options.to = "<" + command->callee() + ">";
  }
  const std::string destination = command == nullptr ? std::string() : step.targets.front().uri;
  options.targets = std::move(step.targets);
  if (media_ != nullptr) {
    options.caller = MediaSide::of(transaction.flow(), media_of(admitted_.username));
  }
  options.ring_timeout = step.time;
  if (const CallLook* const look = command == nullptr ? nullptr : command->look()) {
    dress(*look, request, *command, options);
  }
  options.hops = step.hops;
  options.forwarded_to = std::move(step.forwarded_to);
  options.max_forwards = std::min(max_forwards, 70U) - 1 - std::min(max_forwards - 1, step.hops);
  Switchboard& switchboard = *this;
  auto made = std::make_unique<RoutedCall>(switchboard, transaction, request, std::move(options));
  RoutedCall& call = *made;
  adopt(std::move(made));
  index(call.call_id(), call);
  const std::string referring = command == nullptr ? std::string() : command->referring_call();
  if (command != nullptr) {
    command->on_referred_call(call, call.call_id(), destination);
  }
  const std::string call_id = referring.empty() ? std::string() : call.call_id();
  call.start(request);
  link(referring, call_id);
}

std::shared_ptr<const MediaProfile> Exchange::media_of(const std::string& username) const {
  const auto found = settings_.media_of.find(username);
  return found == settings_.media_of.end() ? nullptr : found->second;
}

Routing::Found Exchange::find_places(std::string_view uri, Asker asker) const {
  Routing::Found found = routing_.find(uri, asker);
  if (!settings_.media_of.empty()) {
    const auto profile = media_of(user_of(uri));
    for (Target& target : found.targets) {
      target.media = target.peer == Peer::User ? profile : target.media;
    }
  }
  return found;
}

void Exchange::index(const std::string& call_id, ActiveCall& call) { calls_.name(call_id, call); }

void Exchange::forget(const std::string& call_id, ActiveCall& call) { calls_.unname(call_id, call); }

ActiveCall* Exchange::find(const std::string& call_id) { return calls_.find(call_id); }

void Exchange::adopt(std::unique_ptr<ActiveCall> call) { calls_.add(std::move(call)); }

void Exchange::finish(ActiveCall& call) {
  auto finished = calls_.take(call);
  if (finished == nullptr) {
    return;
  }
  if (const auto* const command = dynamic_cast<RunningCommand*>(&call)) {
    forget(*command);
  }
  if (rooms_ != nullptr) {
    rooms_->on_finished(call);
  }
  parking_.on_finished(call);
  pickups_.erase(&call);
  for (const auto& [waiting, pickup] : pickups_) {
    pickup->look_again();
  }
  finished_.add(std::move(finished));
}

void Exchange::report(const std::string& call_id, decltype(Event::what) what) {
  states_.note(call_id, what);
  if (auto* const ended = std::get_if<CallEnded>(&what); ended != nullptr && media_ != nullptr) {
    ended->streams = media_->ending(call_id);
  }
  redials_.note(what);
  events_.on_event({.time = user_agent_.timers().clock().wall_now(), .agent = {}, .call_id = call_id, .what = std::move(what)});
}

void Exchange::on_trace(Direction direction, const sip::Flow& flow, std::string_view message) { report({}, SipMessage{direction, flow, sip::masked(message)}); }

}  // namespace callwright::call
