#include "call/conference_parts.hpp"

#include "call/bridge.hpp"
#include "sdp/description.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {
namespace {

/// How long an offer of the other side, or one that a call before this had made, may stand in the way of ours.
constexpr std::chrono::milliseconds kPatience{500};
constexpr unsigned kAttempts = 20;

int status_of(const base::Error& error) { return error.code == base::Errc::LimitReached ? 503 : 488; }

bool holds(const LegMedia& leg) {
  const sdp::Negotiated* const agreed = leg.negotiated();
  return agreed != nullptr && !sdp::sends(agreed->direction);
}

}  // namespace

base::Result<Conference*> Conference::open(Switchboard& switchboard, ConferenceMedia& media, const Options& options) {
  auto made = std::make_unique<Conference>(switchboard, media, options);
  MediaObserver& observer = *made;
  const auto id = media.port().open_conference({}, observer);
  if (!id) {
    return id.error();
  }
  made->id_ = *id;
  Conference* const conference = made.get();
  switchboard.adopt(std::move(made));
  return conference;
}

Conference::Conference(Switchboard& switchboard, ConferenceMedia& media, const Options& options)
    : switchboard_(switchboard), media_(media), options_(options), again_(switchboard.user_agent().timers(), base::Callback::to<&Conference::go_on>(*this)) {}

Conference::~Conference() {
  for (const auto& party : parties_) {
    switchboard_.user_agent().retire(std::move(party->session));
  }
  parties_.clear();
  if (id_) {
    media_.port().abandon(id_);
  }
}

Conference::Party* Conference::find(const sip::InviteSession& session) {
  const auto found = std::find_if(parties_.begin(), parties_.end(), [&](const auto& party) { return party->session.get() == &session; });
  return found == parties_.end() ? nullptr : found->get();
}

Conference::Party* Conference::find(std::string_view call_id) {
  const auto found = std::find_if(parties_.begin(), parties_.end(), [&](const auto& party) { return party->session->call_id() == call_id; });
  return found == parties_.end() ? nullptr : found->get();
}

std::size_t Conference::count_waiting() const noexcept {
  return static_cast<std::size_t>(std::count_if(parties_.begin(), parties_.end(), [](const auto& party) { return party->step == Step::Waits; }));
}

bool Conference::refuse(sip::ServerTransaction& transaction) const {
  if (over_) {
    transaction.respond({.status = 481});
  } else if (parties_.size() >= options_.max_parties) {
    transaction.respond({.status = 486, .reason = "Conference Full"});
  }
  return over_ || parties_.size() >= options_.max_parties;
}

Conference::Party& Conference::come(sip::ServerTransaction& transaction, const sip::Message& invite) {
  std::string contact(sip::user_of(invite.request_uri()));
  if (options_.kind == Kind::Room || options_.kind == Kind::Named) {
    contact += ">;isfocus";  // RFC 4579 §5.1
  }
  sip::InviteSessionObserver& observer = *this;
  auto session = switchboard_.user_agent().answer(transaction, invite, std::move(contact), observer);
  const std::string call_id = session->call_id();
  Party& party = add(std::move(session), Step::Waits, call_id, {});
  party.offer = invite.body();
  switchboard_.report(call_id, CallStarted{std::string(invite.from().uri), std::string(invite.request_uri())});
  return party;
}

Conference::Party& Conference::add(std::unique_ptr<sip::InviteSession> session, Step step, const std::string& journal, const FindWatcher& watcher) {
  session->set_observer(*this);
  switchboard_.index(session->call_id(), *this);
  Party& party = *parties_.emplace_back(std::make_unique<Party>(Party{std::move(session), step, journal}));
  party.watcher = watcher;
  return party;
}

void Conference::receive(sip::ServerTransaction& transaction, const sip::Message& invite) {
  if (!refuse(transaction)) {
    transaction.respond({.status = 100});
    come(transaction, invite);
    go_on();
  }
}

void Conference::receive(std::unique_ptr<sip::InviteSession> session, std::string offer, const FindWatcher& watcher) {
  const std::string call_id = session->call_id();
  add(std::move(session), Step::Waits, call_id, watcher).offer = std::move(offer);
  go_on();
}

