#include "opensips/transfer_command.hpp"

#include <utility>

namespace callwright::opensips {

using Next = MiRequest::Next;
using Repeat = MiRequest::Repeat;

TransferCommand::TransferCommand(CommandDesk& desk, call::CommandId id, call::TransferCall command, call::CommandObserver& observer)
    : RunningCommand(desk, id, observer),
      command_(std::move(command)),
      destination_(command_.destination),
      referral_(desk, *this),
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
  referral_.begin(std::move(params), desk_.settings.transfer_timeout);
}

void TransferCommand::on_event(const ProxyEvent& event) {
  if (!is_over()) {
    referral_.on_event(event);
  } else if (event.text("state") == "start" && !succeeded_) {
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
  leave(text.starts_with("491 ") ? text + ": OpenSIPS takes no second transfer of a call" : text);
}

void TransferCommand::on_connected() {
  succeeded_ = true;
  report(Kind::TransferSuccessful);
  if (!is_over()) {
    end_.send(MiCommand::EndDialog, {parameter("dialog_id", command_.party.call_id)}, Repeat::WhileUnanswered, desk_.settings.answer_timeout);
  }
}

Next TransferCommand::on_ended(const MiOutcome& outcome) {
  if (outcome.kind == MiOutcome::Kind::Silent) {
    emit_failed("the transfer succeeded, but OpenSIPS does not say whether it has ended the former call");
  }
  end();
  if (!linger_.pending()) {
    gone();
  }
  return Next::Done;
}

void TransferCommand::on_lingered() {
  desk_.release(*this);
  if (!end_.pending()) {
    gone();
  }
}

void TransferCommand::end_referred_call(const std::string& call_id) {
  if (!call_id.empty()) {
    end_.send(MiCommand::EndDialog, {parameter("dialog_id", call_id)}, Repeat::WhileUnanswered, desk_.settings.answer_timeout);
  }
}

void TransferCommand::cancel(std::string_view why) {
  if (!is_over() && !succeeded_) {
    leave(std::string(why));
  }
}

void TransferCommand::leave(const std::string& text) {
  if (referral_.is_outstanding()) {
    linger_.start(desk_.settings.refer_timeout);
  } else {
    desk_.release(*this);
  }
  referral_.stop();
  subscribe_.cancel();
  emit_failed(text);
  end();
  end_referred_call(call_id_);
  if (!end_.pending() && !linger_.pending()) {
    gone();
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
