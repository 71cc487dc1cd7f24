#include "call/sound_command.hpp"

#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

SoundCommand::SoundCommand(const Setup& setup, Parties parties)
    : switchboard_(setup.switchboard),
      timeouts_(setup.timeouts),
      id_(setup.id),
      observer_(setup.observer),
      parties_(std::move(parties)),
      deadline_(setup.switchboard.user_agent().timers(), base::Callback::to<&SoundCommand::on_deadline>(*this)) {}

void SoundCommand::start() {
  ActiveCall* const call = switchboard_.find(parties_.call_id);
  if (call == nullptr) {
    fail("404 Dialog not found");
    return;
  }
  const auto streams = call->streams(parties_.call_id, parties_.side);
  if (streams) {
    on_taken_in(base::ok());
  } else if (streams.error().code != base::Errc::Unsupported) {
    fail("410 Dialog not ready");
  } else {
    deadline_.start(timeouts_.media_answer);
    call->take_media_in([find = finder(*this)](const base::Result<void>& taken) {
      if (SoundCommand* const self = find(); self != nullptr && !self->over_) {
        self->on_taken_in(taken);
      }
    });
  }
}

void SoundCommand::on_taken_in(const base::Result<void>& taken) {
  deadline_.cancel();
  ActiveCall* const call = switchboard_.find(parties_.call_id);
  if (!taken || call == nullptr) {
    const bool busy = !taken && taken.error().code == base::Errc::WrongState;
    fail(busy ? "491 Request Pending" : taken ? "410 Dialog not ready" : "488 Not Acceptable Here: " + taken.error().message());
    return;
  }
  const auto streams = call->streams(parties_.call_id, parties_.side);
  if (!streams) {
    fail("410 Dialog not ready");
    return;
  }
  works_ = true;
  conference_ = call->party(Side::Caller) == nullptr;
  work(*call, *streams);
}

std::string_view SoundCommand::leg_of(std::size_t place) const noexcept {
  if (conference_) {
    return {};
  }
  return to_string(parties_.side.value_or(place == 0 ? Side::Caller : Side::Callee));
}

void SoundCommand::on_deadline() { fail("408 Request Timeout: the phones do not agree to media through the exchange"); }

void SoundCommand::cancel(std::string_view why) {
  if (!over_ && !(works_ && undo(why))) {
    fail(std::string(why));
  }
}

void SoundCommand::fail(std::string text) {
  over_ = true;
  emit(Kind::Failed, {}, std::move(text));
  finish();
}

void SoundCommand::finish() {
  over_ = true;
  deadline_.cancel();
  emit(Kind::Ended);
  switchboard_.finish(*this);
}

void SoundCommand::emit(Kind kind, std::string_view leg, std::string extra) {
  CommandEvent event;
  event.command = id_;
  event.kind = kind;
  event.leg = leg;
  event.extra = std::move(extra);
  observer_.on_command_event(event);
}

}  // namespace callwright::call
