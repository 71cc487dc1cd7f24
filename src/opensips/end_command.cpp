#include "opensips/end_command.hpp"

namespace callwright::opensips {
namespace {

constexpr int kNotFound = 404;

}  // namespace

EndCommand::EndCommand(CommandDesk& desk, call::CommandId id, const call::EndCall& command, call::CommandObserver& observer)
    : RunningCommand(desk, id, observer), call_id_(command.call_id), request_(desk.mi, [this](const MiOutcome& outcome) { return on_outcome(outcome); }) {}

void EndCommand::start() {
  request_.send(MiCommand::EndDialog, {parameter("dialog_id", call_id_)}, MiRequest::Repeat::WhileUnanswered, desk_.settings.answer_timeout);
}

MiRequest::Next EndCommand::on_outcome(const MiOutcome& outcome) {
  // Asked twice, the proxy may not find the call because it has ended it the first time. Either way it is not there.
  const bool has_ended = outcome.kind == MiOutcome::Kind::Refused && outcome.code == kNotFound && outcome.repeated;
  if (outcome.kind != MiOutcome::Kind::Answered && !has_ended) {
    emit_failed(outcome.text);
  }
  end();
  gone();
  return MiRequest::Next::Done;
}

}  // namespace callwright::opensips
