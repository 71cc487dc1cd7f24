#pragma once

#include "base/random.hpp"
#include "server/call_api/command_desk.hpp"
#include "server/websocket.hpp"

#include <memory>

namespace callwright::server::call_api {

/// The Call API: JSON-RPC 2.0 over WebSocket (docs/call-api.md). One for each server; web thread.
/// `web.add_websocket("/call-api", [&api](WebSocketPeer& peer) { return api.open(peer); });`
/// Order of the end: `WebServer::blocking_stop()`, stop the engine, then destroy; the commands' events need both until then.
class CallApi {
 public:
  using Config = CommandDesk::Limits;

  CallApi(Config config, EnginePorts ports) : desk_(config, std::move(ports)) {}

  /// The handler of a new connection. This object outlives it.
  [[nodiscard]] std::unique_ptr<WebSocketHandler> open(WebSocketPeer& peer);
  /// Commands that have not ended, of clients that are gone too.
  [[nodiscard]] std::size_t running_commands() const noexcept { return desk_.running(); }

 private:
  CommandDesk desk_;
  base::SystemRandom random_;
};

}  // namespace callwright::server::call_api
