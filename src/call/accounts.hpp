#pragma once

#include "sip/digest.hpp"
#include "sip/message.hpp"
#include "sip/transaction_layer.hpp"

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
  };

  /// `algorithms` are offered in this order; a client takes the first that it knows (RFC 8760 §2.4), or just the first.
  Accounts(std::string realm, std::vector<sip::DigestAlgorithm> algorithms, const base::Clock& clock, base::Random& random);

  void add(std::string_view username, std::string_view password);
  [[nodiscard]] bool has(std::string_view username) const { return hashes_.contains(username); }
  [[nodiscard]] Check check(const sip::Message& request);
  [[nodiscard]] const std::string& realm() const noexcept { return digest_.realm(); }

 private:
  struct Hashes {
    std::string md5;
    std::string sha256;
  };

  [[nodiscard]] Check challenge(bool stale);

  sip::DigestServer digest_;
  std::vector<sip::DigestAlgorithm> algorithms_;
  sip::StringMap<Hashes> hashes_;
  Hashes nobody_;  ///< Checked for unknown names, so that the answer takes as long as for known ones.
};

}  // namespace callwright::call
