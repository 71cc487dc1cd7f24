#pragma once

#include "call/exchange.hpp"

#include <string>
#include <type_traits>
#include <utility>

/// For the files of Exchange only.
namespace callwright::call {

inline std::string pair_of_users(std::string_view caller, std::string_view callee) {
  std::string users(caller);
  users.append(">").append(callee);
  return users;
}

inline std::string users_of(const ReferringCommand& command) {
  return pair_of_users(sip::unescape(sip::user_of(command.caller())), sip::unescape(sip::user_of(command.callee())));
}

inline CommandEvent event_of(CommandId id, CommandEvent::Kind kind) {
  CommandEvent event;
  event.command = id;
  event.kind = kind;
  return event;
}

inline void refuse(CommandId id, CommandObserver& observer, std::string why) {
  CommandEvent failed = event_of(id, CommandEvent::Kind::Failed);
  failed.extra = std::move(why);
  observer.on_command_event(failed);
  observer.on_command_event(event_of(id, CommandEvent::Kind::Ended));
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

}  // namespace callwright::call
