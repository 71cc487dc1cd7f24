#pragma once

#include "app/speech_meter.hpp"
#include "audio/audio.hpp"
#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>

namespace callwright::app {

/// Listens to what a call hears, for one thing that it is to hear. Samples go in; ends as soon as it is certain, or when the time is up.
class AudioCheck {
 public:
  enum class Kind { Tone, Speech, Silence };
  struct Options {
    Kind kind = Kind::Tone;
    double frequency_hz = 0;  ///< Of the tone.
    std::chrono::milliseconds within{5000};
  };
  struct Outcome {
    bool ok = false;
    double score = 0;  ///< Tone: the best share of the tone in the sound of a window, 0 … 1. Speech: its share of the time. Silence: 0.
    double rms = 0;    ///< Of all that was heard, in units of 16 bits.
    std::size_t samples = 0;
  };

  AudioCheck(const Options& options, audio::SampleRate rate, base::TimePoint begin);

  /// Any number of samples. Something once it is over.
  std::optional<Outcome> hear(std::span<const audio::Sample> samples, base::TimePoint now);

 private:
  void look_for_tone();
  [[nodiscard]] bool found() const;

  const Options options_;
  const audio::SampleRate rate_;
  const base::TimePoint deadline_;
  std::deque<audio::Sample> window_;  ///< The latest 200 ms.
  std::size_t since_look_ = 0;
  unsigned found_ = 0;                 ///< Windows in a row that hold the tone.
  std::optional<SpeechMeter> speech_;  ///< Where speech is wanted.
  double squares_ = 0;
  Outcome outcome_;
};

}  // namespace callwright::app
