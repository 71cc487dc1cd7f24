#pragma once

#include "call/command_timeouts.hpp"
#include "call/conference.hpp"
#include "call/running_command.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::call {

/// A command that brings parties into a conference, or to where they are alone: ends when they are there, or some will not be.
class Seating final : public ActiveCall, public RunningCommand, private CallWatcher {
 public:
  Seating(Switchboard& switchboard, base::Duration limit, CommandId id, CommandObserver& observer);

  /// For the conference to tell.
  [[nodiscard]] FindWatcher watcher() {
    CallWatcher& self = *this;
    return finder(self);
  }
  /// One that `watcher` was given for.
  void expect(std::string call_id) { call_ids_.push_back(std::move(call_id)); }
  /// One that is called: the command tells so, and hangs it up when it is given up.
  void expect_called(std::string call_id, std::string destination);
  /// They are parked in this slot.
  void expect_parked(std::string slot) { slot_ = std::move(slot); }
  /// Whoever `also` finds is told how it goes, too.
  void tell(FindWatcher also) { also_ = std::move(also); }
  /// There is one that cannot come.
  void fail(std::string text);

  void hang_up() override { cancel("the call was ended"); }

  // RunningCommand
  [[nodiscard]] CommandId id() const noexcept override { return id_; }
  void cancel(std::string_view why) override;

 private:
  // CallWatcher
  void on_answered() override;
  void on_refused(int status, std::string_view reason) override;
  void on_moved(ActiveCall& /*call*/) override {}
  void on_deadline() { cancel("408 Request Timeout: the phones have not agreed"); }

  void settle();
  void finish();
  void emit(CommandEvent::Kind kind, std::string call_id = {}, std::string extra = {}, std::string destination = {});

  Switchboard& switchboard_;
  const CommandId id_;
  CommandObserver& observer_;
  std::vector<std::string> call_ids_;
  std::string slot_;
  FindWatcher also_;
  std::size_t settled_ = 0;
  std::string refusal_;  ///< The first, in words.
  bool called_ = false;
  bool over_ = false;
  base::Timer deadline_;
};

}  // namespace callwright::call
