#include "call/offered_call.hpp"

#include <utility>

namespace callwright::call {

OfferedCall::OfferedCall(Switchboard& switchboard, sip::ServerTransaction& transaction, const sip::Message& invite, Options options)
    : switchboard_(switchboard),
      text_(invite.bytes()),
      side_(std::move(options.side)),
      watcher_(std::move(options.watcher)),
      session_(switchboard.user_agent().answer(transaction, invite, std::string(sip::user_of(invite.request_uri())), *this)),
      patience_(switchboard.user_agent().timers(), base::Callback::to<&OfferedCall::on_patience_end>(*this)) {
  static_cast<void>(invite_.parse(text_));
  patience_.start(options.patience);
}

OfferedCall::OfferedCall(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> established, Options options)
    : switchboard_(switchboard),
      side_(std::move(options.side)),
      watcher_(std::move(options.watcher)),
      session_(std::move(established)),
      patience_(switchboard.user_agent().timers(), base::Callback::to<&OfferedCall::on_patience_end>(*this)) {
  session_->set_observer(*this);
  patience_.start(options.patience);
}

OfferedCall::~OfferedCall() { switchboard_.user_agent().retire(std::move(session_)); }

void OfferedCall::ring() {
  if (!over_ && !std::exchange(ringing_, true)) {
    if (!established()) {
      static_cast<void>(session_->provisional(180, {}));
    }
    switchboard_.report(session_->call_id(), CallRinging{});
  }
}

void OfferedCall::reject(int status, std::string_view reason) {
  if (over_) {
    return;
  }
  over_ = true;
  patience_.cancel();
  if (established()) {
    session_->end(480, sip::Reason{.cause = status, .text = std::string(reason.empty() ? sip::reason_phrase(status) : reason)});
  } else {
    static_cast<void>(session_->reject(status, reason));
  }
  switchboard_.report(session_->call_id(), CallEnded{status, std::string(reason)});
  switchboard_.finish(*this);
  if (CallWatcher* const watcher = found_by(take_watcher())) {
    watcher->on_refused(status, reason);
  }
}

std::unique_ptr<sip::InviteSession> OfferedCall::take() {
  over_ = true;
  patience_.cancel();
  switchboard_.finish(*this);
  return std::move(session_);
}

void OfferedCall::on_reinvite(sip::InviteSession& session, std::string_view /*sdp*/) {
  // It may try again when there is somebody to talk to.
  static_cast<void>(session.reject_reinvite(491));
}

void OfferedCall::on_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
  if (!over_) {
    over_ = true;
    switchboard_.report(session.call_id(), CallEnded{end.status, end.reason});
    switchboard_.finish(*this);
    if (CallWatcher* const watcher = found_by(take_watcher())) {
      if (established()) {
        watcher->on_refused(487, "The caller has hung up");
      } else {
        watcher->on_refused(end.status, end.reason);
      }
    }
  }
}

}  // namespace callwright::call
