#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "server/access.hpp"
#include "server/token_file.hpp"
#include "server/web_server.hpp"
#include "sip/auth_throttle.hpp"

#include <string_view>
#include <variant>

namespace callwright::server {

/// Lets those in who show a token of the file (RFC 6750): in `Authorization: Bearer`, `X-API-Key` or the query's `token`, the first of these that is there.
/// Web thread. `clock` outlives it.
class TokenGate {
 public:
  /// `random` is asked once.
  TokenGate(TokenFile file, const base::Clock& clock, base::Random& random);

  /// Who it is; it stays valid while this object lives. Or 401, and 429 after too many wrong tokens from one address in a minute. A right token is let in
  /// even then: nobody guesses 256 bits, and whoever shares an address with one who tries is not locked out.
  [[nodiscard]] std::variant<Access, HttpResponse> admit(const HttpRequest& request);

 private:
  TokenFile file_;
  sip::AuthThrottle throttle_;
};

}  // namespace callwright::server
