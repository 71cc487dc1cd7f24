#include "call/click_to_dial.hpp"

#include "call/bridge.hpp"
#include "call/offered_call.hpp"
#include "sdp/offer_answer.hpp"

#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

ClickToDial::ClickToDial(Switchboard& switchboard, const Routing& routing, CommandTimeouts timeouts, CommandId id, StartCall command, CommandObserver& observer)
    : switchboard_(switchboard),
      routing_(routing),
      timeouts_(timeouts),
      id_(id),
      command_(std::move(command)),
      observer_(observer),
      deadline_(switchboard.user_agent().timers(), base::Callback::to<&ClickToDial::on_deadline>(*this)) {
  timeouts_.ring = command_.look.timeout.value_or(std::chrono::duration_cast<std::chrono::seconds>(timeouts_.ring));
}

ClickToDial::~ClickToDial() {
  switchboard_.user_agent().retire(std::move(caller_leg_));
  switchboard_.user_agent().retire(std::move(callee_leg_));
}

void ClickToDial::start() {
  const Routing::Found found = routing_.find(command_.caller, Asker::Api);
  if (found.targets.empty()) {
    fail("failed to establish initial call: " + status_text(found.status, {}));
    return;
  }
  caller_ = dressed(found.targets.front());
  switchboard_.report(command_.call_id, CallStarted{command_.caller, command_.callee});
  deadline_.start(timeouts_.ring);
  call_caller(black_hole_offer());
}

void ClickToDial::call_caller(std::string_view offer) {
  sip::InviteSession::CallerOptions options;
  options.uri = caller_.uri;
  options.flow = caller_.flow;
  options.credentials = caller_.credentials;
  // The caller's phone shows whom it is about to be connected with.
  options.from = name_addr(command_.look.callee_name, command_.callee);
  options.to = name_addr(command_.look.caller_name, command_.caller);
  options.headers = command_.look.headers;
  options.call_id = command_.call_id;
  options.contact_user = sip::user_of(command_.callee);
  caller_leg_ = switchboard_.user_agent().call(std::move(options), *this);
  switchboard_.index(caller_leg_->call_id(), *this);
  static_cast<void>(caller_leg_->invite(offer));
}

/// RFC 3725 §4.4: a phone that does not speak PCMU, or not in the clear, can take an offer without any stream; it makes its own when it calls the callee.
bool ClickToDial::call_caller_without_media(const sip::SessionEnd& end) {
  const bool disliked = end.status == 488 || end.status == 606 || end.status == 415;
  if (!disliked || end.by != sip::SessionEnd::Party::Remote || std::exchange(without_media_, true)) {
    return false;
  }
  switchboard_.user_agent().retire(std::move(caller_leg_));
  call_caller(offer_without_media());
  return true;
}

std::string ClickToDial::offer_without_media() const {
  sdp::Description nothing;
  nothing.origin = sdp::Session(switchboard_.user_agent().random().between(1, UINT32_MAX), base::IpAddress::v4({0, 0, 0, 0})).make_offer({}).origin;
  return nothing.to_string();
}

Target ClickToDial::dressed(Target target) const {
  const MediaDesk* const desk = switchboard_.media();
  apply(command_.look, desk == nullptr ? MediaProfile{} : desk->settings().profile, target);
  return target;
}

std::string ClickToDial::black_hole_offer() const {
  // RFC 3725 §4.2: a stream without a place to send to. The callee's phone makes the real offer later.
  sdp::AudioCapabilities nowhere;
  nowhere.codecs = command_.look.codecs.empty() ? std::vector{sdp::pcmu(), sdp::pcma()} : command_.look.codecs;
  nowhere.address = {base::IpAddress::v4({0, 0, 0, 0}), 9};
  nowhere.telephone_event.reset();
  sip::UserAgent& user_agent = switchboard_.user_agent();
  const sdp::Origin origin = sdp::Session(user_agent.random().between(1, UINT32_MAX), nowhere.address.ip).make_offer(nowhere).origin;
  return sdp::make_offer(nowhere, origin).to_string();
}

void ClickToDial::on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) {
  if (state_ == State::Over) {
    return;
  }
  if (&session == caller_leg_.get()) {
    emit(Kind::CallerAnswered);
    if (state_ == State::CallingCaller) {
      refer_caller();
    }
    return;
  }
  // Third-party call control: the callee's offer goes to the caller's phone, its answer comes back in the callee's ACK.
  state_ = State::JoiningMedia;
  deadline_.start(timeouts_.media_answer);
  const auto offer = progress.sdp.empty() ? std::string() : offer_to_caller(progress.sdp);
  if (!offer || offer->empty() || !caller_leg_->reinvite(*offer)) {
    fail("failed to join the media of caller and callee" + (offer ? std::string() : ": " + offer.error().message()));
  }
}

