// Parties of a conference, or alone with the exchange, that an API puts on hold; and what else is known of one.
#include "call/conference_parts.hpp"
#include "call/media_desk.hpp"

#include <utility>

namespace callwright::call {

std::optional<Conference::PartyName> Conference::name_of(std::string_view call_id) {
  const Party* const party = find(call_id);
  if (over_ || party == nullptr) {
    return std::nullopt;
  }
  return PartyName{party->session->call_id(), party_of(party->session->dialog()), party->journal, party->side};
}

std::optional<Conference::PartyName> Conference::only_party() const {
  if (over_ || parties_.size() != 1) {
    return std::nullopt;
  }
  const Party& party = *parties_.front();
  return PartyName{party.session->call_id(), party_of(party.session->dialog()), party.journal, party.side};
}

base::Result<void> Conference::watch(std::string_view call_id, const FindWatcher& watcher) {
  Party* const party = find(call_id);
  if (over_ || party == nullptr || party->step != Step::Takes || found_by(party->watcher) != nullptr) {
    return base::Error(base::Errc::WrongState, "The party does not take part, or is awaited elsewhere");
  }
  party->watcher = watcher;
  return base::ok();
}

bool Conference::plays_music() const {
  const MediaDesk* const desk = switchboard_.media();
  return desk != nullptr && desk->settings().hold_music;
}

std::optional<bool> Conference::is_held(std::string_view call_id) {
  const Party* const party = find(call_id);
  const bool here = !over_ && party != nullptr && (party->step == Step::Takes || party->step == Step::Changes);
  return here ? std::optional(party->held) : std::nullopt;
}

base::Result<void> Conference::hold_party(std::string_view call_id, HoldCall::Change change, const FindHoldWatcher& watcher) {
  Party* const party = find(call_id);
  const bool takes = !over_ && party != nullptr && party->step == Step::Takes;
  if (takes && party->session->state() == sip::InviteSession::State::Accepted) {
    // It has its answer; no offer may follow before its ACK.
    party->step = Step::Changes;
    party->to_be_held = change == HoldCall::Change::Hold;
    party->changes_when_up = true;
  } else if (!takes || !party->session->may_reinvite() || !offer_directions(*party, change)) {
    return base::Error(base::Errc::WrongState, "Something is being negotiated with the party");
  }
  party->hold_watcher = watcher;
  party->given_up = false;
  return base::ok();
}

void Conference::change_now(Party& party) {
  party.changes_when_up = false;
  party.step = Step::Takes;
  const bool offered = !std::exchange(party.given_up, false) && offer_directions(party, party.to_be_held ? HoldCall::Change::Hold : HoldCall::Change::Unhold);
  if (HoldWatcher* const watcher = offered ? nullptr : found_by(std::exchange(party.hold_watcher, nullptr))) {
    watcher->on_hold_answered(Side::Caller, 491, sip::reason_phrase(491));
  }
}

bool Conference::offer_directions(Party& party, HoldCall::Change change) {
  party.to_be_held = change == HoldCall::Change::Hold;
  const sdp::Direction held = plays_music() ? sdp::Direction::SendOnly : sdp::Direction::Inactive;
  party.leg->speaks().direction = party.to_be_held ? held : sdp::Direction::SendRecv;
  if (!party.session->reinvite(party.leg->offer())) {
    return false;
  }
  party.step = Step::Changes;
  return true;
}

void Conference::end_change(Party& party, const sip::InviteProgress& result) {
  party.step = Step::Takes;
  const auto accepted = result.status < 300 ? party.leg->accept(result.sdp) : base::ok();
  const FindHoldWatcher find = std::exchange(party.hold_watcher, nullptr);
  const bool agreed = result.status < 300 && accepted;
  if (agreed && party.given_up) {
    // It says yes, but nobody waits for that any more.
    static_cast<void>(offer_directions(party, party.held ? HoldCall::Change::Hold : HoldCall::Change::Unhold));
    party.given_up = false;
    return;
  }
  if (agreed && std::exchange(party.held, party.to_be_held) != party.to_be_held) {
    switchboard_.report(party.journal, CallHeld{party.held && party.side == Side::Caller, party.held && party.side == Side::Callee});
  }
  const sdp::Direction held = plays_music() ? sdp::Direction::SendOnly : sdp::Direction::Inactive;
  party.leg->speaks().direction = party.held ? held : sdp::Direction::SendRecv;
  static_cast<void>(party.leg->start());
  confer(party);
  if (MediaDesk* const desk = switchboard_.media(); plays_music()) {
    const bool hears_music = party.held || options_.music == Music::On;
    desk->legs().set_background(party.leg->stream(), hears_music ? *desk->settings().hold_music : media::SourceSpec(media::Silence{}));
  }
  if (HoldWatcher* const watcher = found_by(find)) {
    watcher->on_hold_answered(Side::Caller, accepted ? result.status : 488, accepted ? std::string(result.reason) : accepted.error().message());
  }
}

void Conference::give_up_hold_of(std::string_view call_id) {
  if (Party* const party = find(call_id)) {
    party->hold_watcher = nullptr;
    party->given_up = party->step == Step::Changes;
  }
}

}  // namespace callwright::call
