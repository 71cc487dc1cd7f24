#include "server/access.hpp"

#include "server/jwt/jwt.hpp"
#include "server/token_file.hpp"

namespace callwright::server {

Access::Access() : name_("loopback"), scopes_(Scopes::all()) {}

Access::Access(TokenFile& file, const Token& token) : file_(&file), name_(token.name), proof_(token.hash), scopes_(token.scopes), version_(file.version()) {}

Access::Access(JwkFile& keys, const base::Clock& clock, const Jwt& token)
    : keys_(&keys),
      clock_(&clock),
      name_("jwt:" + token.subject),
      proof_(token.key),
      granted_(token.scopes),
      end_(token.end),
      scopes_(token.scopes),
      version_(keys.version()) {}

bool Access::expired() const noexcept { return clock_ != nullptr && std::chrono::floor<std::chrono::seconds>(clock_->wall_now().time_since_epoch()) >= end_; }

std::optional<Scopes> Access::scopes_in_file() const {
  if (keys_ != nullptr) {
    return keys_->content().has(proof_) ? std::optional(granted_) : std::nullopt;
  }
  const Token* const token = file_->list().named(name_);
  // A token that was revoked does not come back to life because another one got its name.
  return token != nullptr && token->hash == proof_ ? std::optional(token->scopes) : std::nullopt;
}

std::optional<Scopes> Access::scopes() {
  if (file_ == nullptr && keys_ == nullptr) {
    return scopes_;
  }
  keys_ != nullptr ? keys_->refresh() : file_->refresh();
  const std::uint64_t version = keys_ != nullptr ? keys_->version() : file_->version();
  if (version_ != version) {
    version_ = version;
    scopes_ = scopes_in_file();
  }
  return scopes_ && expired() ? Scopes() : scopes_;
}

}  // namespace callwright::server
