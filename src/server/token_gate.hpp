#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "server/access.hpp"
#include "server/jwk_file.hpp"
#include "server/jwt/jwt.hpp"
#include "server/token_file.hpp"
#include "server/web_server.hpp"
#include "sip/auth_throttle.hpp"

#include <optional>
#include <string_view>
#include <variant>

namespace callwright::server {

/// Whom to let in; one of the files at least.
struct TokenSources {
  std::optional<TokenFile> tokens = {};
  std::optional<JwkFile> keys = {};  ///< Of those who sign tokens.
  JwtRules rules = {};               ///< For signed tokens.
};

/// Lets those in who show a token (RFC 6750): in `Authorization: Bearer`, `X-API-Key` or the query's `token`, the first of these that is there. It is one of
/// the file, or signed with one of the keys (JWT, RFC 7519). Web thread. `clock` outlives it.
class TokenGate {
 public:
  /// `random` is asked once.
  TokenGate(TokenSources sources, const base::Clock& clock, base::Random& random);

  /// Who it is; it stays valid while this object lives. Or 401, and 429 after too many wrong tokens from one address in a minute. A right token is let in
  /// even then: nobody guesses 256 bits, and whoever shares an address with one who tries is not locked out. Why a signed token is refused is in the log alone.
  [[nodiscard]] std::variant<Access, HttpResponse> admit(const HttpRequest& request);
  /// Reads the files again even if they look as before.
  void reload();

 private:
  [[nodiscard]] std::optional<Access> access_of(std::string_view secret, const base::SocketAddress& remote);

  TokenSources sources_;
  const base::Clock& clock_;
  sip::AuthThrottle throttle_;
};

}  // namespace callwright::server
