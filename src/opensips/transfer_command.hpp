#pragma once

#include "opensips/dialog_party.hpp"
#include "opensips/referral.hpp"
#include "opensips/running_command.hpp"
#include "opensips/subscriptions.hpp"
#include "opensips/third_party_call.hpp"

#include <string>

namespace callwright::opensips {

/// CallBlindTransfer and CallAttendedTransfer: REFER to one party; when its new call is answered, the old call is ended. Where the phone does not follow, or
/// the proxy refers no more, the proxy calls the destination itself, or takes the call that there is, and joins the two by re-INVITE. In that case this lives
/// as long as they talk, to end one side when the other hangs up.
class TransferCommand final : public RunningCommand, private Referral::Owner, private ThirdPartyCall::Owner, private DialogParty::Owner {
 public:
  TransferCommand(CommandDesk& desk, call::CommandId id, call::TransferCall command, call::CommandObserver& observer);

  void start() override;
  void cancel(std::string_view why) override;
  void on_event(const ProxyEvent& event) override;

 private:
  using Kind = call::CommandEvent::Kind;

  // Referral::Owner
  void on_referring() override { report_transferring(); }
  void on_started(const std::string& call_id, const std::string& destination) override;
  void on_progress(const std::string& status) override { report(Kind::TransferPending, status); }
  void on_connected() override;
  void on_refused(const std::string& text) override;
  void on_unreachable(const std::string& text) override { leave("failed to reach the destination: " + text); }
  void on_silence() override;

  // ThirdPartyCall::Owner
  [[nodiscard]] bool on_session(const std::string& key) override;
  void on_callee_progress(const std::string& status) override { report(Kind::TransferPending, status); }
  void on_callee_answered(const std::string& sdp) override { party_.join(sdp); }
  void on_callee_failed(const std::string& text) override { leave("failed to reach the destination: " + text); }
  void on_callee_hung_up() override;
  void on_callee_put_away() override { check_gone(); }

  // DialogParty::Owner
  void on_party_found(DialogParty& party) override;
  void on_party_joined(DialogParty& party) override;
  void on_party_failed(DialogParty& party, const std::string& text) override;
  void on_party_hung_up(DialogParty& party) override;
  void on_party_put_away() override { check_gone(); }

  MiRequest::Next on_subscribed(const MiOutcome& outcome);
  MiRequest::Next on_ended(const MiOutcome& outcome);
  void ask();
  /// The proxy does what the phone does not; Failed with this text where it cannot.
  void help(const std::string& text);
  void joined();
  void report(Kind kind, std::string extra = {});
  void report_transferring();
  void on_lingered();
  void end_referred_call(const std::string& call_id);
  /// Failed, Ended; a call that has begun is ended.
  void leave(const std::string& text);
  /// One side of those whom we have joined is gone.
  void hang_up();
  void check_gone();

  const call::TransferCall command_;
  std::string destination_;
  std::string call_id_;
  bool told_transferring_ = false;
  bool succeeded_ = false;  ///< All that is left is to end the old call.
  bool joined_ = false;     ///< The two talk, and are held together by us.
  bool leaving_ = false;
  Referral referral_;
  ThirdPartyCall callee_;  ///< The destination,
  DialogParty party_;
  DialogParty target_;  ///< or who is to take the place of the other party, in a call that there is.
  MiRequest subscribe_;
  MiRequest end_;
  base::Timer linger_;  ///< A REFER that was sent cannot be called back; the call that it brings can be ended.
};

}  // namespace callwright::opensips
