#include "call/pickup.hpp"

#include "call/bridge.hpp"
#include "call/referral.hpp"

#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

Pickup::Pickup(const Setup& setup, WaitingCaller waiting)
    : switchboard_(setup.switchboard),
      parking_(setup.parking),
      timeouts_(setup.timeouts),
      id_(setup.id),
      observer_(setup.observer),
      purpose_(setup.purpose),
      waiting_(std::move(waiting)),
      deadline_(switchboard_.user_agent().timers(), base::Callback::to<&Pickup::on_deadline>(*this)),
      look_(switchboard_.user_agent().timers(), base::Callback::to<&Pickup::on_look>(*this)) {
  if (const ParkedParty* const parked = parking_.find_call(waiting_.call_id)) {
    slot_ = parked->slot;
    parking_.set_fetcher(slot_, *this);
  }
}

Pickup::~Pickup() {
  media_.reset();
  switchboard_.user_agent().retire(std::move(newcomer_));
  switchboard_.user_agent().retire(std::move(parked_));
}

void Pickup::add_newcomer(std::unique_ptr<sip::InviteSession> session, const MediaSide& media) {
  newcomer_ = std::move(session);
  newcomers_media_ = media;
  newcomers_id_ = newcomer_->call_id();
  switchboard_.index(newcomers_id_, *this);
}

void Pickup::call(const Target& target, const std::string& destination) {
  sip::InviteSessionObserver& observer = *this;
  // The phone shows whom it would talk to.
  add_newcomer(call_on_behalf(switchboard_.user_agent(), target, waiting_.party, destination, observer), MediaSide::of(target));
  deadline_.start(timeouts_.ring);
  emit(Kind::PickupCalling, newcomers_id_, {}, destination);
  if (state_ == State::Calling) {
    static_cast<void>(newcomer_->invite({}));
  }
}

void Pickup::bring(ActiveCall& from, const CallParty& party) {
  ReleasedParties released = from.release(party.call_id, party.side);
  newcomers_journal_ = released.journal;
  std::unique_ptr<sip::InviteSession> session = std::move(released.sessions.front());
  session->set_observer(*this);
  // What waits for an answer from the call before gets none; it is asked to try again.
  static_cast<void>(session->reject_reinvite(491));
  static_cast<void>(session->reject_update(491));
  const MediaSide media = switchboard_.media_side_of(*session);
  add_newcomer(std::move(session), media);
  state_ = State::Asking;
  deadline_.start(timeouts_.media_answer);
  if (!newcomer_->reinvite({})) {
    cancel("491 Request Pending");
  }
}

void Pickup::receive(sip::ServerTransaction& transaction, const sip::Message& invite, const MediaSide& media) {
  transaction.respond({.status = 100});
  sip::InviteSessionObserver& observer = *this;
  const std::string offer(invite.body());
  add_newcomer(switchboard_.user_agent().answer(transaction, invite, std::string(sip::user_of(invite.request_uri())), observer), media);
  connect(offer);
}

void Pickup::on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) {
  if (state_ == State::Calling && &session == newcomer_.get()) {
    connect(progress.sdp);
  }
}

void Pickup::on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  if (state_ == State::Asking && &session == newcomer_.get()) {
    if (result.status < 300) {
      connect(result.sdp);
    } else {
      cancel(status_text(result.status, result.reason));
    }
  } else if (state_ == State::Joining && &session == parked_.get()) {
    take_answer(result);
  } else {
    // The end of an offer that the call before has made; it wants an ACK all the same.
    static_cast<void>(session.acknowledge({}));
  }
}

void Pickup::connect(std::string_view offer) {
  if (offer.empty()) {
    cancel("488 Not Acceptable Here: who is to pick up makes no offer");
    return;
  }
  deadline_.start(timeouts_.media_answer);
  if (slot_.empty()) {
    join_caller(offer);
  } else {
    join_parked(offer);
  }
}

void Pickup::join_caller(std::string_view offer) {
  ActiveCall* const call = switchboard_.find(waiting_.call_id);
  if (call == nullptr) {
    cancel("404 Dialog not found");
    return;
  }
  state_ = State::Handed;
  CallWatcher& self = *this;
  Newcomer newcomer{std::move(newcomer_), offer, finder(self)};
  if (const auto given = call->give_caller_to(newcomer, newcomers_media_); !given) {
    newcomer_ = std::move(newcomer.session);
    cancel((given.error().code == base::Errc::Unsupported ? "488 Not Acceptable Here: " : "410 Gone: ") + given.error().message());
  }
}

void Pickup::on_answered() {
  if (state_ != State::Handed) {
    return;
  }
  state_ = State::Over;
  if (!newcomers_journal_.empty()) {
    switchboard_.report(newcomers_journal_, CallEnded{200, "Picked up another call"});
  }
  emit(Kind::PickedUp, waiting_.call_id);
  finish();
}

void Pickup::on_refused(int status, std::string_view reason) {
  if (state_ == State::Handed) {
    newcomers_id_.clear();
    fail("the two could not be connected: " + status_text(status, reason));
  }
}

