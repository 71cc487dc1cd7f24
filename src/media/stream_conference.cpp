// What a stream does in a conference: its frames are due when those of the conference are.
#include "media/conference.hpp"
#include "media/stream.hpp"

#include <utility>

namespace callwright::media {

void Stream::do_frames(base::TimePoint now) {
  if (seat_ != nullptr) {
    return;  // The conference does them, all streams of it together.
  }
  if (!std::exchange(ticked_, true)) {
    next_frame_ = now;
  }
  skip_stall(now);
  // A tick may come half a frame late or early: it does one frame all the same, so that no two leave together.
  for (; next_frame_ <= now + kFrame / 2; next_frame_ += kFrame) {
    send_frame(now);
    play_frame(now);
    if (joint_ != nullptr) {
      joint_->partner->begin_forwarding(now);
    }
  }
}

/// What is heard goes to the mixer. Who may not be heard, since either side holds, is silent, whatever was there before.
void Stream::tell_conference(std::span<const audio::Sample> frame) {
  if (seat_ != nullptr && sdp::receives(parameters_.direction)) {
    seat_->conference->hear(*seat_, frame);
  }
}

bool Stream::play_in_conference(base::TimePoint due, base::TimePoint now) {
  if (state_ != State::Running || next_frame_ - due >= kFrame) {
    return false;
  }
  for (; due - next_frame_ >= kFrame; next_frame_ += kFrame) {
    skip_frame(now);
  }
  play_frame(now);
  return true;
}

void Stream::send_in_conference(base::TimePoint now) {
  send_frame(now);
  if (own_source_ || !can_send()) {
    seat_->says->clear();
  }
  next_frame_ += kFrame;
}

bool Stream::part_from_conference() {
  if (seat_ == nullptr) {
    return false;
  }
  seat_->conference->remove(*seat_);
  speak_for_partner();
  return true;
}

}  // namespace callwright::media
