#include "media/send_path.hpp"

#include "audio/comfort_noise.hpp"
#include "audio/dtmf.hpp"
#include "audio/resampler.hpp"
#include "media/payload_type.hpp"

#include <algorithm>
#include <utility>

namespace callwright::media {
namespace {

constexpr rtp::PayloadType kComfortNoise{13};  // RFC 3389

/// One source with several owners: it goes on playing where another codec takes over.
class SharedSource final : public audio::Source {
 public:
  explicit SharedSource(std::shared_ptr<audio::Source> source) noexcept : source_(std::move(source)) {}
  std::size_t read(std::span<audio::Sample> out) override { return source_->read(out); }

 private:
  std::shared_ptr<audio::Source> source_;
};

std::unique_ptr<audio::Source> at_rate(const std::shared_ptr<audio::Source>& source, audio::SampleRate from, audio::SampleRate to) {
  if (source == nullptr) {
    return nullptr;
  }
  auto shared = std::make_unique<SharedSource>(source);
  if (from == to) {
    return shared;
  }
  return std::make_unique<audio::ResamplingSource>(std::move(shared), from, to);
}

}  // namespace

base::Result<void> SendPath::configure(const StreamParameters& parameters) {
  const bool same_codec = encoder_ != nullptr && codec_ == parameters.codec && codec_options_ == parameters.codec_options;
  if (!same_codec) {
    auto encoder = audio::make_encoder(*parameters.codec, parameters.codec_options);
    if (!encoder) {
      return encoder.error();
    }
    if (encoder_ != nullptr) {
      drop_partial();
    }
    if (codec_->clock_rate != parameters.codec->clock_rate) {
      events_.reset();
    }
    codec_ = parameters.codec;
    codec_options_ = parameters.codec_options;
    ptime_ = parameters.ptime;
    use_encoder(std::move(*encoder));
  }
  ptime_ = parameters.ptime;
  payload_type_ = to_rtp(parameters.send_payload_type);
  event_payload_type_ = to_rtp(parameters.send_event_payload_type);
  comfort_noise_type_ = parameters.silence == SilenceSending::ComfortNoise ? to_rtp(parameters.send_comfort_noise_payload_type) : std::nullopt;
  packet_samples_ = audio::samples_in(encoder_->packet_time(ptime_), rate_);
  return base::ok();
}

void SendPath::use_encoder(std::unique_ptr<audio::Encoder> encoder) {
  encoder_ = std::move(encoder);
  if (rate_ != encoder_->rate() || sound_ == nullptr) {
    rate_ = encoder_->rate();
    adapt_source();
    suppressor_.reset();
  }
  packet_samples_ = audio::samples_in(encoder_->packet_time(ptime_), rate_);
}

void SendPath::rest() noexcept {
  drop_partial();
  encoder_.reset();
  sound_.reset();
  suppressor_.reset();
  frame_ = {};
  pending_ = {};
  payload_ = {};
  packet_ = {};
}

void SendPath::wake() {
  // It could be made when it was configured.
  use_encoder(audio::make_encoder(*codec_, codec_options_).value());
}

bool SendPath::idle() const noexcept { return !pressing() && pending_.empty() && (sound_ == nullptr || !sound_->fading()); }

void SendPath::forward(const rtp::Packet& packet, Content content, base::TimePoint arrival) {
  packet_.clear();
  const bool static_noise = packet.payload_type == kComfortNoise && content == Content::Sound;
  const rtp::PayloadType type = static_noise ? packet.payload_type : content == Content::Keys ? *event_payload_type_ : payload_type_;
  if (sender_.forward(packet, type, arrival, codec_->clock_rate, packet_)) {
    output_.on_packet(packet_);
  }
}

void SendPath::adapt_source() { sound_ = std::make_unique<audio::FadingSource>(at_rate(source_, source_rate_, rate_), rate_); }

void SendPath::set_source(std::unique_ptr<audio::Source> source, audio::SampleRate rate) {
  source_ = std::move(source);
  source_rate_ = rate;
  if (sound_ != nullptr) {
    sound_->change_to(at_rate(source_, source_rate_, rate_));
  }
}

base::Result<void> SendPath::press(std::string_view keys, const KeyTiming& timing) {
  if (event_payload_type_) {
    if (events_ == nullptr) {
      events_ = std::make_unique<rtp::DtmfSender>(codec_->clock_rate);
    }
    return events_->press(keys, {timing.press, timing.gap});
  }
  auto source = audio::DtmfSource::make(keys, {.press = timing.press, .pause = timing.gap}, rate_);
  if (!source) {
    return source.error();
  }
  keys_in_sound_ = std::move(*source);
  return base::ok();
}

SendPath::Sound SendPath::read_source(std::span<audio::Sample> out) {
  if (sound_->read(out) == out.size() || source_ == nullptr) {
    return Sound::GoesOn;
  }
  source_.reset();
  sound_->change_to(nullptr);
  return Sound::Ended;
}

SendPath::Sound SendPath::frame() {
  if (resting()) {
    wake();
  }
  frame_.resize(audio::samples_in(kFrame, rate_));
  const Sound sound = read_source(frame_);
  said_ = events_ == nullptr || !events_->active();
  if (!said_) {
    drop_partial();
    send_keys();
    return sound;
  }
  if (keys_in_sound_ != nullptr && keys_in_sound_->read(frame_) < frame_.size()) {
    keys_in_sound_.reset();
  }
  if (suppress()) {
    return sound;
  }
  pending_.insert(pending_.end(), frame_.begin(), frame_.end());
  encode_pending();
  return sound;
}

/// True where the frame is silence that needs no packet of sound. A packet that was begun is completed first.
bool SendPath::suppress() {
  if (!comfort_noise_type_) {
    return false;
  }
  if (suppressor_ == nullptr) {
    suppressor_ = std::make_unique<SilenceSuppressor>(rate_);
  }
  const SilenceSuppressor::Frame frame = suppressor_->judge(frame_);
  noise_owed_ = frame == SilenceSuppressor::Frame::Noise || (noise_owed_ && frame == SilenceSuppressor::Frame::Nothing);
  if (frame == SilenceSuppressor::Frame::Sound || !pending_.empty()) {
    return false;
  }
  if (std::exchange(noise_owed_, false)) {
    payload_.assign(1, audio::comfort_noise_payload(suppressor_->level_dbov()));
    packet_.clear();
    sender_.send_at(*comfort_noise_type_, payload_, sender_.timestamp(), rtp::Marker::No, packet_);
    output_.on_packet(packet_);
  }
  sender_.skip(ticks(frame_.size()));
  return true;
}

void SendPath::send_keys() {
  const std::uint32_t length = ticks(frame_.size());
  event_packets_.clear();
  events_->frame(sender_.timestamp(), length, event_packets_);
  for (const rtp::EventPacket& packet : event_packets_) {
    payload_.clear();
    packet.event.write(payload_);
    packet_.clear();
    sender_.send_at(*event_payload_type_, payload_, packet.timestamp, packet.marker, packet_);
    output_.on_packet(packet_);
  }
  sender_.skip(length);
}

void SendPath::encode_pending() {
  std::size_t sent = 0;
  for (; pending_.size() - sent >= packet_samples_; sent += packet_samples_) {
    payload_.resize(encoder_->max_bytes(packet_samples_));
    const std::size_t size = encoder_->encode(std::span(pending_).subspan(sent, packet_samples_), payload_);
    if (size == 0) {
      sender_.skip(ticks(packet_samples_));
    } else {
      packet_.clear();
      sender_.send(payload_type_, std::span(payload_).first(size), ticks(packet_samples_), packet_);
      output_.on_packet(packet_);
    }
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(sent));
}

void SendPath::skip(base::Duration time) {
  drop_partial();
  sender_.skip(ticks(audio::samples_in(time, rate_)));
}

void SendPath::drop_partial() {
  if (!pending_.empty()) {
    sender_.skip(ticks(pending_.size()));
    pending_.clear();
  }
}

void SendPath::pair(base::TimePoint at) noexcept {
  sender_.pair(rtp::Timestamp{static_cast<std::uint32_t>(sender_.timestamp()) + ticks(pending_.size())}, at, codec_->clock_rate);
}

void SendPath::set_expected_loss(double fraction) {
  if (encoder_ != nullptr) {
    encoder_->set_expected_loss(fraction);
  }
}

}  // namespace callwright::media
