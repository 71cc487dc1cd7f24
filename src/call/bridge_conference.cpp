// A call between two becomes a conference (RFC 3911).
#include "call/bridge_parts.hpp"
#include "call/conference.hpp"

#include <utility>

namespace callwright::call {

void ActiveCall::let_in(sip::InviteSession& /*joined*/, sip::ServerTransaction& transaction, const sip::Message& /*invite*/) {
  transaction.respond({.status = 488, .reason = "Call Not Answered Yet"});
}

bool Bridge::may_release(const std::string& /*call_id*/) {
  using State = sip::InviteSession::State;
  return !over_ && replacement_ == nullptr && !asks_phones() && caller_->state() == State::Confirmed && callee_->state() == State::Confirmed;
}

ReleasedParties Bridge::release(const std::string& /*call_id*/, std::optional<Side> party) {
  if (const PartiesOnHold held = on_hold(); held.caller || held.callee) {
    switchboard_.report(caller_->call_id(), CallHeld{});
  }
  over_ = true;
  ReleasedParties released;
  released.journal = caller_->call_id();
  if (!party) {
    released.sessions.push_back(std::move(caller_));
    released.sessions.push_back(std::move(callee_));
    released.media = std::move(media_);
  } else {
    media_.reset();
    released.side = *party;
    std::unique_ptr<sip::InviteSession>& goes = *party == Side::Caller ? caller_ : callee_;
    peer(*goes).end();
    released.sessions.push_back(std::move(goes));
  }
  switchboard_.finish(*this);
  tell_watchers_of_end();
  return released;
}

void Bridge::let_in(sip::InviteSession& joined, sip::ServerTransaction& transaction, const sip::Message& invite) {
  if (over_ || across(joined) == nullptr) {
    transaction.respond({.status = 481});
    return;
  }
  if (!may_release({})) {
    transaction.respond({.status = 491});
    return;
  }
  ConferenceMedia* const desk = switchboard_.conference_media();
  if (desk == nullptr) {
    transaction.respond({.status = 488, .reason = "Join Not Supported"});
    return;
  }
  const auto conference = Conference::open(switchboard_, *desk, {});
  if (!conference) {
    transaction.respond({.status = 503});
    return;
  }
  (*conference)->take(release({}, {}), {});
  (*conference)->receive(transaction, invite);
}

}  // namespace callwright::call
