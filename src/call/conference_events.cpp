// What the parties of a conference do, and what becomes of their streams.
#include "call/conference_parts.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {

void Conference::on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) {
  Party* const party = find(session);
  if (party != nullptr && party->step == Step::Called) {
    take_answer(*party, progress.sdp);
  }
}

void Conference::on_confirmed(sip::InviteSession& session, std::string_view sdp) {
  Party* const party = find(session);
  if (party != nullptr && party->step == Step::Answers) {
    take_answer(*party, sdp);
  } else if (party != nullptr && party->changes_when_up) {
    change_now(*party);
  }
}

void Conference::on_reinvite(sip::InviteSession& session, std::string_view sdp) {
  Party* const party = find(session);
  if (party == nullptr || party->step != Step::Takes) {
    static_cast<void>(session.reject_reinvite(491));
    return;
  }
  if (sdp.empty()) {
    party->step = Step::Answers;
    static_cast<void>(session.accept_reinvite(party->leg->offer()));
    return;
  }
  const auto agreed = party->leg->answer(sdp);
  if (!agreed) {
    static_cast<void>(session.reject_reinvite(488));
    return;
  }
  static_cast<void>(session.accept_reinvite(*agreed));
  static_cast<void>(party->leg->start());
  confer(*party);
}

void Conference::on_update(sip::InviteSession& session, std::string_view sdp) {
  Party* const party = find(session);
  if (party == nullptr || party->step != Step::Takes) {
    static_cast<void>(session.reject_update(491));
    return;
  }
  const auto agreed = party->leg->answer(sdp);
  if (!agreed) {
    static_cast<void>(session.reject_update(488));
    return;
  }
  static_cast<void>(session.accept_update(*agreed));
  static_cast<void>(party->leg->start());
  confer(*party);
}

void Conference::on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) {
  Party* const party = find(session);
  if (party != nullptr && party->step == Step::Changes) {
    end_change(*party, result);
  } else if (party == nullptr || party->step != Step::Offered) {
    // The end of an offer that the call before has made; it wants an ACK all the same.
    static_cast<void>(session.acknowledge({}));
  } else if (result.status >= 300) {
    refused(*party, result.status);
  } else {
    take_answer(*party, result.sdp);
  }
  go_on();
}

void Conference::on_media_event(const media::StreamEvent& event) {
  if (!std::holds_alternative<media::StreamFailed>(event.what)) {
    return;
  }
  const auto found = std::find_if(parties_.begin(), parties_.end(), [&](const auto& party) { return party->leg && party->leg->stream() == event.stream; });
  if (found != parties_.end()) {
    leave(**found, 488, "Media Failed");
  }
}

void Conference::on_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
  const auto found = std::find_if(parties_.begin(), parties_.end(), [&](const auto& party) { return party->session.get() == &session; });
  if (found == parties_.end()) {
    return;
  }
  const std::unique_ptr<Party> gone = std::move(*found);
  parties_.erase(found);
  switchboard_.forget(session.call_id(), *this);
  gone->leg.reset();
  if (std::none_of(parties_.begin(), parties_.end(), [&](const auto& party) { return party->journal == gone->journal; })) {
    const bool calls_us = gone->session->role() == sip::InviteSession::Role::Answerer;
    switchboard_.report(gone->journal, CallEnded{end.status, end.reason, ended_by(end, calls_us ? Side::Caller : Side::Callee)});
  }
  if (gone->step == Step::Takes || gone->step == Step::Changes) {
    play_tone(kWentHz);
  }
  switchboard_.user_agent().retire(std::move(gone->session));
  settle();
  if (CallWatcher* const watcher = found_by(gone->watcher)) {
    watcher->on_refused(end.status, end.reason);
  }
  if (HoldWatcher* const watcher = found_by(gone->hold_watcher)) {
    watcher->on_held_call_ended();
  }
}

}  // namespace callwright::call
