#include "opensips/hold_command.hpp"

#include <algorithm>
#include <utility>

namespace callwright::opensips {

using Next = MiRequest::Next;
using Repeat = MiRequest::Repeat;
using call::Side;

namespace {

/// The proxy asks both phones at once; the events of the second are not later than that.
constexpr base::Duration kSettle = std::chrono::seconds(1);
constexpr int kWrongState = 480;
constexpr int kRequestPending = 491;
constexpr int kInvalidParams = -32602;

}  // namespace

HoldCommand::HoldCommand(CommandDesk& desk, call::CommandId id, call::HoldCall command, call::CommandObserver& observer)
    : RunningCommand(desk, id, observer),
      command_(std::move(command)),
      subscribe_(desk.mi, [this](const MiOutcome& outcome) { return on_subscribed(outcome); }),
      request_(desk.mi, [this](const MiOutcome& outcome) { return on_answer(outcome); }),
      undo_(desk.mi, [this](const MiOutcome& /*outcome*/) { return on_undone(); }),
      settled_(desk.timers, base::Callback::to<&HoldCommand::on_settled>(*this)),
      deadline_(desk.timers, base::Callback::to<&HoldCommand::on_deadline>(*this)) {}

void HoldCommand::start() {
  if (!desk_.claim(hold_topic(command_.call_id), *this)) {
    give_up("491 Request Pending");
    return;
  }
  subscribe_.send(MiCommand::Subscribe, subscription("E_CALL_HOLD", desk_.settings), Repeat::WhileUnanswered, desk_.settings.answer_timeout);
}

Next HoldCommand::on_subscribed(const MiOutcome& outcome) {
  if (outcome.kind != MiOutcome::Kind::Answered) {
    fail(subscription_failure("E_CALL_HOLD", outcome));
    return Next::Done;
  }
  ask(request_, holds() ? MiCommand::Hold : MiCommand::Unhold);
  return Next::Done;
}

void HoldCommand::ask(MiRequest& request, MiCommand what) {
  base::Json::Object params{parameter("callid", command_.call_id)};
  if (command_.party) {
    params.push_back(parameter("leg", to_string(*command_.party)));
  }
  request.send(what, std::move(params), Repeat::WhileUnanswered, desk_.settings.answer_timeout);
}

Next HoldCommand::on_answer(const MiOutcome& outcome) {
  if (state_ != State::Asking) {
    return Next::Done;  // An event was faster.
  }
  const bool refused = outcome.kind == MiOutcome::Kind::Refused;
  if (refused && outcome.repeated && (outcome.code == kWrongState || outcome.code == kRequestPending)) {
    doubt_ = outcome.text;  // The first request may have been taken; then its events come.
    settle();
  } else if (refused && outcome.code == kInvalidParams && command_.party) {
    fail("501 Not Implemented: OpenSIPS 3 holds both parties of a call; leave out leg, or use OpenSIPS 4");
  } else if (outcome.kind != MiOutcome::Kind::Answered) {
    fail(outcome.text);
  } else {
    accepted();
  }
  return Next::Done;
}

void HoldCommand::accepted() {
  if (state_ == State::Asking) {
    state_ = State::Waiting;
    doubt_.clear();
    settled_.cancel();
    deadline_.start(desk_.settings.hold_timeout);
    report(Kind::CallHolding, Kind::CallUnholding, {});
  }
}

void HoldCommand::on_event(const ProxyEvent& event) {
  const std::string_view leg = event.text("leg");
  const bool is_ours = event.text("action") == (holds() ? "hold" : "unhold") && (leg == "caller" || leg == "callee");
  if (!is_ours || (state_ != State::Asking && state_ != State::Waiting)) {
    return;
  }
  accepted();
  on_leg(leg == "caller" ? Side::Caller : Side::Callee, event.text("state"));
}

void HoldCommand::on_leg(Side side, std::string_view state) {
  Leg& leg = legs_.at(static_cast<std::size_t>(side));
  if (state_ != State::Waiting || leg == Leg::Agreed || leg == Leg::Refused || (state != "start" && state != "ok" && state != "fail")) {
    return;
  }
  const bool is_new = leg == Leg::Idle;
  leg = state == "start" ? Leg::Asked : state == "ok" ? Leg::Agreed : Leg::Refused;
  const Leg now = leg;
  if (is_new) {
    report(Kind::CallHoldStart, Kind::CallUnholdStart, to_string(side));
  }
  if (now == Leg::Agreed) {
    report(Kind::CallHoldSuccessful, Kind::CallUnholdSuccessful, to_string(side));
  }
  if (state_ == State::Waiting && now != Leg::Asked) {
    settle();
  }
}

std::size_t HoldCommand::count(Leg state) const noexcept { return static_cast<std::size_t>(std::ranges::count(legs_, state)); }

void HoldCommand::settle() {
  if (count(Leg::Agreed) + count(Leg::Refused) == legs_.size()) {
    conclude();
  } else {
    settled_.start(kSettle);
  }
}

void HoldCommand::on_settled() {
  if (state_ == State::Asking) {
    fail(doubt_);
  } else if (count(Leg::Asked) == 0) {
    conclude();
  }
}

void HoldCommand::conclude() {
  settled_.cancel();
  deadline_.cancel();
  if (count(Leg::Refused) == 0) {
    state_ = State::Over;
    end();
    gone();
    return;
  }
  const Side side = legs_[0] == Leg::Refused ? Side::Caller : Side::Callee;
  fail(std::string(to_string(side)) + ": the phone has refused the re-INVITE (OpenSIPS does not say with which status, such as 488)");
}

void HoldCommand::on_deadline() {
  const Side silent = legs_[0] == Leg::Agreed ? Side::Callee : Side::Caller;
  fail(std::string(to_string(silent)) + ": 408 Request Timeout");
}

void HoldCommand::cancel(std::string_view why) {
  if (!is_over()) {
    fail(std::string(why));
  }
}

void HoldCommand::fail(std::string text) {
  subscribe_.cancel();
  settled_.cancel();
  deadline_.cancel();
  emit_failed(std::move(text));
  const bool half_held = holds() && state_ == State::Waiting && count(Leg::Idle) < legs_.size();
  request_.cancel();
  if (!half_held) {
    state_ = State::Over;
    end();
    gone();
    return;
  }
  // The phone that has agreed is taken back, and hears so before the command ends.
  state_ = State::Undoing;
  ask(undo_, MiCommand::Unhold);
}

Next HoldCommand::on_undone() {
  state_ = State::Over;
  end();
  gone();
  return Next::Done;
}

void HoldCommand::report(Kind hold, Kind unhold, std::string_view leg) {
  call::CommandEvent event;
  event.kind = holds() ? hold : unhold;
  event.leg = leg;
  emit(std::move(event));
}

}  // namespace callwright::opensips
