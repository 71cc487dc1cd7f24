// A third party takes the place of a side (RFC 3891), as in an attended transfer (RFC 5589 §7).
#include "call/bridge_parts.hpp"

#include <utility>

namespace callwright::call {

void ActiveCall::replace(sip::InviteSession& /*replaced*/, sip::ServerTransaction& transaction, const sip::Message& /*invite*/,
                         const FindWatcher& /*watcher*/) {
  transaction.respond({.status = 488, .reason = "Call Not Answered Yet"});
}

sip::InviteSession* Bridge::across(const sip::InviteSession& session) {
  return &session == caller_.get() || &session == callee_.get() ? &peer(session) : nullptr;
}

void Bridge::replace(sip::InviteSession& replaced, sip::ServerTransaction& transaction, const sip::Message& invite, const FindWatcher& watcher) {
  sip::InviteSession* const staying = across(replaced);
  if (over_ || staying == nullptr) {
    transaction.respond({.status = 481});
    return;
  }
  if (replacement_ != nullptr || asks_phones() || staying->state() != sip::InviteSession::State::Confirmed) {
    transaction.respond({.status = 491});
    return;
  }
  transaction.respond({.status = 100});
  replacement_ = std::make_unique<Replacement>();
  replacement_->newcomer = switchboard_.user_agent().answer(transaction, invite, std::string(sip::user_of(invite.request_uri())), *this);
  replacement_->replaced = &replaced;
  replacement_->staying = staying;
  replacement_->watcher = watcher;
  switchboard_.index(replacement_->newcomer->call_id(), *this);
  begin_replacing(*staying, MediaSide::of(transaction.flow(), switchboard_.media_of_sender()), invite.body());
}

base::Result<void> Bridge::put_in_place_of(Side side, Newcomer& newcomer, const MediaSide& media) {
  sip::InviteSession* const replaced = party(side);
  if (replaced == nullptr || replacement_ != nullptr || asks_phones() || peer(*replaced).state() != sip::InviteSession::State::Confirmed) {
    return base::Error(base::Errc::WrongState, "The call is not up, or one of its parties is being replaced");
  }
  replacement_ = std::make_unique<Replacement>();
  replacement_->newcomer = std::move(newcomer.session);
  replacement_->newcomer->set_observer(*this);
  replacement_->replaced = replaced;
  replacement_->staying = &peer(*replaced);
  replacement_->watcher = std::move(newcomer.watcher);
  switchboard_.index(replacement_->newcomer->call_id(), *this);
  begin_replacing(*replacement_->staying, media, newcomer.offer);
  return base::ok();
}

void Bridge::begin_replacing(sip::InviteSession& staying, const MediaSide& media, std::string_view offered) {
  if (media_ != nullptr) {
    media_->add(*replacement_->newcomer, media);
  }
  // The newcomer waits, so offers that cross are our business.
  if (const auto asked = offer(*replacement_->newcomer, staying, offered, sip::InviteSession::OnGlare::Retry); !asked) {
    give_up_replacing(status_of(asked.error()));
  }
}

bool Bridge::on_replacement_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  if (replacement_ == nullptr || (replacement_->step == Replacement::Step::Reoffering ? replacement_->replaced : replacement_->staying) != &session) {
    return false;
  }
  const bool agreed = result.status < 300;
  switch (replacement_->step) {
    case Replacement::Step::Asking:
      if (agreed) {
        put_in_place(result.sdp);
      } else {
        give_up_replacing(result.status);
      }
      return true;
    case Replacement::Step::Withdrawn:
      if (agreed) {
        // Media of the side that stays points to the newcomer, who has gone.
        static_cast<void>(session.acknowledge({}));
        restore();
      } else {
        give_up_replacing(487);
      }
      return true;
    case Replacement::Step::Reoffering:
      replacement_->step = Replacement::Step::Rejoining;
      if (!agreed || !offer(session, *replacement_->staying, result.sdp, sip::InviteSession::OnGlare::Retry)) {
        static_cast<void>(session.acknowledge({}));
        hang_up();
      }
      return true;
    case Replacement::Step::Rejoining: break;
  }
  const std::unique_ptr<Replacement> done = std::move(replacement_);
  const auto answer = agreed && done->replaced != nullptr ? translated(session, *done->replaced, result.sdp) : std::string(result.sdp);
  if (done->replaced != nullptr) {
    static_cast<void>(done->replaced->acknowledge(answer ? std::string_view(*answer) : std::string_view{}));
  }
  if (!agreed || !answer || done->replaced == nullptr) {
    hang_up();
  }
  return true;
}

