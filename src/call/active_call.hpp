#pragma once

#include "call/call_control.hpp"
#include "call/event.hpp"
#include "sip/user_agent.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

class ActiveCall;

/// Hears how a party of a call that was told to call somebody (RFC 3515) goes about it.
class ReferWatcher {
 public:
  virtual ~ReferWatcher() = default;
  /// The final response to REFER, as `sip::InviteSessionObserver::on_refer_result`;
  virtual void on_referral_answered(int status, std::string_view reason) = 0;
  /// the status line of a NOTIFY.
  virtual void on_referral_progress(std::string_view status_line) = 0;
  /// The call in which it was told is over; nothing follows.
  virtual void on_referring_call_ended() = 0;
};

/// How a call that a command waits for goes.
class CallWatcher {
 public:
  virtual ~CallWatcher() = default;
  virtual void on_answered() = 0;
  virtual void on_refused(int status, std::string_view reason) = 0;
  /// Somebody has picked the call up while it rang: `call` goes on with it.
  virtual void on_moved(ActiveCall& call) = 0;
};

/// Which parties of a call an API has put on hold.
struct PartiesOnHold {
  bool caller = false;
  bool callee = false;
  [[nodiscard]] bool& of(Side side) noexcept { return side == Side::Caller ? caller : callee; }
  [[nodiscard]] bool of(Side side) const noexcept { return side == Side::Caller ? caller : callee; }
};

/// Who ended a call in which the session with that party has come to its end.
[[nodiscard]] CallEnded::By ended_by(const sip::SessionEnd& end, Side party) noexcept;

/// Hears what the phones of a call say to being put on hold or taken back.
class HoldWatcher {
 public:
  virtual ~HoldWatcher() = default;
  /// The final response of one; of both, unless the call is over before. When either refuses, everything is as before for the other.
  virtual void on_hold_answered(Side side, int status, std::string_view reason) = 0;
  /// The call is over; nothing follows.
  virtual void on_held_call_ended() = 0;
};

/// Finds one, or null when nobody wants to know (any more). An empty one finds nobody.
using FindWatcher = std::function<CallWatcher*()>;
using FindReferWatcher = std::function<ReferWatcher*()>;
using FindHoldWatcher = std::function<HoldWatcher*()>;
template <class Watcher>
[[nodiscard]] Watcher* found_by(const std::function<Watcher*()>& find) {
  return find ? find() : nullptr;
}

struct MediaSide;
class BridgeMedia;

/// Parties that have left their call, which goes on elsewhere.
struct ReleasedParties {
  ReleasedParties();
  ReleasedParties(ReleasedParties&&) noexcept;
  ~ReleasedParties();
  std::vector<std::unique_ptr<sip::InviteSession>> sessions;  ///< The caller's first.
  std::string journal;                                        ///< The Call-ID under which the journal knows their call,
  Side side = Side::Caller;                                   ///< and what the first of them is there.
  std::unique_ptr<BridgeMedia> media;                         ///< Of both, which last until they have others; null: they bypass us.
};

/// Somebody whom we have called, and who has answered, for a place in a call.
struct Newcomer {
  std::unique_ptr<sip::InviteSession> session;
  std::string_view offer;  ///< Of its 2xx.
  FindWatcher watcher;     ///< Finds whoever wants to know whether it has the place, or null.
};

/// The caller of a call that nobody has answered yet.
struct WaitingCaller {
  std::string call_id;
  std::string party;  ///< Its URI.
};

