// Who may send what to the exchange, and as whom it goes on.
#include "call/exchange.hpp"

#include <algorithm>

namespace callwright::call {

using sip::Method;

bool Exchange::admit(sip::ServerTransaction& transaction, const sip::Message& request) {
  admitted_ = {};
  switch (request.method()) {
    case Method::Invite: return admit_invite(transaction, request);
    case Method::Message: return is_trusted(transaction) || authenticate(transaction, request);
    case Method::Register:
    case Method::Subscribe:
    case Method::Publish: return authenticate(transaction, request);
    default: return true;  // Not taken from anybody.
  }
}

bool Exchange::admit_invite(sip::ServerTransaction& transaction, const sip::Message& request) {
  const bool names_dialog = request.has(sip::Header::Replaces) || request.header("Join");
  if (const auto uri = sip::UriView::parse(request.request_uri()); uri && uri->parameter(ReferringCommand::kTokenParameter) && !names_dialog) {
    // Only the phone that was told to call knows the token: it stands for the credentials. The command has had its place among the calls.
    return true;
  }
  if (shutting_down_ || (calls_.size() >= settings_.max_calls && !names_dialog)) {
    const std::string retry_after = "Retry-After: " + std::to_string(settings_.retry_after_s) + "\r\n";
    transaction.respond({.status = 503, .headers = retry_after});
    return false;
  }
  return is_trusted(transaction) || authenticate(transaction, request);
}

bool Exchange::authenticate(sip::ServerTransaction& transaction, const sip::Message& request) {
  admitted_ = accounts_.check(request, transaction.flow().remote.ip);
  switch (admitted_.outcome) {
    case Accounts::Check::Outcome::Accepted: return true;
    case Accounts::Check::Outcome::Challenge: transaction.respond({.status = 401, .headers = admitted_.challenge}); return false;
    case Accounts::Check::Outcome::Forbidden: break;
  }
  base::log::warn("wrong credentials refused", {{"from", transaction.flow().remote.to_string()}, {"method", request.method_text()}});
  transaction.respond({.status = 403});
  return false;
}

bool Exchange::is_trusted(const sip::ServerTransaction& transaction) const noexcept {
  // A datagram's source address is whatever its sender wrote there: the setting says in which networks that is known not to happen.
  const base::IpAddress& source = transaction.flow().remote.ip;
  return std::any_of(settings_.trusted.begin(), settings_.trusted.end(), [&source](const base::IpNetwork& network) { return network.contains(source); });
}

std::string Exchange::home_uri(std::string_view username, const sip::ServerTransaction& transaction, const sip::Message& invite) const {
  const auto from = sip::UriView::parse(invite.from().uri);
  const bool named = from && is_ours(*from) && sip::unescape(from->user) == username;
  const std::string here = settings_.domains.empty() ? transaction.flow().local.to_string() : settings_.domains.front();
  std::string uri("sip:");
  uri.append(named ? from->user : username).append("@").append(named ? from->host : here);
  return uri;
}

CallerIdentity Exchange::identity_of(const sip::ServerTransaction& transaction, const sip::Message& invite, const ReferringCommand* command) const {
  if (!admitted_.username.empty()) {
    return {home_uri(admitted_.username, transaction, invite), invite};
  }
  // Without a name there are those that know the secret of a command, and trusted networks.
  return command != nullptr ? CallerIdentity(command->caller(), invite) : CallerIdentity::vouched_for(invite);
}

}  // namespace callwright::call
