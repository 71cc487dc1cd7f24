#pragma once

#include "base/result.hpp"
#include "base/secret_bytes.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace callwright::server {

/// What tokens may be signed with (RFC 7518 §3.1).
enum class JwtAlgorithm : std::uint8_t { Hs256, Rs256, Es256 };

/// "HS256", "RS256", "ES256"
[[nodiscard]] std::string_view to_string(JwtAlgorithm algorithm) noexcept;
/// Nothing for all others, "none" among them. Letter case matters (RFC 7515 §4.1.1).
[[nodiscard]] std::optional<JwtAlgorithm> find_jwt_algorithm(std::string_view name) noexcept;

/// A key for one algorithm, which nothing in a token can change. Copies share it; it never changes. Errors (InvalidArgument) say what is wrong with the key and
/// what it has to be, and never repeat it.
class VerificationKey {
 public:
  using Bytes = std::span<const std::uint8_t>;

  /// 32 bytes at least (RFC 7518 §3.2).
  static base::Result<VerificationKey> hs256(base::SecretBytes secret);
  /// Big-endian numbers (RFC 7518 §6.3.1): a modulus of 2048 to 8192 bits, an odd exponent from 3 to 2³²-1.
  static base::Result<VerificationKey> rs256(Bytes modulus, Bytes exponent);
  /// A point of P-256, 32 bytes each (RFC 7518 §6.2.1).
  static base::Result<VerificationKey> es256(Bytes x, Bytes y);

  [[nodiscard]] JwtAlgorithm algorithm() const noexcept;
  /// Whether `signature`, as it is in a token, is of this key and of `text`.
  [[nodiscard]] bool verifies(std::string_view text, Bytes signature) const;
  /// Tells keys apart; has nothing that helps to find a secret of 256 bits.
  [[nodiscard]] const std::string& fingerprint() const noexcept;

 private:
  struct Key;
  explicit VerificationKey(std::shared_ptr<const Key> key) noexcept;
  std::shared_ptr<const Key> key_;
};

}  // namespace callwright::server
