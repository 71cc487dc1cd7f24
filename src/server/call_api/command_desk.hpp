#pragma once

#include "base/id.hpp"
#include "base/timers.hpp"
#include "call/call_control.hpp"
#include "server/call_api/deadlines.hpp"
#include "server/call_api/event_relay.hpp"
#include "server/call_api/request.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace callwright::server::call_api {

/// What becomes of the commands of a client that goes away.
enum class OnDisconnect {
  Finish,  ///< They run to their end; nobody hears of it.
  Cancel,  ///< They are given up and what they have set up is hung up.
};

/// Runs a function on the engine thread; false (and not run) when the engine is overloaded or has stopped. Any thread.
using PostToEngine = std::function<bool(std::function<void()>)>;

/// The way to the engine. All of it outlives whoever holds it; `control` and `timers` are touched on the engine thread only.
struct EnginePorts {
  call::CallControl& control;
  base::Timers& timers;
  PostToEngine to_engine;
  PostToWeb to_web;
};

/// Who launched a command, as seen from the desk.
class CommandOwner {
 public:
  virtual ~CommandOwner() = default;
  /// `method` and `cmd_id` as given at the start. The last event of a command is Ended. May not call `leave`.
  virtual void on_event(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) = 0;
};

/// The commands that run, whose they are and what they are called. Web thread, except that EventRelay and Deadlines live on the engine's.
/// Makes sure that a command reports one Failed at most, exactly one Ended, and nothing after it.
/// Must outlive the engine's commands: stop the web server, then the engine, then destroy.
class CommandDesk {
 public:
  struct Limits {
    OnDisconnect on_disconnect = OnDisconnect::Finish;
    std::size_t max_commands_per_client = 1000;
    std::size_t max_events_in_transit = 65536;
  };

  CommandDesk(Limits limits, EnginePorts ports);

  /// What a client wants done.
  struct Order {
    std::string_view method;  ///< A constant.
    std::string cmd_id;
    call::Command command;
    base::Duration deadline{};  ///< Zero: none.
  };
  /// Hands the command to the engine. Events come after the present handler of the web thread has returned.
  std::optional<RpcError> start(CommandOwner& owner, const Order& order);
  /// Why a command may not start now, if so: its cmd_id runs already.
  [[nodiscard]] std::optional<RpcError> refusal(const std::string& cmd_id) const;
  /// Gives the command of that name up, whoever launched it; its events follow. False: there is none.
  bool cancel(const std::string& cmd_id);
  /// The owner is gone: no more events for it.
  void leave(CommandOwner& owner);
  /// An event that came over from the engine.
  void deliver(const call::CommandEvent& event);

  [[nodiscard]] std::size_t running() const noexcept { return commands_.size(); }

 private:
  struct Running {
    CommandOwner* owner = nullptr;  ///< Nothing when the owner has left.
    std::string_view method;
    std::string cmd_id;
    bool failed = false;
  };
  using Commands = std::unordered_map<call::CommandId, Running>;

  void end(Commands::iterator command);
  void send_cancels();

  const Limits limits_;
  const EnginePorts ports_;
  EventRelay relay_;
  Deadlines deadlines_;
  base::IdSource<call::CommandId> ids_;
  Commands commands_;
  std::unordered_map<std::string, call::CommandId> cmd_ids_;
  std::unordered_map<CommandOwner*, std::unordered_set<call::CommandId>> owners_;
  /// Cancels that the engine did not take yet; tried again whenever something happens.
  std::vector<call::CommandId> cancels_;
};

}  // namespace callwright::server::call_api
