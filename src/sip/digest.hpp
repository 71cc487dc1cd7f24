#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace callwright::sip {

/// RFC 8760; those of a session hash the password once more with the first nonce (RFC 7616 §3.4.2).
enum class DigestAlgorithm : std::uint8_t { Md5, Sha256, Sha512256, Md5Session, Sha256Session, Sha512256Session };
inline constexpr DigestAlgorithm kDigestAlgorithms[] = {DigestAlgorithm::Md5,        DigestAlgorithm::Sha256,        DigestAlgorithm::Sha512256,
                                                        DigestAlgorithm::Md5Session, DigestAlgorithm::Sha256Session, DigestAlgorithm::Sha512256Session};
/// "MD5", "SHA-256-sess" …
[[nodiscard]] std::string_view to_string(DigestAlgorithm algorithm) noexcept;
/// The reverse, in any letter case.
[[nodiscard]] std::optional<DigestAlgorithm> parse_digest_algorithm(std::string_view name) noexcept;
[[nodiscard]] constexpr bool is_session(DigestAlgorithm algorithm) noexcept { return algorithm >= DigestAlgorithm::Md5Session; }
/// Md5, Sha256 or Sha512256: which of an account's HA1 counts.
[[nodiscard]] constexpr DigestAlgorithm hash_of(DigestAlgorithm algorithm) noexcept {
  return is_session(algorithm) ? static_cast<DigestAlgorithm>(static_cast<int>(algorithm) - 3) : algorithm;
}

/// H(username ":" realm ":" password) in lower-case hexadecimal: all that a server needs to keep (RFC 3261 §22.4).
[[nodiscard]] std::string digest_ha1(DigestAlgorithm algorithm, std::string_view username, std::string_view realm, std::string_view password);

/// A parsed WWW-Authenticate or Proxy-Authenticate value; owns its text, in which escapes are resolved.
struct DigestChallenge {
  DigestAlgorithm algorithm = DigestAlgorithm::Md5;
  bool algorithm_named = false;  ///< The answer names the algorithm only when the challenge did.
  std::string realm;
  std::string nonce;
  std::string opaque;
  /// What the answer protects: the preferred one that the server offers.
  enum class Protection : std::uint8_t {
    None,  ///< No qop: the RFC 2069 form.
    Auth,  ///< qop=auth
    Body,  ///< qop=auth-int, where there is no auth.
  };
  Protection protection = Protection::None;
  bool stale = false;

  /// Unsupported schemes, algorithms and qop sets without auth and auth-int are errors that say so.
  static base::Result<DigestChallenge> parse(std::string_view value);
};

struct Credentials {
  std::string username;
  std::string password;
};

/// The client's side: answers challenges and counts nonce uses. One for each dialog or registration.
class DigestClient {
 public:
  DigestClient(Credentials credentials, base::Random& random);

  /// The value of Authorization or Proxy-Authorization for this request. The nonce count goes up with each call for the same nonce.
  [[nodiscard]] std::string authorize(const DigestChallenge& challenge, std::string_view method, std::string_view uri, std::string_view body = {});

  /// From now on challenges that have been answered are remembered, to save later requests theirs (RFC 3261 §22.3).
  void remember() noexcept { remembers_ = true; }
  /// The latest challenge answered, while it is remembered; else null.
  [[nodiscard]] const DigestChallenge* remembered() const noexcept { return known_.get(); }
  /// Takes the nonce for the next request from an Authentication-Info value (RFC 7616 §3.5).
  void take_next_nonce(std::string_view authentication_info);
  void forget() noexcept { known_.reset(); }

 private:
  Credentials credentials_;
  base::Random& random_;
  std::string last_nonce_;
  std::unique_ptr<DigestChallenge> known_;
  std::uint32_t nonce_count_ = 0;
  bool remembers_ = false;
};

/// A parsed Authorization or Proxy-Authorization value; views into it (quoted strings with escapes keep them).
struct DigestResponse {
  DigestAlgorithm algorithm = DigestAlgorithm::Md5;
  std::string_view username, realm, nonce, uri, response, cnonce, nonce_count, qop;

  static base::Result<DigestResponse> parse(std::string_view value);
};

/// The server's side: makes challenges and judges answers. Nonces carry their own time and a keyed hash, so that a challenge costs no memory;
/// a nonce that was used is remembered with its latest counts until it expires, so that a request cannot be replayed, though two may overtake each
/// other. When too many are remembered, the oldest is dropped and every unremembered nonce of its age or older counts as stale. Owner thread only.
class DigestServer {
 public:
  /// Whether qop=auth-int, which covers the body, is on offer.
  enum class BodyProtection : std::uint8_t { Off, Offered, Required };
  struct Limits {
    base::Duration nonce_lifetime = std::chrono::minutes(5);
    std::size_t remembered_nonces = 100'000;  ///< At least 1.
    BodyProtection body_protection = BodyProtection::Off;
  };
  enum class Verdict : std::uint8_t {
    Accepted,
    Wrong,  ///< Wrong password, realm or form: 403 after a challenge, or challenge again.
    Stale,  ///< Right password, but the nonce is too old or not ours, or its count was seen or is 64 behind: challenge again with stale=true.
  };

  DigestServer(std::string realm, const base::Clock& clock, base::Random& random);
  DigestServer(std::string realm, const base::Clock& clock, base::Random& random, Limits limits);

  /// The value of WWW-Authenticate or Proxy-Authenticate.
  [[nodiscard]] std::string challenge(DigestAlgorithm algorithm, bool stale);
  /// Judges an answer in constant time with respect to the secret. `ha1` is that of the account named, for the answer's algorithm.
  /// Whether `answer.uri` may differ from the Request-URI is for the caller to say. A use without qop is accepted once for each nonce.
  [[nodiscard]] Verdict verify(const DigestResponse& answer, std::string_view method, std::string_view ha1, std::string_view body = {});
  /// A ready-made Authentication-Info line with a fresh nonce once an accepted one has passed half of its life; else "".
  [[nodiscard]] std::string next_nonce(const DigestResponse& accepted);
  [[nodiscard]] const std::string& realm() const noexcept { return realm_; }

 private:
  struct Use {
    std::uint64_t window;  ///< Bit i: the count `highest_count - i` was used.
    std::uint32_t highest_count;
    base::TimePoint issued;
  };
  struct Nonce {
    base::TimePoint issued;
    std::uint64_t salt;  ///< Random, so it tells nonces apart.
  };

  [[nodiscard]] std::string make_nonce();
  [[nodiscard]] std::string sign(std::string_view time_and_salt) const;
  [[nodiscard]] bool read_nonce(std::string_view text, Nonce& nonce) const;
  [[nodiscard]] Verdict count_use(const Nonce& nonce, std::uint32_t count);
  void forget_expired();
  void forget_oldest();

  std::string realm_;
  const base::Clock& clock_;
  base::Random& random_;
  Limits limits_;
  std::array<std::uint8_t, 32> key_;
  std::unordered_map<std::uint64_t, Use> used_;  ///< By salt.
  std::deque<std::uint64_t> order_;              ///< The salts in `used_`, first used first.
  base::TimePoint dropped_;                      ///< The latest issue of a nonce that was dropped before it expired.
};

}  // namespace callwright::sip