base::Result<std::string> Conference::dial(const Target& target, std::string_view from, const FindWatcher& watcher) {
  if (over_ || parties_.size() >= options_.max_parties) {
    return base::Error(base::Errc::LimitReached, "The conference is full");
  }
  sip::InviteSession::CallerOptions options;
  options.uri = target.uri;
  options.flow = target.flow;
  options.routes = target.routes;
  options.credentials = target.credentials;
  options.redirects = target.redirects;
  options.from = from;
  options.to = "<" + target.uri + ">";
  options.contact_user = std::string(sip::user_of(from)) + ">;isfocus";
  sip::InviteSessionObserver& observer = *this;
  auto session = switchboard_.user_agent().call(std::move(options), observer);
  auto leg = media_.open(*session, {}, *this);
  if (!leg) {
    switchboard_.user_agent().retire(std::move(session));
    return leg.error();
  }
  const std::string call_id = session->call_id();
  switchboard_.report(call_id, CallStarted{std::string(from.substr(1, from.size() - 2)), target.uri});
  Party& party = add(std::move(session), Step::Called, call_id, watcher);
  party.side = Side::Callee;
  party.leg = std::move(*leg);
  static_cast<void>(party.session->invite(party.leg->offer()));
  return call_id;
}

void Conference::let_in(sip::InviteSession& /*joined*/, sip::ServerTransaction& transaction, const sip::Message& invite) { receive(transaction, invite); }

void Conference::replace(sip::InviteSession& replaced, sip::ServerTransaction& transaction, const sip::Message& invite, const FindWatcher& /*watcher*/) {
  if (over_ || find(replaced) == nullptr) {
    transaction.respond({.status = 481});
    return;
  }
  transaction.respond({.status = 100});
  Party& newcomer = come(transaction, invite);
  newcomer.replaces = &replaced;
  newcomer.options = find(replaced)->options;
  go_on();
}

void Conference::take(ReleasedParties released, const FindWatcher& watcher) {
  for (std::unique_ptr<sip::InviteSession>& session : released.sessions) {
    Party& party = add(std::move(session), Step::ToOffer, released.journal, watcher);
    party.announced = true;
    party.side = &session == &released.sessions.front() ? released.side : Side::Callee;
    // What waits for an answer from the call before gets none; it is asked to try again.
    static_cast<void>(party.session->reject_reinvite(491));
    static_cast<void>(party.session->reject_update(491));
  }
  if (released.media != nullptr && parties_.size() == released.sessions.size()) {
    before_ = std::move(released.media);
    journal_id_ = released.journal;
    before_->set_owner(*this);
  }
}

/// One thing after the other: offers to those who were taken over, then answers to those who wait.
void Conference::go_on() {
  if (over_ || settling_) {
    return;
  }
  const auto at = [this](Step step) { return std::find_if(parties_.begin(), parties_.end(), [step](const auto& party) { return party->step == step; }); };
  if (at(Step::Offered) != parties_.end()) {
    return;
  }
  if (const auto next = at(Step::ToOffer); next != parties_.end()) {
    offer_to(**next);
    return;
  }
  if (const auto next = at(Step::Waits); next != parties_.end()) {
    answer(**next);
    go_on();
  }
}

void Conference::offer_to(Party& party) {
  if (party.leg == nullptr) {
    auto leg = media_.open(*party.session, {}, *this);
    if (!leg) {
      refused(party, status_of(leg.error()));
      return;
    }
    party.leg = std::move(*leg);
    if (const auto before = sdp::Description::parse(party.session->description())) {
      party.leg->follow(before->origin);
    }
  }
  if (party.session->reinvite(party.leg->offer())) {
    attempts_ = 0;
    party.step = Step::Offered;
  } else if (++attempts_ < kAttempts) {
    again_.start(kPatience);
  } else {
    attempts_ = 0;
    refused(party, 491);
  }
}

void Conference::answer(Party& party) {
  auto leg = media_.open(*party.session, party.offer, *this);
  if (!leg) {
    leave(party, status_of(leg.error()), {});
    return;
  }
  party.leg = std::move(*leg);
  if (party.offer.empty()) {
    party.step = Step::Answers;
    static_cast<void>(party.session->accept(party.leg->offer()));
    return;
  }
  const auto agreed = party.leg->answer(party.offer);
  if (!agreed) {
    leave(party, 488, {});
    return;
  }
  party.step = Step::Takes;
  static_cast<void>(party.session->accept(*agreed));
  seat(party);
}

