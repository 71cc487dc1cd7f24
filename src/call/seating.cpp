#include "call/seating.hpp"

#include "call/referral.hpp"

#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

Seating::Seating(Switchboard& switchboard, base::Duration limit, CommandId id, CommandObserver& observer)
    : switchboard_(switchboard), id_(id), observer_(observer), deadline_(switchboard.user_agent().timers(), base::Callback::to<&Seating::on_deadline>(*this)) {
  deadline_.start(limit);
}

void Seating::expect_called(std::string call_id, std::string destination) {
  called_ = true;
  expect(call_id);
  emit(Kind::ConferenceCalling, std::move(call_id), {}, std::move(destination));
}

void Seating::on_answered() {
  ++settled_;
  if (CallWatcher* const watcher = found_by(std::exchange(also_, nullptr))) {
    watcher->on_answered();
  }
  settle();
}

void Seating::on_refused(int status, std::string_view reason) {
  if (refusal_.empty()) {
    refusal_ = status_text(status, reason);
  }
  ++settled_;
  if (CallWatcher* const watcher = found_by(std::exchange(also_, nullptr))) {
    watcher->on_refused(status, reason);
  }
  settle();
}

void Seating::settle() {
  if (over_ || settled_ < call_ids_.size()) {
    return;
  }
  if (!refusal_.empty()) {
    fail(refusal_);
    return;
  }
  for (const std::string& call_id : call_ids_) {
    if (!over_) {
      emit(slot_.empty() ? Kind::ConferenceJoined : Kind::Parked, call_id, slot_);
    }
  }
  if (!over_) {
    finish();
  }
}

void Seating::cancel(std::string_view why) {
  if (over_) {
    return;
  }
  over_ = true;
  if (ActiveCall* const conference = called_ ? switchboard_.find(call_ids_.front()) : nullptr) {
    if (auto* const found = dynamic_cast<Conference*>(conference)) {
      found->remove(call_ids_.front());
    }
  }
  fail(std::string(why));
}

void Seating::fail(std::string text) {
  over_ = true;
  emit(Kind::Failed, {}, std::move(text));
  finish();
}

void Seating::finish() {
  over_ = true;
  deadline_.cancel();
  emit(Kind::Ended);
  switchboard_.finish(*this);
}

void Seating::emit(Kind kind, std::string call_id, std::string extra, std::string destination) {
  CommandEvent event;
  event.command = id_;
  event.kind = kind;
  event.call_id = std::move(call_id);
  event.extra = std::move(extra);
  event.destination = std::move(destination);
  observer_.on_command_event(event);
}

}  // namespace callwright::call
