#include "audio/codec_parts.hpp"

#include <opus.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <new>

namespace callwright::audio {
namespace {

constexpr int kMono = 1;
/// Of 10: half the work of the highest, and for speech hardly worse.
constexpr int kComplexity = 5;
/// Until the receiver reports; without it Opus puts in no FEC at all.
constexpr double kPresumedLoss = 0.05;
/// A packet of up to two bytes says only that there is nothing to hear (RFC 7587 §3.1.3).
constexpr std::size_t kNothingToSend = 2;
/// RFC 6716 §3.4: a frame has at most 1275 bytes; 6 of them (120 ms) with their lengths.
constexpr std::size_t kMaxFrame = 1275;

struct Destroy {
  void operator()(OpusEncoder* encoder) const noexcept { opus_encoder_destroy(encoder); }
  void operator()(OpusDecoder* decoder) const noexcept { opus_decoder_destroy(decoder); }
};

int bandwidth_for(std::uint32_t max_playback_rate) noexcept {
  // RFC 7587 §6.1, the audio bandwidths behind the rates.
  if (max_playback_rate <= 8000) return OPUS_BANDWIDTH_NARROWBAND;
  if (max_playback_rate <= 12000) return OPUS_BANDWIDTH_MEDIUMBAND;
  if (max_playback_rate <= 16000) return OPUS_BANDWIDTH_WIDEBAND;
  if (max_playback_rate <= 24000) return OPUS_BANDWIDTH_SUPERWIDEBAND;
  return OPUS_BANDWIDTH_FULLBAND;
}

class OpusPacketEncoder final : public Encoder {
 public:
  explicit OpusPacketEncoder(const CodecOptions& options) : rate_(options.rate.value_or(kFullband)) {
    int error = OPUS_OK;
    encoder_.reset(opus_encoder_create(static_cast<opus_int32>(rate_), kMono, OPUS_APPLICATION_VOIP, &error));
    if (encoder_ == nullptr) {
      throw std::bad_alloc();  // The arguments were checked before.
    }
    opus_encoder_ctl(encoder_.get(), OPUS_SET_COMPLEXITY(kComplexity));
    opus_encoder_ctl(encoder_.get(), OPUS_SET_MAX_BANDWIDTH(bandwidth_for(options.max_playback_rate)));
    opus_encoder_ctl(encoder_.get(), OPUS_SET_VBR(options.constant_bit_rate ? 0 : 1));
    opus_encoder_ctl(encoder_.get(), OPUS_SET_DTX(options.discontinuous ? 1 : 0));
    opus_encoder_ctl(encoder_.get(), OPUS_SET_INBAND_FEC(options.in_band_fec ? 1 : 0));
    if (options.max_bit_rate) {
      opus_encoder_ctl(encoder_.get(), OPUS_SET_BITRATE(static_cast<opus_int32>(*options.max_bit_rate)));
    }
    if (options.in_band_fec) {
      OpusPacketEncoder::set_expected_loss(kPresumedLoss);
    }
  }

  [[nodiscard]] SampleRate rate() const noexcept override { return rate_; }

  [[nodiscard]] std::chrono::milliseconds packet_time(std::chrono::milliseconds wanted) const noexcept override {
    constexpr std::array kLengths{120, 100, 80, 60, 40, 20, 10};
    const auto found = std::ranges::find_if(kLengths, [&](int length) { return length <= wanted.count(); });
    return std::chrono::milliseconds(found == kLengths.end() ? kLengths.back() : *found);
  }

  [[nodiscard]] std::size_t max_bytes(std::size_t samples) const noexcept override {
    const std::size_t frames = samples / samples_in(std::chrono::milliseconds(20), rate_) + 1;
    return frames * (kMaxFrame + 3);
  }

  std::size_t encode(std::span<const Sample> samples, std::span<std::uint8_t> out) override {
    if (samples.size() > samples_in(kLongestPacket, rate_) || out.size() < max_bytes(samples.size())) {
      return 0;
    }
    const opus_int32 count =
        opus_encode(encoder_.get(), samples.data(), static_cast<int>(samples.size()), out.data(), static_cast<opus_int32>(max_bytes(samples.size())));
    return count > static_cast<opus_int32>(kNothingToSend) ? static_cast<std::size_t>(count) : 0;
  }

