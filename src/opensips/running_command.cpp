#include "opensips/running_command.hpp"

#include <utility>

namespace callwright::opensips {

void RunningCommand::emit(call::CommandEvent event) {
  if (over_ || failed_) {
    return;
  }
  event.command = id_;
  observer_.on_command_event(event);
}

void RunningCommand::emit_failed(std::string text) {
  if (over_ || failed_) {
    return;
  }
  call::CommandEvent event;
  event.command = id_;
  event.kind = call::CommandEvent::Kind::Failed;
  event.extra = std::move(text);
  failed_ = true;
  observer_.on_command_event(event);
}

void RunningCommand::end() {
  if (std::exchange(over_, true)) {
    return;
  }
  desk_.ended(*this);
  call::CommandEvent event;
  event.command = id_;
  observer_.on_command_event(event);
}

void RunningCommand::give_up(std::string text) {
  emit_failed(std::move(text));
  end();
  gone();
}

}  // namespace callwright::opensips
