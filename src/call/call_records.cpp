#include "call/call_records.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {
namespace {

constexpr std::size_t kIdSize = 24;

}  // namespace

std::vector<RecordedLeg> legs_of(const BookedCall& call) {
  std::vector<RecordedLeg> legs;
  for (const BookedCall::Leg& leg : call.legs) {
    const std::size_t before = legs.size();
    for (const MediaEnded& media : call.media) {
      if (media.leg == leg.call_id) {
        legs.push_back({leg, &media});
      }
    }
    if (legs.size() == before) {
      legs.push_back({leg, nullptr});
    }
  }
  for (const MediaEnded& media : call.media) {
    if (std::none_of(call.legs.begin(), call.legs.end(), [&media](const BookedCall::Leg& leg) { return leg.call_id == media.leg; })) {
      legs.push_back({{media.leg, media.party, Side::Callee, {}, {}}, &media});
    }
  }
  return legs;
}

base::Duration talk_time(const BookedCall& call) noexcept {
  return call.answered == base::WallTime{} ? base::Duration::zero() : std::max(call.ended - call.answered, base::Duration::zero());
}

void CallRecords::note(const Event& event) {
  if (!event.agent.empty() || event.call_id.empty()) {
    return;
  }
  if (const auto* const ended = std::get_if<CallEnded>(&event.what)) {
    if (auto call = open_.end(event, *ended)) {
      wait_for_media(std::move(*call));
    }
    return;
  }
  const auto open = open_.note(event);
  if (const auto* const media = std::get_if<MediaEnded>(&event.what); media != nullptr && open == nullptr) {
    note_media(event, *media);
  }
}

void CallRecords::wait_for_media(BookedCall call) {
  const std::size_t streams = call.end.streams;
  if (streams == 0) {
    record(std::move(call));
    return;
  }
  waiting_.push_back({timers_.clock().now() + kMediaLimit, streams, std::move(call)});
  if (!deadline_.pending()) {
    deadline_.start(kMediaLimit);
  }
}

void CallRecords::note_media(const Event& event, const MediaEnded& what) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&event](const Waiting& waiting) { return waiting.call.is_called(event.call_id); });
  if (found == waiting_.end()) {
    return;
  }
  found->call.add(what);
  if (--found->streams == 0) {
    BookedCall complete = std::move(found->call);
    waiting_.erase(found);
    record(std::move(complete));
  }
}

void CallRecords::on_deadline() {
  const base::TimePoint now = timers_.clock().now();
  while (!waiting_.empty() && waiting_.front().deadline <= now) {
    BookedCall late = std::move(waiting_.front().call);
    waiting_.pop_front();
    record(std::move(late));
  }
  if (!waiting_.empty()) {
    deadline_.start(waiting_.front().deadline - now);
  }
}

void CallRecords::finish(base::WallTime now) {
  deadline_.cancel();
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    record(std::move(waiting.call));
  }
  for (const OpenCalls::Shared& open : open_.take_all()) {
    BookedCall& call = *open;
    call.state = BookedCall::State::Ended;
    call.ended = now;
    call.end = {.status = 503, .reason = "The server stopped", .by = CallEnded::By::Exchange};
    for (BookedCall::Leg& leg : call.legs) {
      leg.until = leg.until == base::WallTime{} ? now : leg.until;
    }
    record(std::move(call));
  }
}

void CallRecords::record(BookedCall call) { on_record_({random_.token(kIdSize), std::move(call)}); }

}  // namespace callwright::call
