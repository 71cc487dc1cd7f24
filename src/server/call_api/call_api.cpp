#include "server/call_api/call_api.hpp"

#include "server/call_api/session.hpp"

namespace callwright::server::call_api {

std::unique_ptr<WebSocketHandler> CallApi::open(WebSocketPeer& peer) { return std::make_unique<Session>(peer, desk_, random_); }

}  // namespace callwright::server::call_api
