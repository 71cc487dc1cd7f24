#include "call/bridge.hpp"

#include "call/bridge_parts.hpp"

#include "sip/fields.hpp"
#include "sip/writer.hpp"

#include <utility>

namespace callwright::call {

using OnGlare = sip::InviteSession::OnGlare;

namespace {

/// What a status that was meant for us says of the sender's INFO or MESSAGE: its own dialog is there (481) and its password right (401), and of
/// redirections it knows nothing. 408 is no answer outside INVITE (RFC 4320 §4.2).
int relayed_content_status(int status) {
  switch (status) {
    case 401:
    case 407: return 403;
    case 408: return 504;
    case 481: return 480;
    default: return status >= 300 && status < 400 ? 480 : status;
  }
}

}  // namespace

CallEnded::By ended_by(const sip::SessionEnd& end, Side party) noexcept {
  switch (end.by) {
    case sip::SessionEnd::Party::Remote: return party == Side::Caller ? CallEnded::By::Caller : CallEnded::By::Callee;
    case sip::SessionEnd::Party::Network: return CallEnded::By::Network;
    case sip::SessionEnd::Party::Local: break;
  }
  return CallEnded::By::Exchange;
}

Bridge::Bridge(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> caller, std::unique_ptr<sip::InviteSession> callee,
               std::unique_ptr<BridgeMedia> media)
    : switchboard_(switchboard), caller_(std::move(caller)), callee_(std::move(callee)), media_(std::move(media)) {
  caller_->set_observer(*this);
  callee_->set_observer(*this);
  if (media_ != nullptr) {
    media_->set_owner(*this);
    media_->keep(*caller_, *callee_);
  }
}

void Bridge::join(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> caller, std::unique_ptr<sip::InviteSession> callee,
                  std::unique_ptr<BridgeMedia> media) {
  auto made = std::make_unique<Bridge>(switchboard, std::move(caller), std::move(callee), std::move(media));
  Bridge& bridge = *made;
  switchboard.adopt(std::move(made));
  switchboard.index(bridge.caller_->call_id(), bridge);
  switchboard.index(bridge.callee_->call_id(), bridge);
}

Bridge::~Bridge() {
  if (replacement_ != nullptr) {
    switchboard_.user_agent().retire(std::move(replacement_->newcomer));
  }
  switchboard_.user_agent().retire(std::move(caller_));
  switchboard_.user_agent().retire(std::move(callee_));
}

void Bridge::hang_up() {
  caller_->end();
  callee_->end();
}

void Bridge::on_confirmed(sip::InviteSession& session, std::string_view sdp) {
  take_confirmed(session, sdp);
  tell_those_who_await();
}

void Bridge::take_confirmed(sip::InviteSession& session, std::string_view sdp) {
  // Does nothing unless the peer's 2xx made an offer that waits for this answer.
  sip::InviteSession& offering = peer(session);
  if (!relays()) {
    static_cast<void>(media_ == nullptr ? offering.acknowledge(sdp) : offering.acknowledge(media_->passed_on(offering, sdp)));
    return;
  }
  if (!media_->awaits_answer(offering)) {
    return;
  }
  const auto answer = translated(session, offering, sdp);
  static_cast<void>(offering.acknowledge(answer ? std::string_view(*answer) : std::string_view{}));
  if (!answer) {
    on_media_failed(answer.error());
  }
}

void Bridge::on_reinvite(sip::InviteSession& session, std::string_view sdp) {
  if (asks_phones()) {
    static_cast<void>(session.reject_reinvite(491));
    return;
  }
  if (const auto answer = answer_here(session, sdp)) {
    static_cast<void>(session.accept_reinvite(*answer));
    return;
  }
  // When offers of both sides cross, each is told so and tries again by itself: a retry of ours would only collide with theirs.
  if (const auto offered = offer(session, peer(session), sdp, OnGlare::Report); !offered) {
    static_cast<void>(session.reject_reinvite(status_of(offered.error())));
  }
}

void Bridge::on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  if (!on_replacement_result(session, result) && !on_taking_in_result(session, result) && !on_hold_result(session, result)) {
    pass_answer(session, result);
  }
}

