#pragma once

#include "base/clock.hpp"
#include "server/jwk_file.hpp"
#include "server/scopes.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace callwright::server {

class TokenFile;
struct Jwt;
struct Token;

/// Who is at the other end of a connection, and what it may do now. Web thread.
class Access {
 public:
  /// A client of this machine, where no tokens are asked for: it may do everything.
  Access();
  /// The one who showed this token of the file, which outlives this object.
  Access(TokenFile& file, const Token& token);
  /// The one who showed this token, signed with a key of the file; that and the clock outlive this object.
  Access(JwkFile& keys, const base::Clock& clock, const Jwt& token);

  /// Of the token; "jwt:" and the subject of a signed one; or "loopback".
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// What the file says now; nothing when the token, or the key that signed it, is not in it any more. None of them when the token has expired.
  [[nodiscard]] std::optional<Scopes> scopes();
  /// A signed token is over at its time; others go on until they are revoked.
  [[nodiscard]] bool expired() const noexcept;

 private:
  /// Looks the token up again.
  [[nodiscard]] std::optional<Scopes> scopes_in_file() const;

  TokenFile* file_ = nullptr;
  JwkFile* keys_ = nullptr;
  const base::Clock* clock_ = nullptr;
  std::string name_;
  std::string proof_;  ///< By which the file knows it: the token's hash, or the fingerprint of its key.
  Scopes granted_;     ///< By a signed token.
  std::chrono::seconds end_{0};
  std::optional<Scopes> scopes_;
  std::uint64_t version_ = 0;  ///< Of the file, when the scopes were looked up.
};

}  // namespace callwright::server
