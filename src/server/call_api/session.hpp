#pragma once

#include "base/random.hpp"
#include "server/access.hpp"
#include "server/call_api/command.hpp"
#include "server/call_api/command_desk.hpp"
#include "server/call_api/protocol.hpp"
#include "server/websocket.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::server::call_api {

/// One client's side of the protocol: a message becomes an answer and commands; their events become notifications, after the answer.
/// Each command that starts is logged with who started it. A client whose token is revoked is closed (1008) by the next message from it or to it.
/// Web thread. `peer`, `desk`, `feed` and `random` outlive it.
class Session final : public WebSocketHandler, private CommandOwner {
 public:
  Session(WebSocketPeer& peer, CommandDesk& desk, Feed& feed, base::Random& random, Protocol protocol = {}, Access access = {});
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void on_message(std::string_view text) override;

 private:
  class Subscription;

  /// What the client may do now. Nothing when its token was revoked: it is closed then.
  std::optional<Scopes> welcome();
  /// Gives the answer, "" for none.
  std::string handle(const BatchEntry& entry, Scopes scopes);
  void log_start(const ParsedCommand& command) const;
  /// Why the command does not run, if so.
  std::optional<RpcError> launch(const ParsedCommand& command);
  std::optional<RpcError> run(const ParsedCommand& command, const Echo& echo);
  std::optional<RpcError> run(const ParsedCommand& command, const Incomplete& incomplete);
  std::optional<RpcError> run(const ParsedCommand& command, const Cancel& cancel);
  std::optional<RpcError> run(const ParsedCommand& command, const Subscribe& subscribe);
  std::optional<RpcError> run(const ParsedCommand& command, const ListCalls& list);
  std::optional<RpcError> run(const ParsedCommand& command, const GetCall& get);
  std::optional<RpcError> run(const ParsedCommand& command, const ListRegistrations& list);
  /// One that the engine carries out.
  std::optional<RpcError> run(const ParsedCommand& command, const call::Command& order);
  /// Why a command of that name may not start.
  [[nodiscard]] std::optional<RpcError> refusal(const std::string& cmd_id) const;
  /// The same for one that may have a long answer: also when one message has asked for too many of these.
  [[nodiscard]] std::optional<RpcError> refusal_of_long_answer(const std::string& cmd_id) const;
  [[nodiscard]] Json::Object position() const;
  /// A command that is over with this answer.
  std::optional<RpcError> reply(const ParsedCommand& command, const Json& data);
  std::optional<RpcError> fail(const ParsedCommand& command, const std::string& why);
  void notify_later(const ParsedCommand& command, call::CommandEvent::Kind kind, const std::string& extra = {});
  /// At once, or behind the answer to the message being handled.
  void notify(std::string message);
  void on_event(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) override;
  [[nodiscard]] std::string measured(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) const;

  WebSocketPeer& peer_;
  CommandDesk& desk_;
  Feed& feed_;
  base::Random& random_;
  const Dialect& dialect_;
  const ErrorStyle& errors_;
  Access access_;
  bool turned_away_ = false;
  bool handling_ = false;
  /// Notifications that follow the answer to the message being handled.
  std::vector<std::string> after_answer_;
  std::map<std::string, std::unique_ptr<Subscription>> subscriptions_;  ///< By cmd_id.
};

}  // namespace callwright::server::call_api
