#pragma once

#include "base/timers.hpp"
#include "call/call_control.hpp"

#include <memory>
#include <unordered_map>

namespace callwright::server::call_api {

/// Gives commands up that take longer than their clients want to wait, whoever carries them out. Engine thread.
class Deadlines final : public call::CommandObserver {
 public:
  /// All outlive this. Events go on to `next`.
  Deadlines(base::Timers& timers, call::CallControl& control, call::CommandObserver& next);
  ~Deadlines() override;
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  /// Zero: it may take as long as it takes.
  void submit(call::CommandId id, const call::Command& command, base::Duration deadline);

  void on_command_event(const call::CommandEvent& event) override;

 private:
  struct Running;

  base::Timers& timers_;
  call::CallControl& control_;
  call::CommandObserver& next_;
  std::unordered_map<call::CommandId, std::unique_ptr<Running>> running_;
};

}  // namespace callwright::server::call_api
