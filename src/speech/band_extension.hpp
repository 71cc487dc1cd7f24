#pragma once

#include "audio/audio.hpp"

#include <span>
#include <vector>

namespace callwright::speech {

/// Gives sound of a telephone something above 4 kHz, where recognisers that learned from wideband speech miss it most: the mirror image of what is below,
/// softer. Sound of 16 kHz. No thread, no I/O.
class BandExtension {
 public:
  BandExtension();

  /// In place; later by 2 ms than what goes in.
  void process(std::span<audio::Sample> samples);

 private:
  std::vector<float> past_;  ///< What went in last, the oldest first, for the filter.
  bool odd_ = false;
};

/// Whether speech at 16 kHz came through a telephone of 8 kHz somewhere: there is next to nothing above 4 kHz, not even in its loudest moments.
[[nodiscard]] bool lacks_upper_band(std::span<const audio::Sample> samples);

}  // namespace callwright::speech