  void set_expected_loss(double fraction) override {
    const int percent = std::isfinite(fraction) ? static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * 100)) : 0;
    opus_encoder_ctl(encoder_.get(), OPUS_SET_PACKET_LOSS_PERC(percent));
  }

 private:
  SampleRate rate_;
  std::unique_ptr<OpusEncoder, Destroy> encoder_;
};

class OpusPacketDecoder final : public Decoder {
 public:
  explicit OpusPacketDecoder(const CodecOptions& options) : rate_(options.rate.value_or(kFullband)) {
    int error = OPUS_OK;
    decoder_.reset(opus_decoder_create(static_cast<opus_int32>(rate_), kMono, &error));
    if (decoder_ == nullptr) {
      throw std::bad_alloc();  // The arguments were checked before.
    }
  }

  [[nodiscard]] SampleRate rate() const noexcept override { return rate_; }

  [[nodiscard]] std::size_t length(Payload payload) const noexcept override {
    if (payload.empty() || payload.size() > kMaxBytes) {
      return 0;
    }
    const int count = opus_packet_get_nb_samples(payload.data(), static_cast<opus_int32>(payload.size()), static_cast<opus_int32>(rate_));
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  std::size_t decode(Payload payload, std::span<Sample> out) override {
    const std::size_t count = length(payload);
    if (count == 0 || count > out.size()) {
      return 0;
    }
    const int decoded = opus_decode(decoder_.get(), payload.data(), static_cast<opus_int32>(payload.size()), out.data(), static_cast<int>(count), 0);
    return decoded > 0 ? static_cast<std::size_t>(decoded) : 0;
  }

  void conceal(std::span<Sample> out) override {
    const std::size_t step = conceal_step();
    const std::size_t longest = samples_in(kLongestPacket, rate_);
    while (out.size() >= step) {
      const std::size_t count = std::min(out.size() - out.size() % step, longest);
      fill({}, out.first(count));
      out = out.subspan(count);
    }
    if (!out.empty()) {
      std::array<Sample, 120> rest{};  // 2.5 ms at 48 kHz.
      fill({}, std::span(rest).first(step));
      std::copy_n(rest.begin(), out.size(), out.begin());
    }
  }

  void decode_fec(Payload next, std::span<Sample> out) override {
    // What is long ago is guessed; the copy is of the sound just before `next`, of the same length as its frames.
    const std::size_t copied = std::min(frame_of(next), out.size());
    if (copied == 0 || copied % conceal_step() != 0) {
      conceal(out);
      return;
    }
    conceal(out.first(out.size() - copied));
    fill(next, out.last(copied));
  }

 private:
  static constexpr std::size_t kMaxBytes = 48 * (kMaxFrame + 3);

  [[nodiscard]] std::size_t conceal_step() const noexcept { return static_cast<std::size_t>(rate_) / 400; }

  [[nodiscard]] std::size_t frame_of(Payload payload) const noexcept {
    return length(payload) == 0 ? 0 : static_cast<std::size_t>(opus_packet_get_samples_per_frame(payload.data(), static_cast<opus_int32>(rate_)));
  }

  /// `out` is a multiple of 2.5 ms. With a packet, its copy of what was before; without, a guess.
  void fill(Payload next, std::span<Sample> out) noexcept {
    const std::uint8_t* data = next.empty() ? nullptr : next.data();
    const int decoded = out.empty() ? 0
                                    : opus_decode(decoder_.get(), data, static_cast<opus_int32>(next.size()), out.data(), static_cast<int>(out.size()),
                                                  data == nullptr ? 0 : 1);
    const std::size_t filled = decoded > 0 ? static_cast<std::size_t>(decoded) : 0;
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(filled), out.end(), Sample{0});
  }

  SampleRate rate_;
  std::unique_ptr<OpusDecoder, Destroy> decoder_;
};

}  // namespace

namespace detail {

std::unique_ptr<Encoder> make_opus_encoder(const CodecOptions& options) { return std::make_unique<OpusPacketEncoder>(options); }
std::unique_ptr<Decoder> make_opus_decoder(const CodecOptions& options) { return std::make_unique<OpusPacketDecoder>(options); }

}  // namespace detail
}  // namespace callwright::audio
