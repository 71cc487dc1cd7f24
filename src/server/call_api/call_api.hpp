#pragma once

#include "base/random.hpp"
#include "server/call_api/command_desk.hpp"
#include "server/call_api/feed.hpp"
#include "server/call_api/protocol.hpp"
#include "server/token_gate.hpp"
#include "server/web_server.hpp"

#include <cstddef>
#include <memory>
#include <utility>
#include <variant>

namespace callwright::server::call_api {

/// The Call API: JSON-RPC 2.0 over WebSocket (docs/call-api.md). One for each server; web thread.
/// `web.add_websocket("/call-api", [&api](const HttpRequest& request) { return api.admit(request); });`
/// Order of the end: `WebServer::blocking_stop()`, stop the engine, then destroy; the commands' events need both until then.
class CallApi {
 public:
  struct Config {
    CommandDesk::Limits limits = {};
    Protocol protocol = {};  ///< Of clients that do not ask for a dialect.
  };

  /// `feed` is what clients may subscribe to; it outlives this. Without a gate, clients of this machine are let in and may do everything, and nobody else is.
  CallApi(const Config& config, EnginePorts ports, Feed& feed, std::unique_ptr<TokenGate> gate = nullptr)
      : feed_(feed), desk_(config.limits, std::move(ports)), protocol_(config.protocol), gate_(std::move(gate)) {}

  /// The handlers of a connection in the dialect that its URL names (`?dialect=2020`); 400 for one that there is not, and whatever the gate refuses with.
  /// This object outlives them.
  [[nodiscard]] Admission admit(const HttpRequest& request);
  /// Reads the gate's files again, if it has one.
  void reload_tokens() {
    if (gate_ != nullptr) {
      gate_->reload();
    }
  }
  /// Commands that have not ended, of clients that are gone too.
  [[nodiscard]] std::size_t running_commands() const noexcept { return desk_.running(); }

 private:
  [[nodiscard]] std::variant<Access, HttpResponse> access_of(const HttpRequest& request);

  Feed& feed_;
  CommandDesk desk_;
  const Protocol protocol_;
  const std::unique_ptr<TokenGate> gate_;
  base::SystemRandom random_;
};

}  // namespace callwright::server::call_api
