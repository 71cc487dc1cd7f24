#include "server/call_api/call_api.hpp"

#include "server/call_api/session.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>

namespace callwright::server::call_api {

namespace {

/// The value of `name` in "a=1&b=2", of several the last; "" for a name without one.
std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
  std::optional<std::string_view> value;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name) {
      value = pair.substr(std::min(equals + 1, pair.size()));
    }
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return value;
}

}  // namespace

Admission CallApi::admit(const HttpRequest& request) {
  Protocol protocol = protocol_;
  if (const auto name = query_value(request.query, "dialect")) {
    protocol.dialect = find_dialect(*name);
  }
  if (protocol.dialect == nullptr) {
    return HttpResponse{.status = 400,
                        .content_type = "text/plain; charset=utf-8",
                        .body = "there is no such dialect; use ?dialect=current or ?dialect=2020, or leave it out\n"};
  }
  return WebSocketFactory([this, protocol](WebSocketPeer& peer) { return std::make_unique<Session>(peer, desk_, feed_, random_, protocol); });
}

}  // namespace callwright::server::call_api