base::Result<std::string> ClickToDial::offer_to_caller(std::string_view sdp) {
  MediaDesk* const desk = switchboard_.media();
  const MediaSide caller = MediaSide::of(caller_);
  MediaMode mode = desk == nullptr ? MediaMode::Bypass : desk->mode_for(caller, callee_side_);
  if (mode == MediaMode::Auto) {
    mode = MediaDesk::decide(sdp::glance(sdp), callee_side_, caller);
  }
  if (mode == MediaMode::Bypass) {
    return std::string(sdp);
  }
  BridgeMedia::Owner& owner = *this;
  media_ = std::make_unique<BridgeMedia>(*desk, mode, owner);
  media_->add(*caller_leg_, caller);
  media_->add(*callee_leg_, callee_side_);
  return media_->offer(*callee_leg_, *caller_leg_, sdp);
}

void ClickToDial::on_media_failed(const base::Error& error) { cancel("the media failed: " + error.message()); }

void ClickToDial::refer_caller() {
  state_ = State::Referring;
  deadline_.start(timeouts_.refer_answer);
  const std::string refer_to = referral_.begin(switchboard_, id_, *caller_leg_, command_.callee);
  emit(Kind::Transferring);
  if (state_ != State::Referring) {
    return;
  }
  if (!caller_leg_->refer(refer_to, command_.callee)) {
    fail("failed to transfer the caller: the call is gone");
  }
}

bool ClickToDial::expects(std::string_view token) const noexcept {
  return (state_ == State::Referring || state_ == State::AwaitingCall) && referral_.is_named(token);
}

void ClickToDial::on_referred_call(ActiveCall& call, const std::string& call_id, const std::string& /*destination*/) {
  state_ = State::CallingCallee;
  deadline_.cancel();  // The call has its own ring time-out.
  referral_.on_call(call);
  call_id_ = call_id;
  emit(Kind::TransferStart);
  for (std::string& line : referral_.take_kept()) {
    if (state_ != State::CallingCallee) {
      return;
    }
    emit(Kind::TransferPending, std::move(line));
  }
}

void ClickToDial::on_moved(ActiveCall& call) { referral_.on_moved(call); }

void ClickToDial::on_refer_result(sip::InviteSession& /*session*/, int status, std::string_view reason) {
  if (state_ != State::Referring) {
    return;
  }
  if (status < 300) {
    state_ = State::AwaitingCall;
    deadline_.start(timeouts_.referred_call);
  } else if (status == 481) {
    fail("failed to transfer the caller: " + status_text(status, reason));
  } else {
    call_callee_directly();
  }
}

void ClickToDial::on_refer_progress(sip::InviteSession& /*session*/, std::string_view status_line, bool /*last*/) {
  switch (state_) {
    case State::Referring:
    case State::AwaitingCall:
      if (tells_failure(status_line)) {
        fail("failed to reach the callee: " + std::string(status_line));
      } else {
        referral_.keep(status_line);
      }
      return;
    case State::CallingCallee:
      if (!status_line.empty()) {
        emit(Kind::TransferPending, std::string(status_line));
      }
      return;
    default: return;
  }
}

void ClickToDial::on_answered() {
  if (state_ != State::CallingCallee) {
    return;
  }
  referral_.settle();
  state_ = State::Over;
  if (caller_leg_ != nullptr) {
    caller_leg_->end();
    switchboard_.report(caller_leg_->call_id(), CallEnded{200, "connected with the callee"});
  }
  emit(Kind::CalleeAnswered);
  finish();
}

void ClickToDial::on_refused(int status, std::string_view reason) {
  if (state_ != State::CallingCallee) {
    return;
  }
  referral_.settle();
  fail("failed to reach the callee: " + status_text(status, reason));
}

void ClickToDial::on_unroutable(int status) { fail("failed to reach the callee: " + status_text(status, {})); }

/// There is no phone to call: who answers for the callee decides about the call that the caller is in.
void ClickToDial::offer_caller() {
  state_ = State::CallingCallee;
  deadline_.cancel();
  call_id_ = caller_leg_->call_id();
  OfferedCall::Options options{.side = MediaSide::of(caller_), .patience = timeouts_.ring, .watcher = watcher()};
  auto made = std::make_unique<OfferedCall>(switchboard_, std::move(caller_leg_), std::move(options));
  OfferedCall& call = *made;
  switchboard_.adopt(std::move(made));
  switchboard_.index(call_id_, call);
  referral_.on_call(call);
  emit(Kind::TransferStart);
  // Whoever heard of it may have ended the call.
  if (state_ == State::CallingCallee) {
    switchboard_.report(call_id_, CallOffered{command_.look.caller_name});
  }
}

