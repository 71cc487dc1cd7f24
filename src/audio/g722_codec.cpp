#include "audio/codec_parts.hpp"
#include "audio/concealer.hpp"

#include <spandsp/telephony.h>

#include <spandsp/g722.h>

#include <new>

namespace callwright::audio {
namespace {

constexpr int kBitRate = 64000;
constexpr int kNoOptions = 0;

struct Free {
  void operator()(g722_encode_state_t* state) const noexcept { g722_encode_free(state); }
  void operator()(g722_decode_state_t* state) const noexcept { g722_decode_free(state); }
};

/// The library gives null only when there is no memory.
template <class State>
State* made(State* state) {
  return state != nullptr ? state : throw std::bad_alloc();
}

/// ITU-T G.722 at 64 kbit/s: two samples of 16 kHz in a byte.
class G722Encoder final : public Encoder {
 public:
  G722Encoder() : state_(made(g722_encode_init(nullptr, kBitRate, kNoOptions))) {}
  [[nodiscard]] SampleRate rate() const noexcept override { return kWideband; }
  [[nodiscard]] std::chrono::milliseconds packet_time(std::chrono::milliseconds wanted) const noexcept override { return detail::whole_steps(wanted); }
  [[nodiscard]] std::size_t max_bytes(std::size_t samples) const noexcept override { return samples / 2; }

  std::size_t encode(std::span<const Sample> samples, std::span<std::uint8_t> out) override {
    if (samples.size() % 2 != 0 || out.size() < samples.size() / 2) {
      return 0;
    }
    return static_cast<std::size_t>(g722_encode(state_.get(), out.data(), samples.data(), static_cast<int>(samples.size())));
  }

 private:
  std::unique_ptr<g722_encode_state_t, Free> state_;
};

class G722Decoder final : public Decoder {
 public:
  G722Decoder() : state_(made(g722_decode_init(nullptr, kBitRate, kNoOptions))) {}
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
    g722_decode(state_.get(), out.data(), payload.data(), static_cast<int>(payload.size()));
    concealer_.received(out.first(count));
    return count;
  }

  void conceal(std::span<Sample> out) override { concealer_.conceal(out); }

 private:
  std::unique_ptr<g722_decode_state_t, Free> state_;
  Concealer concealer_;
};

}  // namespace

namespace detail {

std::unique_ptr<Encoder> make_g722_encoder() { return std::make_unique<G722Encoder>(); }
std::unique_ptr<Decoder> make_g722_decoder() { return std::make_unique<G722Decoder>(); }

}  // namespace detail
}  // namespace callwright::audio
