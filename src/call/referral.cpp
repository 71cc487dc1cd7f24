#include "call/referral.hpp"

#include "sip/digest_hash.hpp"

#include "call/running_command.hpp"

#include <utility>

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

std::string Referral::begin(Switchboard& switchboard, CommandId id, const sip::InviteSession& party, std::string_view destination) {
  constexpr std::size_t kSecretSize = 24;
  token_ = std::to_string(id.value) + "-" + switchboard.user_agent().random().token(kSecretSize);
  const std::string place = our_place(switchboard, party);
  if (place.empty()) {
    return {};
  }
  const std::string_view user = sip::user_of(destination);
  std::string target("sip:");
  target.append(user.empty() ? "callee" : user).append("@").append(place);
  return target.append(";").append(ReferringCommand::kTokenParameter).append("=").append(token_);
}

void Referral::keep(std::string_view status_line) {
  constexpr std::size_t kMost = 16;
  if (!status_line.empty() && kept_.size() < kMost) {
    kept_.emplace_back(status_line);
  }
}

std::vector<std::string> Referral::take_kept() { return std::exchange(kept_, {}); }

void Referral::on_moved(ActiveCall& call) noexcept {
  if (ringing_ != nullptr) {
    ringing_ = &call;
  }
}

void Referral::hang_up() {
  if (ActiveCall* const call = std::exchange(ringing_, nullptr)) {
    call->hang_up();
  }
}

bool tells_failure(std::string_view status_line) noexcept { return status_line >= "3"; }

std::string name_addr(std::string_view name, std::string_view uri) {
  std::string text = name.empty() ? std::string() : "\"" + sip::escape_quoted(name) + "\" ";
  return text.append("<").append(uri).append(">");
}

std::unique_ptr<sip::InviteSession> call_on_behalf(sip::UserAgent& user_agent, const Target& target, const std::string& from, const std::string& to,
                                                   sip::InviteSessionObserver& observer, const CallLook& look) {
  sip::InviteSession::CallerOptions options;
  options.uri = target.uri;
  options.flow = target.flow;
  options.credentials = target.credentials;
  options.from = name_addr(look.caller_name, look.caller_id.empty() ? from : look.caller_id);
  options.to = name_addr(look.callee_name, to);
  options.contact_user = sip::user_of(from);
  options.headers = look.headers;
  return user_agent.call(std::move(options), observer);
}

void apply(const CallLook& look, const MediaProfile& usual, Target& target) {
  if (look.credentials && !target.credentials) {
    target.credentials = look.credentials;
  }
  if (!look.codecs.empty()) {
    MediaProfile profile = target.media == nullptr ? usual : *target.media;
    profile.codecs = look.codecs;
    if (profile.mode.value_or(MediaMode::Auto) == MediaMode::Auto || profile.mode == MediaMode::Bypass) {
      profile.mode = MediaMode::Relay;
    }
    target.media = std::make_shared<const MediaProfile>(std::move(profile));
  }
}

std::string status_text(int status, std::string_view reason) {
  return std::to_string(status) + " " + std::string(reason.empty() ? sip::reason_phrase(status) : reason);
}

}  // namespace callwright::call
