#pragma once

#include "call/bridge_media.hpp"
#include "call/command_timeouts.hpp"
#include "call/running_command.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace callwright::call {

/// The command BridgeCalls: the two leave their calls, the one gets the offer of the other (RFC 3725 §4.1, with re-INVITEs), and a Bridge takes over.
class Joining final : public ActiveCall, public RunningCommand, private sip::InviteSessionObserver, private BridgeMedia::Owner {
 public:
  Joining(Switchboard& switchboard, CommandTimeouts timeouts, CommandId id, BridgeCalls command, CommandObserver& observer);
  ~Joining() override;

  void start();
  void hang_up() override { cancel("the call was ended"); }

  // RunningCommand
  [[nodiscard]] CommandId id() const noexcept override { return id_; }
  void cancel(std::string_view why) override;

 private:
  void on_confirmed(sip::InviteSession& session, std::string_view sdp) override;
  void on_reinvite_result(sip::InviteSession& session, const sip::InviteProgress& result) override;
  void on_ended(sip::InviteSession& session, const sip::SessionEnd& end) override;
  void on_media_failed(const base::Error& error) override { cancel("the media failed: " + error.message()); }
  [[nodiscard]] const std::string& journal_id() const override { return one_->call_id(); }
  void on_deadline() { cancel("408 Request Timeout: the phones have not agreed"); }

  void begin();
  void take_offer(std::string_view sdp);
  void take_answer(std::string_view sdp);
  void fail(std::string text);
  void finish();
  void emit(CommandEvent::Kind kind, std::string extra = {});

  Switchboard& switchboard_;
  const CommandTimeouts timeouts_;
  const CommandId id_;
  const BridgeCalls command_;
  CommandObserver& observer_;
  std::unique_ptr<sip::InviteSession> one_;
  std::unique_ptr<sip::InviteSession> other_;
  std::string journal_of_one_;
  std::string journal_of_other_;
  std::unique_ptr<BridgeMedia> media_;  ///< Null: they bypass the exchange.
  bool begun_ = false;
  bool offered_ = false;
  bool over_ = false;
  base::Timer deadline_;
};

}  // namespace callwright::call
