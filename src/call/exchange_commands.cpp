// What an API asks of the exchange, and the calls that phones make when a command has told them to.
#include "call/exchange.hpp"
#include "call/hold.hpp"
#include "call/transfer.hpp"

#include <charconv>
#include <type_traits>
#include <utility>

namespace callwright::call {
namespace {

std::string pair_of_users(std::string_view caller, std::string_view callee) {
  std::string users(caller);
  users.append(">").append(callee);
  return users;
}

std::string users_of(const ReferringCommand& command) {
  return pair_of_users(sip::unescape(sip::user_of(command.caller())), sip::unescape(sip::user_of(command.callee())));
}

CommandEvent event_of(CommandId id, CommandEvent::Kind kind) {
  CommandEvent event;
  event.command = id;
  event.kind = kind;
  return event;
}

void refuse(CommandId id, CommandObserver& observer, std::string why) {
  CommandEvent failed = event_of(id, CommandEvent::Kind::Failed);
  failed.extra = std::move(why);
  observer.on_command_event(failed);
  observer.on_command_event(event_of(id, CommandEvent::Kind::Ended));
}

}  // namespace

void Exchange::submit(CommandId id, const Command& command, CommandObserver& observer) {
  std::visit([&](const auto& what) { start(id, what, observer); }, command);
}

bool Exchange::has_room(CommandId id, CommandObserver& observer) const {
  if (shutting_down_ || calls_.size() >= settings_.max_calls) {
    refuse(id, observer, "503 Service Unavailable: too many calls, try again later");
    return false;
  }
  return true;
}

template <class Order>
bool Exchange::waits_for(const std::string& call_id, CommandId id, const Order& command, CommandObserver& observer) {
  ActiveCall* const call = find(call_id);
  const bool waits = call != nullptr && call->await_up([this, id, command] {
    if (const auto waiting = waiting_commands_.extract(id); !waiting.empty()) {
      start(id, command, *waiting.mapped());
    }
  });
  if (waits) {
    waiting_commands_.emplace(id, &observer);
  }
  return waits;
}

template <class Made>
Made& Exchange::run(std::unique_ptr<Made> command) {
  Made& running = *command;
  commands_.emplace(running.id(), &running);
  if constexpr (std::is_base_of_v<ReferringCommand, Made>) {
    referring_commands_.emplace(running.id(), &running);
    commands_by_users_.emplace(std::pair(users_of(running), running.id()), &running);
  }
  adopt(std::move(command));
  return running;
}

void Exchange::start(CommandId id, const StartCall& command, CommandObserver& observer) {
  if (!has_room(id, observer)) {
    return;
  }
  if (by_call_id_.contains(command.call_id)) {
    refuse(id, observer, "482 a call with this Call-ID is in progress");
    return;
  }
  Switchboard& switchboard = *this;
  run(std::make_unique<ClickToDial>(switchboard, routing_, settings_.timeouts, id, command, observer)).start();
}

void Exchange::start(CommandId id, const TransferCall& command, CommandObserver& observer) {
  if (!has_room(id, observer)) {
    return;
  }
  if (waits_for(command.party.call_id, id, command, observer) || (command.joins && waits_for(command.joins->call_id, id, command, observer))) {
    return;
  }
  Switchboard& switchboard = *this;
  run(std::make_unique<Transfer>(switchboard, routing_, settings_.timeouts, id, command, observer)).start();
}

void Exchange::start(CommandId id, const HoldCall& command, CommandObserver& observer) {
  if (waits_for(command.call_id, id, command, observer)) {
    return;
  }
  Switchboard& switchboard = *this;
  run(std::make_unique<Hold>(switchboard, settings_.timeouts, id, command, observer)).start();
}

void Exchange::start(CommandId id, const EndCall& command, CommandObserver& observer) {
  const auto found = by_call_id_.find(command.call_id);
  if (found == by_call_id_.end()) {
    refuse(id, observer, "404 Requested Dialog not found");
    return;
  }
  found->second->hang_up();
  observer.on_command_event(event_of(id, CommandEvent::Kind::Ended));
}

void Exchange::cancel(CommandId id) {
  if (const auto waiting = waiting_commands_.extract(id); !waiting.empty()) {
    refuse(id, *waiting.mapped(), "the command was cancelled");
    return;
  }
  if (redials_.cancel(id, "the command was cancelled")) {
    return;
  }
  const auto found = commands_.find(id);
  if (found != commands_.end()) {
    found->second->cancel("the command was cancelled");
  }
}

void Exchange::forget(const RunningCommand& command) {
  commands_.erase(command.id());
  if (const auto* const referring = dynamic_cast<const ReferringCommand*>(&command)) {
    referring_commands_.erase(command.id());
    commands_by_users_.erase({users_of(*referring), command.id()});
  }
}

ReferringCommand* Exchange::expecting(std::string_view token) {
  CommandId id;
  std::from_chars(token.data(), token.data() + token.size(), id.value);
  const auto found = referring_commands_.find(id);
  return found != referring_commands_.end() && found->second->expects(token) ? found->second : nullptr;
}

ReferringCommand* Exchange::expecting(std::string_view username, const sip::Message& request) {
  // By the name that was proved, not by the one in From.
  const std::string users = pair_of_users(username, sip::unescape(sip::user_of(request.request_uri())));
  for (auto found = commands_by_users_.lower_bound({users, CommandId{}}); found != commands_by_users_.end() && found->first.first == users; ++found) {
    if (found->second->expects({})) {
      return found->second;
    }
  }
  return nullptr;
}

/// Like an INVITE with Replaces (RFC 3891), but known by the token: so it needs nothing that a phone might not know.
void Exchange::take_place(sip::ServerTransaction& transaction, const sip::Message& invite, ReferringCommand& command, const CallParty& partner) {
  ActiveCall* const call = find(partner.call_id);
  sip::InviteSession* const leaving = call == nullptr ? nullptr : call->party(opposite(partner.side));
  if (leaving == nullptr || by_call_id_.contains(invite.call_id())) {
    transaction.respond({.status = leaving == nullptr ? 481 : 482});
    command.on_unroutable(leaving == nullptr ? 481 : 482);
    return;
  }
  const FindWatcher watcher = command.watcher();
  command.on_replacing(std::string(invite.call_id()));
  // Whoever heard of it may have ended the call.
  if (find(partner.call_id) == call && call->party(opposite(partner.side)) == leaving) {
    call->replace(*leaving, transaction, invite, watcher);
  } else {
    transaction.respond({.status = 481});
  }
}

}  // namespace callwright::call