/// Something with sessions that somebody may hang up. Owned by the exchange; it ends by telling `Switchboard::finish`.
class ActiveCall {
 public:
  virtual ~ActiveCall() = default;
  virtual void hang_up() = 0;
  /// An INVITE that is to take the place of `replaced`, a session of this call (RFC 3891). Answers it, now or later; as it is, with a refusal.
  /// `watcher` finds who wants to know whether it has the place, or null; a refusal at once is not told.
  virtual void replace(sip::InviteSession& replaced, sip::ServerTransaction& transaction, const sip::Message& invite, const FindWatcher& watcher);
  /// An INVITE that wants to take part in the call of `joined`, a session of this call (RFC 3911). Answers it, now or later; as it is, with a refusal.
  virtual void let_in(sip::InviteSession& joined, sip::ServerTransaction& transaction, const sip::Message& invite);
  /// The session that a session of this call is joined with, or null.
  [[nodiscard]] virtual sip::InviteSession* across(const sip::InviteSession& /*session*/) { return nullptr; }
  /// The session with that party while the call is up, between two; else null.
  [[nodiscard]] virtual sip::InviteSession* party(Side /*side*/) { return nullptr; }
  /// True when the call is answered but not up yet, since an ACK is still to come: then `done` is called once, when it is up, or is over.
  virtual bool await_up(std::function<void()> /*done*/) { return false; }
  /// Tells that party to call `refer_to`, a URI. `watcher` finds who hears how it goes, or null. Errors: WrongState, it is not up or is being told already.
  virtual base::Result<void> refer(Side side, std::string_view refer_to, std::string_view referred_by, const FindReferWatcher& watcher);
  /// Puts `newcomer`, who is reached as `media` says, in the place of that party, which is hung up then. Errors: WrongState, and the session is still there.
  virtual base::Result<void> put_in_place_of(Side side, Newcomer& newcomer, const MediaSide& media);
  /// Who is on hold at an API's wish.
  [[nodiscard]] virtual PartiesOnHold on_hold() const { return {}; }
  /// Asks the phones, the caller's first, for media of such a call. `watcher` finds who hears of their answers, or null. Errors: WrongState, it is not up, or
  /// something else is being negotiated; then nothing has changed.
  virtual base::Result<void> hold(PartiesOnHold parties, const FindHoldWatcher& watcher);
  /// Nobody waits for the answers of the phones any more: who has not answered has refused.
  virtual void give_up_holding() {}
  /// The streams of the exchange with that party of a call that is up, or with both; a party of a conference has the one that `call_id` names. Errors:
  /// WrongState, it is not up; Unsupported, its media bypass the exchange (`take_media_in`).
  [[nodiscard]] virtual base::Result<std::vector<media::StreamId>> streams(const std::string& call_id, std::optional<Side> party);
  /// Makes the media of a call that is up pass through the exchange. `done` is called once, now or later. Errors: WrongState, something else is being
  /// negotiated, or the call ends before; Unsupported, which says why that cannot be.
  virtual void take_media_in(std::function<void(const base::Result<void>&)> done);
  /// Nobody hears that party, or both; or they are heard again. Of a call that has `streams`.
  virtual void mute(const std::string& /*call_id*/, std::optional<Side> /*party*/, bool /*muted*/) {}
  /// Whether `release` can be called now: the call is up, and nothing is being changed.
  [[nodiscard]] virtual bool may_release(const std::string& /*call_id*/) { return false; }
  /// Gives that party up to somebody else, or both: they have an observer no more, and this call is over for them. Where one is left alone, it is hung up.
  [[nodiscard]] virtual ReleasedParties release(const std::string& call_id, std::optional<Side> party);
  /// Who waits for an answer while it rings; nothing when it does not.
  [[nodiscard]] virtual std::optional<WaitingCaller> waiting_caller() const { return std::nullopt; }
  /// Gives that caller to `newcomer`, who is reached as `media` says; whoever rings gets CANCEL. Errors: WrongState, it does not ring; Unsupported, the two
  /// have no media in common. Then the session of `newcomer` is still there.
  virtual base::Result<void> give_caller_to(Newcomer& newcomer, const MediaSide& media);
  /// While it rings: how a called phone knows its dialog, in which it can be picked up. Nothing when it does not ring.
  [[nodiscard]] virtual std::optional<sip::DialogName> ringing() const { return std::nullopt; }
};

struct ConferenceMedia;
class MediaDesk;
struct MediaProfile;

/// What calls need of the exchange around them.
class Switchboard {
 public:
  virtual ~Switchboard() = default;
  [[nodiscard]] virtual sip::UserAgent& user_agent() = 0;
  /// Makes an adopted call known by the Call-ID of one of its legs, instead of whatever had it.
  virtual void index(const std::string& call_id, ActiveCall& call) = 0;
  /// The call to which the leg with this Call-ID belongs; null: there is none.
  [[nodiscard]] virtual ActiveCall* find(const std::string& call_id) = 0;
  /// A leg of the call is gone, and the call goes on.
  virtual void forget(const std::string& call_id, ActiveCall& call) = 0;
  /// Null where there are no conferences.
  [[nodiscard]] virtual ConferenceMedia* conference_media() { return nullptr; }
  /// Takes a call over: it lives until it finishes.
  virtual void adopt(std::unique_ptr<ActiveCall> call) = 0;
  /// The call is over; it is destroyed a little later.
  virtual void finish(ActiveCall& call) = 0;
  /// True for the URI of a user whom an API answers for.
  [[nodiscard]] virtual bool is_offered(std::string_view /*uri*/) const { return false; }
  /// True for a URI whose requests come to this exchange.
  [[nodiscard]] virtual bool is_ours(const sip::UriView& uri) const = 0;
  /// The session at the other side of the call that `session` belongs to, or null.
  [[nodiscard]] virtual sip::InviteSession* across(const sip::InviteSession& session) = 0;
  /// For media that pass through the exchange; null: all bypass it.
  [[nodiscard]] virtual MediaDesk* media() { return nullptr; }
  /// What is known of the other side of a session for its media.
  [[nodiscard]] virtual MediaSide media_side_of(const sip::InviteSession& session) = 0;
  /// Of the account that sent the request which is being handled; null: it has none of its own.
  [[nodiscard]] virtual std::shared_ptr<const MediaProfile> media_of_sender() const { return nullptr; }
  /// Into the journal.
  virtual void report(const std::string& call_id, decltype(Event::what) what) = 0;
};

}  // namespace callwright::call
