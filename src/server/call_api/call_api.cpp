#include "server/call_api/call_api.hpp"

#include "server/call_api/session.hpp"
#include "server/query.hpp"

#include <memory>
#include <utility>

namespace callwright::server::call_api {

Admission CallApi::admit(const HttpRequest& request) {
  auto admitted = access_of(request);
  if (auto* const refused = std::get_if<HttpResponse>(&admitted)) {
    return std::move(*refused);
  }
  Protocol protocol = protocol_;
  if (const auto name = query_value(request.query, "dialect")) {
    protocol.dialect = find_dialect(*name);
  }
  if (protocol.dialect == nullptr) {
    return HttpResponse{.status = 400,
                        .content_type = "text/plain; charset=utf-8",
                        .body = "there is no such dialect; use ?dialect=current or ?dialect=2020, or leave it out\n"};
  }
  return WebSocketFactory([this, protocol, access = std::get<Access>(std::move(admitted))](WebSocketPeer& peer) {
    return std::make_unique<Session>(peer, desk_, feed_, random_, protocol, access);
  });
}

std::variant<Access, HttpResponse> CallApi::access_of(const HttpRequest& request) {
  if (gate_ != nullptr) {
    return gate_->admit(request);
  }
  // The configuration sees to it that nobody else can reach us; should that fail, nobody gets in.
  if (request.remote.ip.is_loopback()) {
    return Access();
  }
  return HttpResponse{.status = 403,
                      .content_type = "text/plain; charset=utf-8",
                      .body = "without tokens only clients of this machine are served; set call_api.tokens in the server's configuration\n"};
}

}  // namespace callwright::server::call_api
