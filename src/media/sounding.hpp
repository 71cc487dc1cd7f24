#pragma once

#include "audio/audio.hpp"
#include "media/stream_tap.hpp"

#include <memory>

namespace callwright::media {

/// What can be told what to say, and recorded: a stream or a conference.
class Sounding {
 public:
  virtual ~Sounding() = default;
  /// Samples of the rate `rate`; null: nothing of its own.
  virtual void set_source(std::unique_ptr<audio::Source> source, audio::SampleRate rate) = 0;
  /// Hears along, until `remove_tap` or its end: with a stream in both directions, with a conference the sum of all.
  virtual void add_tap(StreamTap& tap) = 0;
  virtual void remove_tap(StreamTap& tap) = 0;
  [[nodiscard]] virtual bool tapped() const noexcept = 0;
  /// Sources of this rate need no conversion.
  [[nodiscard]] virtual audio::SampleRate rate() const noexcept = 0;
};

}  // namespace callwright::media
