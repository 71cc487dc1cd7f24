// Parties that an API puts on hold: each phone gets an offer of the exchange's own, and what it says stays between the two of them.
#include "call/bridge_parts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

base::Result<void> ActiveCall::hold(PartiesOnHold /*parties*/, const FindHoldWatcher& /*watcher*/) {
  return base::Error(base::Errc::WrongState, "The call is not up");
}

PartiesOnHold Bridge::on_hold() const { return media_ == nullptr ? PartiesOnHold{} : PartiesOnHold{media_->is_held(*caller_), media_->is_held(*callee_)}; }

bool Bridge::changes_hold() const noexcept {
  return holding_ != nullptr && std::any_of(holding_->legs.begin(), holding_->legs.end(),
                                            [](Holding::Leg leg) { return leg == Holding::Leg::Asked || leg == Holding::Leg::Reverting; });
}

void Bridge::report_hold() const {
  const PartiesOnHold parties = on_hold();
  switchboard_.report(caller_->call_id(), CallHeld{parties.caller, parties.callee});
}

void Bridge::mark_held(PartiesOnHold parties) {
  media_->set_held(*caller_, parties.caller);
  media_->set_held(*callee_, parties.callee);
}

base::Result<void> Bridge::hold(PartiesOnHold parties, const FindHoldWatcher& watcher) {
  if (over_ || replacement_ != nullptr || asks_phones() || !caller_->may_reinvite() || !callee_->may_reinvite()) {
    return base::Error(base::Errc::WrongState, "The call is not up, or is being changed");
  }
  if (media_ == nullptr) {
    BridgeMedia::Owner& owner = *this;
    media_ = std::make_unique<BridgeMedia>(owner);
    media_->add(*caller_, {});
    media_->add(*callee_, {});
  }
  const PartiesOnHold former = on_hold();
  mark_held(parties);
  const auto to_caller = media_->reoffer(*caller_, *callee_);
  const auto to_callee = media_->reoffer(*callee_, *caller_);
  if (!to_caller || !to_callee) {
    mark_held(former);
    media_->settle_holds();
    return (to_caller ? to_callee : to_caller).error();
  }
  holding_ = std::make_unique<Holding>();
  holding_->former = former;
  holding_->watcher = watcher;
  const bool releases = (former.caller && !parties.caller) || (former.callee && !parties.callee);
  std::array offers{std::pair(caller_.get(), &*to_caller), std::pair(callee_.get(), &*to_callee)};
  if (releases) {
    std::reverse(offers.begin(), offers.end());  // As OpenSIPS does.
  }
  for (const auto& [session, offer] : offers) {
    static_cast<void>(session->reinvite(*offer));
  }
  return base::ok();
}

bool Bridge::on_hold_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  if (holding_ == nullptr) {
    return false;
  }
  const Side side = &session == caller_.get() ? Side::Caller : Side::Callee;
  Holding::Leg& leg = holding_->of(side);
  if (leg == Holding::Leg::Agreed || leg == Holding::Leg::Refused) {
    return false;
  }
  const auto accepted = result.status < 300 ? media_->accept_reoffer(session, peer(session), result.sdp) : base::ok();
  switch (leg) {
    case Holding::Leg::Asked:
      leg = result.status >= 300 ? Holding::Leg::Refused : accepted ? Holding::Leg::Agreed : Holding::Leg::Unusable;
      if (accepted) {
        settle_hold(side, result.status, result.reason);
      } else {
        settle_hold(side, 488, "Not Acceptable Here: " + accepted.error().message());
      }
      return true;
    case Holding::Leg::Late:
      leg = Holding::Leg::Refused;
      if (result.status < 300) {
        send_back(side);  // It says yes, but nobody waits for that any more.
        media_->settle_holds();
      }
      return true;
    default: leg = Holding::Leg::Agreed; return true;
  }
}

void Bridge::settle_hold(Side side, int status, std::string_view reason) {
  const FindHoldWatcher find = holding_->watcher;
  if (!changes_hold()) {
    revert_hold();
  }
  if (HoldWatcher* const watcher = found_by(find)) {
    watcher->on_hold_answered(side, status, reason);
  }
}

/// Both have answered. When one has refused, the other goes back.
void Bridge::revert_hold() {
  holding_->watcher = nullptr;
  if (holding_->of(Side::Caller) == Holding::Leg::Agreed && holding_->of(Side::Callee) == Holding::Leg::Agreed) {
    media_->settle_holds();
    report_hold();
    return;
  }
  mark_held(holding_->former);
  for (const Side side : {Side::Caller, Side::Callee}) {
    if (holding_->of(side) == Holding::Leg::Agreed || holding_->of(side) == Holding::Leg::Unusable) {
      send_back(side);
    }
  }
  media_->settle_holds();
}

/// Offers a phone what it had, since the hold, or its end, has come to nothing.
void Bridge::send_back(Side side) {
  sip::InviteSession& session = side == Side::Caller ? *caller_ : *callee_;
  if (!session.may_reinvite()) {
    return;
  }
  if (const auto offer = media_->reoffer(session, peer(session))) {
    holding_->of(side) = Holding::Leg::Reverting;
    static_cast<void>(session.reinvite(*offer));
  }
}

void Bridge::give_up_holding() {
  if (!changes_hold() || holding_->watcher == nullptr) {
    return;
  }
  for (Holding::Leg& leg : holding_->legs) {
    leg = leg == Holding::Leg::Asked ? Holding::Leg::Late : leg;
  }
  revert_hold();
}

}  // namespace callwright::call
