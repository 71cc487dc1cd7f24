#include "media/receive_path.hpp"

#include "media/payload_type.hpp"

#include <algorithm>

namespace callwright::media {
namespace {

// RFC 3551: these numbers mean the same without negotiation.
constexpr rtp::PayloadType kPcmu{0};
constexpr rtp::PayloadType kPcma{8};
constexpr rtp::PayloadType kComfortNoise{13};

constexpr double kQuietNoise = -70;

bool is_g711(const audio::Codec& codec) noexcept { return codec.kind == audio::CodecKind::Pcmu || codec.kind == audio::CodecKind::Pcma; }

Playout::Options playout_options(std::uint32_t clock_rate) noexcept {
  Playout::Options options;
  options.clock_rate = clock_rate;
  return options;
}

}  // namespace

ReceivePath::ReceivePath() : keys_(codec_->clock_rate), playout_(playout_options(codec_->clock_rate)), noise_(kQuietNoise) {}

base::Result<void> ReceivePath::configure(const StreamParameters& parameters) {
  if (decoder_ == nullptr || codec_ != parameters.codec) {
    auto decoder = audio::make_decoder(*parameters.codec);
    if (!decoder) {
      return decoder.error();
    }
    if (codec_->clock_rate != parameters.codec->clock_rate) {
      playout_ = Playout(playout_options(parameters.codec->clock_rate));
      keys_ = rtp::DtmfReceiver(parameters.codec->clock_rate);
    }
    codec_ = parameters.codec;
    decoder_ = std::move(*decoder);
    rate_ = decoder_->rate();
    other_law_.reset();
    decoded_.clear();
    taken_ = 0;
  }
  payload_type_ = to_rtp(parameters.receive_payload_type);
  other_law_type_ = codec_->kind == audio::CodecKind::Pcma ? kPcmu : kPcma;
  event_payload_type_ = to_rtp(parameters.receive_event_payload_type);
  return base::ok();
}

ReceivePath::Kind ReceivePath::kind_of(rtp::PayloadType type) const noexcept {
  if (type == payload_type_) {
    return Kind::Sound;
  }
  if (event_payload_type_ && type == *event_payload_type_) {
    return Kind::Keys;
  }
  const bool understood = type == kComfortNoise ? codec_->clock_rate == 8000 : is_g711(*codec_) && (type == kPcmu || type == kPcma);
  return understood ? Kind::Sound : Kind::Unknown;
}

bool ReceivePath::agreed(rtp::PayloadType type) const noexcept { return type == payload_type_ || type == kComfortNoise; }

void ReceivePath::rest() noexcept {
  playout_.release();
  decoder_.reset();
  other_law_.reset();
  decoded_ = {};
  taken_ = 0;
}

void ReceivePath::wake(rtp::Bytes last) {
  // It could be made when it was configured.
  decoder_ = audio::make_decoder(*codec_).value();
  playout_.restart();
  noisy_ = false;
  const std::size_t length = decoder_->length(last);
  bridging_ = length != 0;
  if (bridging_) {
    std::vector<audio::Sample> heard_elsewhere(length);
    decoder_->decode(last, heard_elsewhere);
  }
}

audio::Decoder* ReceivePath::decoder_of(rtp::PayloadType type) noexcept {
  if (type == payload_type_ || !is_g711(*codec_)) {
    return decoder_.get();
  }
  if (type != other_law_type_) {
    return decoder_.get();  // The static number of the codec that has another one in this call.
  }
  if (other_law_ == nullptr) {
    other_law_ = *audio::make_decoder(*audio::find_codec(static_cast<std::uint8_t>(type)));
  }
  return other_law_.get();
}

std::uint32_t ReceivePath::duration_of(const rtp::Packet& packet) noexcept {
  if (packet.payload_type == kComfortNoise && packet.payload_type != payload_type_) {
    return packet.payload.empty() ? 0 : codec_->ticks(audio::samples_in(kFrame, rate_), rate_);
  }
  return codec_->ticks(decoder_of(packet.payload_type)->length(packet.payload), rate_);
}

ReceivePath::Outcome ReceivePath::insert(const rtp::Packet& packet, base::TimePoint arrival) {
  const std::uint32_t duration = duration_of(packet);
  if (duration == 0) {
    return Outcome::Malformed;
  }
  return playout_.insert(packet, duration, arrival) == Playout::Outcome::Late ? Outcome::Late : Outcome::Taken;
}

void ReceivePath::insert_keys(const rtp::Packet& packet, base::TimePoint arrival, std::vector<rtp::DtmfPress>& presses) {
  playout_.pass_over(packet);
  keys_.receive(packet.timestamp, packet.payload, arrival, presses);
}

std::span<const audio::Sample> ReceivePath::frame(base::TimePoint at) {
  const std::size_t wanted = audio::samples_in(kFrame, rate_);
  decoded_.erase(decoded_.begin(), decoded_.begin() + static_cast<std::ptrdiff_t>(taken_));
  while (decoded_.size() < wanted) {
    append(playout_.next(at, at + audio::duration_of(decoded_.size(), rate_)));
  }
  taken_ = wanted;
  return {decoded_.data(), wanted};
}

void ReceivePath::append(const PlayoutFrame& next) {
  const std::size_t before = decoded_.size();
  // One tick at least, so that this comes to an end.
  const std::size_t count = std::max<std::size_t>(1, codec_->samples(next.duration, rate_));
  decoded_.resize(before + count);
  decode(next, std::span(decoded_).subspan(before));
  decoded_until_ = next.arrival + audio::duration_of(count, rate_);
}

void ReceivePath::decode(const PlayoutFrame& next, std::span<audio::Sample> out) {
  switch (next.kind) {
    case PlayoutFrame::Kind::Lost:
    case PlayoutFrame::Kind::Stretch: conceal(next, out); return;
    case PlayoutFrame::Kind::Nothing:
      if (bridging_) {
        decoder_->conceal(out);
        return;
      }
      break;
    case PlayoutFrame::Kind::Packet:
      bridging_ = false;
      if (next.payload_type != kComfortNoise || next.payload_type == payload_type_) {
        noisy_ = false;
        // What the codec cannot read any more after a change of codecs is silence.
        if (kind_of(next.payload_type) != Kind::Sound || decoder_of(next.payload_type)->decode(next.payload, out) != out.size()) {
          std::fill(out.begin(), out.end(), audio::Sample{0});
        }
        return;
      }
      if (const auto level = audio::comfort_noise_level(next.payload)) {
        noise_.set_level(std::min(*level, -10.0));
        noisy_ = true;
      }
      break;
  }
  if (noisy_) {
    noise_.read(out);
  } else {
    std::fill(out.begin(), out.end(), audio::Sample{0});
  }
}

void ReceivePath::conceal(const PlayoutFrame& next, std::span<audio::Sample> out) {
  if (noisy_) {
    noise_.read(out);  // Nothing is missed: the other side said that it would be silent, and how.
    return;
  }
  concealed_ += audio::duration_of(out.size(), rate_);
  if (!next.payload.empty() && next.payload_type == payload_type_) {
    decoder_->decode_fec(next.payload, out);
  } else {
    decoder_->conceal(out);
  }
}

}  // namespace callwright::media
