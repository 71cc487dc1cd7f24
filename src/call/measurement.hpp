#pragma once

#include "call/running_command.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::call {

/// The command MeasureCall: asks the streams of the calls, and tells what those say that answer within a second.
class Measurement final : public ActiveCall, public RunningCommand {
 public:
  Measurement(Switchboard& switchboard, CommandId id, MeasureCall command, CommandObserver& observer);

  void start();
  void hang_up() override { cancel("the call was ended"); }

  // RunningCommand
  [[nodiscard]] CommandId id() const noexcept override { return id_; }
  void cancel(std::string_view why) override;

 private:
  [[nodiscard]] std::vector<media::StreamId> measured() const;
  void on_told(std::size_t place, const LegQuality* quality);
  void tell();
  void finish();
  void emit(CommandEvent event);

  Switchboard& switchboard_;
  const CommandId id_;
  const MeasureCall command_;
  CommandObserver& observer_;
  std::vector<std::optional<LegQuality>> legs_;  ///< In the order of the streams; nothing as long as one is silent, or when it has ended.
  std::size_t awaited_ = 0;
  bool over_ = false;
  base::Timer tell_;  ///< What is known is told from here, since a stream may end in the middle of something.
};

}  // namespace callwright::call
