#pragma once

#include "call/active_call.hpp"
#include "call/bridge_media.hpp"
#include "call/leg_media.hpp"
#include "call/routing.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

/// What conferences need for their media.
struct ConferenceMedia {
  using OpenLeg = std::function<base::Result<LegStreams::Leg>(const sip::InviteSession& session, std::string_view offer, media::MediaObserver& observer)>;
  std::function<media::MediaPort&()> port;                 ///< Made when it is first asked for; lives as long as the exchange.
  OpenLeg open;                                            ///< Our end towards a party; `offer` is what it has offered, "": we make the offer.
  std::function<LegStreams::Name&(const LegMedia&)> name;  ///< As `MediaDesk::name`.
};

/// Any number of parties that hear each other; the media of each end here. Engine thread.
///
/// Parties come by INVITE (a number that is called, Join of RFC 3911, Replaces of a party), or with a session of another call, which gets a re-INVITE with our
/// offer. They leave when they hang up. A party that holds is muted, so that its music is not heard, and nobody waits for it.
class Conference final : public ActiveCall, private sip::InviteSessionObserver, private media::MediaObserver, private BridgeMedia::Owner {
 public:
  enum class Kind : std::uint8_t {
    AdHoc,  ///< A call that grew. It is over when one party is left.
    Room,   ///< A number to call. It is over when it is empty.
    Named,  ///< One that an API has made. It is over when it is ended.
    Alone,  ///< One party, which waits for what an API does with it.
  };
  enum class Tones : std::uint8_t { Off, On };
  enum class Music : std::uint8_t { Off, On };
  struct Options {
    Kind kind = Kind::AdHoc;
    std::size_t max_parties = 100;
    Tones tones = Tones::Off;  ///< When somebody comes or leaves.
    Music music = Music::Off;  ///< That of the exchange, for all of them.
  };

  /// Makes a conference that the switchboard owns. Errors: those of `MediaPort::open_conference`.
  static base::Result<Conference*> open(Switchboard& switchboard, ConferenceMedia& media, const Options& options);
  Conference(Switchboard& switchboard, ConferenceMedia& media, const Options& options);
  ~Conference() override;

  /// Somebody calls; answered at once, or when those who were taken over are here. 486: the conference is full.
  void receive(sip::ServerTransaction& transaction, const sip::Message& invite);
  /// The same with a session that has been made already, not answered; `offer` is that of its INVITE.
  void receive(std::unique_ptr<sip::InviteSession> session, std::string offer, const FindWatcher& watcher);
  /// Takes answered sessions over from a call. Where both parties of a call come and do not want our media, it goes back to what it was.
  /// Nothing happens to them before `begin`, or `receive`; `watcher` is told for each how it goes.
  void take(ReleasedParties parties, const FindWatcher& watcher);
  void begin() { go_on(); }
  /// Calls somebody. Errors: LimitReached, the conference is full; others: no ports.
  base::Result<std::string> dial(const Target& target, std::string_view from, const FindWatcher& watcher);
  /// By the Call-ID of the party's leg; false: there is none.
  bool remove(std::string_view call_id);
  /// Hangs it up, and says why (RFC 3326).
  void dismiss(std::string_view call_id, int status, std::string_view why);
  bool set_party(std::string_view call_id, const media::ConferenceParty& party);
  struct PartyName {
    std::string call_id;
    std::string uri;
    std::string journal;  ///< The Call-ID under which the journal knows its call,
    Side side;            ///< and what it is there.
  };
  /// Nothing: there are none, or several.
  [[nodiscard]] std::optional<PartyName> only_party() const;
  /// Nothing: it does not take part.
  [[nodiscard]] std::optional<PartyName> name_of(std::string_view call_id);
  /// From now on `watcher` is told, by a refusal, when that party leaves. Errors: WrongState, it does not take part, or is watched already.
  base::Result<void> watch(std::string_view call_id, const FindWatcher& watcher);
  /// Whether that party is on hold at an API's wish; nothing: it does not take part.
  [[nodiscard]] std::optional<bool> is_held(std::string_view call_id);
  /// Puts a party on hold, or takes it back: nobody hears it, and it hears the music of the exchange, or nothing. `watcher` finds who hears of the answer of
  /// its phone, as if it were the caller; or null. Errors: WrongState, something is being negotiated with it.
  base::Result<void> hold_party(std::string_view call_id, HoldCall::Change change, const FindHoldWatcher& watcher);
  /// Nobody waits for the answer of its phone any more: it has refused.
  void give_up_hold_of(std::string_view call_id);
  [[nodiscard]] std::size_t parties() const noexcept { return parties_.size(); }
  [[nodiscard]] bool has(std::string_view call_id) { return find(call_id) != nullptr; }
  [[nodiscard]] bool has_room(std::size_t parties) const noexcept { return !over_ && parties_.size() + parties <= options_.max_parties; }
  /// To play something to all, or to record it: as with a stream.
  [[nodiscard]] media::ConferenceId id() const noexcept { return id_; }

