#include "rtp/dtmf_sender.hpp"

#include <algorithm>

namespace callwright::rtp {
namespace {

constexpr std::uint32_t kLongestSegment = 0xffff;
constexpr unsigned kEndPackets = 3;
constexpr std::chrono::hours kLongestPress{1};
constexpr std::chrono::minutes kLongestGap{1};

std::uint32_t ticks(base::Duration duration, std::uint32_t clock_rate) noexcept {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count() * clock_rate / 1'000'000);
}

}  // namespace

base::Result<void> DtmfSender::press(std::string_view digits, const Timing& timing) {
  if (timing.press < kShortestPress || timing.press > kLongestPress || timing.gap < kShortestGap || timing.gap > kLongestGap) {
    return base::Error(base::Errc::InvalidArgument, "A key is pressed for 40 ms to an hour, with 40 ms to a minute between two presses");
  }
  if (digits.size() > kMaxQueued - queue_.size()) {
    return base::Error(base::Errc::LimitReached, "256 digits at most may wait to be sent; send the others when these are through");
  }
  if (!std::all_of(digits.begin(), digits.end(), [](char digit) { return event_of_digit(digit).has_value(); })) {
    return base::Error(base::Errc::InvalidArgument, "The digits of a telephone are 0 to 9, *, # and A to D");
  }
  for (const char digit : digits) {
    queue_.push_back({*event_of_digit(digit), ticks(timing.press, clock_rate_), ticks(timing.gap, clock_rate_)});
  }
  return base::ok();
}

void DtmfSender::cancel() noexcept {
  queue_.clear();
  if (state_ == State::Pressed) {
    press_.duration = 0;
  }
}

void DtmfSender::frame(Timestamp now, std::uint32_t length, std::vector<EventPacket>& out) {
  const auto time = static_cast<std::uint32_t>(now);
  if (state_ == State::Gap) {
    rest(time, out);
  }
  if (state_ == State::Idle && !queue_.empty()) {
    begin(time);
  }
  if (state_ == State::Pressed) {
    report(time + length - segment_, out);
  }
}

void DtmfSender::begin(std::uint32_t now) {
  press_ = queue_.front();
  queue_.pop_front();
  state_ = State::Pressed;
  segment_ = now;
  before_segment_ = 0;
  last_duration_ = 0;
  marker_ = Marker::Yes;
}

EventPacket DtmfSender::packet(std::uint32_t duration, EventEnd end) const noexcept {
  TelephoneEvent event;
  event.event = press_.event;
  event.end = end;
  event.duration = static_cast<std::uint16_t>(duration);
  return {event, Timestamp{segment_}, marker_};
}

/// `elapsed` is counted from the beginning of the segment to the end of this frame.
void DtmfSender::report(std::uint32_t elapsed, std::vector<EventPacket>& out) {
  // A cancelled press has its duration set to 0: it ends with what was said of it already.
  const std::uint32_t wanted = press_.duration > before_segment_ ? press_.duration - before_segment_ : std::max<std::uint32_t>(last_duration_, 1);
  if (std::min(elapsed, wanted) > kLongestSegment) {
    out.push_back(packet(kLongestSegment, EventEnd::No));
    marker_ = Marker::No;
    segment_ += kLongestSegment;
    before_segment_ += kLongestSegment;
    last_duration_ = 0;
    return report(elapsed - kLongestSegment, out);
  }
  const EventEnd end{elapsed >= wanted};
  last_duration_ = static_cast<std::uint16_t>(std::min(elapsed, wanted));
  out.push_back(packet(last_duration_, end));
  marker_ = Marker::No;
  if (end == EventEnd::Yes) {
    state_ = State::Gap;
    ended_ = segment_ + last_duration_;
    end_packets_ = 1;
  }
}

void DtmfSender::rest(std::uint32_t now, std::vector<EventPacket>& out) {
  if (end_packets_ < kEndPackets) {
    ++end_packets_;
    out.push_back(packet(last_duration_, EventEnd::Yes));
    return;
  }
  if (static_cast<std::int32_t>(now - ended_) >= static_cast<std::int32_t>(press_.gap)) {
    state_ = State::Idle;
  }
}

}  // namespace callwright::rtp
