#pragma once

#include "call/bridge_media.hpp"
#include "call/command_timeouts.hpp"
#include "call/referral.hpp"
#include "call/routing.hpp"
#include "call/running_command.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace callwright::call {

/// The command StartCall: calls the caller's phone, and when it has been answered has it call the callee by REFER (RFC 3515); where the phone does
/// not know REFER, calls the callee itself and joins the two (RFC 3725 flow IV, with a black-hole offer first).
class ClickToDial final : public ActiveCall, public ReferringCommand, private sip::InviteSessionObserver, private BridgeMedia::Owner {
 public:
  ClickToDial(Switchboard& switchboard, const Routing& routing, CommandTimeouts timeouts, CommandId id, StartCall command, CommandObserver& observer);
  ~ClickToDial() override;

  void start();
  void hang_up() override { cancel("the call was ended"); }

  // ReferringCommand
  [[nodiscard]] CommandId id() const noexcept override { return id_; }
  void cancel(std::string_view why) override;
  [[nodiscard]] const std::string& caller() const noexcept override { return command_.caller; }
  [[nodiscard]] const std::string& callee() const noexcept override { return command_.callee; }
  [[nodiscard]] std::string referring_call() const override { return command_.call_id; }
  [[nodiscard]] const CallLook* look() const noexcept override { return &command_.look; }
  [[nodiscard]] bool expects(std::string_view token) const noexcept override;
  void on_referred_call(ActiveCall& call, const std::string& call_id, const std::string& destination) override;
  void on_unroutable(int status) override;

  // CallWatcher, for that call.
  void on_answered() override;
  void on_refused(int status, std::string_view reason) override;
  void on_moved(ActiveCall& call) override;

 private:
  enum class State { CallingCaller, Referring, AwaitingCall, CallingCallee, CallingCalleeDirectly, JoiningMedia, Over };

  /// The callee's offer as the caller is to get it: ours where the media pass through the exchange.
  [[nodiscard]] base::Result<std::string> offer_to_caller(std::string_view sdp);
  void on_media_failed(const base::Error& error) override;
  [[nodiscard]] const std::string& journal_id() const override { return caller_leg_->call_id(); }
  void on_provisional(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_accepted(sip::InviteSession& session, const sip::InviteProgress& progress) override;
  void on_refer_result(sip::InviteSession& session, int status, std::string_view reason) override;
  void on_refer_progress(sip::InviteSession& session, std::string_view status_line, bool last) override;
  void on_reinvite(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_deadline();

  void call_caller(std::string_view offer);
  [[nodiscard]] bool call_caller_without_media(const sip::SessionEnd& end);
  void refer_caller();
  void call_callee_directly();
  void offer_caller();
  void on_caller_ended(const sip::SessionEnd& end);
  void on_callee_ended(const sip::SessionEnd& end);
  void join();
  void fail(std::string text);
  void finish();
  void emit(CommandEvent::Kind kind, std::string extra = {});
  [[nodiscard]] Target dressed(Target target) const;
  [[nodiscard]] std::string black_hole_offer() const;
  [[nodiscard]] std::string offer_without_media() const;

  Switchboard& switchboard_;
  const Routing& routing_;
  CommandTimeouts timeouts_;
  const CommandId id_;
  const StartCall command_;
  CommandObserver& observer_;
  State state_ = State::CallingCaller;
  Target caller_;
  std::unique_ptr<sip::InviteSession> caller_leg_;
  bool without_media_ = false;                      ///< The caller's phone took no offer with PCMU, so that it gets one of nothing.
  std::unique_ptr<sip::InviteSession> callee_leg_;  ///< Third-party call control only,
  MediaSide callee_side_;                           ///< as are these.
  std::unique_ptr<BridgeMedia> media_;
  Referral referral_;    ///< The call from the caller's phone.
  std::string call_id_;  ///< Of the call that is left at the end.
  base::Timer deadline_;
};

}  // namespace callwright::call
