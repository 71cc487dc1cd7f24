#include "call/joining.hpp"

#include "call/bridge.hpp"
#include "call/referral.hpp"

#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

Joining::Joining(Switchboard& switchboard, CommandTimeouts timeouts, CommandId id, BridgeCalls command, CommandObserver& observer)
    : switchboard_(switchboard),
      timeouts_(timeouts),
      id_(id),
      command_(std::move(command)),
      observer_(observer),
      deadline_(switchboard.user_agent().timers(), base::Callback::to<&Joining::on_deadline>(*this)) {}

Joining::~Joining() {
  media_.reset();
  switchboard_.user_agent().retire(std::move(one_));
  switchboard_.user_agent().retire(std::move(other_));
}

void Joining::start() {
  ActiveCall* const first = switchboard_.find(command_.one.call_id);
  ActiveCall* const second = switchboard_.find(command_.other.call_id);
  if (first == nullptr || second == nullptr) {
    fail("404 Dialog not found");
    return;
  }
  if (first == second) {
    fail("400 the two parties are in one call");
    return;
  }
  if (!first->may_release(command_.one.call_id) || !second->may_release(command_.other.call_id)) {
    fail("410 Dialog not ready");
    return;
  }
  ReleasedParties left = first->release(command_.one.call_id, command_.one.side);
  ReleasedParties right = second->release(command_.other.call_id, command_.other.side);
  one_ = std::move(left.sessions.front());
  other_ = std::move(right.sessions.front());
  journal_of_one_ = left.journal;
  journal_of_other_ = right.journal;
  for (const auto* const session : {&one_, &other_}) {
    (*session)->set_observer(*this);
    static_cast<void>((*session)->reject_reinvite(491));
    static_cast<void>((*session)->reject_update(491));
    switchboard_.index((*session)->call_id(), *this);
  }
  if (MediaDesk* const desk = switchboard_.media()) {
    BridgeMedia::Owner& owner = *this;
    media_ = std::make_unique<BridgeMedia>(*desk, MediaMode::Auto, owner);
    media_->add(*one_, switchboard_.media_side_of(*one_));
    media_->add(*other_, switchboard_.media_side_of(*other_));
  }
  deadline_.start(timeouts_.media_answer);
  begin();
}

/// As soon as neither phone has anything under way: one whose call was answered just now has not even acknowledged that.
void Joining::begin() {
  if (over_ || begun_ || !one_->may_reinvite() || !other_->may_reinvite()) {
    return;
  }
  begun_ = true;
  if (!other_->reinvite({})) {
    cancel("491 Request Pending");
  }
}

void Joining::on_confirmed(sip::InviteSession& /*session*/, std::string_view /*sdp*/) { begin(); }

void Joining::on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  if (over_ || !begun_ || &session != (offered_ ? one_ : other_).get()) {
    static_cast<void>(session.acknowledge({}));
    begin();
  } else if (result.status >= 300) {
    cancel(status_text(result.status, result.reason));
  } else if (offered_) {
    take_answer(result.sdp);
  } else {
    take_offer(result.sdp);
  }
}

void Joining::take_offer(std::string_view sdp) {
  offered_ = true;
  const auto offer = media_ == nullptr ? base::Result<std::string>(std::string(sdp)) : media_->offer(*other_, *one_, sdp);
  if (!offer || !one_->reinvite(*offer)) {
    cancel(offer ? "491 Request Pending" : "488 Not Acceptable Here: " + offer.error().message());
  }
}

void Joining::take_answer(std::string_view sdp) {
  const auto answer = media_ == nullptr ? base::Result<std::string>(std::string(sdp)) : media_->answer(*one_, *other_, sdp);
  if (!answer) {
    cancel("488 Not Acceptable Here: " + answer.error().message());
    return;
  }
  over_ = true;
  static_cast<void>(other_->acknowledge(*answer));
  switchboard_.report(journal_of_one_, CallReplaced{.by = one_->call_id(), .party = party_of(other_->dialog()), .side = CallReplaced::Side::Callee});
  switchboard_.report(journal_of_other_, CallEnded{200, "Bridged"});
  CommandEvent bridged;
  bridged.command = id_;
  bridged.kind = Kind::CallBridged;
  bridged.call_id = one_->call_id();
  Bridge::join(switchboard_, std::move(one_), std::move(other_), std::move(media_));
  observer_.on_command_event(bridged);
  finish();
}

void Joining::on_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
  if (!over_) {
    cancel(std::string(&session == one_.get() ? "the first" : "the second") + " party has hung up: " + status_text(end.status, end.reason));
  }
}

/// They are with nobody else any more.
void Joining::cancel(std::string_view why) {
  if (over_) {
    return;
  }
  over_ = true;
  media_.reset();
  for (const auto* const session : {&one_, &other_}) {
    if (*session != nullptr) {
      (*session)->end();
    }
  }
  switchboard_.report(journal_of_one_, CallEnded{480, std::string(why)});
  switchboard_.report(journal_of_other_, CallEnded{480, std::string(why)});
  fail(std::string(why));
}

void Joining::fail(std::string text) {
  over_ = true;
  emit(Kind::Failed, std::move(text));
  finish();
}

void Joining::finish() {
  over_ = true;
  deadline_.cancel();
  emit(Kind::Ended);
  switchboard_.finish(*this);
}

void Joining::emit(Kind kind, std::string extra) {
  CommandEvent event;
  event.command = id_;
  event.kind = kind;
  event.extra = std::move(extra);
  observer_.on_command_event(event);
}

}  // namespace callwright::call
