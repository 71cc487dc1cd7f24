#pragma once

#include "call/media_desk.hpp"
#include "sdp/continuation.hpp"
#include "sip/invite_session.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

/// The media of a call that pass through us. Each session has an end of its own: it sees our descriptions only, with the codecs of the party beyond first.
/// Offers and answers still go from party to party, one for each, so that nobody agrees to what the other has not; what concerns one side alone is answered
/// here. A session is known by its address, from `add` to `drop`. Engine thread.
class BridgeMedia final : private media::MediaObserver {
 public:
  using Session = sip::InviteSession;

  /// Whose call it is.
  class Owner {
   public:
    /// A stream cannot go on; the call has to end. May destroy the BridgeMedia.
    virtual void on_media_failed(const base::Error& error) = 0;
    /// The Call-ID under which the journal knows the call.
    [[nodiscard]] virtual const std::string& journal_id() const = 0;

   protected:
    ~Owner() = default;
  };

  /// Bypass: nothing passes through us until `take_in_for_music`. Auto: all does, as sound where that is needed. Both references outlive this.
  BridgeMedia(MediaDesk& desk, MediaMode mode, Owner& owner) : desk_(&desk), owner_(&owner), mode_(mode) {}
  /// Nothing passes through us, whatever happens.
  explicit BridgeMedia(Owner& owner) : owner_(&owner), mode_(MediaMode::Bypass) {}
  void set_owner(Owner& owner) noexcept { owner_ = &owner; }

  /// False while media go from phone to phone: descriptions are to be passed on as they are.
  [[nodiscard]] bool through() const noexcept { return mode_ != MediaMode::Bypass; }
  /// A description as `to` gets it while media go from phone to phone: what has to go on after they were taken in for a while is in its `o=`.
  [[nodiscard]] std::string passed_on(const Session& to, std::string_view sdp);
  /// Makes the media of a call that is up pass through us where an offer of `from` holds the other side, which is to hear music. From here on the offer
  /// is handled like any other; when the other side refuses it, everything is as before.
  void take_in_for_music(const Session& from, const Session& other, std::string_view sdp);
  /// True for an offer of `from` with which media that were taken in may go from phone to phone again, since nobody is held any more. It is to go on as any
  /// offer is, and does so as it came; when the other side refuses it, everything stays as before.
  [[nodiscard]] bool returns(const Session& from, const Session& other, std::string_view sdp);

  void add(const Session& session, MediaSide side);
  [[nodiscard]] bool has(const Session& session) const noexcept;
  /// Its ports are free.
  void drop(const Session& session);
  /// All but these two.
  void keep(const Session& one, const Session& other);

  /// An offer of `from`, as `to` gets it from us. Errors: LimitReached, Io: no ports (503); others: nothing that can be passed on (488).
  base::Result<std::string> offer(const Session& from, const Session& to, std::string_view sdp);
  /// How an answer counts.
  enum class Answer : std::uint8_t {
    Final,
    Early,  ///< Others may follow, which take its place.
  };
  /// The answer of `from` to an offer that it got from us, as the answer that `to` gets to its own. "" when `to` has had its answer.
  base::Result<std::string> answer(const Session& from, const Session& to, std::string_view sdp, Answer counts = Answer::Final);
  /// The answer of another phone behind `from` than the one whose answer was final (RFC 3261 §13.2.2.4): from here on `to`, which has had its own answer, is
  /// connected with that.
  base::Result<void> answer_of_fork(const Session& from, const Session& to, std::string_view sdp);
  /// An offer or an answer, whichever it has to be.
  base::Result<std::string> pass(const Session& from, const Session& to, std::string_view sdp);
  /// The offer of this session came to nothing.
  void withdraw(const Session& session);
  /// An offer that is no concern of the other side, such as a new address or the refresh of a session, answered at once; nothing when it has to go on.
  [[nodiscard]] std::optional<std::string> answer_here(const Session& from, const Session& other, std::string_view sdp);
  /// Agrees to an offer, but neither sends nor hears anything for now.
  base::Result<std::string> answer_held(const Session& from, std::string_view sdp);
  // Parties that an API has put on hold (bridge_media_hold.cpp)
  /// From here on descriptions say so to both, but for those that the two have already; `reoffer` tells them. Nothing of it counts while a third party comes
  /// into the call.
  void set_held(const Session& session, bool held);
  [[nodiscard]] bool is_held(const Session& session) const noexcept;
  /// All phones have answered: when nobody is held any more, descriptions count as they are.
  void settle_holds();
  /// What was passed on last has been agreed on,
  void settle_passed();
  /// or refused, by this one.
  void restore_passed(const Session& to);
  /// A third party has come into the call, and talks.
  void release_all();
  /// An offer of ours: the media as `to` has them with `other`, in the directions that count now. Errors: WrongState, nothing has been agreed on.
  base::Result<std::string> reoffer(const Session& to, const Session& other);
  /// The answer to it.
  base::Result<void> accept_reoffer(const Session& to, const Session& other, std::string_view sdp);

