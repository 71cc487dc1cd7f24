#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"

#include <string>
#include <vector>

namespace callwright::speech {

enum class Voice { Man, Woman };

struct SpokenText {
  audio::SampleRate rate = audio::kWideband;
  std::vector<audio::Sample> samples;
};

/// Text to speech.
class Synthesizer {
 public:
  virtual ~Synthesizer() = default;
  /// All of it at once; takes a hundredth of the time that it is heard for, or so. Errors: InvalidArgument for a text that has nothing to say, or too much.
  virtual base::Result<SpokenText> blocking_speak(const std::string& text, Voice voice) = 0;
};

}  // namespace callwright::speech
