#include "audio/audio.hpp"

#include <algorithm>
#include <cmath>

namespace callwright::audio {

double level_dbov(std::span<const Sample> samples) noexcept {
  double energy = 0;
  for (const Sample sample : samples) {
    energy += static_cast<double>(sample) * sample;
  }
  if (energy == 0) {
    return kSilenceDbov;
  }
  constexpr double kOverload = 32768.0 * 32768.0;
  return std::max(kSilenceDbov, 10 * std::log10(energy / static_cast<double>(samples.size()) / kOverload));
}

}  // namespace callwright::audio
