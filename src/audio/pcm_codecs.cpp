#include "audio/codec_parts.hpp"
#include "audio/concealer.hpp"
#include "audio/g711.hpp"

namespace callwright::audio {
namespace {

class G711Encoder final : public Encoder {
 public:
  explicit G711Encoder(Encoding encoding) noexcept : encoding_(encoding) {}
  [[nodiscard]] SampleRate rate() const noexcept override { return kNarrowband; }
  [[nodiscard]] std::chrono::milliseconds packet_time(std::chrono::milliseconds wanted) const noexcept override { return detail::whole_steps(wanted); }
  [[nodiscard]] std::size_t max_bytes(std::size_t samples) const noexcept override { return samples; }

  std::size_t encode(std::span<const Sample> samples, std::span<std::uint8_t> out) override {
    if (out.size() < samples.size()) {
      return 0;
    }
    audio::encode(encoding_, samples, out);
    return samples.size();
  }

 private:
  Encoding encoding_;
};

class G711Decoder final : public Decoder {
 public:
  explicit G711Decoder(Encoding encoding) noexcept : encoding_(encoding) {}
  [[nodiscard]] SampleRate rate() const noexcept override { return kNarrowband; }
  [[nodiscard]] std::size_t length(Payload payload) const noexcept override {
    return payload.size() <= samples_in(kLongestPacket, kNarrowband) ? payload.size() : 0;
  }

  std::size_t decode(Payload payload, std::span<Sample> out) override {
    const std::size_t count = length(payload);
    if (count > out.size()) {
      return 0;
    }
    audio::decode(encoding_, payload.first(count), out);
    concealer_.received(out.first(count));
    return count;
  }

  void conceal(std::span<Sample> out) override { concealer_.conceal(out); }

 private:
  Encoding encoding_;
  Concealer concealer_;
};

/// Two bytes a sample, the higher first (RFC 3551 §4.5.11).
class L16Encoder final : public Encoder {
 public:
  explicit L16Encoder(SampleRate rate) noexcept : rate_(rate) {}
  [[nodiscard]] SampleRate rate() const noexcept override { return rate_; }
  [[nodiscard]] std::chrono::milliseconds packet_time(std::chrono::milliseconds wanted) const noexcept override { return detail::whole_steps(wanted); }
  [[nodiscard]] std::size_t max_bytes(std::size_t samples) const noexcept override { return 2 * samples; }

  std::size_t encode(std::span<const Sample> samples, std::span<std::uint8_t> out) override {
    if (out.size() < 2 * samples.size()) {
      return 0;
    }
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const auto bits = static_cast<std::uint16_t>(samples[i]);
      out[2 * i] = static_cast<std::uint8_t>(bits >> 8);
      out[2 * i + 1] = static_cast<std::uint8_t>(bits & 0xff);
    }
    return 2 * samples.size();
  }

 private:
  SampleRate rate_;
};

class L16Decoder final : public Decoder {
 public:
  explicit L16Decoder(SampleRate rate) noexcept : rate_(rate) {}
  [[nodiscard]] SampleRate rate() const noexcept override { return rate_; }
  [[nodiscard]] std::size_t length(Payload payload) const noexcept override {
    const std::size_t count = payload.size() / 2;
    return payload.size() % 2 == 0 && count <= samples_in(kLongestPacket, rate_) ? count : 0;
  }

  std::size_t decode(Payload payload, std::span<Sample> out) override {
    const std::size_t count = length(payload);
    if (count > out.size()) {
      return 0;
    }
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = static_cast<Sample>(static_cast<std::uint16_t>(payload[2 * i] << 8 | payload[2 * i + 1]));
    }
    concealer_.received(out.first(count));
    return count;
  }

  void conceal(std::span<Sample> out) override { concealer_.conceal(out); }

 private:
  SampleRate rate_;
  Concealer concealer_;
};

}  // namespace

namespace detail {

std::unique_ptr<Encoder> make_g711_encoder(Encoding encoding) { return std::make_unique<G711Encoder>(encoding); }
std::unique_ptr<Decoder> make_g711_decoder(Encoding encoding) { return std::make_unique<G711Decoder>(encoding); }
std::unique_ptr<Encoder> make_l16_encoder(SampleRate rate) { return std::make_unique<L16Encoder>(rate); }
std::unique_ptr<Decoder> make_l16_decoder(SampleRate rate) { return std::make_unique<L16Decoder>(rate); }

}  // namespace detail
}  // namespace callwright::audio
