#pragma once

#include "base/random.hpp"
#include "server/call_api/command.hpp"
#include "server/call_api/command_desk.hpp"
#include "server/call_api/protocol.hpp"
#include "server/websocket.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::server::call_api {

/// One client's side of the protocol: a message becomes an answer and commands; their events become notifications, after the answer.
/// Web thread. `peer`, `desk` and `random` outlive it.
class Session final : public WebSocketHandler, private CommandOwner {
 public:
  Session(WebSocketPeer& peer, CommandDesk& desk, base::Random& random, Protocol protocol = {})
      : peer_(peer), desk_(desk), random_(random), dialect_(*protocol.dialect), errors_(*protocol.errors) {}
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void on_message(std::string_view text) override;

 private:
  /// Gives the answer, "" for none.
  std::string handle(const BatchEntry& entry);
  /// Why the command does not run, if so.
  std::optional<RpcError> launch(const ParsedCommand& command);
  std::optional<RpcError> run(const ParsedCommand& command, const Echo& echo);
  std::optional<RpcError> run(const ParsedCommand& command, const Incomplete& incomplete);
  /// One that the engine carries out.
  std::optional<RpcError> run(const ParsedCommand& command, const call::Command& order);
  void notify_later(const ParsedCommand& command, call::CommandEvent::Kind kind, const std::string& extra = {});
  void on_event(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) override;

  WebSocketPeer& peer_;
  CommandDesk& desk_;
  base::Random& random_;
  const Dialect& dialect_;
  const ErrorStyle& errors_;
  /// Notifications that follow the answer to the message being handled.
  std::vector<std::string> after_answer_;
};

}  // namespace callwright::server::call_api
