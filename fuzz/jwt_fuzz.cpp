// Any bytes as a token, as what somebody has signed, and as a file of keys: nobody gets in whose token was not signed, and what was signed comes out as it went
// in.
#include "require.hpp"
#include "server/jwt/jwt.hpp"
#include "server/jwt/token_signer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace callwright;
using namespace callwright::server;

namespace {

const base::WallTime kNow{std::chrono::seconds(1'800'000'000)};

const TokenSigner& signer() {
  static const auto kSigner = TokenSigner::hs256("k");
  return kSigner;
}

const JwkSet& keys() {
  static const auto kKeys = JwkSet::parse(signer().jwks(), "").value();
  return kKeys;
}

void check_claims(std::string_view claims) {
  const std::string token = signer().token(claims);
  const auto text = read_signed(token, keys());
  require(text.has_value() == (token.size() <= kMaxJwt));
  require(!text || text->payload == claims);
  const auto jwt = read_jwt(token, keys(), {.issuer = "", .audience = "us"}, kNow);
  if (!jwt) return;
  require(jwt->end > std::chrono::seconds(1'800'000'000) && !jwt->subject.empty() && jwt->scopes != Scopes());
  require(!read_jwt(TokenSigner::hs256("k", std::string(32, 'x')).token(claims), keys(), {}, kNow));
}

void check_header(std::string_view header) {
  const auto text = read_signed(signer().sign(header, "{}"), keys());
  require(!text || header.find("HS256") != std::string_view::npos || header.find('\\') != std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(JwkSet::parse(text, "file"));
  // Nobody finds the key of this one by chance.
  static const auto kOther = JwkSet::parse(TokenSigner::hs256("k", "another secret, of 33 bytes or so").jwks(), "").value();
  require(!read_signed(text, kOther));
  check_claims(text);
  check_header(text);
  return 0;
}
