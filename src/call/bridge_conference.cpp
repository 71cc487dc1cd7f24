// A call between two becomes a conference (RFC 3911).
#include "call/bridge_parts.hpp"
#include "call/conference.hpp"

#include <utility>

namespace callwright::call {

void ActiveCall::let_in(sip::InviteSession& /*joined*/, sip::ServerTransaction& transaction, const sip::Message& /*invite*/) {
  transaction.respond({.status = 488, .reason = "Call Not Answered Yet"});
}

void Bridge::let_in(sip::InviteSession& joined, sip::ServerTransaction& transaction, const sip::Message& invite) {
  using State = sip::InviteSession::State;
  if (over_ || across(joined) == nullptr) {
    transaction.respond({.status = 481});
    return;
  }
  if (replacement_ != nullptr || changes_hold() || caller_->state() != State::Confirmed || callee_->state() != State::Confirmed) {
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
  if (const PartiesOnHold held = on_hold(); held.caller || held.callee) {
    switchboard_.report(caller_->call_id(), CallHeld{});
  }
  over_ = true;
  const std::string journal = caller_->call_id();
  (*conference)->take(std::move(caller_), journal);
  (*conference)->take(std::move(callee_), journal);
  (*conference)->keep(std::move(media_));
  (*conference)->receive(transaction, invite);
  switchboard_.finish(*this);
  tell_watchers_of_end();
}

}  // namespace callwright::call
