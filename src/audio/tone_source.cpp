#include "audio/tone_source.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace callwright::audio {

ToneSource::ToneSource(double frequency_hz, double level_dbov, SampleRate rate) noexcept
    : amplitude_(std::min(32767.0, 32768.0 * std::numbers::sqrt2 * std::pow(10.0, level_dbov / 20))),
      step_(2 * std::numbers::pi * frequency_hz / static_cast<double>(rate)) {}

std::size_t ToneSource::read(std::span<Sample> out) {
  for (Sample& sample : out) {
    sample = static_cast<Sample>(std::lround(amplitude_ * std::sin(phase_)));
    phase_ += step_;
  }
  phase_ = std::fmod(phase_, 2 * std::numbers::pi);
  return out.size();
}

}  // namespace callwright::audio
