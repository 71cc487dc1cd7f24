#include "server/jwt/jwt.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

namespace callwright::server {

using base::Errc;
using base::Error;
using base::Result;
using call_api::Json;

namespace {

constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxSubject = 128;
constexpr double kLastSecond = 253'402'300'799.0;  ///< Of the year 9999.

Error refused(std::string why) { return {Errc::Refused, std::move(why)}; }

/// An object without double members.
Result<Json> object_of(std::string_view text, const std::string& what) {
  auto json = call_api::parse_json(text, kMaxDepth);
  if (!json || json->object() == nullptr) {
    return refused("its " + what + " is no JSON object");
  }
  if (const auto name = twice_in(*json->object())) {
    return refused("its " + what + " has \"" + shown(*name) + "\" twice");
  }
  return std::move(*json);
}

char lower(char character) { return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character; }

/// RFC 7515 §4.1.9, RFC 9068 §2.1: a token for access, or one that does not say.
bool is_type_of_ours(const Json* type) {
  if (type == nullptr) {
    return true;
  }
  std::string name = type->string() == nullptr ? std::string() : *type->string();
  std::transform(name.begin(), name.end(), name.begin(), lower);
  name.erase(0, name.starts_with("application/") ? std::string_view("application/").size() : 0);
  return name == "jwt" || name == "at+jwt";
}

/// The key that the header asks for. What it says beyond that (`jwk`, `jku`, `x5c`, …) is not looked at: keys come from our file alone.
Result<VerificationKey> key_for(const Json& header, const JwkSet& keys) {
  const Json* const name = header.find("alg");
  if (name == nullptr || name->string() == nullptr) {
    return refused("its header has no alg");
  }
  const auto algorithm = find_jwt_algorithm(*name->string());
  if (!algorithm) {
    return refused("its alg is \"" + shown(*name->string()) + "\"; there are HS256, RS256 and ES256");
  }
  if (header.find("crit") != nullptr) {
    return refused("its header has \"crit\", and nothing critical is understood");
  }
  if (!is_type_of_ours(header.find("typ"))) {
    return refused("its typ is neither JWT nor at+jwt");
  }
  const Json* const id = header.find("kid");
  if (id != nullptr && id->string() == nullptr) {
    return refused("its kid is no text");
  }
  return keys.find(id == nullptr ? std::nullopt : std::optional(*id->string()), *algorithm);
}

/// RFC 7519 §2, NumericDate, rounded down; nothing when it is missing.
Result<std::optional<std::chrono::seconds>> time_in(const Json& claims, std::string_view name) {
  const Json* const member = claims.find(name);
  if (member == nullptr) {
    return std::optional<std::chrono::seconds>();
  }
  const auto* const number = std::get_if<Json::Number>(&member->value);
  double seconds = -1;
  if (number != nullptr) {
    const char* const end = number->text.data() + number->text.size();
    const auto [rest, failure] = std::from_chars(number->text.data(), end, seconds);
    seconds = failure == std::errc() && rest == end ? seconds : -1;
  }
  if (!(seconds >= 0 && seconds <= kLastSecond)) {
    return refused("its " + std::string(name) + " is no time: seconds since 1970, up to the year 9999");
  }
  return std::optional(std::chrono::seconds(static_cast<std::int64_t>(std::floor(seconds))));
}

Result<std::chrono::seconds> end_of(const Json& claims, base::WallTime now) {
  const auto today = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  const auto end = time_in(claims, "exp");
  const auto begin = time_in(claims, "nbf");
  const auto made = time_in(claims, "iat");
  for (const auto* const time : {&end, &begin, &made}) {
    if (!*time) {
      return time->error();
    }
  }
  if (!*end) {
    return refused("it has no exp, and must end some time");
  }
  if (today >= **end + kJwtLeeway) {
    return refused("it has expired");
  }
  if (*begin && today < **begin - kJwtLeeway) {
    return refused("it is not in force yet (nbf)");
  }
  if (*made && today < **made - kJwtLeeway) {
    return refused("it was made in the future (iat); look at the clocks");
  }
  return **end + kJwtLeeway;
}

std::optional<std::string> text_in(const Json& claims, std::string_view name) {
  const Json* const member = claims.find(name);
  return member == nullptr || member->string() == nullptr ? std::nullopt : std::optional(*member->string());
}

Result<void> check_parties(const Json& claims, const JwtRules& rules) {
  if (!rules.issuer.empty() && text_in(claims, "iss") != rules.issuer) {
    return refused("its iss is \"" + shown(text_in(claims, "iss").value_or("")) + "\", and not call_api.jwt_issuer");
  }
  const Json* const audience = claims.find("aud");
  const Json::Array* const several = audience == nullptr ? nullptr : audience->array();
  const auto is_us = [&rules](const Json& name) { return name.string() != nullptr && *name.string() == rules.audience; };
  const bool named = audience != nullptr && (several == nullptr ? is_us(*audience) : std::any_of(several->begin(), several->end(), is_us));
  if (rules.audience.empty() && audience != nullptr) {
    return refused("it is for somebody (aud), and call_api.jwt_audience does not say that this is us");
  }
  return rules.audience.empty() || named ? base::ok() : Result<void>(refused("call_api.jwt_audience is not in its aud"));
}

Result<std::string> subject_in(const Json& claims) {
  const std::string subject = text_in(claims, "sub").value_or("");
  const bool clean =
      std::none_of(subject.begin(), subject.end(), [](char character) { return static_cast<unsigned char>(character) < 0x20 || character == 0x7F; });
  if (subject.empty() || subject.size() > kMaxSubject || !clean) {
    return refused("its sub, who it is, has to be a text of 1 to " + std::to_string(kMaxSubject) + " bytes without control characters");
  }
  return subject;
}

/// RFC 8693 §4.2, or an array. Names of other services' scopes are none of our business.
Result<Scopes> scopes_in(const Json& claims) {
  Scopes scopes;
  const auto take = [&scopes](std::string_view name) {
    const auto scope = find_scope(name);
    scopes = scope ? scopes.with(*scope) : scopes;
  };
  const Json* const scope = claims.find("scope");
  if (scope != nullptr && scope->array() != nullptr) {
    for (const Json& name : *scope->array()) {
      take(name.string() == nullptr ? std::string_view() : std::string_view(*name.string()));
    }
  } else if (const auto list = text_in(claims, "scope")) {
    for (std::size_t at = 0; at < list->size();) {
      const std::size_t blank = std::min(list->find(' ', at), list->size());
      take(std::string_view(*list).substr(at, blank - at));
      at = blank + 1;
    }
  }
  return scopes == Scopes() ? Result<Scopes>(refused("its scope has none of " + names_of_scopes())) : scopes;
}

}  // namespace

bool looks_like_jwt(std::string_view token) noexcept { return std::count(token.begin(), token.end(), '.') == 2; }

Result<SignedText> read_signed(std::string_view token, const JwkSet& keys) {
  if (token.size() > kMaxJwt) {
    return refused("it has " + std::to_string(token.size()) + " bytes; " + std::to_string(kMaxJwt) + " are the most");
  }
  if (!looks_like_jwt(token)) {
    return refused("it has not three parts with dots between them");
  }
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  const auto header = from_base64url(token.substr(0, first));
  const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  const auto signature = from_base64url(token.substr(second + 1));
  if (!header || !payload || !signature) {
    return refused("its parts are not all base64url without padding");
  }
  const auto members = object_of({reinterpret_cast<const char*>(header->data()), header->size()}, "header");
  if (!members) {
    return members.error();
  }
  const auto key = key_for(*members, keys);
  if (!key) {
    return key.error();
  }
  if (!key->verifies(token.substr(0, second), *signature)) {
    return refused("its signature is wrong");
  }
  return SignedText{std::string(payload->begin(), payload->end()), key->fingerprint()};
}

Result<Jwt> read_claims(std::string_view payload, const JwtRules& rules, base::WallTime now) {
  const auto claims = object_of(payload, "payload");
  if (!claims) {
    return claims.error();
  }
  const auto end = end_of(*claims, now);
  if (!end) {
    return end.error();
  }
  if (const auto meant = check_parties(*claims, rules); !meant) {
    return meant.error();
  }
  auto subject = subject_in(*claims);
  if (!subject) {
    return subject.error();
  }
  const auto scopes = scopes_in(*claims);
  if (!scopes) {
    return scopes.error();
  }
  return Jwt{std::move(*subject), *scopes, *end, {}};
}

Result<Jwt> read_jwt(std::string_view token, const JwkSet& keys, const JwtRules& rules, base::WallTime now) {
  auto text = read_signed(token, keys);
  if (!text) {
    return text.error();
  }
  auto jwt = read_claims(text->payload, rules, now);
  if (jwt) {
    jwt->key = std::move(text->key);
  }
  return jwt;
}

}  // namespace callwright::server
