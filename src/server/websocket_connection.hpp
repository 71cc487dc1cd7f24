#pragma once

#include "server/web_core.hpp"
#include "server/web_stream.hpp"
#include "server/websocket.hpp"

namespace callwright::server {

/// Takes the connection over from HTTP: finishes the handshake and serves the WebSocket until it ends; keeps itself alive.
void serve_websocket(WebCore& core, WebStream stream, WebRequest request, WebSocketFactory factory, ConnectionSlot slot);

}  // namespace callwright::server
