#pragma once

#include "call/active_call.hpp"
#include "call/bridge_media.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace callwright::call {

/// Two sessions joined back to back (RFC 7092): SDP goes through, so media flows from phone to phone, or through a BridgeMedia; re-INVITE, UPDATE, REFER,
/// INFO, MESSAGE and hang-up are passed on, and a third party may take the place of a side. Each side has its own session timer.
class Bridge final : public ActiveCall, private sip::InviteSessionObserver, private BridgeMedia::Owner {
 public:
  /// Makes a bridge that the switchboard owns. Both sessions have been answered; `caller` may still owe an answer, in its ACK, to an offer that
  /// `callee` made in its 2xx. `media` knows both; null: media bypass the exchange.
  static void join(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> caller, std::unique_ptr<sip::InviteSession> callee,
                   std::unique_ptr<BridgeMedia> media = nullptr);

  Bridge(Switchboard& switchboard, std::unique_ptr<sip::InviteSession> caller, std::unique_ptr<sip::InviteSession> callee, std::unique_ptr<BridgeMedia> media);
  ~Bridge() override;

  void hang_up() override;
  void replace(sip::InviteSession& replaced, sip::ServerTransaction& transaction, const sip::Message& invite, const FindWatcher& watcher) override;
  void let_in(sip::InviteSession& joined, sip::ServerTransaction& transaction, const sip::Message& invite) override;
  [[nodiscard]] sip::InviteSession* across(const sip::InviteSession& session) override;
  [[nodiscard]] sip::InviteSession* party(Side side) override;
  bool await_up(std::function<void()> done) override;
  base::Result<void> refer(Side side, std::string_view refer_to, std::string_view referred_by, const FindReferWatcher& watcher) override;
  base::Result<void> put_in_place_of(Side side, Newcomer& newcomer, const MediaSide& media) override;
  [[nodiscard]] PartiesOnHold on_hold() const override;
  base::Result<void> hold(PartiesOnHold parties, const FindHoldWatcher& watcher) override;
  void give_up_holding() override;
  [[nodiscard]] base::Result<std::vector<media::StreamId>> streams(const std::string& call_id, std::optional<Side> party) override;
  void take_media_in(std::function<void(const base::Result<void>&)> done) override;
  void mute(const std::string& call_id, std::optional<Side> party, bool muted) override;
  [[nodiscard]] bool may_release(const std::string& call_id) override;
  [[nodiscard]] ReleasedParties release(const std::string& call_id, std::optional<Side> party) override;
  /// The URI of the party that has told the other, whose user is that, to call that user by REFER; "": it has not.
  [[nodiscard]] std::string referrer(std::string_view referred, std::string_view target) const;

 private:
  struct Replacement;
  struct Told;
  struct Holding;
  struct TakingIn;

  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_update(sip::InviteSession& session, std::string_view sdp) override;
  void on_update_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_refer(sip::InviteSession& session, const sip::IncomingRefer& refer) override;
  void on_refer_result(sip::InviteSession& session, int status, std::string_view reason) override;
  void on_refer_progress(sip::InviteSession& session, std::string_view status_line, bool last) override;
  int on_content(sip::InviteSession& session, const sip::DialogContent& content) override;
  void on_content_result(sip::InviteSession& session, sip::Method method, int status, std::uint64_t reference) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;

  // Replacing a side (bridge_replace.cpp)
  [[nodiscard]] bool on_replacement_result(sip::InviteSession& session, const sip::InviteProgress& result);
  [[nodiscard]] bool on_replacement_ended(sip::InviteSession& session);
  void put_in_place(std::string_view sdp);
  void give_up_replacing(int status);
  void restore();
  void begin_replacing(sip::InviteSession& staying, const MediaSide& media, std::string_view offer);
  [[nodiscard]] std::string translated(const sip::IncomingRefer& refer) const;

  // Parties that a command tells to call somebody (bridge_refer.cpp)
  [[nodiscard]] bool is_told(const sip::InviteSession& session) const noexcept;
  void tell_watchers_of_end();
  void tell_those_who_await();

  // Parties that an API puts on hold (bridge_hold.cpp)
  [[nodiscard]] bool on_hold_result(sip::InviteSession& session, const sip::InviteProgress& result);
  void mark_held(PartiesOnHold parties);
  void report_hold() const;
  void settle_hold(Side side, int status, std::string_view reason);
  void revert_hold();
  void send_back(Side side);
  [[nodiscard]] bool changes_hold() const noexcept;

  // Sound, for commands (bridge_sound.cpp)
  [[nodiscard]] bool on_taking_in_result(sip::InviteSession& session, const sip::InviteProgress& result);
  void end_taking_in(const base::Result<void>& how);
  /// True while the exchange itself negotiates with the phones.
  [[nodiscard]] bool asks_phones() const noexcept { return taking_in_ != nullptr || changes_hold(); }

  // Media through the exchange (bridge_offers.cpp)
  [[nodiscard]] bool relays() const noexcept { return media_ != nullptr && media_->through(); }
  /// The description of `from` as `to` is to get it.
  [[nodiscard]] base::Result<std::string> translated(const sip::InviteSession& from, const sip::InviteSession& to, std::string_view sdp);
  /// Offers `sdp` of `from`, as `to` is to get it.
  [[nodiscard]] base::Result<void> offer(const sip::InviteSession& from, sip::InviteSession& to, std::string_view sdp, sip::InviteSession::OnGlare on_glare);
  [[nodiscard]] std::optional<std::string> answer_here(const sip::InviteSession& session, std::string_view sdp);
  void withdraw(const sip::InviteSession& session);
  void refuse_offer(sip::InviteSession& session, int status);
  [[nodiscard]] static int status_of(const base::Error& error) noexcept;
  void on_media_failed(const base::Error& error) override;
  [[nodiscard]] const std::string& journal_id() const override { return caller_->call_id(); }

  void take_confirmed(sip::InviteSession& session, std::string_view sdp);
  void pass_answer(sip::InviteSession& session, const sip::InviteProgress& result);
  [[nodiscard]] sip::InviteSession& peer(const sip::InviteSession& session) noexcept { return &session == caller_.get() ? *callee_ : *caller_; }

  Switchboard& switchboard_;
  std::unique_ptr<sip::InviteSession> caller_;
  std::unique_ptr<sip::InviteSession> callee_;
  std::unique_ptr<Replacement> replacement_;
  std::unique_ptr<Told> told_;
  const sip::InviteSession* referred_ = nullptr;    ///< Who was told by the other party to call somebody; only to be compared,
  std::string referred_to_;                         ///< and the user that is to be called.
  std::unique_ptr<Holding> holding_;                ///< While a phone is asked.
  std::unique_ptr<TakingIn> taking_in_;             ///< While the media of the call are being taken in.
  std::vector<std::function<void()>> awaiting_up_;  ///< Until both have confirmed.
  std::unique_ptr<BridgeMedia> media_;              ///< Null where media bypass the exchange for good.
  bool over_ = false;
};

}  // namespace callwright::call
