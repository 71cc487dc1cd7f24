#pragma once

#include "net/connection.hpp"

#include <memory>
#include <string>
#include <vector>

namespace callwright::net {

/// One SIP connection over WebSocket (RFC 7118): one message in each WebSocket message, text or binary. The handshake has to name the sub-protocol "sip".
/// A quiet peer is asked by pings whether it is still there. As a server it takes any path, and web pages of `origins` (`base::origin_may_connect`).
[[nodiscard]] std::shared_ptr<Connection> make_sip_websocket(EngineLoop& loop, const StreamLimits& limits, const std::vector<std::string>& origins,
                                                             Connection::Owner& owner, sip::ConnectionId id, Route route);

}  // namespace callwright::net
