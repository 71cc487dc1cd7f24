#pragma once

#include "server/scopes.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace callwright::server {

class TokenFile;
struct Token;

/// Who is at the other end of a connection, and what it may do now. Web thread.
class Access {
 public:
  /// A client of this machine, where no tokens are asked for: it may do everything.
  Access();
  /// The one who showed this token of the file, which outlives this object.
  Access(TokenFile& file, const Token& token);

  /// Of the token, or "loopback".
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// What the file says now; nothing when the token is not in it any more.
  [[nodiscard]] std::optional<Scopes> scopes();

 private:
  TokenFile* file_ = nullptr;
  std::string name_;
  std::string hash_;
  std::optional<Scopes> scopes_;
  std::uint64_t version_ = 0;  ///< Of the file, when the scopes were looked up.
};

}  // namespace callwright::server
