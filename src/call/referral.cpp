#include "call/referral.hpp"

#include "call/running_command.hpp"

namespace callwright::call {
namespace {

/// A URI of ours, without its user, as this phone knows it: "192.0.2.1:5060", with parameters.
std::string our_place(Switchboard& switchboard, const sip::InviteSession& party) {
  if (party.role() == sip::InviteSession::Role::Caller) {
    const std::string contact = switchboard.user_agent().contact(party.flow(), "");
    constexpr std::string_view kBegin = "<sip:";
    return contact.substr(kBegin.size(), contact.size() - kBegin.size() - 1);
  }
  // It has called us by some name.
  const auto called = sip::NameAddr::parse(party.dialog().local);
  const auto uri = sip::UriView::parse(called ? called->uri : std::string_view{});
  if (!uri || uri->scheme != sip::UriView::Scheme::Sip || !switchboard.is_ours(*uri)) {
    return {};
  }
  return std::string(uri->host) + (uri->port == 0 ? std::string() : ":" + std::to_string(uri->port));
}

}  // namespace

std::string make_token(sip::UserAgent& user_agent, CommandId id) {
  constexpr std::size_t kSecretSize = 24;
  return std::to_string(id.value) + "-" + user_agent.random().token(kSecretSize);
}

std::string refer_target(Switchboard& switchboard, const sip::InviteSession& party, std::string_view destination, std::string_view token) {
  const std::string place = our_place(switchboard, party);
  if (place.empty()) {
    return {};
  }
  const std::string_view user = sip::user_of(destination);
  std::string target("sip:");
  target.append(user.empty() ? "callee" : user).append("@").append(place);
  return target.append(";").append(RunningCommand::kTokenParameter).append("=").append(token);
}

std::string status_text(int status, std::string_view reason) {
  return std::to_string(status) + " " + std::string(reason.empty() ? sip::reason_phrase(status) : reason);
}

}  // namespace callwright::call
