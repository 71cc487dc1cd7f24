#pragma once

#include "opensips/referral.hpp"
#include "opensips/running_command.hpp"
#include "opensips/subscriptions.hpp"

#include <string>

namespace callwright::opensips {

/// CallBlindTransfer and CallAttendedTransfer: REFER to one party; when its new call is answered, the old call is ended.
class TransferCommand final : public RunningCommand, private Referral::Owner {
 public:
  TransferCommand(CommandDesk& desk, call::CommandId id, call::TransferCall command, call::CommandObserver& observer);

  void start() override;
  void cancel(std::string_view why) override;
  void on_event(const ProxyEvent& event) override;

 private:
  using Kind = call::CommandEvent::Kind;

  void on_referring() override { report(Kind::Transferring); }
  void on_started(const std::string& call_id, const std::string& destination) override;
  void on_progress(const std::string& status) override { report(Kind::TransferPending, status); }
  void on_connected() override;
  void on_refused(const std::string& text) override;
  void on_unreachable(const std::string& text) override { leave("failed to reach the destination: " + text); }
  void on_silence() override { leave("failed to transfer: 408 Request Timeout, the phone has not followed the REFER"); }

  MiRequest::Next on_subscribed(const MiOutcome& outcome);
  MiRequest::Next on_ended(const MiOutcome& outcome);
  void ask();
  void report(Kind kind, std::string extra = {});
  void on_lingered();
  void end_referred_call(const std::string& call_id);
  /// Failed, Ended; a call that has begun is ended.
  void leave(const std::string& text);

  const call::TransferCall command_;
  std::string destination_;
  std::string call_id_;
  bool succeeded_ = false;  ///< All that is left is to end the old call.
  Referral referral_;
  MiRequest subscribe_;
  MiRequest end_;
  base::Timer linger_;  ///< A REFER that was sent cannot be called back; the call that it brings can be ended.
};

}  // namespace callwright::opensips
