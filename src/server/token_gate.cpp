#include "server/token_gate.hpp"

#include "base/log.hpp"
#include "server/query.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace callwright::server {
namespace {

constexpr auto kBan = std::chrono::minutes(1);
/// Tokens have no accounts that could be counted.
constexpr std::string_view kNoUser;

constexpr std::string_view kHowTo =
    "Send \"Authorization: Bearer TOKEN\", \"X-API-Key: TOKEN\" or the query ?token=TOKEN. On the server, callwright token create makes one.\n";

bool equals_ignoring_case(std::string_view left, std::string_view lower) {
  return left.size() == lower.size() &&
         std::equal(left.begin(), left.end(), lower.begin(), [](char character, char wanted) { return (character | 0x20) == wanted; });
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

/// RFC 6750 §2.1; "" when it is something else.
std::string_view bearer_of(std::string_view authorization) {
  const std::size_t blank = std::min(authorization.find(' '), authorization.size());
  return equals_ignoring_case(authorization.substr(0, blank), "bearer") ? trimmed(authorization.substr(blank)) : std::string_view{};
}

std::string_view token_in(const HttpRequest& request) {
  if (const auto bearer = bearer_of(request.authorization); !bearer.empty()) {
    return bearer;
  }
  return !request.api_key.empty() ? trimmed(request.api_key) : query_value(request.query, "token").value_or(std::string_view{});
}

HttpResponse refusal(unsigned status, std::string body, std::vector<std::pair<std::string, std::string>> headers) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body), .headers = std::move(headers)};
}

}  // namespace

TokenGate::TokenGate(TokenSources sources, const base::Clock& clock, base::Random& random)
    : sources_(std::move(sources)), clock_(clock), throttle_(clock, random, {.failures_per_user = 0, .ban = kBan}) {}

std::variant<Access, HttpResponse> TokenGate::admit(const HttpRequest& request) {
  const std::string_view secret = token_in(request);
  if (secret.empty()) {
    return refusal(401, "this needs a token\n" + std::string(kHowTo), {{"WWW-Authenticate", R"(Bearer realm="callwright")"}});
  }
  if (auto access = access_of(secret, request.remote)) {
    return std::move(*access);
  }
  if (throttle_.banned(request.remote.ip, kNoUser)) {
    return refusal(429, "too many wrong tokens from this address; try again in a minute\n",
                   {{"Retry-After", std::to_string(std::chrono::seconds(kBan).count())}});
  }
  throttle_.failed(request.remote.ip, kNoUser);
  return refusal(401, "there is no such token (any more)\n" + std::string(kHowTo),
                 {{"WWW-Authenticate", R"(Bearer realm="callwright", error="invalid_token")"}});
}

std::optional<Access> TokenGate::access_of(std::string_view secret, const base::SocketAddress& remote) {
  if (sources_.tokens) {
    sources_.tokens->refresh();
    if (const Token* const token = sources_.tokens->list().find(secret)) {
      return Access(*sources_.tokens, *token);
    }
  }
  if (!sources_.keys || !looks_like_jwt(secret)) {
    return std::nullopt;
  }
  sources_.keys->refresh();
  const auto jwt = read_jwt(secret, sources_.keys->content(), sources_.rules, clock_.wall_now());
  if (jwt) {
    return Access(*sources_.keys, clock_, *jwt);
  }
  // Those who come too often shall not fill the log; that it came to this has been told.
  const auto level = throttle_.banned(remote.ip, kNoUser) ? base::log::Level::Debug : base::log::Level::Info;
  base::log::write(level, "signed token refused", {{"reason", jwt.error().message()}, {"remote", remote.to_string()}});
  return std::nullopt;
}

void TokenGate::reload() {
  if (sources_.tokens) {
    sources_.tokens->reload();
  }
  if (sources_.keys) {
    sources_.keys->reload();
  }
}

}  // namespace callwright::server