void Bridge::put_in_place(std::string_view sdp) {
  const auto ours = translated(*replacement_->staying, *replacement_->newcomer, sdp);
  if (!ours) {
    give_up_replacing(status_of(ours.error()));
    hang_up();
    return;
  }
  const std::unique_ptr<Replacement> done = std::move(replacement_);
  std::unique_ptr<sip::InviteSession>& place = done->staying == caller_.get() ? callee_ : caller_;
  const std::string former = caller_->call_id();
  std::unique_ptr<sip::InviteSession> old = std::exchange(place, std::move(done->newcomer));
  static_cast<void>(place->role() == sip::InviteSession::Role::Caller ? place->acknowledge(*ours) : place->accept(*ours));
  switchboard_.report(former, CallReplaced{.by = caller_->call_id(),
                                           .party = party_of(place->dialog()),
                                           .side = &place == &caller_ ? CallReplaced::Side::Caller : CallReplaced::Side::Callee,
                                           .leg = place->call_id()});
  holding_.reset();
  referred_ = nullptr;
  if (media_ != nullptr) {
    media_->keep(*caller_, *callee_);
    media_->settle_passed();
    if (const PartiesOnHold held = on_hold(); held.caller || held.callee) {
      media_->release_all();
      report_hold();
    }
  }
  const auto told = is_told(*old) ? std::exchange(told_, nullptr) : nullptr;
  switchboard_.user_agent().retire(std::move(old));
  if (CallWatcher* const watcher = found_by(done->watcher)) {
    watcher->on_answered();
  }
  if (ReferWatcher* const watcher = told == nullptr ? nullptr : found_by(told->watcher)) {
    watcher->on_referring_call_ended();
  }
}

void Bridge::give_up_replacing(int status) {
  // A newcomer that is refused ends, and that is no news then.
  const FindWatcher waiting = std::exchange(replacement_->watcher, nullptr);
  if (replacement_->newcomer != nullptr && replacement_->newcomer->role() == sip::InviteSession::Role::Answerer) {
    // Its end takes it away.
    static_cast<void>(replacement_->newcomer->reject(status));
  }
  const std::unique_ptr<Replacement> done = std::move(replacement_);
  switchboard_.user_agent().retire(std::move(done->newcomer));
  if (media_ != nullptr) {
    media_->restore_passed(*done->staying);
    media_->keep(*caller_, *callee_);
  }
  if (done->replaced == nullptr) {
    // Nobody is left for it to talk to.
    done->staying->end();
  }
  if (CallWatcher* const watcher = found_by(waiting)) {
    watcher->on_refused(status, {});
  }
}

void Bridge::restore() {
  if (replacement_->replaced == nullptr) {
    give_up_replacing(487);
    return;
  }
  replacement_->step = Replacement::Step::Reoffering;
  if (!replacement_->replaced->reinvite({})) {
    hang_up();
  }
}

bool Bridge::on_replacement_ended(sip::InviteSession& session) {
  if (replacement_ == nullptr || &session == replacement_->staying) {
    return false;
  }
  if (&session == replacement_->newcomer.get()) {
    replacement_->step = Replacement::Step::Withdrawn;
    if (media_ != nullptr) {
      media_->drop(session);
    }
    switchboard_.user_agent().retire(std::move(replacement_->newcomer));
    if (CallWatcher* const watcher = found_by(std::exchange(replacement_->watcher, nullptr))) {
      watcher->on_refused(487, {});
    }
    return true;
  }
  replacement_->replaced = nullptr;
  // It wanted to go anyway, unless nobody comes any more.
  return replacement_->step == Replacement::Step::Asking;
}

std::string Bridge::translated(const sip::IncomingRefer& refer) const {
  const auto uri = sip::UriView::parse(refer.refer_to);
  if (!refer.replaces || !uri || switchboard_.is_ours(*uri)) {
    // The INVITE will come to us, who know the dialog by the name that it has on this side.
    return std::string(refer.refer_to);
  }
  sip::InviteSession* const named = switchboard_.user_agent().find(*refer.replaces);
  sip::InviteSession* const other = named != nullptr ? switchboard_.across(*named) : nullptr;
  if (other == nullptr) {
    return std::string(refer.refer_to);
  }
  // It goes past us to the party beyond, who knows another name.
  sip::DialogName name = other->name_at_peer();
  name.stage = refer.replaces->stage;
  return std::string(refer.target) + "?Replaces=" + sip::escape_header_value(name.to_string());
}

}  // namespace callwright::call
