#pragma once

#include "opensips/running_command.hpp"

namespace callwright::opensips {

/// CallEnd: the proxy hangs up both sides, or cancels what rings.
class EndCommand final : public RunningCommand {
 public:
  EndCommand(CommandDesk& desk, call::CommandId id, const call::EndCall& command, call::CommandObserver& observer);

  void start() override;
  /// Too late: the proxy may have hung up.
  void cancel(std::string_view why) override { give_up(std::string(why)); }

 private:
  MiRequest::Next on_outcome(const MiOutcome& outcome);

  const std::string call_id_;
  MiRequest request_;
};

}  // namespace callwright::opensips
