#include "call/party_transfer.hpp"

#include "call/bridge.hpp"
#include "call/referral.hpp"

#include <chrono>
#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

namespace {

/// Not all that a phone may have under way is told at its end.
constexpr base::Duration kLookAgain = std::chrono::milliseconds(100);

/// What waits for an answer from the call before gets none; it is asked to try again.
std::unique_ptr<sip::InviteSession> taken_over(ReleasedParties& released, sip::InviteSessionObserver& observer) {
  std::unique_ptr<sip::InviteSession> session = std::move(released.sessions.front());
  session->set_observer(observer);
  static_cast<void>(session->reject_reinvite(491));
  static_cast<void>(session->reject_update(491));
  return session;
}

}  // namespace

PartyTransfer::PartyTransfer(Setup setup, TransferCall command)
    : setup_(std::move(setup)),
      command_(std::move(command)),
      switchboard_(setup_.switchboard),
      where_(command_.destination),
      deadline_(switchboard_.user_agent().timers(), base::Callback::to<&PartyTransfer::on_deadline>(*this)),
      again_(switchboard_.user_agent().timers(), base::Callback::to<&PartyTransfer::reinvite>(*this)) {}

PartyTransfer::~PartyTransfer() {
  media_.reset();
  switchboard_.user_agent().retire(std::move(destination_));
  switchboard_.user_agent().retire(std::move(party_));
}

std::string PartyTransfer::refusal() const {
  ActiveCall* const call = switchboard_.find(command_.party.call_id);
  ActiveCall* const other = attended() ? switchboard_.find(command_.joins->call_id) : nullptr;
  if (attended() && other == nullptr) {
    return "404 Transfer dialog not found";
  }
  if (call == nullptr) {
    return "404 Dialog not found";
  }
  if (call == other) {
    return "400 the two calls are one";
  }
  if (!call->may_release(command_.party.call_id)) {
    return "410 Dialog not ready";
  }
  return attended() && !other->may_release(command_.joins->call_id) ? "410 Transfer dialog not ready" : "";
}

void PartyTransfer::start() {
  if (std::string why = refusal(); !why.empty()) {
    fail(std::move(why));
    return;
  }
  before_ = switchboard_.find(command_.party.call_id);
  if (attended()) {
    bring_destination();
  } else if (auto* const conference = dynamic_cast<Conference*>(before_)) {
    call_destination(*conference);
  } else {
    fail("410 Dialog not ready");
  }
}

void PartyTransfer::call_destination(Conference& conference) {
  const Routing::Found& found = setup_.destination;
  if (found.targets.empty()) {
    fail("failed to reach the destination: " + status_text(found.status, {}));
    return;
  }
  CallWatcher& self = *this;
  const auto party = conference.name_of(command_.party.call_id);
  if (!party || !conference.watch(command_.party.call_id, finder(self))) {
    fail("491 Request Pending");
    return;
  }
  emit(Kind::Transferring);
  const Target& target = found.targets.front();
  where_ = target.uri;
  sip::InviteSessionObserver& observer = *this;
  // The phone shows whom it would talk to.
  add(call_on_behalf(switchboard_.user_agent(), target, party->uri, command_.destination, observer), MediaSide::of(target));
  state_ = State::Calling;
  deadline_.start(setup_.timeouts.ring);
  emit(Kind::TransferStart);
  if (state_ == State::Calling) {
    static_cast<void>(destination_->invite({}));
  }
}

void PartyTransfer::bring_destination() {
  ReleasedParties released = switchboard_.find(command_.joins->call_id)->release(command_.joins->call_id, command_.joins->side);
  destinations_journal_ = released.journal;
  sip::InviteSessionObserver& observer = *this;
  std::unique_ptr<sip::InviteSession> session = taken_over(released, observer);
  where_ = where_.empty() ? party_of(session->dialog()) : where_;
  const MediaSide media = switchboard_.media_side_of(*session);
  add(std::move(session), media);
  state_ = State::Asking;
  deadline_.start(setup_.timeouts.media_answer);
  if (!setup_.told_transferring) {
    emit(Kind::Transferring);
  }
  if (state_ == State::Asking) {
    emit(Kind::TransferStart);
  }
  reinvite();
}

/// As soon as the phone has nothing under way: one whose call was answered just now has not even acknowledged that, and one that was on hold may ask to be
/// taken back while the call before ends.
void PartyTransfer::reinvite() {
  sip::InviteSession* const session = state_ == State::Asking ? destination_.get() : state_ == State::Joining ? party_.get() : nullptr;
  if (session == nullptr || sent_) {
    return;
  }
  if (!session->may_reinvite()) {
    again_.start(kLookAgain);
    return;
  }
  sent_ = true;
  if (!session->reinvite(offer_)) {
    cancel("491 Request Pending");
  }
}

void PartyTransfer::add(std::unique_ptr<sip::InviteSession> session, const MediaSide& media) {
  destination_ = std::move(session);
  destinations_media_ = media;
  call_id_ = destination_->call_id();
  switchboard_.index(call_id_, *this);
}

void PartyTransfer::on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) {
  if (state_ == State::Calling && &session == destination_.get()) {
    emit(Kind::TransferPending, status_text(progress.status, progress.reason));
  }
}

void PartyTransfer::on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) {
  if (state_ == State::Calling && &session == destination_.get()) {
    connect(progress.sdp);
  }
}

void PartyTransfer::on_confirmed(sip::InviteSession& /*session*/, std::string_view /*sdp*/) { reinvite(); }

