// What a stream gives to those that hear along.
#include "media/stream.hpp"

#include <algorithm>

namespace callwright::media {

void Stream::add_tap(StreamTap& tap) {
  taps_.push_back(&tap);
  review_joint();
}

void Stream::remove_tap(StreamTap& tap) {
  std::erase(taps_, &tap);
  review_joint();
}

void Stream::tell_heard(std::span<const audio::Sample> frame) {
  for (StreamTap* const tap : taps_) {
    tap->on_heard(frame, receive_.rate(), receive_.heard_until() - kFrame);
  }
}

SendPath::Sound Stream::say_frame() {
  if (taps_.empty()) {
    return send_.frame();
  }
  const base::TimePoint at = said_at();
  const SendPath::Sound sound = send_.frame();
  for (StreamTap* const tap : taps_) {
    tap->on_said(send_.said(), send_.rate(), at);
  }
  return sound;
}

/// What comes from the partner has waited in its jitter buffer.
base::TimePoint Stream::said_at() const noexcept {
  if (joint_ == nullptr || own_source_ || send_.pressing()) {
    return next_frame_;
  }
  const Stream& partner = *joint_->partner;
  return partner.receive_.heard_until() - audio::duration_of(partner.joint_->heard->size(), partner.rate());
}

}  // namespace callwright::media