  /// Ends it for all.
  void hang_up() override;
  void replace(sip::InviteSession& replaced, sip::ServerTransaction& transaction, const sip::Message& invite, const FindWatcher& watcher) override;
  void let_in(sip::InviteSession& joined, sip::ServerTransaction& transaction, const sip::Message& invite) override;
  [[nodiscard]] base::Result<std::vector<media::StreamId>> streams(const std::string& call_id, std::optional<Side> party) override;
  void mute(const std::string& call_id, std::optional<Side> party, bool muted) override;
  [[nodiscard]] bool may_release(const std::string& call_id) override;
  [[nodiscard]] ReleasedParties release(const std::string& call_id, std::optional<Side> party) override;

 private:
  enum class Step : std::uint8_t {
    Waits,    ///< It has called; those who were taken over come first.
    Called,   ///< It is called, with our offer.
    ToOffer,  ///< It was taken over; our offer is still to be made,
    Offered,  ///< or under way.
    Answers,  ///< It asked for an offer, and its ACK is to bring the answer.
    Takes,    ///< It takes part.
    Changes,  ///< So it does, and our offer of other directions is under way.
    Leaves,   ///< We have ended it.
  };
  struct Party;

  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_update(sip::InviteSession& session, std::string_view sdp) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_media_event(const media::StreamEvent& event) override;

  // BridgeMedia::Owner: of a call that is about to have other media.
  void on_media_failed(const base::Error& /*error*/) override {}
  [[nodiscard]] const std::string& journal_id() const override { return journal_id_; }

  static constexpr double kCameHz = 880;
  static constexpr double kWentHz = 440;

  [[nodiscard]] Party* find(const sip::InviteSession& session);
  [[nodiscard]] Party* find(std::string_view call_id);
  Party& come(sip::ServerTransaction& transaction, const sip::Message& invite);
  Party& add(std::unique_ptr<sip::InviteSession> session, Step step, const std::string& journal, const FindWatcher& watcher);
  [[nodiscard]] bool refuse(sip::ServerTransaction& transaction) const;
  void go_on();
  void offer_to(Party& party);
  void answer(Party& party);
  void seat(Party& party);
  void confer(const Party& party);
  void take_answer(Party& party, std::string_view sdp);
  void refused(Party& party, int status);
  void give_back(int status);
  static void leave(Party& party, int status, std::string_view why);
  void play_music_to(const Party& party);
  void play_tone(double frequency_hz);
  // Parties that an API puts on hold (conference_hold.cpp)
  [[nodiscard]] bool plays_music() const;
  void change_now(Party& party);
  [[nodiscard]] bool offer_directions(Party& party, HoldCall::Change change);
  void end_change(Party& party, const sip::InviteProgress& result);
  void settle();
  void finish();
  void part_journals(Party& gone);
  void begin_journal(Party& party);
  [[nodiscard]] std::size_t count_waiting() const noexcept;

  Switchboard& switchboard_;
  ConferenceMedia& media_;
  Options options_;
  media::ConferenceId id_;
  std::vector<std::unique_ptr<Party>> parties_;  ///< In the order in which they came.
  std::unique_ptr<BridgeMedia> before_;          ///< Of the call that this was; null: they bypassed us, or are not needed any more.
  std::string journal_id_;                       ///< Of that call.
  base::Timer again_;                            ///< For an offer that could not be made yet.
  unsigned attempts_ = 0;
  bool settling_ = false;
  bool over_ = false;
};

}  // namespace callwright::call
