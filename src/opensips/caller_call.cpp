#include "opensips/caller_call.hpp"

#include <utility>

namespace callwright::opensips {

using Next = MiRequest::Next;
using Repeat = MiRequest::Repeat;

namespace {

constexpr base::Duration kFirstAsk = std::chrono::seconds(3);
constexpr base::Duration kAskAgain = std::chrono::seconds(5);
constexpr base::Duration kAskForAck = std::chrono::milliseconds(100);
/// The proxy tells of the ACK before it has sent it on, by another of its processes than that which would send what comes next.
constexpr base::Duration kAckOut = std::chrono::milliseconds(20);
constexpr base::Duration kWatch = std::chrono::seconds(30);
/// How long the proxy's answer may come after it has told otherwise how the call went.
constexpr base::Duration kLate = std::chrono::seconds(6);
/// A transaction is over by then (RFC 3261 §17.1.1.2, timer B).
constexpr base::Duration kLeave = std::chrono::seconds(32);
constexpr unsigned kMaxUnknown = 3;
constexpr unsigned kMaxAsksForAck = 20;
constexpr int kNotFound = 404;
constexpr int kDialogAnswered = 3;
constexpr int kDialogAcknowledged = 4;
constexpr int kDialogOver = 5;

}  // namespace

CallerCall::CallerCall(CommandDesk& desk, Owner& owner, CallerLegPlan plan)
    : desk_(desk),
      owner_(owner),
      plan_(std::move(plan)),
      invite_(desk.mi, [this](const MiOutcome& outcome) { return on_invite_outcome(outcome); }),
      list_(desk.mi, [this](const MiOutcome& outcome) { return on_listed(outcome); }),
      end_(desk.mi, [this](const MiOutcome& outcome) { return on_end_outcome(outcome); }),
      ask_(desk.timers, base::Callback::to<&CallerCall::on_ask>(*this)),
      late_(desk.timers, base::Callback::to<&CallerCall::on_late>(*this)),
      deadline_(desk.timers, base::Callback::to<&CallerCall::on_deadline>(*this)) {}

void CallerCall::call() {
  state_ = State::Calling;
  const base::Duration ringing = plan_.look.timeout ? base::Duration(*plan_.look.timeout) : desk_.settings.ring_timeout;
  invite_.send(MiCommand::SendRequest, invite_params(plan_), Repeat::Never, ringing + kLeave);
  deadline_.start(ringing);
  ask_.start(kFirstAsk);
}

void CallerCall::ask() { list_.send(MiCommand::ListDialogs, {parameter("callid", plan_.call_id)}, Repeat::WhileUnanswered, desk_.settings.answer_timeout); }

void CallerCall::on_ask() { ask(); }

Next CallerCall::on_invite_outcome(const MiOutcome& outcome) {
  if (joining_) {
    if (outcome.kind == MiOutcome::Kind::Answered && read_invite_answer(outcome.result).text.starts_with('1')) {
      return Next::Wait;
    }
    on_join_outcome(outcome);
    return Next::Done;
  }
  if (outcome.kind == MiOutcome::Kind::Answered) {
    return on_invite_status(read_invite_answer(outcome.result));
  }
  if (state_ == State::Leaving) {
    gone();
  } else if (state_ == State::Calling) {
    fail(outcome.text);
  }
  return Next::Done;
}

Next CallerCall::on_invite_status(const InviteAnswer& answer) {
  if (answer.status < 200) {
    return Next::Wait;  // The proxy passes on provisional answers, too; or says nothing that can be read.
  }
  if (answer.status > 299) {
    if (state_ == State::Leaving) {
      gone();
    } else if (state_ == State::Calling) {
      fail("failed to establish initial call: " + answer.text);
    }
    return Next::Done;
  }
  dialog_ = answer.dialog;
  if (state_ == State::Leaving) {
    end_dialog();
  } else if (state_ == State::Calling) {
    answered();
  }
  return Next::Done;
}

void CallerCall::answered() {
  state_ = State::Confirming;
  late_.cancel();
  deadline_.cancel();
  ask_.cancel();
  owner_.on_caller_answered();
  if (state_ == State::Confirming) {
    ask();
  }
}

void CallerCall::ready() {
  state_ = State::Up;
  ask_.cancel();
  list_.cancel();
  deadline_.cancel();
  owner_.on_caller_ready();
}

Next CallerCall::on_listed(const MiOutcome& outcome) {
  const auto state = outcome.kind == MiOutcome::Kind::Answered ? dialog_state(outcome.result) : std::nullopt;
  if (state) {
    on_state(*state);
  } else if (outcome.kind != MiOutcome::Kind::Silent) {
    on_unknown();
  } else if (state_ == State::Calling || state_ == State::Confirming) {
    fail(outcome.text);
  }
  if (state_ == State::Calling && !list_.pending()) {
    ask_.start(kAskAgain);
  } else if (state_ == State::Up) {
    ask_.start(kWatch);
  }
  return Next::Done;
}

void CallerCall::on_event(const ProxyEvent& event) {
  const std::string_view state = event.text("new_state");
  if (state.size() == 1 && state.front() >= '1' && state.front() <= '5') {
    on_state(state.front() - '0');
  }
}

void CallerCall::on_state(int state) {
  seen_ = true;
  if (state >= kDialogOver) {
    on_unknown();
  } else if (state_ == State::Calling && state >= kDialogAnswered && !late_.pending()) {
    looks_answered_ = true;
    late_.start(kLate);
  } else if (state_ == State::Confirming && deadline_.pending()) {
    return;
  } else if (state_ == State::Confirming && (state == kDialogAcknowledged || ++asked_ >= kMaxAsksForAck)) {
    deadline_.start(kAckOut);
  } else if (state_ == State::Confirming && !list_.pending()) {
    ask_.start(kAskForAck);
  }
}

void CallerCall::on_unknown() {
  if (state_ == State::Calling && seen_ && !late_.pending()) {
    looks_answered_ = false;
    late_.start(kLate);
  } else if (state_ == State::Calling && !seen_ && ++unknown_ >= kMaxUnknown) {
    fail("failed to establish initial call: OpenSIPS does not know it; does its script create a dialog for each INVITE?");
  } else if ((state_ == State::Confirming || state_ == State::Up) && seen_) {
    hung_up();
  } else if (state_ == State::Confirming) {
    ready();  // What it is asked for next, it refuses.
  }
}

void CallerCall::on_late() {
  if (state_ != State::Calling) {
    return;
  }
  if (looks_answered_) {
    answered();
  } else {
    fail("failed to establish initial call: OpenSIPS has ended it");
  }
}

void CallerCall::on_deadline() {
  if (state_ == State::Leaving && invite_.pending()) {
    end_dialog();  // Whatever became of the INVITE: the phone may have answered it before the CANCEL.
  } else if (state_ == State::Leaving) {
    gone();
  } else if (state_ == State::Confirming) {
    ready();
  } else if (state_ == State::Calling) {
    put_away();
    owner_.on_caller_failed("failed to establish initial call: 408 Request Timeout");
  }
}

void CallerCall::fail(const std::string& text) {
  if ((state_ == State::Calling && invite_.pending()) || state_ == State::Confirming) {
    put_away();
  } else {
    gone();
  }
  owner_.on_caller_failed(text);
}

void CallerCall::hung_up() {
  gone();
  owner_.on_caller_hung_up();
}

void CallerCall::join(std::string_view sdp) {
  if (!dialog_ || dialog_->target.empty()) {
    owner_.on_caller_not_joined("OpenSIPS has not passed on the answer of the caller's phone");
    return;
  }
  joining_ = true;
  invite_.send(MiCommand::SendRequest, in_dialog_params(plan_, *dialog_, "INVITE", cseq_++, as_next_offer(sdp, plan_)), Repeat::Never, kLeave);
}

void CallerCall::on_join_outcome(const MiOutcome& outcome) {
  joining_ = false;
  const InviteAnswer answer = outcome.kind == MiOutcome::Kind::Answered ? read_invite_answer(outcome.result) : InviteAnswer{};
  if (state_ != State::Up) {
    return;
  }
  if (answer.status >= 200 && answer.status <= 299) {
    owner_.on_caller_joined();
  } else {
    owner_.on_caller_not_joined(outcome.kind == MiOutcome::Kind::Answered ? answer.text : outcome.text);
  }
}

void CallerCall::watch() { ask_.start(kWatch); }

void CallerCall::put_away() {
  if (is_gone() || state_ == State::Leaving) {
    return;
  }
  const bool was_calling = state_ == State::Calling;
  state_ = State::Leaving;
  ask_.cancel();
  list_.cancel();
  late_.cancel();
  deadline_.start(kLeave);
  if (was_calling) {
    end_.send(MiCommand::CancelRequest, {parameter("callid", plan_.call_id), parameter("cseq", "1")}, Repeat::WhileUnanswered, desk_.settings.answer_timeout);
  } else {
    end_dialog();
  }
}

void CallerCall::end_dialog() {
  invite_.cancel();
  end_.send(MiCommand::EndDialog, {parameter("dialog_id", plan_.call_id)}, Repeat::WhileUnanswered, desk_.settings.answer_timeout);
}

Next CallerCall::on_end_outcome(const MiOutcome& outcome) {
  if (invite_.pending()) {
    // That was the CANCEL. Taken, the INVITE has its answer soon; else there may be a call already.
    if (outcome.kind == MiOutcome::Kind::Refused) {
      end_dialog();
    }
    return Next::Done;
  }
  const bool never_known = outcome.kind == MiOutcome::Kind::Refused && outcome.code == kNotFound && !seen_ && !outcome.repeated;
  if (never_known && !std::exchange(bye_sent_, true) && dialog_ && !dialog_->target.empty()) {
    end_.send(MiCommand::SendRequest, in_dialog_params(plan_, *dialog_, "BYE", cseq_++, {}), Repeat::Never, kLeave);
    return Next::Done;
  }
  gone();
  return Next::Done;
}

void CallerCall::gone() {
  const bool was_leaving = state_ == State::Leaving;
  state_ = State::Gone;
  invite_.cancel();
  list_.cancel();
  end_.cancel();
  ask_.cancel();
  late_.cancel();
  deadline_.cancel();
  if (was_leaving) {
    owner_.on_caller_put_away();
  }
}

}  // namespace callwright::opensips
