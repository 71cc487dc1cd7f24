#include "call/hold.hpp"

#include "call/conference.hpp"
#include "call/referral.hpp"

#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

Hold::Hold(Switchboard& switchboard, CommandTimeouts timeouts, CommandId id, HoldCall command, CommandObserver& observer)
    : switchboard_(switchboard),
      timeouts_(timeouts),
      id_(id),
      command_(std::move(command)),
      observer_(observer),
      deadline_(switchboard.user_agent().timers(), base::Callback::to<&Hold::on_deadline>(*this)) {}

void Hold::start() {
  ActiveCall* const call = switchboard_.find(command_.call_id);
  if (call == nullptr) {
    fail("404 Dialog not found");
    return;
  }
  if (auto* const conference = dynamic_cast<Conference*>(call)) {
    start_with_one(*conference);
    return;
  }
  if (call->party(Side::Caller) == nullptr || call->party(Side::Callee) == nullptr) {
    fail("410 Dialog not ready");
    return;
  }
  const auto parties = wanted(call->on_hold());
  if (!parties) {
    fail(parties.error().detail);
    return;
  }
  HoldWatcher& self = *this;
  if (!call->hold(*parties, finder(self))) {
    fail("491 Request Pending");
    return;
  }
  deadline_.start(timeouts_.media_answer);
  emit(holds() ? Kind::CallHolding : Kind::CallUnholding);
  for (const Side side : {Side::Caller, Side::Callee}) {
    if (!over_) {
      emit(holds() ? Kind::CallHoldStart : Kind::CallUnholdStart, to_string(side));
    }
  }
}

/// A party that is alone with the exchange, or in a conference: there is one phone to ask.
void Hold::start_with_one(Conference& conference) {
  const std::optional<bool> held = conference.is_held(command_.call_id);
  if (!held || *held == holds()) {
    fail(!held ? "410 Dialog not ready" : *held ? "480 Dialog leg is on hold" : "480 Dialog leg is not on hold");
    return;
  }
  HoldWatcher& self = *this;
  if (!conference.hold_party(command_.call_id, command_.change, finder(self))) {
    fail("491 Request Pending");
    return;
  }
  alone_ = true;
  answered_[static_cast<std::size_t>(Side::Callee)] = true;
  deadline_.start(timeouts_.media_answer);
  emit(holds() ? Kind::CallHolding : Kind::CallUnholding);
  if (!over_) {
    emit(holds() ? Kind::CallHoldStart : Kind::CallUnholdStart);
  }
}

std::string_view Hold::leg_of(Side side) const noexcept { return alone_ ? std::string_view() : to_string(side); }

std::string Hold::said_by(Side side, std::string_view what) const {
  std::string text(leg_of(side));
  return text.append(alone_ ? "" : ": ").append(what);
}

base::Result<PartiesOnHold> Hold::wanted(PartiesOnHold present) const {
  PartiesOnHold parties = present;
  for (const Side side : {Side::Caller, Side::Callee}) {
    if (!command_.party || *command_.party == side) {
      parties.of(side) = holds();
    }
  }
  if (parties.caller != present.caller || parties.callee != present.callee) {
    return parties;
  }
  if (holds()) {
    const bool both = present.caller && present.callee;
    return base::Error(base::Errc::WrongState, both ? "480 Both dialog legs are on hold" : "480 Dialog leg is on hold");
  }
  const bool none = !present.caller && !present.callee;
  return base::Error(base::Errc::WrongState, none ? "480 No dialog legs on hold" : "480 Dialog leg is not on hold");
}

void Hold::on_hold_answered(Side side, int status, std::string_view reason) {
  if (over_) {
    return;
  }
  answered_[static_cast<std::size_t>(side)] = true;
  if (status >= 300) {
    if (refusal_.empty()) {
      refusal_ = said_by(side, status_text(status, reason));
    }
  } else {
    emit(holds() ? Kind::CallHoldSuccessful : Kind::CallUnholdSuccessful, leg_of(side));
  }
  if (over_ || !answered_[0] || !answered_[1]) {
    return;
  }
  if (refusal_.empty()) {
    finish();
  } else {
    fail(refusal_);
  }
}

void Hold::on_held_call_ended() {
  if (!over_) {
    fail("the call ended before its phones had answered");
  }
}

void Hold::on_deadline() {
  const Side silent = answered_[0] ? Side::Callee : Side::Caller;
  cancel(refusal_.empty() ? said_by(silent, "408 Request Timeout") : refusal_);
}

void Hold::cancel(std::string_view why) {
  if (over_) {
    return;
  }
  over_ = true;
  if (ActiveCall* const call = switchboard_.find(command_.call_id)) {
    if (auto* const conference = dynamic_cast<Conference*>(call)) {
      conference->give_up_hold_of(command_.call_id);
    } else {
      call->give_up_holding();
    }
  }
  fail(std::string(why));
}

void Hold::fail(std::string text) {
  emit(Kind::Failed, {}, std::move(text));
  finish();
}

void Hold::finish() {
  over_ = true;
  deadline_.cancel();
  emit(Kind::Ended);
  switchboard_.finish(*this);
}

void Hold::emit(Kind kind, std::string_view leg, std::string extra) {
  CommandEvent event;
  event.command = id_;
  event.kind = kind;
  event.leg = leg;
  event.extra = std::move(extra);
  observer_.on_command_event(event);
}

}  // namespace callwright::call
