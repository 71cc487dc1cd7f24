#pragma once

#include "audio/audio.hpp"

#include <optional>

/// How two recordings of the same call lie to each other. Both start at the same moment and have the same rate; the first 60 s are looked at.
namespace callwright::audio {

inline constexpr std::chrono::seconds kLongestCompared{60};

struct DelayOptions {
  std::chrono::milliseconds longest{2000};  ///< No delay beyond it is looked for.
  /// What the peak of the correlation must stand above its mean (rms) to be believed; two unrelated voices stay below 6.
  double least_confidence = 9;
};

struct Delay {
  std::chrono::nanoseconds delay{};  ///< To one sample.
  double confidence = 0;
};

/// When `heard` contains what `sent` said, how much later; nothing when it does not. By generalised cross-correlation with phase transform over
/// 200 … 3400 Hz: it depends on when something was said, not on how loud, and hardly on echo, filters and codecs. Loss and noise lower the confidence.
/// Tones have no beginning within themselves and give nothing certain.
[[nodiscard]] std::optional<Delay> estimate_delay(std::span<const Sample> sent, std::span<const Sample> heard, SampleRate rate,
                                                  const DelayOptions& options = {});

struct Echo {
  std::chrono::nanoseconds delay{};
  double loss_db = 0;  ///< How much softer it comes back (echo return loss); positive.
  double confidence = 0;
};

/// Whether what was sent comes back in what is received, also below other voices. The gain is the one that leaves the least of `sent` in `received`.
[[nodiscard]] std::optional<Echo> find_echo(std::span<const Sample> sent, std::span<const Sample> received, SampleRate rate, const DelayOptions& options = {});

}  // namespace callwright::audio
