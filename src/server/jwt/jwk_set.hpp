#pragma once

#include "base/result.hpp"
#include "server/call_api/json.hpp"
#include "server/jwt/verification_key.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The keys of those who sign tokens (RFC 7517) as a text. Pure.
namespace callwright::server {

/// RFC 4648 §5 as RFC 7515 §2 has it: no padding, no other characters, bits that belong to no byte are zero. Nothing for anything else.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_base64url(std::string_view text);
/// The name of a member that an object has twice, or nothing. Two readers may take different ones of them.
[[nodiscard]] std::optional<std::string_view> twice_in(const call_api::Json::Object& object);
/// At most 64 characters of what somebody sent, for a message.
[[nodiscard]] std::string shown(std::string_view text);

class JwkSet {
 public:
  struct Jwk {
    std::string id;  ///< `kid`; "" when it has none.
    VerificationKey key;
  };
  static constexpr std::size_t kMaxKeys = 100;

  /// `{"keys":[…]}`. Keys for other purposes and algorithms are left out (RFC 7517 §5); one of ours that is not as it has to be makes the whole unusable.
  /// The error names `file` and the key.
  static base::Result<JwkSet> parse(std::string_view text, std::string_view file);

  [[nodiscard]] const std::vector<Jwk>& keys() const noexcept { return keys_; }
  /// The key of that id, or, for a token that names none, the only one of its algorithm. NotFound and Refused say why there is none.
  [[nodiscard]] base::Result<VerificationKey> find(const std::optional<std::string>& id, JwtAlgorithm algorithm) const;
  [[nodiscard]] bool has(const std::string& fingerprint) const noexcept;
  /// Whether somebody who reads the file can sign tokens.
  [[nodiscard]] bool has_secrets() const noexcept;

 private:
  std::vector<Jwk> keys_;
};

}  // namespace callwright::server
