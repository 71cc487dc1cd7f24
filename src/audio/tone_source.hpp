#pragma once

#include "audio/audio.hpp"

namespace callwright::audio {

/// A sine that never ends; its phase runs on from one read to the next.
class ToneSource final : public Source {
 public:
  /// `frequency_hz` below half the rate; `level_dbov` is cut to the loudest sine, −3.01.
  ToneSource(double frequency_hz, double level_dbov, SampleRate rate = kNarrowband) noexcept;
  std::size_t read(std::span<Sample> out) override;

 private:
  double amplitude_;
  double step_;  ///< Radians a sample.
  double phase_ = 0;
};

}  // namespace callwright::audio
