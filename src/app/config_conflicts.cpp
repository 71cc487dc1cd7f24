#include "app/config_conflicts.hpp"

#include "app/config_records.hpp"
#include "app/config_web.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace callwright::app {
namespace {

/// The Call API is served on both listeners.
std::string missing_tokens(const Config& config, std::string_view file) {
  for (const auto& [key, listeners] : {std::pair{"call_api.listen", &config.call_api_listen}, {"http.listen", &config.http_listen}}) {
    const auto open = std::find_if(listeners->begin(), listeners->end(), [](const WebListener& listener) { return !listener.address.ip.is_loopback(); });
    if (config.token_file.empty() && config.jwks_file.empty() && open != listeners->end()) {
      return std::string(file) + ": " + key + ": the Call API would be open to the network at " + open->address.to_string() +
             "; make a token with: callwright token create --name NAME --scope call:control --file callwright.tokens and set call_api.tokens = "
             "\"callwright.tokens\", or name the keys of signed tokens in call_api.jwks, or listen on 127.0.0.1\n";
    }
  }
  return {};
}

/// An account with hashes in place of its password needs one for each algorithm that a phone may choose.
std::string missing_hashes(const Config& config, std::string_view file) {
  std::string problems;
  for (const AccountConfig& account : config.accounts) {
    for (const sip::DigestAlgorithm offered : config.digest_algorithms) {
      const bool there = std::any_of(account.ha1.begin(), account.ha1.end(), [offered](const auto& hash) { return hash.first == sip::hash_of(offered); });
      if (!account.ha1.empty() && !there) {
        problems += std::string(file) + ": accounts: \"" + account.username + "\" has no hash for " + std::string(sip::to_string(offered)) +
                    ", which sip.digest offers; add it, or take the algorithm off that list\n";
      }
    }
  }
  return problems;
}

/// Nobody could be called by a number that parks.
std::string parking_conflict(const Config& config, std::string_view file) {
  const auto is_account = [&config](const AccountConfig& account) { return account.username == config.park_number; };
  const auto is_room = [&config](const call::ConferenceRoom& room) { return room.number == config.park_number; };
  const bool taken =
      std::any_of(config.accounts.begin(), config.accounts.end(), is_account) || std::any_of(config.conferences.begin(), config.conferences.end(), is_room);
  return !config.park_number.empty() && taken ? std::string(file) + ": exchange.park_number: an account or a conference has the number \"" +
                                                    config.park_number + "\"; choose another, such as \"*68\"\n"
                                              : std::string();
}

}  // namespace

std::string conflicts_in(Config& config, std::string_view file) {
  const std::vector<SipListener> listeners = config.all_listeners();
  const bool sip_local = std::all_of(listeners.begin(), listeners.end(), [](const SipListener& listener) { return listener.address.ip.is_loopback(); });
  const bool secure =
      std::any_of(listeners.begin(), listeners.end(), [](const SipListener& listener) { return listener.transport && is_secure(*listener.transport); }) ||
      serves_web_securely(config);
  std::string problems = missing_tokens(config, file);
  if (config.jwks_file.empty() && !(config.jwt.issuer.empty() && config.jwt.audience.empty())) {
    problems += std::string(file) + ": call_api.jwt_issuer and call_api.jwt_audience are about signed tokens; name the file with their keys in call_api.jwks\n";
  }
  if (secure && config.tls.certificates.empty()) {
    problems +=
        std::string(file) + ": a listener for tls, wss or https needs a certificate; add a [[certificates]] table with chain and key, the names of PEM files\n";
  }
  if (config.accounts.empty() && sip_local && !listeners.empty()) {
    config.accounts = {{"alice", "alice-demo"}, {"bob", "bob-demo"}, {"carol", "carol-demo"}};
    config.demo_accounts = true;
  } else if (config.accounts.empty() && !sip_local) {
    problems +=
        std::string(file) + ": sip.listen is open to the network but there are no [[accounts]]; add some, or listen on 127.0.0.1 to use the demo accounts\n";
  }
  if (config.session.session_interval < config.session.min_interval) {
    problems +=
        std::string(file) + ": session.timer_s is less than session.min_timer_s, so the exchange would ask for what it refuses; make it as long at least\n";
  }
  return problems + parking_conflict(config, file) + missing_hashes(config, file) + conflicts_in(config.records, file);
}

}  // namespace callwright::app
