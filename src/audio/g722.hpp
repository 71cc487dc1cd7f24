#pragma once

#include "audio/audio.hpp"

#include <array>
#include <cstdint>
#include <span>

/// ITU-T G.722 at 64 kbit/s, bit for bit: two samples of 16 kHz in a byte.
///
/// Its own code and not SpanDSP's, which takes nearly twice as long and clicks where a sound is too loud; the tests hold it against SpanDSP, byte for byte
/// and sample for sample.
namespace callwright::audio {

namespace detail {

/// One sub-band's adaptive predictor and quantiser scale (G.722 §3.5, §3.6); names of the Recommendation behind each.
class G722Band {
 public:
  explicit G722Band(int scale) noexcept : scale_(scale) {}

  [[nodiscard]] int estimate() const noexcept { return estimate_; }
  [[nodiscard]] int scale() const noexcept { return scale_; }
  void adapt_scale(int step, int limit, int shift) noexcept;
  void predict(int quantised_difference) noexcept;

 private:
  /// Eight numbers in one register (a vector type of GCC and Clang), of which six count.
  using Vector [[gnu::vector_size(16)]] = std::int16_t;

  void adapt_poles(int partial) noexcept;
  void adapt_zeros(int difference) noexcept;

  int estimate_ = 0;       ///< s
  int zero_estimate_ = 0;  ///< sz
  int one_ago_ = 0;        ///< r, doubled
  int two_ago_ = 0;
  int partial_one_ago_ = 0;  ///< p
  int partial_two_ago_ = 0;
  int first_pole_ = 0;  ///< a
  int second_pole_ = 0;
  Vector differences_{};  ///< d of one to six samples ago, doubled
  Vector zeros_{};        ///< b
  int log_scale_ = 0;     ///< nb
  int scale_;             ///< det
};

}  // namespace detail

class G722Coder {
 public:
  /// Writes samples / 2 bytes; `samples` is even, `out` has the room.
  void encode(std::span<const Sample> samples, std::span<std::uint8_t> out) noexcept;

 private:
  [[nodiscard]] int encode_low(int sample) noexcept;
  [[nodiscard]] int encode_high(int sample) noexcept;

  std::array<std::int16_t, 24> history_{};
  detail::G722Band low_{32};
  detail::G722Band high_{8};
};

class G722Reader {
 public:
  /// Writes 2 · bytes samples; `out` has the room.
  void decode(std::span<const std::uint8_t> bytes, std::span<Sample> out) noexcept;

 private:
  [[nodiscard]] int decode_low(unsigned code) noexcept;
  [[nodiscard]] int decode_high(unsigned code) noexcept;

  std::array<std::int16_t, 24> history_{};
  detail::G722Band low_{32};
  detail::G722Band high_{8};
};

}  // namespace callwright::audio
