#pragma once

#include "speech/synthesizer.hpp"

namespace callwright::speech {

/// English, by Flite with the CMU ARCTIC voices rms and slt, at 16 kHz. One thread at a time in a process.
class FliteSynthesizer final : public Synthesizer {
 public:
  /// Beyond this many bytes it would speak for minutes.
  static constexpr std::size_t kMaxText = 2000;

  base::Result<SpokenText> blocking_speak(const std::string& text, Voice voice) override;
};

}  // namespace callwright::speech
