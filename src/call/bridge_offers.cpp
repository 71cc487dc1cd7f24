// A call that is up, as far as its media pass through the exchange.
#include "call/bridge.hpp"

#include <utility>

namespace callwright::call {

base::Result<std::string> Bridge::translated(const sip::InviteSession& from, const sip::InviteSession& to, std::string_view sdp) {
  if (!relays() || sdp.empty()) {
    return media_ == nullptr ? std::string(sdp) : media_->passed_on(to, sdp);
  }
  return media_->pass(from, to, sdp);
}

base::Result<void> Bridge::offer(const sip::InviteSession& from, sip::InviteSession& to, std::string_view sdp, sip::InviteSession::OnGlare on_glare) {
  if (media_ == nullptr || sdp.empty()) {
    return to.reinvite(sdp, on_glare);
  }
  if (!relays()) {
    auto sent = to.reinvite(media_->passed_on(to, sdp), on_glare);
    if (!sent) {
      media_->restore_passed(to);
    }
    return sent;
  }
  const auto ours = media_->offer(from, to, sdp);
  if (!ours) {
    return ours.error();
  }
  auto sent = to.reinvite(*ours, on_glare);
  if (!sent) {
    media_->withdraw(from);
  }
  return sent;
}

std::optional<std::string> Bridge::answer_here(const sip::InviteSession& session, std::string_view sdp) {
  if (media_ == nullptr || replacement_ != nullptr) {
    return std::nullopt;
  }
  media_->take_in_for_music(session, peer(session), sdp);
  if (!relays() || media_->returns(session, peer(session), sdp)) {
    return std::nullopt;
  }
  return media_->answer_here(session, peer(session), sdp);
}

void Bridge::withdraw(const sip::InviteSession& session) {
  if (media_ != nullptr) {
    media_->withdraw(session);
  }
}

void Bridge::refuse_offer(sip::InviteSession& session, int status) {
  withdraw(session);
  if (!session.reject_reinvite(status)) {
    static_cast<void>(session.reject_update(status));
  }
}

/// An offer that cannot go on now, for lack of ports, or at all.
int Bridge::status_of(const base::Error& error) noexcept {
  if (error.code == base::Errc::WrongState) {
    return 491;
  }
  return error.code == base::Errc::LimitReached || error.code == base::Errc::Io ? 500 : 488;
}

void Bridge::on_media_failed(const base::Error& error) {
  if (over_) {
    return;
  }
  over_ = true;
  switchboard_.report(caller_->call_id(), MediaFailed{error.message()});
  media_.reset();
  switchboard_.report(caller_->call_id(), CallEnded{500, "Media failed"});
  const sip::Reason cause{"SIP", 500, "Media failed"};
  caller_->end(480, cause);
  callee_->end(480, cause);
  switchboard_.finish(*this);
  tell_watchers_of_end();
}

}  // namespace callwright::call
