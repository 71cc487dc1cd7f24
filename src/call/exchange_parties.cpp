// Calls that an API decides about, parties that it brings together or parts, and its conferences.
#include "call/exchange_parts.hpp"
#include "call/joining.hpp"
#include "call/offered_call.hpp"
#include "call/referral.hpp"
#include "call/routed_call.hpp"
#include "call/running_command.hpp"
#include "call/seating.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

bool Exchange::is_offered(std::string_view text) const {
  if (settings_.offered.empty()) {
    return false;
  }
  const auto uri = sip::UriView::parse(text);
  const std::string user = uri && is_ours(*uri) ? sip::unescape(uri->user) : std::string();
  return !user.empty() && std::any_of(settings_.offered.begin(), settings_.offered.end(), [&user](const std::string& pattern) {
    return pattern.ends_with('*') ? user.starts_with(pattern.substr(0, pattern.size() - 1)) : user == pattern;
  });
}

bool Exchange::offer_to_api(sip::ServerTransaction& transaction, const sip::Message& invite, ReferringCommand* command) {
  const std::string_view called = command == nullptr ? invite.request_uri() : std::string_view(command->callee());
  if (!is_offered(called)) {
    return false;
  }
  const std::string callee(called);
  if (calls_.find(invite.call_id()) != nullptr) {
    transaction.respond({.status = 482});
    return true;
  }
  transaction.respond({.status = 100});
  const std::string call_id(invite.call_id());
  OfferedCall::Options options{.side = MediaSide::of(transaction.flow(), media_of(admitted_.username)), .patience = settings_.timeouts.ring};
  if (command != nullptr) {
    options.watcher = command->watcher();
  }
  const CallLook* const look = command == nullptr ? nullptr : command->look();
  if (look != nullptr && look->timeout) {
    options.patience = *look->timeout;
  }
  Switchboard& switchboard = *this;
  auto made = std::make_unique<OfferedCall>(switchboard, transaction, invite, std::move(options));
  OfferedCall& call = *made;
  adopt(std::move(made));
  index(call_id, call);
  report(call_id, CallStarted{std::string(invite.from().uri), callee});
  if (command != nullptr) {
    link(command->referring_call(), call_id);
    command->on_referred_call(call, call_id, callee);
  }
  // Whoever heard of it may have ended the call.
  if (find(call_id) == &call) {
    const bool named = look != nullptr && !look->caller_name.empty();
    report(call_id, CallOffered{named ? look->caller_name : std::string(invite.from().display_name)});
  }
  return true;
}

void Exchange::start(CommandId id, const DecideCall& command, CommandObserver& observer) {
  using Decision = DecideCall::Decision;
  ActiveCall* const found = find(command.call_id);
  auto* const call = dynamic_cast<OfferedCall*>(found);
  if (call == nullptr) {
    refuse(id, observer, found == nullptr ? "404 Dialog not found" : "410 the call has been decided about");
    return;
  }
  switch (command.decision) {
    case Decision::Answer: answer_offered(id, *call, observer); return;
    case Decision::Redirect: redirect_offered(id, *call, command.destination, observer); return;
    case Decision::Ring: call->ring(); break;
    case Decision::Reject: call->reject(command.status, command.reason); break;
  }
  observer.on_command_event(event_of(id, Kind::Ended));
}

/// A place for one party.
base::Result<Conference*> Exchange::open_alone() {
  if (rooms_ == nullptr) {
    return base::Error(base::Errc::Unsupported, "This exchange handles no media");
  }
  Switchboard& switchboard = *this;
  return Conference::open(switchboard, rooms_->media(), {.kind = Conference::Kind::Alone});
}