void Bridge::on_update(sip::InviteSession& session, std::string_view sdp) {
  if (asks_phones()) {
    static_cast<void>(session.reject_update(491));
    return;
  }
  if (const auto answer = answer_here(session, sdp)) {
    static_cast<void>(session.accept_update(*answer));
    return;
  }
  const auto ours = translated(session, peer(session), sdp);
  if (!ours) {
    static_cast<void>(session.reject_update(status_of(ours.error())));
    return;
  }
  // A re-INVITE does the same for a side that does not know UPDATE.
  if (!peer(session).update(*ours, {}, OnGlare::Report) && !peer(session).reinvite(*ours, OnGlare::Report)) {
    withdraw(session);
    static_cast<void>(session.reject_update(491));
  }
}

void Bridge::on_update_result(sip::InviteSession& session, const sip::InviteProgress& result) { pass_answer(session, result); }

void Bridge::pass_answer(sip::InviteSession& session, const sip::InviteProgress& result) {
  sip::InviteSession& asking = peer(session);
  if (result.status >= 300) {
    refuse_offer(asking, result.status);
    return;
  }
  if (result.sdp.empty() && relays() && media_->awaits_answer(asking)) {
    refuse_offer(asking, 488);  // Agreed, but to nothing that could be passed on.
    return;
  }
  const auto ours = translated(session, asking, result.sdp);
  if (!ours) {
    refuse_offer(asking, status_of(ours.error()));
  } else if (asking.accept_reinvite(*ours) || asking.accept_update(*ours)) {
    if (media_ != nullptr) {
      media_->settle_passed();
    }
    return;
  }
  // Cancelled meanwhile; an offer in the 2xx wants an ACK all the same.
  withdraw(session);
  static_cast<void>(session.acknowledge({}));
}

void Bridge::on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) {
  const auto uri = sip::UriView::parse(refer.refer_to);
  if (!uri) {
    static_cast<void>(session.reject_refer(400));
    return;
  }
  if (!peer(session).refer(translated(refer), refer.referred_by)) {
    static_cast<void>(session.reject_refer(491));
    return;
  }
  referred_ = &peer(session);
  referred_to_ = sip::unescape(uri->user);
  if (is_told(peer(session))) {
    told_.reset();  // From here on its REFERs are those of the other party again.
  }
  static_cast<void>(session.accept_refer());
}

void Bridge::on_refer_result(sip::InviteSession& session, int status, std::string_view reason) {
  if (is_told(session)) {
    if (ReferWatcher* const watcher = found_by(told_->watcher)) {
      watcher->on_referral_answered(status, reason);
    }
  } else if (status >= 300) {
    static_cast<void>(peer(session).notify_refer(status, reason));
  }
}

void Bridge::on_refer_progress(sip::InviteSession& session, std::string_view status_line, bool /*last*/) {
  if (is_told(session)) {
    if (ReferWatcher* const watcher = found_by(told_->watcher); watcher != nullptr && !status_line.empty()) {
      watcher->on_referral_progress(status_line);
    }
    return;
  }
  const auto status = sip::parse_number(status_line.substr(0, 3));
  if (status && *status > 100 && *status < 700) {
    static_cast<void>(peer(session).notify_refer(static_cast<int>(*status)));
  }
}

int Bridge::on_content(sip::InviteSession& session, const sip::DialogContent& content) {
  const std::string_view type = content.message->header(sip::Header::ContentType).value_or(std::string_view{});
  if (!sip::is_header_safe(type)) {
    return 400;
  }
  if (across(session) == nullptr || !peer(session).send_content(content.method, type, content.body, content.reference)) {
    return 480;
  }
  return kAnswerLater;
}

void Bridge::on_content_result(sip::InviteSession& session, sip::Method /*method*/, int status, std::uint64_t reference) {
  // Nobody waits where the sender has been replaced meanwhile.
  static_cast<void>(peer(session).answer_content(reference, relayed_content_status(status)));
}

void Bridge::on_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
  if (over_ || on_replacement_ended(session)) {
    return;
  }
  over_ = true;
  media_.reset();
  switchboard_.report(caller_->call_id(), CallEnded{end.status, end.reason, ended_by(end, &session == caller_.get() ? Side::Caller : Side::Callee)});
  peer(session).end();
  switchboard_.finish(*this);
  tell_watchers_of_end();
}

}  // namespace callwright::call
