#pragma once

#include "audio/tone_mix_detector.hpp"
#include "audio/voice_activity.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace callwright::app {

/// How much of a stream is speech. A voice detector takes the beginning of a tone for a voice, and a packet lost in it as well; here a stretch of voice that
/// turns out to be a tone, as of ringing or busy, is none, nor is one so short that this cannot be known.
class SpeechMeter {
 public:
  explicit SpeechMeter(audio::SampleRate rate);

  /// Any number of samples.
  void process(std::span<const audio::Sample> samples);
  /// Somebody spoke for 400 ms, with pauses of less than 100 ms. Tones are certain by then.
  [[nodiscard]] bool spoken() const noexcept { return spoken_; }
  /// Of all samples, 0 … 1.
  [[nodiscard]] double share() const noexcept;

 private:
  /// Of a stretch of sound that the voice detector takes for a voice.
  [[nodiscard]] std::uint64_t speech_until(std::uint64_t end) const noexcept;

  std::unique_ptr<audio::VoiceActivity> voice_;
  audio::ToneMixDetector tones_;
  std::uint64_t enough_;
  std::uint64_t certain_;
  std::uint64_t position_ = 0;
  std::uint64_t begin_ = 0;  ///< Of the voice that goes on.
  bool speaking_ = false;
  bool is_tone_ = false;
  bool spoken_ = false;
  std::uint64_t speech_ = 0;  ///< Of voices that are over.
};

}  // namespace callwright::app
