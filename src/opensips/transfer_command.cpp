#include "opensips/transfer_command.hpp"

#include "opensips/caller_leg.hpp"

#include <utility>

namespace callwright::opensips {

using Next = MiRequest::Next;
using Repeat = MiRequest::Repeat;

TransferCommand::TransferCommand(CommandDesk& desk, call::CommandId id, call::TransferCall command, call::CommandObserver& observer)
    : RunningCommand(desk, id, observer),
      command_(std::move(command)),
      destination_(command_.destination),
      referral_(desk, *this),
      callee_(desk, *this),
      party_(desk, *this),
      target_(desk, *this),
      subscribe_(desk.mi, [this](const MiOutcome& outcome) { return on_subscribed(outcome); }),
      end_(desk.mi, [this](const MiOutcome& outcome) { return on_ended(outcome); }),
      linger_(desk.timers, base::Callback::to<&TransferCommand::on_lingered>(*this)) {}

void TransferCommand::start() {
  if (command_.joins && command_.joins->call_id == command_.party.call_id) {
    give_up("400 the two calls are one");
    return;
  }
  if (!desk_.claim(transfer_topic(command_.party.call_id), *this)) {
    give_up("491 Request Pending");
    return;
  }
  subscribe_.send(MiCommand::Subscribe, subscription("E_CALL_TRANSFER", desk_.settings), Repeat::WhileUnanswered, desk_.settings.answer_timeout);
}

Next TransferCommand::on_subscribed(const MiOutcome& outcome) {
  if (outcome.kind != MiOutcome::Kind::Answered) {
    give_up(subscription_failure("E_CALL_TRANSFER", outcome));
  } else {
    ask();
  }
  return Next::Done;
}

void TransferCommand::ask() {
  base::Json::Object params{parameter("callid", command_.party.call_id), parameter("leg", to_string(command_.party.side))};
  if (command_.joins) {
    params.push_back(parameter("transfer_callid", command_.joins->call_id));
    params.push_back(parameter("transfer_leg", to_string(command_.joins->side)));
  }
  if (!command_.destination.empty()) {
    params.push_back(parameter("destination", command_.destination));
  }
  referral_.begin(std::move(params), desk_.settings.third_party ? desk_.settings.refer_timeout : desk_.settings.transfer_timeout);
}

void TransferCommand::on_event(const ProxyEvent& event) {
  if (event.name == "E_UA_SESSION") {
    callee_.on_event(event);
  } else if (event.name == "E_DLG_STATE_CHANGED") {
    DialogParty& whose = event.text("callid") == party_.call_id() ? party_ : target_;
    whose.on_event(event);
  } else if (!is_over() && party_.is_gone()) {
    referral_.on_event(event);
  } else if (event.text("state") == "start" && !succeeded_) {
    // The phone follows the REFER after all, when it is too late.
    end_referred_call(std::string(event.text("transfer_callid")));
  }
}

void TransferCommand::on_started(const std::string& call_id, const std::string& destination) {
  call_id_ = call_id;
  if (!destination.empty()) {
    destination_ = destination;
  }
  report(Kind::TransferStart);
}

void TransferCommand::on_refused(const std::string& text) {
  // The proxy transfers a call once, even when that has failed.
  if (text.starts_with("491 ")) {
    help(text + ": OpenSIPS takes no second transfer of a call");
  } else {
    leave(text);
  }
}

void TransferCommand::on_connected() {
  succeeded_ = true;
  report(Kind::TransferSuccessful);
  if (!is_over()) {
    end_.send(MiCommand::EndDialog, {parameter("dialog_id", command_.party.call_id)}, Repeat::WhileUnanswered, desk_.settings.answer_timeout);
  }
}

void TransferCommand::on_silence() {
  if (desk_.settings.third_party) {
    linger_.start(desk_.settings.refer_timeout);  // It may follow yet.
  }
  help("failed to transfer: 408 Request Timeout, the phone has not followed the REFER");
}

void TransferCommand::help(const std::string& text) {
  const bool others_have_it = !desk_.settings.third_party || !desk_.claim(dialog_topic(command_.party.call_id), *this) ||
                              (command_.joins && !desk_.claim(dialog_topic(command_.joins->call_id), *this));
  if (others_have_it) {
    leave(text);
    return;
  }
  referral_.stop();
  party_.find(command_.party);
}

void TransferCommand::on_party_found(DialogParty& party) {
  report_transferring();
  if (is_over()) {
    return;
  }
  if (&party == &target_) {
    call_id_ = party_.call_id();
    destination_ = target_.uri();
    report(Kind::TransferStart);
    if (is_over()) {
      return;
    }
    target_.join(as_offer(party_.sdp()));
  } else if (command_.joins) {
    target_.find(*command_.joins);
  } else {
    callee_.call({.caller = party_.uri(), .callee = command_.destination, .offer = as_offer(party_.sdp())});
  }
}

bool TransferCommand::on_session(const std::string& key) {
  call_id_ = party_.call_id();
  report(Kind::TransferStart);
  return is_over() || desk_.claim(session_topic(key), *this);
}

void TransferCommand::on_party_joined(DialogParty& party) {
  if (is_over()) {
    party.leave();
    check_gone();
  } else if (&party == &target_) {
    party_.join(as_offer(target_.sdp()));
  } else {
    joined();
  }
}

void TransferCommand::joined() {
  joined_ = true;
  party_.part();
  if (!target_.is_gone()) {
    target_.part();
  }
  report(Kind::TransferSuccessful);
  end();
}

void TransferCommand::on_party_failed(DialogParty& party, const std::string& text) {
  if (is_over()) {
    party.leave();
    check_gone();
  } else if (&party == &target_) {
    leave("failed to reach the destination: " + text);
  } else {
    leave("failed to join the media of the two: " + text);
  }
}

void TransferCommand::on_party_hung_up(DialogParty& party) {
  if (joined_) {
    hang_up();
  } else if (is_over()) {
    check_gone();
  } else {
    leave(&party == &party_ ? "the call has ended" : "failed to reach the destination: its call has ended");
  }
}

void TransferCommand::on_callee_hung_up() {
  if (joined_) {
    hang_up();
  } else {
    leave("the destination hung up before it was connected");
  }
}

void TransferCommand::hang_up() {
  callee_.put_away();
  party_.end();
  target_.end();
  check_gone();
}

Next TransferCommand::on_ended(const MiOutcome& outcome) {
  if (!succeeded_ || is_over()) {
    check_gone();
    return Next::Done;
  }
  if (outcome.kind == MiOutcome::Kind::Silent) {
    emit_failed("the transfer succeeded, but OpenSIPS does not say whether it has ended the former call");
  }
  end();
  check_gone();
  return Next::Done;
}

void TransferCommand::on_lingered() {
  if (is_over() && !joined_) {
    desk_.release(*this);
  }
  check_gone();
}

void TransferCommand::check_gone() {
  if (is_over() && callee_.is_gone() && party_.is_gone() && target_.is_gone() && !end_.pending() && !linger_.pending()) {
    gone();
  }
}

void TransferCommand::end_referred_call(const std::string& call_id) {
  if (!call_id.empty()) {
    end_.send(MiCommand::EndDialog, {parameter("dialog_id", call_id)}, Repeat::WhileUnanswered, desk_.settings.answer_timeout);
  }
}

void TransferCommand::cancel(std::string_view why) {
  if (!is_over() && !succeeded_ && !joined_) {
    leave(std::string(why));
  }
}

void TransferCommand::leave(const std::string& text) {
  if (std::exchange(leaving_, true)) {
    return;
  }
  if (referral_.is_outstanding()) {
    linger_.start(desk_.settings.refer_timeout);
  } else if (!linger_.pending()) {
    desk_.release(*this);
  }
  end_referred_call(referral_.call_id());
  referral_.stop();
  subscribe_.cancel();
  callee_.put_away();
  emit_failed(text);
  end();
  party_.undo();
  target_.undo();
  check_gone();
}

void TransferCommand::report_transferring() {
  if (!std::exchange(told_transferring_, true)) {
    report(Kind::Transferring);
  }
}

void TransferCommand::report(Kind kind, std::string extra) {
  call::CommandEvent event;
  event.kind = kind;
  event.call_id = call_id_;
  event.destination = destination_;
  event.extra = std::move(extra);
  emit(std::move(event));
}

}  // namespace callwright::opensips
