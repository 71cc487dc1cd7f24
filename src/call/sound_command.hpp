#pragma once

#include "call/command_timeouts.hpp"
#include "call/running_command.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

class CallRecording;
using RunningRecordings = std::map<std::string, CallRecording*, std::less<>>;

/// A command on the sound of a call that is up: has its media pass through the exchange where they do not, and then does its work on the streams.
class SoundCommand : public ActiveCall, public RunningCommand {
 public:
  struct Setup {
    Switchboard& switchboard;
    CommandTimeouts timeouts;
    CommandId id;
    CommandObserver& observer;
  };
  struct Parties {
    std::string call_id;
    std::optional<Side> side = {};  ///< Nothing: both.
  };

  void start();
  void hang_up() override { cancel("the call was ended"); }

  // RunningCommand
  [[nodiscard]] CommandId id() const noexcept override { return id_; }
  void cancel(std::string_view why) override;

 protected:
  SoundCommand(const Setup& setup, Parties parties);

  /// The call is up, and these are its streams with the parties. Ends by `finish` or `fail`, now or later.
  virtual void work(ActiveCall& call, const std::vector<media::StreamId>& streams) = 0;
  /// It is given up in the middle of the work. True: its end follows, with Failed and `why`; false: that is to be told now.
  [[nodiscard]] virtual bool undo(std::string_view /*why*/) { return false; }

  void fail(std::string text);
  void finish();
  void emit(CommandEvent::Kind kind, std::string_view leg = {}, std::string extra = {});
  /// What `leg` is for the stream with that place among the streams.
  [[nodiscard]] std::string_view leg_of(std::size_t place) const noexcept;
  [[nodiscard]] bool over() const noexcept { return over_; }
  [[nodiscard]] Switchboard& switchboard() const noexcept { return switchboard_; }
  [[nodiscard]] const Parties& parties() const noexcept { return parties_; }

 private:
  void on_taken_in(const base::Result<void>& taken);
  void on_deadline();

  Switchboard& switchboard_;
  const CommandTimeouts timeouts_;
  const CommandId id_;
  CommandObserver& observer_;
  const Parties parties_;
  bool conference_ = false;
  bool works_ = false;
  bool over_ = false;
  base::Timer deadline_;  ///< For the phones to agree.
};

}  // namespace callwright::call