void Exchange::answer_offered(CommandId id, OfferedCall& call, CommandObserver& observer) {
  const auto alone = open_alone();
  if (!alone) {
    refuse(id, observer, "488 Not Acceptable Here: " + alone.error().message());
    return;
  }
  const bool established = call.established();
  const std::string offer(established ? std::string_view() : call.invite().body());
  Switchboard& switchboard = *this;
  Seating& seating = run(std::make_unique<Seating>(switchboard, settings_.timeouts.media_answer, id, observer));
  std::unique_ptr<sip::InviteSession> session = call.take();
  seating.expect(session->call_id());
  const FindWatcher watcher = call.take_watcher();
  if (CallWatcher* const watching = found_by(watcher)) {
    watching->on_moved(**alone);
    seating.tell(watcher);
  }
  if (!established) {
    (*alone)->receive(std::move(session), offer, seating.watcher());
    return;
  }
  report(session->call_id(), CallAnswered{});
  ReleasedParties caller;
  caller.journal = session->call_id();
  caller.sessions.push_back(std::move(session));
  (*alone)->take(std::move(caller), seating.watcher());
  (*alone)->begin();
}

void Exchange::redirect_offered(CommandId id, OfferedCall& call, const std::string& destination, CommandObserver& observer) {
  if (call.established()) {
    refuse(id, observer,
           "410 the phone of the caller is in the call already, since it does not know REFER: answer it (CallAnswer) and transfer it (CallBlindTransfer)");
    return;
  }
  Routing::Found found = find_places(destination, Asker::Api);
  if (found.targets.empty()) {
    refuse(id, observer, status_text(found.status, {}));
    return;
  }
  RoutedCall::Options options;
  options.targets = std::move(found.targets);
  options.ring_timeout = settings_.timeouts.ring;
  options.identity = CallerIdentity::vouched_for(call.invite());
  options.to = "<" + destination + ">";
  options.caller = call.side();
  const std::string text(call.invite().bytes());
  sip::Message invite;
  static_cast<void>(invite.parse(text));
  Switchboard& switchboard = *this;
  const FindWatcher watcher = call.take_watcher();
  if (watcher) {
    options.watcher = watcher;
  }
  auto made = std::make_unique<RoutedCall>(switchboard, call.take(), std::move(options));
  RoutedCall& routed = *made;
  adopt(std::move(made));
  index(routed.call_id(), routed);
  if (CallWatcher* const watching = found_by(watcher)) {
    watching->on_moved(routed);
  }
  routed.start(invite);
  observer.on_command_event(event_of(id, Kind::Ended));
}

void Exchange::start(CommandId id, const BridgeCalls& command, CommandObserver& observer) {
  if (waits_for(command.one.call_id, id, command, observer) || waits_for(command.other.call_id, id, command, observer)) {
    return;
  }
  Switchboard& switchboard = *this;
  run(std::make_unique<Joining>(switchboard, settings_.timeouts, id, command, observer)).start();
}

void Exchange::start(CommandId id, const UnbridgeCall& command, CommandObserver& observer) {
  if (waits_for(command.call_id, id, command, observer)) {
    return;
  }
  ActiveCall* const call = find(command.call_id);
  if (call == nullptr || call->party(Side::Callee) == nullptr || !call->may_release(command.call_id)) {
    refuse(id, observer, call == nullptr ? "404 Dialog not found" : "410 Dialog not ready");
    return;
  }
  const auto first = open_alone();
  const auto second = first ? open_alone() : first;
  if (!second) {
    if (first) {
      (*first)->hang_up();
    }
    refuse(id, observer, "488 Not Acceptable Here: " + second.error().message());
    return;
  }
  ReleasedParties both = call->release(command.call_id, {});
  ReleasedParties callee;
  callee.sessions.push_back(std::move(both.sessions.back()));
  callee.journal = callee.sessions.front()->call_id();
  both.sessions.pop_back();
  both.media.reset();
  // The call goes on as that of the caller; the callee's is a new one for whoever reads the journal.
  report(callee.journal, CallStarted{party_of(callee.sessions.front()->dialog()), {}});
  report(callee.journal, CallAnswered{});
  Switchboard& switchboard = *this;
  Seating& seating = run(std::make_unique<Seating>(switchboard, settings_.timeouts.media_answer, id, observer));
  seating.expect(both.sessions.front()->call_id());
  seating.expect(callee.journal);
  (*first)->take(std::move(both), seating.watcher());
  (*second)->take(std::move(callee), seating.watcher());
  (*first)->begin();
  (*second)->begin();
}

