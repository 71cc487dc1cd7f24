#include "server/call_api/command_desk.hpp"

#include "base/log.hpp"

#include <utility>

namespace callwright::server::call_api {

using Kind = call::CommandEvent::Kind;

CommandDesk::CommandDesk(Limits limits, EnginePorts ports)
    : limits_(limits),
      ports_(std::move(ports)),
      relay_(
          ports_.to_web, [this](const call::CommandEvent& event) { deliver(event); }, limits.max_events_in_transit),
      deadlines_(ports_.timers, ports_.control, relay_) {}

std::optional<RpcError> CommandDesk::refusal(const std::string& cmd_id) const {
  if (cmd_ids_.contains(cmd_id)) {
    return RpcError{RpcCode::InvalidParams, "cmd_id " + cmd_id + " is already in use by a running command"};
  }
  return std::nullopt;
}

std::optional<RpcError> CommandDesk::start(CommandOwner& owner, const Order& order) {
  send_cancels();
  if (auto refused = refusal(order.cmd_id)) {
    return refused;
  }
  const auto known = owners_.find(&owner);
  if (known != owners_.end() && known->second.size() >= limits_.max_commands_per_client) {
    return RpcError{RpcCode::Busy, "too many commands in flight on this connection; wait for one to end"};
  }
  const call::CommandId id = ids_.next();
  if (!ports_.to_engine([this, id, command = order.command, deadline = order.deadline] { deadlines_.submit(id, command, deadline); })) {
    return RpcError{RpcCode::Busy, "server overloaded, try again"};
  }
  commands_.emplace(id, Running{.owner = &owner, .method = order.method, .cmd_id = order.cmd_id});
  cmd_ids_.emplace(order.cmd_id, id);
  owners_[&owner].insert(id);
  return std::nullopt;
}

bool CommandDesk::cancel(const std::string& cmd_id) {
  const auto found = cmd_ids_.find(cmd_id);
  if (found == cmd_ids_.end()) {
    return false;
  }
  cancels_.push_back(found->second);
  send_cancels();
  return true;
}

void CommandDesk::leave(CommandOwner& owner) {
  const auto found = owners_.find(&owner);
  if (found == owners_.end()) {
    return;
  }
  for (const call::CommandId id : found->second) {
    commands_.at(id).owner = nullptr;
    if (limits_.on_disconnect == OnDisconnect::Cancel) {
      cancels_.push_back(id);
    }
  }
  owners_.erase(found);
  send_cancels();
}

void CommandDesk::deliver(const call::CommandEvent& event) {
  const auto command = commands_.find(event.command);
  const bool is_late = command == commands_.end() || (command->second.failed && event.kind != Kind::Ended);
  if (is_late) {
    base::log::warn("event of a command that has ended or failed", {{"command", event.command.value}, {"kind", static_cast<int>(event.kind)}});
    return;
  }
  Running& running = command->second;
  if (event.kind == Kind::Failed) {
    running.failed = true;
    base::log::info("command failed", {{"method", running.method}, {"cmd_id", running.cmd_id}, {"reason", event.extra}});
  }
  if (event.kind != Kind::Ended) {
    if (running.owner != nullptr) {
      running.owner->on_event(running.method, running.cmd_id, event);
    }
  } else {
    end(command);
  }
  send_cancels();
}

void CommandDesk::end(Commands::iterator command) {
  const auto ended = commands_.extract(command);
  const Running& running = ended.mapped();
  base::log::info("command ended", {{"method", running.method}, {"cmd_id", running.cmd_id}});
  cmd_ids_.erase(running.cmd_id);
  if (running.owner == nullptr) {
    return;
  }
  const auto owner = owners_.find(running.owner);
  owner->second.erase(ended.key());
  if (owner->second.empty()) {
    owners_.erase(owner);
  }
  call::CommandEvent event;
  event.command = ended.key();
  event.kind = Kind::Ended;
  running.owner->on_event(running.method, running.cmd_id, event);
}

void CommandDesk::send_cancels() {
  if (cancels_.empty()) {
    return;
  }
  // The engine gets a copy: when it refuses, the list is still here.
  const bool taken = ports_.to_engine([this, ids = cancels_] {
    for (const call::CommandId id : ids) {
      ports_.control.cancel(id);
    }
  });
  if (taken) {
    cancels_.clear();
  }
}

}  // namespace callwright::server::call_api