  // For commands on the sound of a call (bridge_media_sound.cpp)
  /// The stream towards that party, once media flow through us.
  [[nodiscard]] std::optional<media::StreamId> stream(const Session& session) noexcept;
  /// What this party says, nobody hears, or does again.
  void set_muted(const Session& session, bool muted);
  /// Makes the media of a call that is up pass through us, for as long as it lasts; `sdp` is an offer of `from`, to be handled like any other after this.
  /// When that comes to nothing, everything is as before.
  base::Result<void> take_in(const Session& from, const Session& other, std::string_view sdp);

  /// True when an offer of this session waits for its answer.
  [[nodiscard]] bool awaits_answer(const Session& session) const noexcept;

 private:
  struct Leg {
    enum class Hears : std::uint8_t { Other, Music, Quiet };
    const Session* session = nullptr;
    MediaSide side;
    LegStreams::Leg media;                                ///< Once it is needed.
    std::string pending;                                  ///< Its offer that waits for our answer.
    std::string favourite;                                ///< The first codec of its latest offer.
    Hears hears = Hears::Other;                           ///< While nothing is played to it.
    bool held = false;                                    ///< At an API's wish,
    bool muted = false;                                   ///< as this.
    sdp::Direction direction = sdp::Direction::SendRecv;  ///< What our descriptions would say, were nobody held like that.
    std::string passed_on;                                ///< The latest of those that go past us, as it came; kept from the first such hold on.
    std::string passed_before;                            ///< The one before: what counts again when an offer is refused.
    std::vector<sdp::Direction> directions;               ///< Of its sections when somebody was held like that; none: nobody is.
    std::unique_ptr<sdp::Continuation> goes_on = {};      ///< What it knows of descriptions that were ours for a while.
  };

  void on_media_event(const media::StreamEvent& event) override;
  [[nodiscard]] Leg* find(const Session& session) noexcept;
  base::Result<void> open(Leg& leg, const sdp::Description* offer, const sdp::Description* across);
  [[nodiscard]] std::vector<sdp::Codec> speakable(const Leg& leg, const std::vector<sdp::Codec>& offered) const;
  void describe_for_offer(Leg& to, const sdp::Description& description, const sdp::Media& audio) const;
  void describe_for_answer(Leg& to, const sdp::Description& offer, const LegMedia& from) const;
  base::Result<void> come_in(Leg& source, Leg& sink, const sdp::Description& offer);
  void stay_out();
  [[nodiscard]] static std::string goes_on(Leg& leg, std::string_view sdp);
  [[nodiscard]] sdp::Direction allowed(const Leg& leg) const noexcept;
  void direct(Leg& leg, sdp::Direction direction) const;
  static void follow(Leg& leg, const sdp::Origin& theirs);
  void tell_names();
  base::Result<void> run(Leg& one, Leg& other);
  void play_to(Leg& leg, const Leg& other);
  [[nodiscard]] bool processes() const noexcept { return mode_ == MediaMode::Process || mode_ == MediaMode::Auto; }
  [[nodiscard]] bool plays_music() const noexcept { return desk_ != nullptr && desk_->settings().hold_music.has_value(); }

  MediaDesk* desk_ = nullptr;
  Owner* owner_;
  MediaMode mode_;
  bool taken_in_ = false;               ///< In the middle of the call,
  bool stays_in_ = false;               ///< not only for music.
  const Session* returning_ = nullptr;  ///< Its offer goes to the other side as it is.
  std::vector<Leg> legs_;
};

}  // namespace callwright::call
