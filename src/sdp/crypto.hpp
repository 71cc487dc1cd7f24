#pragma once

#include "base/random.hpp"
#include "base/secret_bytes.hpp"
#include "sdp/description.hpp"

#include <array>
#include <optional>
#include <span>
#include <vector>

/// Keys of media in the description: SDES (RFC 4568, with the suites of RFC 6188 and RFC 7714).
namespace callwright::sdp {

enum class CryptoSuite : std::uint8_t {
  AesCm128HmacSha1Tag80,
  AesCm128HmacSha1Tag32,
  AesCm256HmacSha1Tag80,
  AesCm256HmacSha1Tag32,
  AeadAes128Gcm,
  AeadAes256Gcm,
};

[[nodiscard]] std::string_view to_string(CryptoSuite suite) noexcept;
/// Bytes of the master key with its salt.
[[nodiscard]] std::size_t key_size_of(CryptoSuite suite) noexcept;

/// What is offered when nobody says otherwise: what every phone knows comes first, since some take nothing but the first.
inline constexpr std::array kUsualSuites{CryptoSuite::AesCm128HmacSha1Tag80, CryptoSuite::AesCm128HmacSha1Tag32, CryptoSuite::AeadAes128Gcm,
                                         CryptoSuite::AeadAes256Gcm,         CryptoSuite::AesCm256HmacSha1Tag80, CryptoSuite::AesCm256HmacSha1Tag32};

/// `a=crypto:<tag> <suite> inline:<key and salt>`. Never to be logged.
struct Crypto {
  std::uint32_t tag = 1;
  CryptoSuite suite = CryptoSuite::AesCm128HmacSha1Tag80;
  base::SecretBytes key_and_salt;  ///< `key_size_of(suite)` bytes.

  /// The value of the attribute. A lifetime is accepted (no call lives that long). Errors: Unsupported (a suite, a master key identifier, several keys
  /// or a session parameter that would change packets), InvalidArgument (malformed). The texts do not tell the key.
  static base::Result<Crypto> parse(std::string_view value);
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Crypto&, const Crypto&) = default;
};

/// What a configuration may say of the encryption of media.
enum class MediaSecurity {
  Off,       ///< Nothing is encrypted; who demands it is refused.
  Optional,  ///< Encrypted where the other side can, RTP/AVP with keys in offers.
  Required,  ///< Encrypted or no call.
};

/// Both sides' keys, once they agree.
struct CryptoAgreement {
  Crypto local;   ///< What we encrypt with.
  Crypto remote;  ///< What comes is encrypted with.
  friend bool operator==(const CryptoAgreement&, const CryptoAgreement&) = default;
};

/// True for RTP/SAVP, RTP/SAVPF and their DTLS forms: no packet may be in the clear.
[[nodiscard]] bool is_secure_protocol(std::string_view protocol) noexcept;

/// One attribute for each suite, with keys of its own; tags from 1. `random` has to be unpredictable.
[[nodiscard]] std::vector<Crypto> make_crypto_offer(std::span<const CryptoSuite> suites, base::Random& random);
/// Puts them into the section, in place of those that are there.
void set_crypto(Media& media, std::span<const Crypto> attributes);

/// Decides on an offer: the first attribute for whose suite `ours` has a key, which gets the offer's tag. Nothing: the call is in the clear, which the
/// policy and the offer both allow. Errors: Unsupported (488 says so): the offer demands what is not allowed or not known here, or the policy demands
/// what is not offered.
base::Result<std::optional<CryptoAgreement>> answer_crypto(const Media& offer, std::span<const Crypto> ours, MediaSecurity policy);
/// Reads the answer to an offer of ours. Nothing: in the clear, which is possible only where the offer was RTP/AVP and the policy Optional or Off.
/// Errors: Refused: the answer is not among what was offered, or leaves the keys out of a secure protocol; the call has to end.
base::Result<std::optional<CryptoAgreement>> accept_crypto_answer(const Media& offer, const Media& answer, MediaSecurity policy);

}  // namespace callwright::sdp
