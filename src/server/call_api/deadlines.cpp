#include "server/call_api/deadlines.hpp"

#include <chrono>
#include <string>

namespace callwright::server::call_api {

using Kind = call::CommandEvent::Kind;

struct Deadlines::Running {
  Running(Deadlines& deadlines, call::CommandId command, base::Duration limit)
      : owner(deadlines), id(command), deadline(limit), timer(deadlines.timers_, base::Callback::to<&Running::fire>(*this)) {
    timer.start(deadline);
  }
  /// This is gone as soon as the command has ended, maybe from within.
  void fire() {
    over = true;
    owner.control_.cancel(id);
  }

  Deadlines& owner;
  const call::CommandId id;
  const base::Duration deadline;
  bool over = false;
  base::Timer timer;
};

Deadlines::Deadlines(base::Timers& timers, call::CallControl& control, call::CommandObserver& next) : timers_(timers), control_(control), next_(next) {}

Deadlines::~Deadlines() = default;

void Deadlines::submit(call::CommandId id, const call::Command& command, base::Duration deadline) {
  if (deadline > base::Duration::zero()) {
    running_.emplace(id, std::make_unique<Running>(*this, id, deadline));
  }
  control_.submit(id, command, *this);
}

void Deadlines::on_command_event(const call::CommandEvent& event) {
  const auto found = running_.find(event.command);
  if (found == running_.end()) {
    next_.on_command_event(event);
    return;
  }
  if (event.kind == Kind::Failed && found->second->over) {
    call::CommandEvent late = event;
    late.extra = "the command took longer than its deadline of " +
                 std::to_string(std::chrono::duration_cast<std::chrono::seconds>(found->second->deadline).count()) + " s";
    next_.on_command_event(late);
    return;
  }
  if (event.kind == Kind::Ended) {
    running_.erase(found);
  }
  next_.on_command_event(event);
}

}  // namespace callwright::server::call_api
