#pragma once

#include "audio/audio.hpp"

namespace callwright::audio {

struct Similarity {
  double score = 0;                    ///< 0 … 1.
  std::chrono::milliseconds offset{};  ///< How much later than in the reference the best part is heard, to 10 ms; may be negative.
};

/// How much of the reference is heard: 1 for the same recording, 0.9 and more after a telephone codec, 0.6 to 0.9 with much loss or noise,
/// below 0.4 for another text or another voice. The same input always gives the same score; the level does not matter.
///
/// Both are resampled to 8 kHz and turned into a spectrogram: 32 ms Hann windows every 10 ms, the logarithm of the power in 18 mel bands of 150 … 3800 Hz,
/// with a floor 40 dB below the loudest. The reference is cut into pieces of 0.5 s; each is shifted over what was heard, first all together within
/// `search`, then each for itself by up to 100 ms more (slips of jitter buffers, clocks), to where the correlation of the two pieces is highest, after the
/// mean of each band over the whole recording was taken away. The score is the mean over the pieces, weighted by their power above the floor;
/// correlations below 0 count as 0. The first 120 s of both are looked at.
[[nodiscard]] Similarity compare_speech(std::span<const Sample> reference, std::span<const Sample> heard, SampleRate rate,
                                        std::chrono::milliseconds search = std::chrono::milliseconds(2000));

}  // namespace callwright::audio
