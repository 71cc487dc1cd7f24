#pragma once

#include "app/speech_meter.hpp"
#include "audio/glitch_detector.hpp"
#include "audio/level.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace callwright::app {

/// Listens to what a call hears for some time, and says how it was. Samples go in.
class SoundReport {
 public:
  /// What is to be heard, in samples of kReferenceRate; none: nothing certain.
  using Reference = std::shared_ptr<const std::vector<audio::Sample>>;
  static constexpr audio::SampleRate kReferenceRate = audio::kNarrowband;

  struct Summary {
    std::chrono::milliseconds duration{};  ///< Of what came.
    double level_dbov = audio::kSilenceDbov;
    double peak_dbov = audio::kSilenceDbov;
    double clipped = 0;  ///< Share of the samples, 0 … 1, as the next two.
    double silence = 1;  ///< Share of windows of 10 ms that are softer than −50 dBov.
    double speech = 0;   ///< Share of the time in which somebody spoke.
    std::uint64_t glitches = 0;
    std::optional<double> similarity{};  ///< To the reference (audio/similarity.hpp).
  };

  SoundReport(std::chrono::milliseconds within, audio::SampleRate rate, base::TimePoint begin, Reference reference = {});

  /// Any number of samples. Something once the time is over.
  std::optional<Summary> hear(std::span<const audio::Sample> samples, base::TimePoint now);

  /// The first two minutes of a sound file. Errors: as of audio::FileSource.
  static base::Result<Reference> blocking_read(const std::filesystem::path& path);

 private:
  [[nodiscard]] Summary summary() const;

  const audio::SampleRate rate_;
  const base::TimePoint deadline_;
  const Reference reference_;
  std::uint64_t count_ = 0;
  audio::LevelMeter level_;
  audio::SilenceDetector silence_;
  audio::ClippingMeter clipping_;
  audio::GlitchDetector glitches_;
  SpeechMeter speech_;
  std::vector<audio::Sample> heard_;  ///< Where there is a reference: all of it.
};

}  // namespace callwright::app
