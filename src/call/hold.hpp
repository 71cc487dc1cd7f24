#pragma once

#include "call/command_timeouts.hpp"
#include "call/running_command.hpp"

#include <array>
#include <string>
#include <string_view>

namespace callwright::call {

class Conference;

/// The command HoldCall: has the call ask its phones, and tells what they say. It fails when either refuses; then neither is held, or both still are.
class Hold final : public ActiveCall, public RunningCommand, private HoldWatcher {
 public:
  Hold(Switchboard& switchboard, CommandTimeouts timeouts, CommandId id, HoldCall command, CommandObserver& observer);

  void start();
  void hang_up() override { cancel("the call was ended"); }

  // RunningCommand
  [[nodiscard]] CommandId id() const noexcept override { return id_; }
  void cancel(std::string_view why) override;

 private:
  // HoldWatcher
  void on_hold_answered(Side side, int status, std::string_view reason) override;
  void on_held_call_ended() override;
  void on_deadline();

  void start_with_one(Conference& conference);
  /// "" of one that is alone.
  [[nodiscard]] std::string_view leg_of(Side side) const noexcept;
  [[nodiscard]] std::string said_by(Side side, std::string_view what) const;
  /// What is to be, or in words why that cannot be.
  [[nodiscard]] base::Result<PartiesOnHold> wanted(PartiesOnHold present) const;
  [[nodiscard]] bool holds() const noexcept { return command_.change == HoldCall::Change::Hold; }
  void fail(std::string text);
  void finish();
  void emit(CommandEvent::Kind kind, std::string_view leg = {}, std::string extra = {});

  Switchboard& switchboard_;
  const CommandTimeouts timeouts_;
  const CommandId id_;
  const HoldCall command_;
  CommandObserver& observer_;
  std::array<bool, 2> answered_{};  ///< By `Side`.
  std::string refusal_;             ///< The first, in words.
  bool alone_ = false;              ///< There is one party, which counts as the caller.
  bool over_ = false;
  base::Timer deadline_;
};

}  // namespace callwright::call
