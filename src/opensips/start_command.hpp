#pragma once

#include "opensips/caller_call.hpp"
#include "opensips/referral.hpp"
#include "opensips/running_command.hpp"
#include "opensips/subscriptions.hpp"
#include "opensips/third_party_call.hpp"

#include <string>

namespace callwright::opensips {

/// CallStart: INVITE to the caller's phone, then REFER; where the phone does not know that, the proxy calls the callee itself, and the two are joined by
/// re-INVITE. In that case this lives as long as the call, to end one side when the other hangs up.
class StartCommand final : public RunningCommand, private CallerCall::Owner, private Referral::Owner, private ThirdPartyCall::Owner {
 public:
  StartCommand(CommandDesk& desk, call::CommandId id, call::StartCall command, call::CommandObserver& observer);

  void start() override;
  void cancel(std::string_view why) override;
  void on_event(const ProxyEvent& event) override;

 private:
  using Kind = call::CommandEvent::Kind;

  // CallerCall::Owner
  void on_caller_answered() override { report(Kind::CallerAnswered); }
  void on_caller_ready() override;
  void on_caller_failed(const std::string& text) override { fail(text); }
  void on_caller_hung_up() override;
  void on_caller_joined() override;
  void on_caller_not_joined(const std::string& text) override { fail("failed to join the media of caller and callee: " + text); }
  void on_caller_put_away() override { check_gone(); }

  // Referral::Owner
  void on_referring() override { report_transferring(); }
  void on_started(const std::string& call_id, const std::string& destination) override;
  void on_progress(const std::string& status) override { report(Kind::TransferPending, status); }
  void on_connected() override;
  void on_refused(const std::string& text) override { fail(text); }
  void on_unreachable(const std::string& text) override { fail("failed to reach the callee: " + text); }
  void on_silence() override;

  // ThirdPartyCall::Owner
  [[nodiscard]] bool on_session(const std::string& key) override;
  void on_callee_progress(const std::string& status) override { report(Kind::TransferPending, status); }
  void on_callee_answered(const std::string& sdp) override { caller_.join(sdp); }
  void on_callee_failed(const std::string& text) override { fail("failed to reach the callee: " + text); }
  void on_callee_hung_up() override;
  void on_callee_put_away() override { check_gone(); }

  MiRequest::Next on_subscribed(const MiOutcome& outcome);
  [[nodiscard]] bool can_call_directly() const noexcept;
  void call_directly();
  void on_lingered() { check_gone(); }
  void end_referred_call(const std::string& call_id);
  void report(Kind kind, std::string extra = {});
  void report_transferring();
  void fail(const std::string& text);
  void put_away();
  void check_gone();

  const call::StartCall command_;
  CallerCall caller_;
  Referral referral_;
  ThirdPartyCall callee_;
  MiRequest subscribe_;
  MiRequest end_;
  base::Timer linger_;   ///< A REFER that was sent cannot be called back; the call that it brings can be ended.
  std::string call_id_;  ///< Of the call that is left at the end, once it is known.
  bool told_transferring_ = false;
  bool referred_ = false;   ///< Caller and callee talk in the phone's own call.
  bool connected_ = false;  ///< Caller and callee are joined by us.
  bool leaving_ = false;
};

}  // namespace callwright::opensips
