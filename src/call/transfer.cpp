#include "call/transfer.hpp"

#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

Transfer::Transfer(Switchboard& switchboard, const Routing& routing, CommandTimeouts timeouts, CommandId id, TransferCall command, CommandObserver& observer,
                   std::function<void()> connect_without_refer)
    : switchboard_(switchboard),
      routing_(routing),
      timeouts_(timeouts),
      id_(id),
      command_(std::move(command)),
      observer_(observer),
      connect_without_refer_(std::move(connect_without_refer)),
      destination_(command_.destination),
      deadline_(switchboard.user_agent().timers(), base::Callback::to<&Transfer::on_deadline>(*this)) {
  ActiveCall* const call = switchboard_.find(command_.party.call_id);
  if (const sip::InviteSession* const party = call == nullptr ? nullptr : call->party(command_.party.side)) {
    party_ = party_of(party->dialog());
  }
}

Transfer::~Transfer() { switchboard_.user_agent().retire(std::move(leg_)); }

std::string Transfer::referring_call() const {
  ActiveCall* const call = switchboard_.find(command_.party.call_id);
  const sip::InviteSession* const caller = call == nullptr ? nullptr : call->party(Side::Caller);
  return caller == nullptr ? std::string() : caller->call_id();
}

void Transfer::start() {
  if (attended() && !find_partner()) {
    return;
  }
  ActiveCall* const call = switchboard_.find(command_.party.call_id);
  if (call == nullptr) {
    fail("404 Dialog not found");
    return;
  }
  const sip::InviteSession* const party = call->party(command_.party.side);
  const sip::InviteSession* const other = call->party(other_side());
  if (party == nullptr || other == nullptr) {
    fail("410 Dialog not ready");
    return;
  }
  if (attended() && call == switchboard_.find(command_.joins->call_id)) {
    fail("400 the two calls are one");
    return;
  }
  const std::string refer_to = referral_.begin(switchboard_, id_, *party, destination_);
  state_ = State::Referring;
  ReferWatcher& self = *this;
  if (!refer_to.empty() && !call->refer(command_.party.side, refer_to, party_of(other->dialog()), finder(self))) {
    fail("491 Request Pending");
    return;
  }
  deadline_.start(timeouts_.refer_answer);
  emit(Kind::Transferring);
  if (refer_to.empty() && state_ == State::Referring) {
    go_without_refer();  // It cannot be told how to reach this exchange.
  }
}

bool Transfer::find_partner() {
  ActiveCall* const call = switchboard_.find(command_.joins->call_id);
  if (call == nullptr) {
    fail("404 Transfer dialog not found");
    return false;
  }
  const sip::InviteSession* const partner = call->party(command_.joins->side);
  if (partner == nullptr || call->party(opposite(command_.joins->side)) == nullptr) {
    fail("410 Transfer dialog not ready");
    return false;
  }
  if (destination_.empty()) {
    destination_ = party_of(partner->dialog());
  }
  return true;
}

void Transfer::go_without_refer() {
  if (!attended()) {
    call_directly();
    return;
  }
  state_ = State::Over;
  deadline_.cancel();
  referral_.settle();
  switchboard_.finish(*this);  // Destroyed later.
  connect_without_refer_();
}

bool Transfer::expects(std::string_view token) const noexcept {
  return (state_ == State::Referring || state_ == State::AwaitingCall) && referral_.is_named(token);
}

void Transfer::on_referral_answered(int status, std::string_view reason) {
  if (state_ != State::Referring) {
    return;
  }
  if (status < 300) {
    state_ = State::AwaitingCall;
    deadline_.start(timeouts_.referred_call);
  } else if (status == 481) {
    fail("failed to transfer: " + status_text(status, reason));
  } else {
    go_without_refer();
  }
}

void Transfer::on_referral_progress(std::string_view status_line) {
  switch (state_) {
    case State::Referring:
    case State::AwaitingCall:
      if (tells_failure(status_line)) {
        fail("failed to reach the destination: " + std::string(status_line));
      } else {
        referral_.keep(status_line);
      }
      return;
    case State::Calling: on_progress(status_line); return;
    default: return;
  }
}

void Transfer::on_progress(std::string_view status_line) {
  emit(Kind::TransferPending, std::string(status_line));
  // Of a call through here the exchange knows itself how it goes, but not always of one that takes a place.
  if (state_ != State::Calling || !attended() || status_line < "2") {
    return;
  }
  if (tells_failure(status_line)) {
    fail("failed to reach the destination: " + std::string(status_line));
  } else {
    on_answered();
  }
}

void Transfer::on_referring_call_ended() {
  switch (state_) {
    case State::Calling: return;  // Some phones hang up as soon as their own call is under way.
    case State::AwaitingCall: deadline_.start(timeouts_.refer_answer); return;
    case State::Over: return;
    default: fail("the call ended before it was transferred"); return;
  }
}

void Transfer::on_referred_call(ActiveCall& call, const std::string& call_id, const std::string& destination) {
  state_ = State::Calling;
  deadline_.cancel();  // The call has its own ring time-out.
  referral_.on_call(call);
  call_id_ = call_id;
  destination_ = destination;
  emit(Kind::TransferStart);
  tell_kept();
}