void Conference::take_answer(Party& party, std::string_view sdp) {
  if (const auto accepted = party.leg->accept(sdp); !accepted) {
    leave(party, 488, "Answer Not Understood");
    return;
  }
  seat(party);
}

void Conference::seat(Party& party) {
  if (const auto started = party.leg->start(); !started) {
    leave(party, 488, "Codec Not Supported");
    return;
  }
  party.step = Step::Takes;
  media_.name(*party.leg) = {party.journal, party.session->call_id(), party_of(party.session->dialog())};
  before_.reset();
  confer(party);
  play_music_to(party);
  if (!std::exchange(party.announced, true)) {
    switchboard_.report(party.journal, CallAnswered{});
    play_tone(kCameHz);
  }
  const FindWatcher watching = std::exchange(party.watcher, nullptr);
  if (const sip::InviteSession* const replaced = std::exchange(party.replaces, nullptr)) {
    if (Party* const goes = find(*replaced)) {
      goes->session->end();
    }
  }
  if (CallWatcher* const watcher = found_by(watching)) {
    watcher->on_answered();
  }
}

void Conference::confer(const Party& party) {
  media::ConferenceParty options = party.options;
  options.muted = options.muted || party.held || holds(*party.leg);
  media_.port().confer(id_, party.leg->stream(), options);
}

void Conference::play_music_to(const Party& party) {
  MediaDesk* const desk = switchboard_.media();
  if (options_.music == Music::On && desk != nullptr && desk->settings().hold_music) {
    desk->legs().set_background(party.leg->stream(), *desk->settings().hold_music);
  }
}

void Conference::play_tone(double frequency_hz) {
  if (options_.tones == Tones::On) {
    media_.port().set_source(id_, audio::TonePattern{.components = {{frequency_hz, -25}}, .cadence = {std::chrono::milliseconds(150)}, .rounds = 1});
  }
}

bool Conference::set_party(std::string_view call_id, const media::ConferenceParty& options) {
  Party* const party = find(call_id);
  if (party == nullptr) {
    return false;
  }
  party->options = options;
  if (party->step == Step::Takes) {
    confer(*party);
  }
  return true;
}

base::Result<std::vector<media::StreamId>> Conference::streams(const std::string& call_id, std::optional<Side> /*party*/) {
  const Party* const party = find(call_id);
  if (party == nullptr || party->step != Step::Takes) {
    return base::Error(base::Errc::WrongState, "The party does not take part yet");
  }
  return std::vector{party->leg->stream()};
}

void Conference::mute(const std::string& call_id, std::optional<Side> /*party*/, bool muted) {
  if (const Party* const party = find(call_id)) {
    media::ConferenceParty options = party->options;
    options.muted = muted;
    static_cast<void>(set_party(call_id, options));
  }
}

bool Conference::remove(std::string_view call_id) {
  Party* const party = find(call_id);
  if (party != nullptr) {
    party->session->end();
  }
  return party != nullptr;
}

void Conference::dismiss(std::string_view call_id, int status, std::string_view why) {
  if (Party* const party = find(call_id)) {
    leave(*party, status, why);
  }
}

void Conference::hang_up() {
  std::vector<const sip::InviteSession*> sessions;
  for (const auto& party : parties_) {
    sessions.push_back(party->session.get());
  }
  const bool was_settling = std::exchange(settling_, true);
  for (const sip::InviteSession* const session : sessions) {
    if (Party* const party = find(*session)) {
      party->session->end();
    }
  }
  settling_ = was_settling;
  options_.kind = options_.kind == Kind::Named ? Kind::Room : options_.kind;
  settle();
}

/// Whoever was taken over does not want our media. When nothing has changed for anybody yet, the call is put back as it was; else it ends for that one.
void Conference::refused(Party& party, int status) {
  const auto changed = [](const auto& each) { return each->step == Step::Takes || each->step == Step::Changes || each->step == Step::Answers; };
  const std::size_t taken = parties_.size() - count_waiting();
  if (options_.kind == Kind::AdHoc && taken == 2 && std::none_of(parties_.begin(), parties_.end(), changed)) {
    give_back(status);
    return;
  }
  leave(party, status, "No Media For a Conference");
}

