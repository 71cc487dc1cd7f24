// What two joined streams do for each other: packets go on as they are wherever nobody needs their sound (relay), else as sound (process).
#include "media/conference.hpp"
#include "media/stream.hpp"

#include <algorithm>
#include <utility>

namespace callwright::media {
namespace {

/// So long frames wait for a moment at which no packet is half heard or half made; then a part of one is given up.
constexpr unsigned kFramesOfPatience = 50;

/// The longest that a jitter buffer would have taken too.
constexpr std::size_t kMaxPayload = 2048;

/// A decoder of Opus takes whatever an encoder makes (RFC 7587 §6.1), so only what limits the sender stands in the way of packets made for somebody else.
bool takes_any(const audio::CodecOptions& options) noexcept {
  return !options.max_bit_rate && !options.constant_bit_rate && options.max_playback_rate >= audio::CodecOptions{}.max_playback_rate;
}

}  // namespace

void Stream::join(Stream& other) {
  if (&other == this || (joint_ != nullptr && joint_->partner == &other)) {
    return;
  }
  part();
  other.part();
  joint_ = std::make_unique<Joint>();
  joint_->partner = &other;
  other.joint_ = std::make_unique<Joint>();
  other.joint_->partner = this;
  speak_for_partner();
  other.speak_for_partner();
}

void Stream::part() {
  if (part_from_conference() || joint_ == nullptr) {
    return;
  }
  Stream& other = *joint_->partner;
  stop_forwarding();
  other.stop_forwarding();
  joint_.reset();
  other.joint_.reset();
  speak_for_partner();
  other.speak_for_partner();
}

void Stream::set_source(std::unique_ptr<audio::Source> source, audio::SampleRate rate) {
  own_source_ = source != nullptr;
  if (own_source_) {
    send_.set_source(std::move(source), rate);
    if (joint_ != nullptr) {
      joint_->says.reset();
    }
  } else {
    speak_for_partner();
  }
  review_joint();
}

/// Where nothing of its own is played, a stream says what its partner hears; alone, nothing.
void Stream::speak_for_partner() {
  if (own_source_) {
    return;
  }
  if (seat_ != nullptr) {
    send_.set_source(std::make_unique<SoundQueueSource>(seat_->says), seat_->rate);
    return;
  }
  if (joint_ == nullptr) {
    send_.set_source(nullptr, rate());
    return;
  }
  const Stream& other = *joint_->partner;
  if (!other.joint_->forwards && joint_->says != other.joint_->heard) {
    joint_->says = other.joint_->heard;
    send_.set_source(std::make_unique<SoundQueueSource>(other.joint_->heard), other.rate());
  }
}

bool Stream::can_forward() const noexcept {
  const Stream& other = *joint_->partner;
  return state_ == State::Running && other.state_ == State::Running && parameters_.codec == other.parameters_.codec &&
         takes_any(other.parameters_.codec_options) && taps_.empty() && other.taps_.empty() && listening_.when == Listening::Alone && reader_ == nullptr &&
         !joint_->other_law && !other.own_source_ && !other.send_.pressing();
}

void Stream::review_joint() {
  if (joint_ == nullptr) {
    return;
  }
  for (Stream* const stream : {this, joint_->partner}) {
    if (!stream->can_forward()) {
      stream->stop_forwarding();
    }
  }
}

void Stream::begin_forwarding(base::TimePoint now) {
  if (joint_->forwards || !can_forward()) {
    return;
  }
  Stream& other = *joint_->partner;
  if (++joint_->waits < kFramesOfPatience && !(receive_.whole() && other.send_.idle())) {
    return;
  }
  // What is heard already goes first, as sound; then the packets that wait to be heard: nothing is lost.
  for (std::size_t i = 0; i < SoundQueue::kMaxFrames && !joint_->heard->empty() && other.can_send(); ++i) {
    other.send_.frame();
  }
  joint_->heard->clear();
  joint_->forwards = true;
  other.send_.begin_forwarding(receive_.next_timestamp());
  rtp::Packet packet;
  while (receive_.take(packet)) {
    if (receive_.agreed(packet.payload_type)) {
      forward(packet, ReceivePath::Kind::Sound, now);
    }
  }
  rest();
}

/// Gives back what packets that pass through do not need.
void Stream::rest() {
  receive_.rest();
  joint_->partner->send_.rest();
  detector_.reset();
  keys_in_sound_.reset();
  ears_.reset();
}

void Stream::forward(const rtp::Packet& packet, ReceivePath::Kind kind, base::TimePoint arrival) {
  Stream& other = *joint_->partner;
  const bool key = kind == ReceivePath::Kind::Keys;
  if (packet.payload.size() > kMaxPayload) {
    ++refused_;
    return;
  }
  if (!key && packet.payload_type != parameters_receive_type()) {
    if (!receive_.agreed(packet.payload_type)) {
      // The other law of G.711, which the partner has not agreed on: from here on as sound.
      joint_->other_law = true;
      stop_forwarding();
      (void)receive_.insert(packet, arrival);
      return;
    }
  } else if (!key) {
    joint_->last.assign(packet.payload.begin(), packet.payload.end());
  }
  if (!other.can_send()) {
    other.send_.begin_forwarding(std::nullopt);  // What is not to be sent is not to look lost.
    return;
  }
  if (key && !other.send_.takes_events()) {
    return;
  }
  joint_->key_forwarded = joint_->key_forwarded || key;
  other.send_.forward(packet, key ? SendPath::Content::Keys : SendPath::Content::Sound, arrival);
}

void Stream::stop_forwarding() {
  if (!std::exchange(joint_->forwards, false)) {
    return;
  }
  joint_->waits = 0;
  Stream& other = *joint_->partner;
  receive_.wake(joint_->last);
  joint_->last = {};
  other.send_.end_forwarding(now_);
  other.speak_for_partner();
  // The partner's next frame may come before this one's.
  joint_->heard->clear();
  joint_->heard->push(receive_.frame(next_frame_));
}

/// A key that was not passed on as it came is pressed anew, in the way in which the partner takes it.
void Stream::press_at_partner(const rtp::DtmfPress& press) {
  if (joint_ == nullptr || std::exchange(joint_->key_forwarded, false)) {
    return;
  }
  KeyTiming timing;
  timing.press =
      std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(press.duration), std::chrono::milliseconds(40), std::chrono::milliseconds(5000));
  Stream& other = *joint_->partner;
  if (const auto pressed = other.press(std::string_view(&press.digit, 1), timing); !pressed) {
    other.emit(KeysRefused{pressed.error()}, now_);
  }
}

}  // namespace callwright::media
