#include "audio/codec_parts.hpp"
#include "audio/concealer.hpp"
#include "audio/g722.hpp"

namespace callwright::audio {
namespace {

class G722Encoder final : public Encoder {
 public:
  [[nodiscard]] SampleRate rate() const noexcept override { return kWideband; }
  [[nodiscard]] std::chrono::milliseconds packet_time(std::chrono::milliseconds wanted) const noexcept override { return detail::whole_steps(wanted); }
  [[nodiscard]] std::size_t max_bytes(std::size_t samples) const noexcept override { return samples / 2; }

  std::size_t encode(std::span<const Sample> samples, std::span<std::uint8_t> out) override {
    if (samples.size() % 2 != 0 || out.size() < samples.size() / 2) {
      return 0;
    }
    coder_.encode(samples, out);
    return samples.size() / 2;
  }

 private:
  G722Coder coder_;
};

class G722Decoder final : public Decoder {
 public:
  [[nodiscard]] SampleRate rate() const noexcept override { return kWideband; }
  [[nodiscard]] std::size_t length(Payload payload) const noexcept override {
    const std::size_t count = 2 * payload.size();
    return count <= samples_in(kLongestPacket, kWideband) ? count : 0;
  }

  std::size_t decode(Payload payload, std::span<Sample> out) override {
    const std::size_t count = length(payload);
    if (count == 0 || count > out.size()) {
      return 0;
    }
    reader_.decode(payload, out);
    concealer_.received(out.first(count));
    return count;
  }

  void conceal(std::span<Sample> out) override { concealer_.conceal(out); }

 private:
  G722Reader reader_;
  Concealer concealer_;
};

}  // namespace

namespace detail {

std::unique_ptr<Encoder> make_g722_encoder() { return std::make_unique<G722Encoder>(); }
std::unique_ptr<Decoder> make_g722_decoder() { return std::make_unique<G722Decoder>(); }

}  // namespace detail
}  // namespace callwright::audio