void Exchange::start(CommandId id, const CreateConference& command, CommandObserver& observer) {
  if (!has_room(id, observer)) {
    return;
  }
  if (rooms_ == nullptr || rooms_->knows(command.name)) {
    refuse(id, observer, rooms_ == nullptr ? "488 Not Acceptable Here: this exchange handles no media" : "482 there is a conference of this name");
    return;
  }
  const Conference::Options options{
      .kind = Conference::Kind::Named, .max_parties = command.max_parties, .tones = command.tones ? Conference::Tones::On : Conference::Tones::Off};
  if (const auto created = rooms_->create(*this, command.name, options); !created) {
    refuse(id, observer, "503 Service Unavailable: " + created.error().message());
    return;
  }
  observer.on_command_event(event_of(id, Kind::Ended));
}

void Exchange::start(CommandId id, const AddToConference& command, CommandObserver& observer) {
  if (!command.call_id.empty() && waits_for(command.call_id, id, command, observer)) {
    return;
  }
  Conference* const conference = rooms_ == nullptr ? nullptr : rooms_->open_conference(command.conference);
  if (conference == nullptr) {
    refuse(id, observer, "404 Conference not found");
    return;
  }
  Switchboard& switchboard = *this;
  if (command.call_id.empty()) {
    const Routing::Found found = find_places(command.destination, Asker::Api);
    if (found.targets.empty()) {
      refuse(id, observer, status_text(found.status, {}));
      return;
    }
    Seating& seating = run(std::make_unique<Seating>(switchboard, settings_.timeouts.ring, id, observer));
    const std::string from = "<sip:" + command.conference + "@" + settings_.realm + ">";
    if (auto called = conference->dial(found.targets.front(), from, seating.watcher())) {
      seating.expect_called(std::move(*called), command.destination);
    } else {
      seating.fail("503 Service Unavailable: " + called.error().message());
    }
    return;
  }
  ActiveCall* const call = find(command.call_id);
  if (call == nullptr || call == conference || !call->may_release(command.call_id)) {
    refuse(id, observer, call == nullptr ? "404 Dialog not found" : call == conference ? "400 the party is in that conference" : "410 Dialog not ready");
    return;
  }
  if (!conference->has_room(command.party ? 1 : 2)) {
    refuse(id, observer, "486 Conference Full");
    return;
  }
  ReleasedParties released = call->release(command.call_id, command.party);
  Seating& seating = run(std::make_unique<Seating>(switchboard, settings_.timeouts.media_answer, id, observer));
  for (const auto& session : released.sessions) {
    seating.expect(session->call_id());
  }
  conference->take(std::move(released), seating.watcher());
  conference->begin();
}

void Exchange::start(CommandId id, const ChangeConference& command, CommandObserver& observer) {
  using Change = ChangeConference::Change;
  Conference* const conference = rooms_ == nullptr ? nullptr : rooms_->open_conference(command.conference);
  if (conference == nullptr || (command.change != Change::End && !conference->has(command.call_id))) {
    refuse(id, observer, conference == nullptr ? "404 Conference not found" : "404 Party not found");
    return;
  }
  switch (command.change) {
    case Change::Remove: static_cast<void>(conference->remove(command.call_id)); break;
    case Change::Mute: conference->mute(command.call_id, {}, true); break;
    case Change::Unmute: conference->mute(command.call_id, {}, false); break;
    case Change::End: conference->hang_up(); break;
  }
  observer.on_command_event(event_of(id, Kind::Ended));
}

}  // namespace callwright::call