void Conference::leave(Party& party, int status, std::string_view why) {
  party.step = Step::Leaves;
  const FindWatcher watching = std::exchange(party.watcher, nullptr);
  if (party.session->state() == sip::InviteSession::State::Incoming) {
    static_cast<void>(party.session->reject(status));
  } else {
    party.session->end(480, sip::Reason{.cause = status, .text = std::string(why)});
  }
  if (CallWatcher* const watcher = found_by(watching)) {
    watcher->on_refused(status, why);
  }
}

void Conference::give_back(int status) {
  settling_ = true;
  std::vector<std::unique_ptr<Party>> all = std::exchange(parties_, {});
  std::vector<std::unique_ptr<sip::InviteSession>> sides;
  for (auto& party : all) {
    party->leg.reset();
    if (party->step == Step::Waits) {
      switchboard_.report(party->journal, CallEnded{status, "No Media For a Conference"});
      static_cast<void>(party->session->reject(status));
      switchboard_.user_agent().retire(std::move(party->session));
    } else {
      sides.push_back(std::move(party->session));
    }
  }
  Bridge::join(switchboard_, std::move(sides.at(0)), std::move(sides.at(1)), std::move(before_));
  finish();
  for (const auto& party : all) {
    if (CallWatcher* const watcher = found_by(party->watcher)) {
      watcher->on_refused(status, "No Media For a Conference");
    }
  }
}

bool Conference::may_release(const std::string& call_id) {
  const Party* const party = find(call_id);
  return !over_ && party != nullptr && party->step == Step::Takes;
}

ReleasedParties Conference::release(const std::string& call_id, std::optional<Side> /*side*/) {
  const auto found = std::find_if(parties_.begin(), parties_.end(), [&](const auto& party) { return party->session->call_id() == call_id; });
  const std::unique_ptr<Party> gone = std::move(*found);
  parties_.erase(found);
  switchboard_.forget(call_id, *this);
  gone->leg.reset();
  play_tone(kWentHz);
  if (gone->held) {
    switchboard_.report(gone->journal, CallHeld{});
  }
  part_journals(*gone);
  ReleasedParties released;
  released.journal = gone->journal;
  released.side = gone->side;
  released.sessions.push_back(std::move(gone->session));
  settle();
  if (CallWatcher* const watcher = found_by(gone->watcher)) {
    watcher->on_refused(410, "The party is in another call by now");
  }
  return released;
}

/// A call of the journal goes on with one of those who were in it, the caller where it is there: for whoever else was, it is another one from here on.
void Conference::part_journals(Party& gone) {
  const auto shares = [&gone](const auto& party) { return party->journal == gone.journal; };
  const std::string shared = gone.journal;
  const bool caller_stays =
      std::any_of(parties_.begin(), parties_.end(), [&](const auto& party) { return shares(party) && party->session->call_id() == shared; });
  if (caller_stays) {
    begin_journal(gone);
    return;
  }
  for (const auto& party : parties_) {
    if (party->journal == shared) {
      begin_journal(*party);
    }
  }
}

void Conference::begin_journal(Party& party) {
  party.journal = party.session->call_id();
  party.side = Side::Caller;
  switchboard_.report(party.journal, CallStarted{party_of(party.session->dialog()), {}});
  switchboard_.report(party.journal, CallAnswered{});
  if (party.leg != nullptr) {
    media_.name(*party.leg).call_id = party.journal;
  }
}

/// After somebody has left.
void Conference::settle() {
  if (std::exchange(settling_, true)) {
    return;
  }
  const std::size_t waiting = count_waiting();
  if (options_.kind == Kind::AdHoc && waiting == parties_.size()) {
    // All of the call that they wanted to join have gone.
    for (std::size_t left = waiting; left > 0; --left) {
      const auto next = std::find_if(parties_.begin(), parties_.end(), [](const auto& party) { return party->step == Step::Waits; });
      leave(**next, 481, {});
    }
  }
  if (options_.kind == Kind::AdHoc && parties_.size() == 1) {
    parties_.front()->session->end();
  }
  settling_ = false;
  if (parties_.empty() && options_.kind != Kind::Named) {
    finish();
  } else {
    go_on();
  }
}

void Conference::finish() {
  if (!std::exchange(over_, true)) {
    again_.cancel();
    media_.port().abandon(std::exchange(id_, {}));
    switchboard_.finish(*this);
  }
}

}  // namespace callwright::call
