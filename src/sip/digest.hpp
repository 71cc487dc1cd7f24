#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace callwright::sip {

/// RFC 8760.
enum class DigestAlgorithm : std::uint8_t { Md5, Sha256 };
[[nodiscard]] std::string_view to_string(DigestAlgorithm algorithm) noexcept;

/// H(username ":" realm ":" password) in lower-case hexadecimal: all that a server needs to keep (RFC 3261 §22.4).
[[nodiscard]] std::string digest_ha1(DigestAlgorithm algorithm, std::string_view username, std::string_view realm, std::string_view password);

/// A parsed WWW-Authenticate or Proxy-Authenticate value; owns its text, in which escapes are resolved.
struct DigestChallenge {
  DigestAlgorithm algorithm = DigestAlgorithm::Md5;
  bool algorithm_named = false;  ///< The answer names the algorithm only when the challenge did.
  std::string realm;
  std::string nonce;
  std::string opaque;
  bool qop_auth = false;  ///< The server offers qop=auth; without it the RFC 2069 form is used.
  bool stale = false;

  /// Unsupported schemes, algorithms (among them "-sess") and qop sets without auth are errors that say so.
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
  [[nodiscard]] std::string authorize(const DigestChallenge& challenge, std::string_view method, std::string_view uri);

 private:
  Credentials credentials_;
  base::Random& random_;
  std::string last_nonce_;
  std::uint32_t nonce_count_ = 0;
};

/// A parsed Authorization or Proxy-Authorization value; views into it (quoted strings with escapes keep them).
struct DigestResponse {
  DigestAlgorithm algorithm = DigestAlgorithm::Md5;
  std::string_view username, realm, nonce, uri, response, cnonce, nonce_count, qop;

  static base::Result<DigestResponse> parse(std::string_view value);
};

/// The server's side: makes challenges and judges answers. Nonces carry their own time and a keyed hash, so that a challenge costs no memory;
/// a nonce that was used is remembered with its highest count until it expires, so that a request cannot be replayed. When too many are
/// remembered, the oldest is dropped and every unremembered nonce of its age or older counts as stale. Owner thread only.
class DigestServer {
 public:
  struct Limits {
    base::Duration nonce_lifetime = std::chrono::minutes(5);
    std::size_t remembered_nonces = 100'000;  ///< At least 1.
  };
  enum class Verdict : std::uint8_t {
    Accepted,
    Wrong,  ///< Wrong password, realm or form: 403 after a challenge, or challenge again.
    Stale,  ///< Right password, but the nonce is too old or not ours, or its count was seen: challenge again with stale=true.
  };

  DigestServer(std::string realm, const base::Clock& clock, base::Random& random);
  DigestServer(std::string realm, const base::Clock& clock, base::Random& random, Limits limits);

  /// The value of WWW-Authenticate or Proxy-Authenticate.
  [[nodiscard]] std::string challenge(DigestAlgorithm algorithm, bool stale);
  /// Judges an answer in constant time with respect to the secret. `ha1` is that of the account named, for the answer's algorithm.
  /// Whether `answer.uri` may differ from the Request-URI is for the caller to say. A use without qop is accepted once for each nonce.
  [[nodiscard]] Verdict verify(const DigestResponse& answer, std::string_view method, std::string_view ha1);
  [[nodiscard]] const std::string& realm() const noexcept { return realm_; }

 private:
  struct Use {
    std::uint32_t highest_count;
    base::TimePoint issued;
  };
  struct Nonce {
    base::TimePoint issued;
    std::uint64_t salt;  ///< Random, so it tells nonces apart.
  };

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
