#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "server/jwt/jwk_set.hpp"
#include "server/scopes.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

/// Tokens that somebody else has signed (RFC 7519, RFC 8725). Pure. An error (Refused) says for the log why a token is not taken; it has no part of the token
/// but names and kid, cut short.
namespace callwright::server {

/// Longer ones are refused unread; a request's head has no place for much more.
inline constexpr std::size_t kMaxJwt = 6 * 1024;
/// How far the clocks of signer and server may be apart.
inline constexpr std::chrono::seconds kJwtLeeway{60};

/// What a token has to say besides its times.
struct JwtRules {
  std::string issuer;    ///< `iss`; "": anybody who has a key.
  std::string audience;  ///< Has to be in `aud`; "": a token that has one is for others, and refused (RFC 7519 §4.1.3).
};

struct Jwt {
  std::string subject;          ///< `sub`
  Scopes scopes;                ///< Those of ours in `scope`: a list with blanks between, or an array.
  std::chrono::seconds end{0};  ///< Since 1970: from then on it is over, leeway included.
  std::string key;              ///< Fingerprint of the one that has signed it.
};

/// Three parts with dots between them; all else is none.
[[nodiscard]] bool looks_like_jwt(std::string_view token) noexcept;
/// A token that is signed by one of `keys`, keeps the rules and is in force now.
[[nodiscard]] base::Result<Jwt> read_jwt(std::string_view token, const JwkSet& keys, const JwtRules& rules, base::WallTime now);

/// Its two steps.
struct SignedText {
  std::string payload;
  std::string key;
};
/// RFC 7515 §5.2: header and signature.
[[nodiscard]] base::Result<SignedText> read_signed(std::string_view token, const JwkSet& keys);
/// RFC 7519 §4.1: all but `key` of the token.
[[nodiscard]] base::Result<Jwt> read_claims(std::string_view payload, const JwtRules& rules, base::WallTime now);

}  // namespace callwright::server
