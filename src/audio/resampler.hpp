#pragma once

#include "audio/audio.hpp"

#include <memory>
#include <vector>

namespace callwright::audio {

/// The lowest and highest rates that are taken from outside, as in files.
inline constexpr SampleRate kLowestRate{4000};
inline constexpr SampleRate kHighestRate{192000};

/// Changes the sample rate of a stream, piece by piece, without seams. Through SpeexDSP.
///
/// Whole frames stay whole: n samples give n · to / from, rounded in turn where that is no integer. Sines come out with 70 dB and more above all that is wrong;
/// what lies a seventh above the band of the lower rate is 60 dB down. Equal rates are copied. Allocates nothing after the first calls.
class Resampler {
 public:
  /// Rates from kLowestRate to kHighestRate; others are a bug and throw.
  Resampler(SampleRate from, SampleRate to);
  ~Resampler();
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  [[nodiscard]] SampleRate from() const noexcept { return from_; }
  [[nodiscard]] SampleRate to() const noexcept { return to_; }
  /// How much later than at the input a sound comes out: at most 10 ms of the lower rate.
  [[nodiscard]] std::chrono::nanoseconds delay() const noexcept;

  /// Room that `process` may need for so many samples.
  [[nodiscard]] std::size_t max_output(std::size_t count) const noexcept;
  /// Takes all of `in`; returns the number of samples written. `out` has room for `max_output`.
  std::size_t process(std::span<const Sample> in, std::span<Sample> out) noexcept;
  /// The same for samples that may be louder than 16 bits hold, and keep their fractions. `out` has room for `max_output`.
  std::size_t process(std::span<const float> in, std::span<float> out) noexcept;

  struct Step {
    std::size_t taken = 0;
    std::size_t written = 0;
  };
  /// Takes and writes as much as there is and fits.
  Step step(std::span<const Sample> in, std::span<Sample> out) noexcept;
  /// Forgets what it heard.
  void reset() noexcept;

 private:
  struct State;
  SampleRate from_;
  SampleRate to_;
  std::unique_ptr<State> state_;  ///< Null for equal rates.
};

/// A source at another rate than the one that the stream works at.
class ResamplingSource final : public Source {
 public:
  ResamplingSource(std::unique_ptr<Source> source, SampleRate from, SampleRate to);
  /// The end of the source is known as soon as it was read into the resampler, up to `delay` before it would be heard; that tail is played first.
  std::size_t read(std::span<Sample> out) override;

 private:
  void refill();

  std::unique_ptr<Source> source_;
  Resampler resampler_;
  std::vector<Sample> input_;  ///< 10 ms.
  std::size_t used_;           ///< Of `input_`; all: refill.
  bool ended_ = false;
  std::size_t tail_;  ///< Samples that may still come out after the end.
};

}  // namespace callwright::audio
