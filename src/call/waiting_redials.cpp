#include "call/waiting_redials.hpp"

#include <chrono>
#include <utility>

namespace callwright::call {
namespace {

/// After a call has ended: for the phones to be ready, and for what has ended it to be over.
constexpr base::Duration kPause = std::chrono::seconds(1);

void report(CommandId id, CommandEvent::Kind kind, CommandObserver& observer, const std::string& callee, const std::string& extra = {}) {
  CommandEvent event;
  event.command = id;
  event.kind = kind;
  event.callee = callee;
  event.extra = extra;
  observer.on_command_event(event);
}

}  // namespace

struct WaitingRedials::Waiting {
  Waiting(WaitingRedials& redials, CommandId its_id, const RedialCall& its_command, CommandObserver& its_observer)
      : owner(redials),
        id(its_id),
        command(its_command),
        observer(its_observer),
        deadline(redials.timers_, base::Callback::to<&Waiting::on_deadline>(*this)),
        pause(redials.timers_, base::Callback::to<&Waiting::on_pause>(*this)) {}

  void on_deadline() { owner.cancel(id, "480 the callee was busy all the time"); }
  void on_pause() { owner.look(id); }

  WaitingRedials& owner;
  CommandId id;
  RedialCall command;
  CommandObserver& observer;
  base::Timer deadline;
  base::Timer pause;
};

WaitingRedials::WaitingRedials(base::Timers& timers, Busy busy, Start start) : timers_(timers), busy_(std::move(busy)), start_(std::move(start)) {}

WaitingRedials::~WaitingRedials() = default;

void WaitingRedials::add(CommandId id, const RedialCall& command, CommandObserver& observer) {
  if (!busy_(command.call)) {
    start_(id, command.call, observer);
    return;
  }
  Waiting& waiting = *waiting_.emplace(id, std::make_unique<Waiting>(*this, id, command, observer)).first->second;
  waiting.deadline.start(command.limit);
  report(id, CommandEvent::Kind::CalleeBusy, observer, command.call.callee);
}

bool WaitingRedials::cancel(CommandId id, const std::string& why) {
  const auto ended = waiting_.extract(id);
  if (ended.empty()) {
    return false;
  }
  CommandObserver& observer = ended.mapped()->observer;
  report(id, CommandEvent::Kind::Failed, observer, {}, why);
  report(id, CommandEvent::Kind::Ended, observer, {});
  return true;
}

void WaitingRedials::cancel_all(const std::string& why) {
  while (!waiting_.empty()) {
    cancel(waiting_.begin()->first, why);
  }
}

void WaitingRedials::note(const decltype(Event::what)& what) {
  if (waiting_.empty() || !(std::holds_alternative<CallEnded>(what) || std::holds_alternative<CallReplaced>(what))) {
    return;
  }
  for (const auto& [id, waiting] : waiting_) {
    waiting->pause.start(kPause);
  }
}

void WaitingRedials::look(CommandId id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end() || busy_(found->second->command.call)) {
    return;
  }
  const auto free = waiting_.extract(found);
  start_(id, free.mapped()->command.call, free.mapped()->observer);
}

}  // namespace callwright::call
