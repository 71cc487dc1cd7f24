#pragma once

#include "audio/audio.hpp"

#include <memory>

namespace callwright::media {

/// What can be told what to say, and recorded: a stream or a conference.
class Sounding {
 public:
  virtual ~Sounding() = default;
  /// Samples of the rate `rate`; null: nothing of its own.
  virtual void set_source(std::unique_ptr<audio::Source> source, audio::SampleRate rate) = 0;
  /// Takes what is heard from now on, at the rate `rate`; null: nothing. Gives back the one before, for whoever completes its file.
  virtual std::unique_ptr<audio::Sink> set_sink(std::unique_ptr<audio::Sink> sink, audio::SampleRate rate) = 0;
  /// Sources and sinks of this rate need no conversion.
  [[nodiscard]] virtual audio::SampleRate rate() const noexcept = 0;
};

}  // namespace callwright::media
