#include "call/accounts.hpp"

#include "sip/uri.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

using sip::DigestAlgorithm;
using sip::DigestServer;

namespace {

constexpr DigestAlgorithm kHashes[] = {DigestAlgorithm::Md5, DigestAlgorithm::Sha256, DigestAlgorithm::Sha512256};

/// Of the credentials with which `username` authenticates.
std::string key_of(std::string_view username, std::string_view name) {
  return std::string(username) + (name == username ? std::string() : "\n" + std::string(name));
}

std::size_t index_of(DigestAlgorithm algorithm) { return static_cast<std::size_t>(sip::hash_of(algorithm)); }

}  // namespace

Accounts::Accounts(std::string realm, std::vector<DigestAlgorithm> algorithms, const base::Clock& clock, base::Random& random,
                   sip::AuthThrottle::Limits throttle)
    : digest_(std::move(realm), clock, random), algorithms_(std::move(algorithms)), throttle_(clock, random, throttle) {
  const std::string secret = random.token(24);
  for (const DigestAlgorithm hash : kHashes) {
    nobody_[index_of(hash)] = sip::digest_ha1(hash, secret, digest_.realm(), secret);
  }
}

void Accounts::add(std::string_view username, std::string_view password) {
  hashes_.erase(std::string(username));
  for (const DigestAlgorithm algorithm : algorithms_) {
    add_hashed(username, algorithm, sip::digest_ha1(algorithm, username, digest_.realm(), password));
  }
}

void Accounts::add_with_name(std::string_view username, std::string_view name, std::string_view password) {
  hashes_.try_emplace(std::string(username));  // Nobody's password, so that the account is there.
  for (const DigestAlgorithm algorithm : algorithms_) {
    add_hashed(key_of(username, name), algorithm, sip::digest_ha1(algorithm, name, digest_.realm(), password));
  }
}

void Accounts::add_hashed(std::string_view username, DigestAlgorithm algorithm, std::string_view ha1) {
  hashes_[std::string(username)][index_of(algorithm)] = ha1;
}

Accounts::Check Accounts::challenge(bool stale) {
  Check check;
  for (const DigestAlgorithm algorithm : algorithms_) {
    check.challenge += "WWW-Authenticate: " + digest_.challenge(algorithm, stale) + "\r\n";
  }
  return check;
}

Accounts::Check Accounts::check(const sip::Message& request, const base::IpAddress& source) {
  const auto value = request.header(sip::Header::Authorization);
  if (!value) {
    return challenge(false);
  }
  const auto answer = sip::DigestResponse::parse(*value);
  const bool offered = answer && std::find(algorithms_.begin(), algorithms_.end(), answer->algorithm) != algorithms_.end();
  if (!offered || answer->realm != digest_.realm()) {
    return challenge(false);
  }
  if (throttle_.banned(source, answer->username)) {
    return {.outcome = Check::Outcome::Forbidden, .username = {}, .challenge = {}, .info = {}};
  }
  const std::string sender = sip::unescape(sip::user_of(request.from().uri));
  auto found = hashes_.find(key_of(sender, answer->username));
  const bool has_own_name = found != hashes_.end();
  if (!has_own_name) {
    found = hashes_.find(answer->username);
  }
  const std::size_t hash = index_of(answer->algorithm);
  const std::string& ha1 = found == hashes_.end() || found->second[hash].empty() ? nobody_[hash] : found->second[hash];
  switch (digest_.verify(*answer, request.method_text(), ha1, request.body())) {
    case DigestServer::Verdict::Accepted:
      return {.outcome = Check::Outcome::Accepted,
              .username = has_own_name ? sender : std::string(answer->username),
              .challenge = {},
              .info = digest_.next_nonce(*answer)};
    case DigestServer::Verdict::Stale: return challenge(true);
    case DigestServer::Verdict::Wrong: break;
  }
  throttle_.failed(source, answer->username);
  return {.outcome = Check::Outcome::Forbidden, .username = {}, .challenge = {}, .info = {}};
}

}  // namespace callwright::call