void PartyTransfer::on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  if (state_ == State::Asking && sent_ && &session == destination_.get()) {
    if (result.status < 300) {
      connect(result.sdp);
    } else {
      cancel("the destination does not agree: " + status_text(result.status, result.reason));
    }
  } else if (state_ == State::Joining && sent_ && &session == party_.get()) {
    take_answer(result);
  } else {
    // The end of an offer that the call before has made; it wants an ACK all the same.
    static_cast<void>(session.acknowledge({}));
    reinvite();
  }
}

void PartyTransfer::connect(std::string_view offer) {
  ActiveCall* const call = switchboard_.find(command_.party.call_id);
  if (offer.empty()) {
    cancel("488 Not Acceptable Here: the destination makes no offer");
    return;
  }
  if (call == nullptr || call != before_ || !call->may_release(command_.party.call_id)) {
    cancel("410 the party is not where it was any more");
    return;
  }
  state_ = State::Joining;
  deadline_.start(setup_.timeouts.media_answer);
  ReleasedParties released = call->release(command_.party.call_id, command_.party.side);
  journal_ = released.journal;
  side_ = released.side;
  sip::InviteSessionObserver& observer = *this;
  party_ = taken_over(released, observer);
  switchboard_.index(party_->call_id(), *this);
  if (MediaDesk* const desk = switchboard_.media()) {
    BridgeMedia::Owner& owner = *this;
    media_ = std::make_unique<BridgeMedia>(*desk, MediaMode::Auto, owner);
    media_->add(*party_, switchboard_.media_side_of(*party_));
    media_->add(*destination_, destinations_media_);
  }
  auto ours = media_ == nullptr ? base::Result<std::string>(std::string(offer)) : media_->offer(*destination_, *party_, offer);
  if (!ours) {
    cancel("488 Not Acceptable Here: " + ours.error().message());
    return;
  }
  offer_ = std::move(*ours);
  sent_ = false;
  reinvite();
}

void PartyTransfer::take_answer(const sip::InviteProgress& result) {
  if (result.status >= 300) {
    cancel("the party does not agree: " + status_text(result.status, result.reason));
    return;
  }
  const auto answer = media_ == nullptr ? base::Result<std::string>(std::string(result.sdp)) : media_->answer(*party_, *destination_, result.sdp);
  if (!answer) {
    cancel("488 Not Acceptable Here: " + answer.error().message());
    return;
  }
  state_ = State::Over;
  static_cast<void>(destination_->acknowledge(*answer));
  const bool calls = side_ == Side::Caller;
  // First, since the call that goes on may get its name.
  if (!destinations_journal_.empty()) {
    switchboard_.report(destinations_journal_, CallEnded{200, "Transferred"});
  }
  switchboard_.report(journal_, CallReplaced{.by = calls ? party_->call_id() : destination_->call_id(),
                                             .party = party_of(destination_->dialog()),
                                             .side = calls ? CallReplaced::Side::Callee : CallReplaced::Side::Caller,
                                             .leg = destination_->call_id()});
  Bridge::join(switchboard_, std::move(calls ? party_ : destination_), std::move(calls ? destination_ : party_), std::move(media_));
  emit(Kind::TransferSuccessful);
  finish();
}

void PartyTransfer::on_refused(int status, std::string_view reason) {
  if (state_ == State::Calling) {
    fail("the party has left before the destination answered: " + status_text(status, reason));
  }
}

void PartyTransfer::on_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
  if (state_ == State::Over) {
    return;
  }
  const std::string how = status_text(end.status, end.reason);
  if (&session == party_.get()) {
    switchboard_.report(journal_, CallEnded{end.status, end.reason, ended_by(end, side_)});
    switchboard_.user_agent().retire(std::move(party_));
    fail("the party has hung up: " + how);
  } else {
    fail((state_ == State::Calling ? "failed to reach the destination: " : "the destination has hung up: ") + how);
  }
}

void PartyTransfer::on_deadline() {
  cancel(state_ == State::Calling ? "failed to reach the destination: 408 Request Timeout" : "408 Request Timeout: the phones have not agreed");
}

void PartyTransfer::cancel(std::string_view why) {
  if (state_ != State::Over) {
    fail(std::string(why));
  }
}

void PartyTransfer::put_back() {
  media_.reset();
  const auto place = setup_.open_alone();
  if (!place) {
    switchboard_.report(journal_, CallEnded{480, place.error().message()});
    party_->end();
    return;
  }
  ReleasedParties back;
  back.journal = journal_;
  back.side = side_;
  back.sessions.push_back(std::move(party_));
  (*place)->take(std::move(back), {});
  (*place)->begin();
}

void PartyTransfer::fail(std::string text) {
  // What hangs up below reports back here; nothing of that is news.
  state_ = State::Over;
  if (destination_ != nullptr) {
    destination_->end();
  }
  if (!destinations_journal_.empty()) {
    switchboard_.report(destinations_journal_, CallEnded{480, text});
  }
  if (party_ != nullptr) {
    put_back();
  }
  emit(Kind::Failed, std::move(text));
  finish();
}

void PartyTransfer::finish() {
  state_ = State::Over;
  deadline_.cancel();
  again_.cancel();
  emit(Kind::Ended);
  switchboard_.finish(*this);
}

void PartyTransfer::emit(Kind kind, std::string extra) {
  CommandEvent event;
  event.command = setup_.id;
  event.kind = kind;
  event.call_id = call_id_;
  event.destination = where_;
  event.extra = std::move(extra);
  setup_.observer.on_command_event(event);
}

}  // namespace callwright::call
