#include "rtp/dtmf_receiver.hpp"

#include <algorithm>

namespace callwright::rtp {
namespace {

constexpr std::uint32_t kSegment = 0xffff;
constexpr std::size_t kMaxPacked = 16;

}  // namespace

void DtmfReceiver::receive(Timestamp timestamp, Bytes payload, base::TimePoint arrival, std::vector<DtmfPress>& out) {
  auto begin = static_cast<std::uint32_t>(timestamp);
  for (std::size_t i = 0; i < kMaxPacked; ++i) {
    const auto event = TelephoneEvent::parse(payload);
    if (!event) {
      return;
    }
    if (digit_of_event(event->event)) {
      take(begin, *event, arrival, out);
    }
    begin += event->duration;
    payload = payload.subspan(TelephoneEvent::kSize);
  }
}

void DtmfReceiver::take(std::uint32_t timestamp, const TelephoneEvent& event, base::TimePoint arrival, std::vector<DtmfPress>& out) {
  if (is_over(timestamp)) {
    return;
  }
  const bool known = current_ && event.event == current_->event;
  if (known && timestamp == current_->segment + kSegment) {
    remember(current_->segment);
    current_->segment = timestamp;
    current_->duration = 0;
  }
  if (current_ && timestamp == current_->segment) {
    // Another key cannot have been pressed at the same instant: the packet is wrong.
    return known ? follow(event, arrival, out) : void();
  }
  if (current_ && static_cast<std::int32_t>(timestamp - current_->segment) < 0) {
    // All of an earlier press but this packet was lost or is still to come; what it says is told at once.
    out.push_back(told({event.event, timestamp, timestamp, event.duration, arrival}));
    return remember(timestamp);
  }
  finish(out);
  current_ = Press{event.event, timestamp, timestamp, 0, arrival};
  follow(event, arrival, out);
}

void DtmfReceiver::follow(const TelephoneEvent& event, base::TimePoint arrival, std::vector<DtmfPress>& out) {
  current_->duration = std::max(current_->duration, event.duration);
  current_->last_arrival = arrival;
  if (event.end == EventEnd::Yes) {
    finish(out);
  }
}

void DtmfReceiver::finish(std::vector<DtmfPress>& out) {
  if (!current_) {
    return;
  }
  out.push_back(told(*current_));
  remember(current_->segment);
  current_.reset();
}

std::optional<DtmfPress> DtmfReceiver::expire(base::TimePoint now) {
  if (!current_ || now - current_->last_arrival < kSilence) {
    return std::nullopt;
  }
  const DtmfPress press = told(*current_);
  remember(current_->segment);
  current_.reset();
  return press;
}

void DtmfReceiver::remember(std::uint32_t timestamp) noexcept { over_[over_count_++ % over_.size()] = timestamp; }

bool DtmfReceiver::is_over(std::uint32_t timestamp) const noexcept {
  const auto end = over_.begin() + static_cast<std::ptrdiff_t>(std::min(over_count_, over_.size()));
  return std::find(over_.begin(), end, timestamp) != end;
}

DtmfPress DtmfReceiver::told(const Press& press) const noexcept {
  const std::uint64_t ticks = std::uint64_t{press.segment - press.start} + press.duration;
  const std::chrono::microseconds duration(ticks * 1'000'000 / clock_rate_);
  return {digit_of_event(press.event).value_or('?'), duration, Timestamp{press.start}};
}

}  // namespace callwright::rtp
