#include "call/accounts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

using sip::DigestAlgorithm;
using sip::DigestServer;

Accounts::Accounts(std::string realm, std::vector<DigestAlgorithm> algorithms, const base::Clock& clock, base::Random& random)
    : digest_(std::move(realm), clock, random), algorithms_(std::move(algorithms)) {
  const std::string secret = random.token(24);
  nobody_ = {sip::digest_ha1(DigestAlgorithm::Md5, secret, digest_.realm(), secret), sip::digest_ha1(DigestAlgorithm::Sha256, secret, digest_.realm(), secret)};
}

void Accounts::add(std::string_view username, std::string_view password) {
  hashes_.insert_or_assign(std::string(username), Hashes{sip::digest_ha1(DigestAlgorithm::Md5, username, digest_.realm(), password),
                                                         sip::digest_ha1(DigestAlgorithm::Sha256, username, digest_.realm(), password)});
}

Accounts::Check Accounts::challenge(bool stale) {
  Check check;
  for (const DigestAlgorithm algorithm : algorithms_) {
    check.challenge += "WWW-Authenticate: " + digest_.challenge(algorithm, stale) + "\r\n";
  }
  return check;
}

Accounts::Check Accounts::check(const sip::Message& request) {
  const auto value = request.header(sip::Header::Authorization);
  if (!value) {
    return challenge(false);
  }
  const auto answer = sip::DigestResponse::parse(*value);
  const bool offered = answer && std::find(algorithms_.begin(), algorithms_.end(), answer->algorithm) != algorithms_.end();
  if (!offered || answer->realm != digest_.realm()) {
    return challenge(false);
  }
  const auto found = hashes_.find(answer->username);
  const Hashes& hashes = found == hashes_.end() ? nobody_ : found->second;
  const std::string& ha1 = answer->algorithm == DigestAlgorithm::Sha256 ? hashes.sha256 : hashes.md5;
  switch (digest_.verify(*answer, request.method_text(), ha1)) {
    case DigestServer::Verdict::Accepted: return {.outcome = Check::Outcome::Accepted, .username = std::string(answer->username), .challenge = {}};
    case DigestServer::Verdict::Stale: return challenge(true);
    case DigestServer::Verdict::Wrong: break;
  }
  return {.outcome = Check::Outcome::Forbidden, .username = {}, .challenge = {}};
}

}  // namespace callwright::call
