// A party that a command tells to call somebody (RFC 3515), and those who wait for what becomes of it.
#include "call/bridge_parts.hpp"

#include <utility>

namespace callwright::call {

base::Result<void> ActiveCall::refer(Side /*side*/, std::string_view /*refer_to*/, std::string_view /*referred_by*/, const FindReferWatcher& /*watcher*/) {
  return base::Error(base::Errc::WrongState, "The call is not up");
}

base::Result<void> ActiveCall::put_in_place_of(Side /*side*/, Newcomer& /*newcomer*/, const MediaSide& /*media*/) {
  return base::Error(base::Errc::WrongState, "The call is not up");
}

sip::InviteSession* Bridge::party(Side side) {
  sip::InviteSession* const session = side == Side::Caller ? caller_.get() : callee_.get();
  return over_ || session->state() != sip::InviteSession::State::Confirmed ? nullptr : session;
}

std::string Bridge::referrer(std::string_view referred, std::string_view target) const {
  const sip::InviteSession* const other = referred_ == caller_.get() ? callee_.get() : referred_ == callee_.get() ? caller_.get() : nullptr;
  if (over_ || referred_ == nullptr || other == nullptr || referred_to_ != target || sip::unescape(sip::user_of(party_of(referred_->dialog()))) != referred) {
    return {};
  }
  return party_of(other->dialog());
}

bool Bridge::await_up(std::function<void()> done) {
  using State = sip::InviteSession::State;
  const auto is_near = [](const sip::InviteSession& session) { return session.state() == State::Accepted || session.state() == State::Confirmed; };
  if (over_ || (party(Side::Caller) != nullptr && party(Side::Callee) != nullptr) || !is_near(*caller_) || !is_near(*callee_)) {
    return false;
  }
  awaiting_up_.push_back(std::move(done));
  return true;
}

/// To be called last: those who are told may do anything.
void Bridge::tell_those_who_await() {
  if (awaiting_up_.empty() || (!over_ && (party(Side::Caller) == nullptr || party(Side::Callee) == nullptr))) {
    return;
  }
  for (const std::function<void()>& done : std::exchange(awaiting_up_, {})) {
    done();
  }
}

base::Result<void> Bridge::refer(Side side, std::string_view refer_to, std::string_view referred_by, const FindReferWatcher& watcher) {
  sip::InviteSession* const told = party(side);
  if (told == nullptr || replacement_ != nullptr) {
    return base::Error(base::Errc::WrongState, "The call is not up, or one of its parties is being replaced");
  }
  auto sent = told->refer(refer_to, referred_by);
  if (sent) {
    told_ = std::make_unique<Told>(Told{told, watcher});
  }
  return sent;
}

bool Bridge::is_told(const sip::InviteSession& session) const noexcept { return told_ != nullptr && told_->session == &session; }

/// To be called last: those who are told may do anything.
void Bridge::tell_watchers_of_end() {
  const FindWatcher replacing = replacement_ == nullptr ? nullptr : std::exchange(replacement_->watcher, nullptr);
  const FindHoldWatcher holding = holding_ == nullptr ? nullptr : std::exchange(holding_->watcher, nullptr);
  const FindReferWatcher referring = told_ == nullptr ? nullptr : std::exchange(told_, nullptr)->watcher;
  if (CallWatcher* const watcher = found_by(replacing)) {
    watcher->on_refused(487, {});
  }
  if (ReferWatcher* const watcher = found_by(referring)) {
    watcher->on_referring_call_ended();
  }
  if (HoldWatcher* const watcher = found_by(holding)) {
    watcher->on_held_call_ended();
  }
  end_taking_in(base::Error(base::Errc::WrongState, "The call has ended"));
  tell_those_who_await();
}

}  // namespace callwright::call
