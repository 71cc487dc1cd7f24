#include "call/picked_up_call.hpp"

#include "call/bridge.hpp"
#include "call/held_answer.hpp"

#include <utility>

namespace callwright::call {

int PickedUpCall::refusal(std::string_view callers_offer, std::string_view newcomers_offer) {
  if (callers_offer.empty()) {
    return newcomers_offer.empty() ? 488 : 0;
  }
  // A newcomer who makes no offer answers that of the caller.
  return could_talk(callers_offer, newcomers_offer.empty() ? callers_offer : newcomers_offer) ? 0 : 488;
}

PickedUpCall& PickedUpCall::make(Switchboard& switchboard, Caller caller, Watcher watcher) {
  auto made = std::make_unique<PickedUpCall>(switchboard, std::move(caller.session), std::move(caller.media), std::move(watcher));
  PickedUpCall& call = *made;
  switchboard.adopt(std::move(made));
  switchboard.index(call.caller_->call_id(), call);
  return call;
}

void PickedUpCall::enter(std::unique_ptr<sip::InviteSession> newcomer, const MediaSide& media, const std::string& party) {
  newcomer_ = std::move(newcomer);
  if (media_ != nullptr) {
    media_->add(*newcomer_, media);
  }
  switchboard_.index(newcomer_->call_id(), *this);
  if (CallWatcher* const watching = watcher_()) {
    watching->on_moved(*this);
  }
  const std::string id = caller_->call_id();
  switchboard_.report(id, CallReplaced{.by = id, .party = party, .side = CallReplaced::Side::Callee, .leg = newcomer_->call_id()});
}

void PickedUpCall::begin(Switchboard& switchboard, Caller caller, sip::ServerTransaction& transaction, const sip::Message& invite, Watcher watcher) {
  const std::string offer = caller.offer;
  PickedUpCall& call = make(switchboard, std::move(caller), std::move(watcher));
  auto newcomer = switchboard.user_agent().answer(transaction, invite, std::string(sip::user_of(invite.request_uri())), call);
  call.enter(std::move(newcomer), MediaSide::of(transaction.flow(), switchboard.media_of_sender()), std::string(invite.from().uri));
  call.start(offer, invite.body());
}

void PickedUpCall::begin(Switchboard& switchboard, Caller caller, Newcomer& newcomer, const MediaSide& media, Watcher watcher) {
  const std::string offer = caller.offer;
  PickedUpCall& call = make(switchboard, std::move(caller), std::move(watcher));
  call.newcomers_watcher_ = std::move(newcomer.watcher);
  newcomer.session->set_observer(call);
  const std::string party = party_of(newcomer.session->dialog());
  call.enter(std::move(newcomer.session), media, party);
  call.start(offer, newcomer.offer);
}

PickedUpCall::PickedUpCall(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> caller, std::unique_ptr<BridgeMedia> media, Watcher watcher)
    : switchboard_(switchboard), caller_(std::move(caller)), media_(std::move(media)), watcher_(std::move(watcher)) {
  caller_->set_observer(*this);
  if (media_ != nullptr) {
    media_->set_owner(*this);
  }
}

PickedUpCall::~PickedUpCall() {
  switchboard_.user_agent().retire(std::move(caller_));
  switchboard_.user_agent().retire(std::move(newcomer_));
}

base::Result<std::string> PickedUpCall::translated(const sip::InviteSession& from, const sip::InviteSession& to, std::string_view sdp) {
  return media_ == nullptr || sdp.empty() ? std::string(sdp) : media_->pass(from, to, sdp);
}

base::Result<std::string> PickedUpCall::answer_held(std::string_view offer) {
  return media_ == nullptr ? held_answer(offer, switchboard_.user_agent().random().next() >> 2U) : media_->answer_held(*caller_, offer);
}

void PickedUpCall::on_media_failed(const base::Error& error) {
  switchboard_.report(caller_->call_id(), MediaFailed{error.message()});
  hang_up();
}

void PickedUpCall::start(std::string_view callers_offer, std::string_view newcomers_offer) {
  if (over_) {
    return;
  }
  offer_ = callers_offer.empty() ? Offer::InOurAnswer : Offer::OfCaller;
  newcomers_offer_ = newcomers_offer;
  const auto answer = callers_offer.empty() ? translated(*newcomer_, *caller_, newcomers_offer) : answer_held(callers_offer);
  if (answer) {
    static_cast<void>(caller_->accept(*answer));
  } else {
    turn_away(488);
  }
}

void PickedUpCall::turn_away(int status) {
  if (newcomer_->state() == sip::InviteSession::State::Incoming) {
    static_cast<void>(newcomer_->reject(status));
  } else {
    newcomer_->end(480, sip::Reason{.cause = status, .text = {}});
  }
}

void PickedUpCall::hang_up() {
  // Its end brings that of the caller.
  newcomer_->end();
}

void PickedUpCall::on_confirmed(sip::InviteSession& session, std::string_view sdp) {
  if (over_ || &session != caller_.get()) {
    return;
  }
  if (offer_ == Offer::InOurAnswer) {
    connect(sdp);
    return;
  }
  const auto offer = translated(*newcomer_, *caller_, newcomers_offer_);
  if (!offer || !caller_->reinvite(*offer)) {
    turn_away(offer ? 491 : 488);
  }
}

void PickedUpCall::on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  if (over_ || &session != caller_.get()) {
    return;
  }
  if (result.status < 300) {
    connect(result.sdp);
  } else {
    turn_away(result.status);
  }
}

void PickedUpCall::connect(std::string_view sdp) {
  const auto answer = translated(*caller_, *newcomer_, sdp);
  if (!answer) {
    turn_away(488);
    return;
  }
  over_ = true;
  const std::string id = caller_->call_id();
  static_cast<void>(newcomer_->state() == sip::InviteSession::State::Incoming ? newcomer_->accept(*answer) : newcomer_->acknowledge(*answer));
  switchboard_.report(id, CallAnswered{newcomer_->call_id()});
  Bridge::join(switchboard_, std::move(caller_), std::move(newcomer_), std::move(media_));
  for (const FindWatcher& find : std::array{watcher_, newcomers_watcher_}) {
    if (CallWatcher* const watcher = found_by(find)) {
      watcher->on_answered();
    }
  }
  switchboard_.finish(*this);
}

void PickedUpCall::on_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
  if (over_) {
    return;
  }
  over_ = true;
  media_.reset();
  (&session == caller_.get() ? newcomer_ : caller_)->end();
  switchboard_.report(caller_->call_id(), CallEnded{end.status, end.reason, ended_by(end, &session == caller_.get() ? Side::Caller : Side::Callee)});
  for (const FindWatcher& find : std::array{watcher_, newcomers_watcher_}) {
    if (CallWatcher* const watcher = found_by(find)) {
      watcher->on_refused(end.status, end.reason);
    }
  }
  switchboard_.finish(*this);
}

}  // namespace callwright::call
