#include "opensips/start_command.hpp"

#include <utility>

namespace callwright::opensips {

using Next = MiRequest::Next;
using Repeat = MiRequest::Repeat;

namespace {

/// Whether the callee's phone is to see something that the caller's phone, which makes the call by itself, would not say.
bool changes_callee_view(const call::CallLook& look) {
  return !look.caller_name.empty() || !look.caller_id.empty() || !look.headers.empty() || !look.codecs.empty();
}

}  // namespace

StartCommand::StartCommand(CommandDesk& desk, call::CommandId id, call::StartCall command, call::CommandObserver& observer)
    : RunningCommand(desk, id, observer),
      command_(std::move(command)),
      caller_(desk, *this,
              {.caller = command_.caller,
               .callee = command_.callee,
               .call_id = command_.call_id,
               .proxy = desk.settings.sip_uri,
               .session = desk.random.between(1, UINT32_MAX),
               .look = command_.look}),
      referral_(desk, *this),
      callee_(desk, *this),
      subscribe_(desk.mi, [this](const MiOutcome& outcome) { return on_subscribed(outcome); }),
      end_(desk.mi,
           [this](const MiOutcome& /*outcome*/) {
             check_gone();
             return Next::Done;
           }),
      linger_(desk.timers, base::Callback::to<&StartCommand::on_lingered>(*this)) {}

void StartCommand::start() {
  if (!desk_.claim(transfer_topic(command_.call_id), *this) || !desk_.claim(dialog_topic(command_.call_id), *this)) {
    give_up("400 a call with this Call-ID is there already");
    return;
  }
  // Without its events the proxy would leave the command in the dark; and it may have been restarted a moment ago.
  subscribe_.send(MiCommand::Subscribe, subscription("E_CALL_TRANSFER", desk_.settings), Repeat::WhileUnanswered, desk_.settings.answer_timeout);
}

Next StartCommand::on_subscribed(const MiOutcome& outcome) {
  if (outcome.kind != MiOutcome::Kind::Answered) {
    fail(subscription_failure("E_CALL_TRANSFER", outcome));
  } else {
    caller_.call();
  }
  return Next::Done;
}

void StartCommand::on_event(const ProxyEvent& event) {
  if (event.name == "E_DLG_STATE_CHANGED") {
    caller_.on_event(event);
  } else if (event.name == "E_UA_SESSION") {
    callee_.on_event(event);
  } else if (event.text("state") == "start" && (is_over() || !callee_.is_gone())) {
    // The phone follows the REFER after all, when it is too late; unless that is the call that was told as connected, once more.
    if (!referred_) {
      end_referred_call(std::string(event.text("transfer_callid")));
    }
  } else {
    referral_.on_event(event);
  }
}

void StartCommand::on_caller_ready() {
  if (can_call_directly() && (!caller_.dialog()->knows_refer || changes_callee_view(command_.look))) {
    call_directly();
    return;
  }
  const base::Duration silence = can_call_directly() ? desk_.settings.refer_timeout : desk_.settings.transfer_timeout;
  // In this dialog the phone is the one that was called.
  referral_.begin({parameter("callid", command_.call_id), parameter("leg", "callee"), parameter("destination", command_.callee)}, silence);
}

void StartCommand::on_caller_hung_up() {
  if (connected_) {
    callee_.put_away();
    check_gone();
  } else {
    fail("the caller hung up before the callee was connected");
  }
}

void StartCommand::on_started(const std::string& call_id, const std::string& /*destination*/) {
  call_id_ = call_id;
  report(Kind::TransferStart);
}

void StartCommand::on_connected() {
  referred_ = true;
  report(Kind::CalleeAnswered);
  put_away();
}

void StartCommand::on_silence() {
  if (can_call_directly()) {
    linger_.start(desk_.settings.refer_timeout);  // It may follow yet.
    call_directly();
  } else {
    fail("failed to transfer the caller: 408 Request Timeout");
  }
}

bool StartCommand::can_call_directly() const noexcept { return desk_.settings.third_party && caller_.dialog() && !caller_.dialog()->sdp.empty(); }

void StartCommand::call_directly() {
  report_transferring();
  callee_.call({.caller = command_.caller, .callee = command_.callee, .offer = as_offer(caller_.dialog()->sdp), .look = command_.look});
}

bool StartCommand::on_session(const std::string& key) {
  call_id_ = command_.call_id;
  report(Kind::TransferStart);
  return is_over() || desk_.claim(session_topic(key), *this);
}

void StartCommand::on_caller_joined() {
  connected_ = true;
  caller_.watch();
  report(Kind::CalleeAnswered);
  end();
}

void StartCommand::on_callee_hung_up() {
  if (connected_) {
    caller_.put_away();
    check_gone();
  } else {
    fail("the callee hung up before the caller was connected");
  }
}

void StartCommand::cancel(std::string_view why) { fail(std::string(why)); }

void StartCommand::fail(const std::string& text) {
  if (leaving_) {
    return;
  }
  emit_failed(text);
  if (!referral_.call_id().empty()) {
    end_referred_call(referral_.call_id());
  }
  put_away();
}

void StartCommand::put_away() {
  if (std::exchange(leaving_, true)) {
    return;
  }
  subscribe_.cancel();
  if (referral_.is_outstanding()) {
    linger_.start(desk_.settings.refer_timeout);
  }
  referral_.stop();
  caller_.put_away();
  callee_.put_away();
  end();
  check_gone();
}

void StartCommand::end_referred_call(const std::string& call_id) {
  if (!call_id.empty()) {
    end_.send(MiCommand::EndDialog, {parameter("dialog_id", call_id)}, Repeat::WhileUnanswered, desk_.settings.answer_timeout);
  }
}

void StartCommand::check_gone() {
  if (is_over() && caller_.is_gone() && callee_.is_gone() && !end_.pending() && !linger_.pending()) {
    gone();
  }
}

void StartCommand::report_transferring() {
  if (!std::exchange(told_transferring_, true)) {
    report(Kind::Transferring);
  }
}

void StartCommand::report(Kind kind, std::string extra) {
  call::CommandEvent event;
  event.kind = kind;
  event.caller = command_.caller;
  if (kind == Kind::Transferring) {
    event.destination = command_.callee;
  } else {
    event.callee = command_.callee;
  }
  event.call_id = call_id_;
  event.extra = std::move(extra);
  emit(std::move(event));
}

}  // namespace callwright::opensips
