#pragma once

#include "sip/auth_throttle.hpp"
#include "sip/digest.hpp"
#include "sip/message.hpp"
#include "sip/transaction_layer.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

/// Who may register and place calls. Only HA1 hashes are kept. Engine thread.
class Accounts {
 public:
  /// The outcome of a request's credentials.
  struct Check {
    enum class Outcome { Accepted, Challenge, Forbidden };
    Outcome outcome = Outcome::Challenge;
    std::string username;   ///< When accepted.
    std::string challenge;  ///< Ready-made WWW-Authenticate lines, when challenged.
    std::string info;       ///< When accepted: a ready-made Authentication-Info line for the response, or "".
  };

  /// `algorithms` are offered in this order; a client takes the first that it knows (RFC 8760 §2.4), or just the first.
  Accounts(std::string realm, std::vector<sip::DigestAlgorithm> algorithms, const base::Clock& clock, base::Random& random,
           sip::AuthThrottle::Limits throttle = {});

  void add(std::string_view username, std::string_view password);
  /// Whoever names `username` in From is that account with these credentials, whose name is another one.
  void add_with_name(std::string_view username, std::string_view name, std::string_view password);
  /// For passwords that nobody is to know here: H(username ":" realm ":" password) in hexadecimal, one for each algorithm that is offered.
  void add_hashed(std::string_view username, sip::DigestAlgorithm algorithm, std::string_view ha1);
  [[nodiscard]] bool has(std::string_view username) const { return hashes_.contains(username); }
  /// `source` is where the request came from: who guesses passwords is refused for a while, right or wrong.
  [[nodiscard]] Check check(const sip::Message& request, const base::IpAddress& source);
  [[nodiscard]] const std::string& realm() const noexcept { return digest_.realm(); }

 private:
  /// HA1 by `sip::hash_of`; "" where there is none.
  using Hashes = std::array<std::string, 3>;

  [[nodiscard]] Check challenge(bool stale);

  sip::DigestServer digest_;
  std::vector<sip::DigestAlgorithm> algorithms_;
  sip::AuthThrottle throttle_;
  sip::StringMap<Hashes> hashes_;  ///< By `key_of`.
  Hashes nobody_;                  ///< Checked for unknown names, so that the answer takes as long as for known ones.
};

}  // namespace callwright::call
