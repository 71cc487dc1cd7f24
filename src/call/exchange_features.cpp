// What users have set up for their calls: forwarding, find-me, screening.
#include "call/exchange_parts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {
namespace {

constexpr std::string_view kAnonymousHost = "anonymous.invalid";

/// Whom a trusted network tells us.
std::string asserted_caller(const sip::Message& invite) {
  const auto asserted = sip::asserted_identities_of(invite);
  return asserted.empty() ? std::string(invite.from().uri) : asserted.front();
}

bool is_anonymous(std::string_view uri) {
  const auto parsed = sip::UriView::parse(uri);
  return parsed && sip::equals_ignoring_case(parsed->host, kAnonymousHost);
}

}  // namespace

bool Exchange::may_call(sip::ServerTransaction& transaction, const sip::Message& invite) {
  const auto features = admitted_.username.empty() ? nullptr : features_.find(admitted_.username);
  if (features == nullptr || expecting(admitted_.username, invite) != nullptr) {
    return true;
  }
  const bool may = screen(features->outgoing, {.uri = std::string(invite.request_uri())}) == ScreeningVerdict::Passes;
  if (!may) {
    // RFC 5359 §2.14.
    refuse_call(transaction, invite, nullptr, {.status = 403, .reason = "Screening Failure"});
  }
  return may;
}

std::unique_ptr<CallCourse> Exchange::course_of(const sip::ServerTransaction& transaction, const sip::Message& invite, const ReferringCommand* command,
                                                const CallerIdentity& identity) {
  const std::string callee = user_of(command == nullptr ? invite.request_uri() : std::string_view(command->callee()));
  if (callee.empty()) {
    return nullptr;
  }
  CallCourse::Caller caller;
  const bool from_network = admitted_.username.empty() && command == nullptr;
  if (!admitted_.username.empty()) {
    caller.party.uri = home_uri(admitted_.username, transaction, invite);
  } else {
    caller.party.uri = from_network ? asserted_caller(invite) : command->caller();
  }
  caller.party.anonymous = identity.hides_caller() || is_anonymous(from_network ? caller.party.uri : std::string(invite.from().uri));
  caller.hides_history = identity.hides_history();
  std::vector<sip::Diversion> diversions = sip::diversions_of(invite);
  for (const sip::Diversion& diversion : diversions) {
    caller.hops += std::min(diversion.counter, CallCourse::kMaxHops);
  }
  if (from_network) {
    caller.redirections = RedirectionHistory(std::move(diversions), sip::history_of(invite));
  }
  return std::make_unique<CallCourse>(
      CallCourse::Surroundings{.features = features_,
                               .user_of = [this](std::string_view uri) { return user_of(uri); },
                               .find_places = [this](std::string_view uri) { return find_places(uri, Asker::Phone); },
                               .home = settings_.domains.empty() ? transaction.flow().local.to_string() : settings_.domains.front(),
                               .ring_timeout = settings_.timeouts.ring},
      std::move(caller));
}

CallCourse::Next Exchange::first_step(const std::string& callee, Asker asker, CallCourse* course) const {
  if (course != nullptr) {
    return course->begin(callee);
  }
  Routing::Found found = find_places(callee, asker);
  if (found.targets.empty()) {
    return CallCourse::Refusal{found.status};
  }
  return CallCourse::Step{.targets = std::move(found.targets), .time = settings_.timeouts.ring};
}

bool Exchange::is_in_call(const StartCall& call) const {
  return states_.dialogs().is_in_call(user_of(call.caller)) || states_.dialogs().is_in_call(user_of(call.callee));
}

void Exchange::start(CommandId id, const RedialCall& command, CommandObserver& observer) {
  if (!has_room(id, observer)) {
    return;
  }
  for (const std::string* const uri : {&command.call.caller, &command.call.callee}) {
    if (user_of(*uri).empty()) {
      refuse(id, observer, "404 no user of this exchange, so nothing tells when it is free: " + *uri);
      return;
    }
  }
  redials_.add(id, command, observer);
}

void Exchange::start(CommandId id, const GetFeatures& command, CommandObserver& observer) {
  if (!accounts_.has(command.user)) {
    refuse(id, observer, "404 User not found");
    return;
  }
  CommandEvent event = event_of(id, CommandEvent::Kind::Features);
  const auto found = features_.find(command.user);
  event.features = found == nullptr ? std::make_shared<const UserFeatures>() : found;
  observer.on_command_event(event);
  observer.on_command_event(event_of(id, CommandEvent::Kind::Ended));
}

void Exchange::start(CommandId id, const SetFeatures& command, CommandObserver& observer) {
  const auto before = features_.find(command.user);
  UserFeatures features = before == nullptr ? UserFeatures() : *before;
  command.change.apply_to(features);
  const auto set = accounts_.has(command.user) ? features_.set(command.user, std::move(features)) : base::ok();
  if (!set) {
    refuse(id, observer, "400 " + set.error().message());
    return;
  }
  start(id, GetFeatures{command.user}, observer);
}

}  // namespace callwright::call
