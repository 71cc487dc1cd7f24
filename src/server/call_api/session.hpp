#pragma once

#include "base/random.hpp"
#include "server/call_api/command.hpp"
#include "server/call_api/command_desk.hpp"
#include "server/websocket.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace callwright::server::call_api {

/// One client's side of the protocol: a message becomes an answer and commands; their events become notifications, after the answer.
/// Web thread. `peer`, `desk` and `random` outlive it.
class Session final : public WebSocketHandler, private CommandOwner {
 public:
  Session(WebSocketPeer& peer, CommandDesk& desk, base::Random& random) : peer_(peer), desk_(desk), random_(random) {}
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void on_message(std::string_view text) override;

 private:
  /// Gives the answer, "" for none.
  std::string handle(const BatchEntry& entry);
  std::string launch(const Request& request, ParsedCommand command);
  void on_event(std::string_view method, std::string_view cmd_id, const call::CommandEvent& event) override;

  WebSocketPeer& peer_;
  CommandDesk& desk_;
  base::Random& random_;
  /// Notifications that follow the answer to the message being handled.
  std::vector<std::string> after_answer_;
};

}  // namespace callwright::server::call_api