void ClickToDial::call_callee_directly() {
  if (switchboard_.is_offered(command_.callee)) {
    offer_caller();
    return;
  }
  const Routing::Found found = routing_.find(command_.callee, Asker::Api);
  if (found.targets.empty()) {
    fail("failed to reach the callee: " + status_text(found.status, {}));
    return;
  }
  state_ = State::CallingCalleeDirectly;
  const Target target = dressed(found.targets.front());
  callee_side_ = MediaSide::of(target);
  callee_leg_ = call_on_behalf(switchboard_.user_agent(), target, command_.caller, command_.callee, *this, command_.look);
  call_id_ = callee_leg_->call_id();
  switchboard_.index(call_id_, *this);
  deadline_.start(timeouts_.ring);
  emit(Kind::TransferStart);
  static_cast<void>(callee_leg_->invite({}));
}

void ClickToDial::on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) {
  if (&session == callee_leg_.get() && state_ == State::CallingCalleeDirectly) {
    emit(Kind::TransferPending, status_text(progress.status, progress.reason));
  }
}

void ClickToDial::on_reinvite(sip::InviteSession& session, std::string_view /*sdp*/) {
  // Some phones correct their media right after the answer. They may try again when the call has its other half.
  static_cast<void>(session.reject_reinvite(491));
}

void ClickToDial::on_reinvite_result(sip::InviteSession& /*session*/, const sip::InviteProgress& result) {
  if (state_ != State::JoiningMedia) {
    return;
  }
  if (result.status >= 300 || result.sdp.empty()) {
    fail("failed to join the media of caller and callee: " + status_text(result.status, result.reason));
    return;
  }
  const auto answer = media_ == nullptr ? std::string(result.sdp) : media_->answer(*caller_leg_, *callee_leg_, result.sdp);
  static_cast<void>(callee_leg_->acknowledge(answer ? std::string_view(*answer) : std::string_view{}));
  if (!answer) {
    fail("failed to join the media of caller and callee: " + answer.error().message());
    return;
  }
  join();
}

void ClickToDial::join() {
  // The bridge comes first: whoever hears of the answer may hang up at once.
  state_ = State::Over;
  switchboard_.report(caller_leg_->call_id(), CallAnswered{callee_leg_->call_id()});
  Bridge::join(switchboard_, std::move(caller_leg_), std::move(callee_leg_), std::move(media_));
  emit(Kind::CalleeAnswered);
  finish();
}

void ClickToDial::on_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
  if (state_ == State::Over) {
    return;
  }
  if (&session == caller_leg_.get()) {
    on_caller_ended(end);
  } else {
    on_callee_ended(end);
  }
}

void ClickToDial::on_caller_ended(const sip::SessionEnd& end) {
  switch (state_) {
    case State::CallingCaller:
      if (!call_caller_without_media(end)) {
        fail("failed to establish initial call: " + status_text(end.status, end.reason));
      }
      return;
    case State::CallingCallee:
      // Some phones hang up on whoever sent the REFER as soon as their own call is under way.
      return;
    case State::AwaitingCall: deadline_.start(timeouts_.refer_answer); return;
    default: fail("the caller hung up before the callee was connected"); return;
  }
}

void ClickToDial::on_callee_ended(const sip::SessionEnd& end) {
  if (state_ == State::JoiningMedia) {
    fail("the callee hung up before the caller was connected");
  } else {
    fail("failed to reach the callee: " + status_text(end.status, end.reason));
  }
}

void ClickToDial::on_deadline() {
  switch (state_) {
    case State::CallingCaller: fail("failed to establish initial call: 408 Request Timeout"); return;
    case State::Referring: call_callee_directly(); return;
    case State::AwaitingCall: fail("the caller's phone agreed to call the callee but did not"); return;
    case State::CallingCalleeDirectly: fail("failed to reach the callee: 408 Request Timeout"); return;
    case State::JoiningMedia: fail("failed to join the media of caller and callee: 408 Request Timeout"); return;
    default: return;
  }
}

void ClickToDial::cancel(std::string_view why) {
  if (state_ != State::Over) {
    fail(std::string(why));
  }
}

void ClickToDial::fail(std::string text) {
  // What hangs up below reports back here; nothing of that is news.
  state_ = State::Over;
  media_.reset();
  referral_.hang_up();
  if (callee_leg_ != nullptr) {
    callee_leg_->end();
  }
  if (caller_leg_ != nullptr) {
    caller_leg_->end();
    switchboard_.report(caller_leg_->call_id(), CallEnded{0, text});
  }
  emit(Kind::Failed, std::move(text));
  finish();
}

void ClickToDial::finish() {
  state_ = State::Over;
  deadline_.cancel();
  emit(Kind::Ended);
  switchboard_.finish(*this);
}

void ClickToDial::emit(Kind kind, std::string extra) {
  CommandEvent event;
  event.command = id_;
  event.kind = kind;
  event.call_id = call_id_;
  event.caller = command_.caller;
  event.callee = command_.callee;
  if (kind == Kind::Transferring) {
    event.destination = command_.callee;
  }
  event.extra = std::move(extra);
  observer_.on_command_event(event);
}

}  // namespace callwright::call
