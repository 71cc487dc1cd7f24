#include "call/measurement.hpp"

#include "call/media_desk.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace callwright::call {

using Kind = CommandEvent::Kind;

namespace {

/// Streams answer at their next tick, 20 ms later at most; a machine that is that late has other worries.
constexpr std::chrono::seconds kPatience{1};

}  // namespace

Measurement::Measurement(Switchboard& switchboard, CommandId id, MeasureCall command, CommandObserver& observer)
    : switchboard_(switchboard),
      id_(id),
      command_(std::move(command)),
      observer_(observer),
      tell_(switchboard.user_agent().timers(), base::Callback::to<&Measurement::tell>(*this)) {}

std::vector<media::StreamId> Measurement::measured() const {
  std::vector<media::StreamId> all;
  for (const std::string& call_id : command_.call_ids) {
    ActiveCall* const call = switchboard_.find(call_id);
    const auto found = call == nullptr ? base::Result<std::vector<media::StreamId>>(std::vector<media::StreamId>()) : call->streams(call_id, {});
    for (const media::StreamId stream : found ? *found : std::vector<media::StreamId>()) {
      if (std::find(all.begin(), all.end(), stream) == all.end()) {
        all.push_back(stream);
      }
    }
  }
  return all;
}

void Measurement::start() {
  MediaDesk* const desk = switchboard_.media();
  const std::vector<media::StreamId> asked = desk == nullptr ? std::vector<media::StreamId>() : measured();
  legs_.resize(asked.size());
  for (std::size_t place = 0; place < asked.size(); ++place) {
    const bool known = desk->legs().measure(asked[place], [find = finder(*this), place](const LegQuality* quality) {
      if (Measurement* const self = find()) {
        self->on_told(place, quality);
      }
    });
    awaited_ += known ? 1 : 0;
  }
  tell_.start(awaited_ == 0 ? base::Duration::zero() : kPatience);
}

void Measurement::on_told(std::size_t place, const LegQuality* quality) {
  if (over_) {
    return;
  }
  if (quality != nullptr) {
    legs_[place] = *quality;
  }
  if (--awaited_ == 0) {
    tell_.start(base::Duration::zero());
  }
}

void Measurement::tell() {
  auto known = std::make_shared<std::vector<LegQuality>>();
  for (std::optional<LegQuality>& leg : legs_) {
    if (leg) {
      known->push_back(std::move(*leg));
    }
  }
  CommandEvent measured;
  measured.kind = Kind::MediaMeasured;
  measured.call_id = command_.call_ids.empty() ? std::string() : command_.call_ids.front();
  measured.media = std::move(known);
  over_ = true;
  emit(std::move(measured));
  finish();
}

void Measurement::cancel(std::string_view why) {
  if (over_) {
    return;
  }
  over_ = true;
  CommandEvent failed;
  failed.kind = Kind::Failed;
  failed.extra = why;
  emit(std::move(failed));
  finish();
}

void Measurement::finish() {
  tell_.cancel();
  emit({});
  switchboard_.finish(*this);
}

void Measurement::emit(CommandEvent event) {
  event.command = id_;
  observer_.on_command_event(event);
}

}  // namespace callwright::call