void Transfer::on_replacing(const std::string& call_id) {
  state_ = State::Calling;
  deadline_.start(timeouts_.ring);
  call_id_ = call_id;
  emit(Kind::TransferStart);
  tell_kept();
}

void Transfer::tell_kept() {
  for (const std::string& line : referral_.take_kept()) {
    if (state_ != State::Calling) {
      return;
    }
    on_progress(line);
  }
}

void Transfer::on_moved(ActiveCall& call) { referral_.on_moved(call); }

void Transfer::on_unroutable(int status) { fail("failed to reach the destination: " + status_text(status, {})); }

void Transfer::on_answered() {
  if (state_ != State::Calling && state_ != State::Replacing) {
    return;
  }
  const bool referred = state_ == State::Calling;
  referral_.settle();
  newcomer_ = nullptr;
  state_ = State::Over;
  // In its own call the party has its new partner now, and in the other one nobody is left to talk to.
  if (ActiveCall* const call = referred ? switchboard_.find(command_.party.call_id) : nullptr) {
    call->hang_up();
  }
  emit(Kind::TransferSuccessful);
  finish();
}

void Transfer::on_refused(int status, std::string_view reason) {
  if (state_ == State::Calling) {
    referral_.settle();
    fail("failed to reach the destination: " + status_text(status, reason));
  } else if (state_ == State::Replacing) {
    newcomer_ = nullptr;
    fail("failed to join the media of the party and the destination: " + status_text(status, reason));
  }
}

void Transfer::call_directly() {
  const Routing::Found found = routing_.find(command_.destination, Asker::Api);
  if (found.targets.empty()) {
    on_unroutable(found.status);
    return;
  }
  state_ = State::CallingDirectly;
  const Target& target = found.targets.front();
  destination_side_ = MediaSide::of(target);
  destination_ = target.uri;
  leg_ = call_on_behalf(switchboard_.user_agent(), target, party_, command_.destination, *this);
  call_id_ = leg_->call_id();
  switchboard_.index(call_id_, *this);
  deadline_.start(timeouts_.ring);
  emit(Kind::TransferStart);
  if (state_ == State::CallingDirectly) {
    static_cast<void>(leg_->invite({}));
  }
}

void Transfer::on_provisional(sip::InviteSession& /*session*/, const sip::InviteProgress& progress) {
  if (state_ == State::CallingDirectly) {
    emit(Kind::TransferPending, status_text(progress.status, progress.reason));
  }
}

void Transfer::on_accepted(sip::InviteSession& /*session*/, const sip::InviteProgress& progress) {
  if (state_ != State::CallingDirectly) {
    return;
  }
  ActiveCall* const call = switchboard_.find(command_.party.call_id);
  if (call == nullptr) {
    fail("the call ended before it was transferred");
    return;
  }
  state_ = State::Replacing;
  deadline_.start(timeouts_.media_answer);
  newcomer_ = leg_.get();
  Newcomer newcomer{std::move(leg_), progress.sdp, watcher()};
  if (!call->put_in_place_of(other_side(), newcomer, destination_side_)) {
    newcomer_ = nullptr;
    leg_ = std::move(newcomer.session);
    fail("491 Request Pending");
  }
}

void Transfer::on_ended(sip::InviteSession& /*session*/, const sip::SessionEnd& end) {
  if (state_ != State::Over) {
    fail("failed to reach the destination: " + status_text(end.status, end.reason));
  }
}

void Transfer::on_deadline() {
  switch (state_) {
    case State::Referring: go_without_refer(); return;
    case State::AwaitingCall: fail("the phone agreed to call the destination but did not"); return;
    case State::Calling:
    case State::CallingDirectly: fail("failed to reach the destination: 408 Request Timeout"); return;
    case State::Replacing: fail("failed to join the media of the party and the destination: 408 Request Timeout"); return;
    default: return;
  }
}

void Transfer::cancel(std::string_view why) {
  // An INVITE that takes a place cannot be stopped from here; it soon comes to its end.
  if (state_ != State::Over && !(attended() && state_ == State::Calling)) {
    fail(std::string(why));
  }
}

void Transfer::fail(std::string text) {
  // What hangs up below reports back here; nothing of that is news.
  state_ = State::Over;
  referral_.hang_up();
  if (leg_ != nullptr) {
    leg_->end();
  }
  if (sip::InviteSession* const newcomer = std::exchange(newcomer_, nullptr)) {
    newcomer->end();
  }
  emit(Kind::Failed, std::move(text));
  finish();
}

void Transfer::finish() {
  state_ = State::Over;
  deadline_.cancel();
  emit(Kind::Ended);
  switchboard_.finish(*this);
}

void Transfer::emit(Kind kind, std::string extra) {
  CommandEvent event;
  event.command = id_;
  event.kind = kind;
  event.call_id = call_id_;
  event.destination = destination_;
  event.extra = std::move(extra);
  observer_.on_command_event(event);
}

}  // namespace callwright::call
