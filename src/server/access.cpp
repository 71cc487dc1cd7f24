#include "server/access.hpp"

#include "server/token_file.hpp"

namespace callwright::server {

Access::Access() : name_("loopback"), scopes_(Scopes::all()) {}

Access::Access(TokenFile& file, const Token& token) : file_(&file), name_(token.name), hash_(token.hash), scopes_(token.scopes), version_(file.version()) {}

std::optional<Scopes> Access::scopes() {
  if (file_ == nullptr) {
    return scopes_;
  }
  file_->refresh();
  if (version_ != file_->version()) {
    version_ = file_->version();
    const Token* const token = file_->list().named(name_);
    // A token that was revoked does not come back to life because another one got its name.
    scopes_ = token != nullptr && token->hash == hash_ ? std::optional(token->scopes) : std::nullopt;
  }
  return scopes_;
}

}  // namespace callwright::server