void Pickup::join_parked(std::string_view offer) {
  const ParkedParty* const parked = parking_.find(slot_);
  ActiveCall* const call = switchboard_.find(waiting_.call_id);
  if (parked == nullptr || parked->call_id != waiting_.call_id || call == nullptr || !call->may_release(waiting_.call_id)) {
    cancel("404 nobody is parked there any more");
    return;
  }
  state_ = State::Joining;
  place_ = *parked;
  ReleasedParties released = call->release(waiting_.call_id, {});
  parked_ = std::move(released.sessions.front());
  parked_->set_observer(*this);
  static_cast<void>(parked_->reject_reinvite(491));
  static_cast<void>(parked_->reject_update(491));
  switchboard_.index(waiting_.call_id, *this);
  if (MediaDesk* const desk = switchboard_.media()) {
    BridgeMedia::Owner& owner = *this;
    media_ = std::make_unique<BridgeMedia>(*desk, MediaMode::Auto, owner);
    media_->add(*parked_, switchboard_.media_side_of(*parked_));
    media_->add(*newcomer_, newcomers_media_);
  }
  const auto ours = media_ == nullptr ? base::Result<std::string>(std::string(offer)) : media_->offer(*newcomer_, *parked_, offer);
  if (!ours || !parked_->reinvite(*ours)) {
    cancel(ours ? "491 Request Pending" : "488 Not Acceptable Here: " + ours.error().message());
  }
}

void Pickup::take_answer(const sip::InviteProgress& result) {
  if (result.status >= 300) {
    cancel("the parked party does not agree: " + status_text(result.status, result.reason));
    return;
  }
  const auto answer = media_ == nullptr ? base::Result<std::string>(std::string(result.sdp)) : media_->answer(*parked_, *newcomer_, result.sdp);
  if (!answer) {
    cancel("488 Not Acceptable Here: " + answer.error().message());
    return;
  }
  state_ = State::Over;
  static_cast<void>(newcomer_->state() == sip::InviteSession::State::Incoming ? newcomer_->accept(*answer) : newcomer_->acknowledge(*answer));
  report_joined();
  // Whoever was called when the party was parked is called in the call that goes on.
  std::unique_ptr<sip::InviteSession>& caller = place_.side == Side::Caller ? parked_ : newcomer_;
  std::unique_ptr<sip::InviteSession>& callee = place_.side == Side::Caller ? newcomer_ : parked_;
  std::string call_id = caller->call_id();
  Bridge::join(switchboard_, std::move(caller), std::move(callee), std::move(media_));
  emit(Kind::PickedUp, std::move(call_id));
  finish();
}

void Pickup::report_joined() {
  const bool calls = place_.side == Side::Caller;
  switchboard_.report(place_.journal, CallReplaced{.by = calls ? waiting_.call_id : newcomers_id_,
                                                   .party = party_of(newcomer_->dialog()),
                                                   .side = calls ? CallReplaced::Side::Callee : CallReplaced::Side::Caller,
                                                   .leg = newcomers_id_});
  if (!newcomers_journal_.empty()) {
    switchboard_.report(newcomers_journal_, CallEnded{200, "Picked up another call"});
  }
}

void Pickup::on_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
  if (state_ == State::Over) {
    return;
  }
  const bool parked = &session == parked_.get();
  if (parked) {
    switchboard_.report(place_.journal, CallEnded{end.status, end.reason, ended_by(end, place_.side)});
    switchboard_.user_agent().retire(std::move(parked_));
  }
  cancel(std::string(parked ? "the parked party has hung up: " : "who was to pick up does not: ") + status_text(end.status, end.reason));
}

void Pickup::look_again() {
  if (state_ == State::Calling || state_ == State::Asking) {
    // Whoever ended it is in the middle of something.
    look_.start(base::Duration::zero());
  }
}

void Pickup::on_look() {
  if (state_ != State::Calling && state_ != State::Asking) {
    return;
  }
  const ActiveCall* const call = switchboard_.find(waiting_.call_id);
  if (slot_.empty() ? call == nullptr || !call->waiting_caller() : parking_.find_call(waiting_.call_id) == nullptr) {
    cancel(slot_.empty() ? "410 the call does not ring any more" : "404 nobody is parked there any more");
  }
}

void Pickup::give_way() {
  purpose_ = Purpose::Fetch;
  cancel("somebody else picks it up");
}

void Pickup::cancel(std::string_view why) {
  if (state_ != State::Over) {
    fail(std::string(why));
  }
}

/// A parked party goes on hearing music.
void Pickup::put_back() {
  media_.reset();
  auto place = parking_.choose(place_.slot) ? parking_.open() : base::Result<Conference*>(base::Error(base::Errc::AlreadyExists, "the slot is taken"));
  if (!place) {
    switchboard_.report(place_.journal, CallEnded{480, place.error().message()});
    parked_->end();
    return;
  }
  ReleasedParties back;
  back.journal = place_.journal;
  back.sessions.push_back(std::move(parked_));
  parking_.park(**place, std::move(back), place_, {});
}

void Pickup::fail(std::string text) {
  // What hangs up below reports back here; nothing of that is news.
  const bool handed = std::exchange(state_, State::Over) == State::Handed;
  if (newcomer_ != nullptr) {
    newcomer_->end();
  } else if (ActiveCall* const call = handed && !newcomers_id_.empty() ? switchboard_.find(newcomers_id_) : nullptr) {
    call->hang_up();
  }
  if (!newcomers_journal_.empty()) {
    switchboard_.report(newcomers_journal_, CallEnded{480, text});
  }
  if (parked_ != nullptr) {
    put_back();
  }
  if (purpose_ == Purpose::RingBack && parking_.find_call(waiting_.call_id) != nullptr) {
    parking_.dismiss(slot_, 480, "Nobody Has Picked Up");
  }
  emit(Kind::Failed, {}, std::move(text));
  finish();
}

void Pickup::finish() {
  state_ = State::Over;
  deadline_.cancel();
  look_.cancel();
  emit(Kind::Ended);
  switchboard_.finish(*this);
}

void Pickup::emit(Kind kind, std::string call_id, std::string extra, std::string destination) {
  if (observer_ == nullptr) {
    return;
  }
  CommandEvent event;
  event.command = id_;
  event.kind = kind;
  event.call_id = std::move(call_id);
  event.extra = std::move(extra);
  event.destination = std::move(destination);
  observer_->on_command_event(event);
}

}  // namespace callwright::call
