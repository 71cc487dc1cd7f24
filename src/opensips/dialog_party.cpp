#include "opensips/dialog_party.hpp"

#include "base/log.hpp"

#include "opensips/caller_leg.hpp"

#include <utility>

namespace callwright::opensips {

using Next = MiRequest::Next;
using Repeat = MiRequest::Repeat;

namespace {

constexpr base::Duration kWatch = std::chrono::seconds(30);
/// A transaction is over by then (RFC 3261 §17.1.1.2, timer B).
constexpr base::Duration kTransaction = std::chrono::seconds(32);
constexpr int kDialogAcknowledged = 4;
constexpr int kNotFound = 404;

call::Side other(call::Side side) { return side == call::Side::Caller ? call::Side::Callee : call::Side::Caller; }

/// "200 OK" of the answer {"Code": 200, "Reason": "OK"}.
std::string status_of(const base::Json& result) {
  std::string status(text_of(result.find("Code")));
  if (const std::string_view reason = text_of(result.find("Reason")); !reason.empty()) {
    status += ' ';
    status += reason;
  }
  return status;
}

}  // namespace

DialogParty::DialogParty(CommandDesk& desk, Owner& owner)
    : desk_(desk),
      owner_(owner),
      list_(desk.mi, [this](const MiOutcome& outcome) { return on_listed(outcome); }),
      join_(desk.mi, [this](const MiOutcome& outcome) { return on_join_outcome(outcome); }),
      part_(desk.mi, [this](const MiOutcome& outcome) { return on_part_outcome(outcome); }),
      end_(desk.mi, [this](const MiOutcome& /*outcome*/) { return on_end_outcome(); }),
      watch_(desk.timers, base::Callback::to<&DialogParty::on_watch>(*this)) {}

void DialogParty::find(const call::CallParty& party) {
  state_ = State::Finding;
  party_ = party;
  ask();
}

void DialogParty::ask() { list_.send(MiCommand::ListDialogs, {parameter("callid", party_.call_id)}, Repeat::WhileUnanswered, desk_.settings.answer_timeout); }

Next DialogParty::on_listed(const MiOutcome& outcome) {
  if (state_ != State::Finding) {
    if (outcome.kind == MiOutcome::Kind::Refused && outcome.code == kNotFound) {
      hung_up();
    } else {
      watch_.start(kWatch);
    }
    return Next::Done;
  }
  auto parties = dialog_parties(outcome.result);
  auto descriptions = dialog_descriptions(outcome.result);
  if (party_.side == call::Side::Callee) {
    std::swap(parties.first, parties.second);
    std::swap(descriptions.first, descriptions.second);
  }
  state_ = State::Found;
  uri_ = parties.first.substr(0, parties.first.find(';', parties.first.find('@')));
  sdp_ = std::move(descriptions.first);
  other_sdp_ = std::move(descriptions.second);
  offered_ = other_sdp_;
  if (outcome.kind != MiOutcome::Kind::Answered) {
    owner_.on_party_failed(*this, outcome.text);
  } else if (dialog_state(outcome.result) != kDialogAcknowledged || sdp_.empty() || other_sdp_.empty()) {
    owner_.on_party_failed(*this, "410 Dialog not ready");
  } else {
    owner_.on_party_found(*this);
  }
  return Next::Done;
}

void DialogParty::join(std::string_view sdp) {
  state_ = State::Joining;
  offered_ = as_next_offer(sdp, offered_);
  join_.send(MiCommand::SendInDialog,
             {parameter("callid", party_.call_id), parameter("method", "INVITE"), parameter("body", "custom:application/sdp:" + offered_),
              parameter("mode", to_string(party_.side))},
             Repeat::Never, kTransaction);
}

void DialogParty::undo() {
  if (state_ == State::Joining) {
    undo_ = true;  // One offer at a time (RFC 3261 §14.1).
  } else if (is_gone() || offered_ == other_sdp_) {
    leave();
  } else {
    join(other_sdp_);
  }
}

Next DialogParty::on_join_outcome(const MiOutcome& outcome) {
  if (state_ != State::Joining) {
    return Next::Done;
  }
  state_ = State::Found;
  const std::string status = outcome.kind == MiOutcome::Kind::Answered ? status_of(outcome.result) : outcome.text;
  // Where no answer came, the phone may have taken the offer all the same.
  const bool refused = !status.starts_with('2') && outcome.kind != MiOutcome::Kind::Silent;
  offered_ = refused ? other_sdp_ : offered_;
  if (std::exchange(undo_, false) && !refused) {
    join(other_sdp_);
  } else if (status.starts_with('2')) {
    owner_.on_party_joined(*this);
  } else {
    owner_.on_party_failed(*this, status);
  }
  return Next::Done;
}

void DialogParty::part() {
  part_.send(MiCommand::SendInDialog, {parameter("callid", party_.call_id), parameter("method", "BYE"), parameter("mode", to_string(other(party_.side)))},
             Repeat::WhileUnanswered, kTransaction);
  watch_.start(kWatch);
}

Next DialogParty::on_part_outcome(const MiOutcome& outcome) {
  const std::string status = outcome.kind == MiOutcome::Kind::Answered ? status_of(outcome.result) : outcome.text;
  if (!status.starts_with('2')) {
    base::log::warn("The phone of a party that was replaced did not take its BYE; it may show the call until somebody hangs up",
                    {{"call_id", party_.call_id}, {"reason", status}});
  }
  return Next::Done;
}

void DialogParty::on_event(const ProxyEvent& event) {
  if (event.text("new_state") == "5") {
    hung_up();
  }
}

void DialogParty::hung_up() {
  if (state_ == State::Leaving) {
    return;  // The answer to `end` is still to come.
  }
  if (!is_gone()) {
    leave();
    owner_.on_party_hung_up(*this);
  }
}

void DialogParty::end() {
  if (is_gone() || state_ == State::Leaving) {
    return;
  }
  leave();
  state_ = State::Leaving;
  end_.send(MiCommand::EndDialog, {parameter("dialog_id", party_.call_id)}, Repeat::WhileUnanswered, desk_.settings.answer_timeout);
}

Next DialogParty::on_end_outcome() {
  state_ = State::Gone;
  owner_.on_party_put_away();
  return Next::Done;
}

void DialogParty::leave() {
  state_ = State::Gone;
  list_.cancel();
  join_.cancel();
  watch_.cancel();
}

}  // namespace callwright::opensips
