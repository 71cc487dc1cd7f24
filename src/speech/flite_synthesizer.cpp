#include "speech/flite_synthesizer.hpp"

#include <flite/flite.h>

#include <algorithm>
#include <memory>

extern "C" {
cst_voice* register_cmu_us_rms(const char* folder);
cst_voice* register_cmu_us_slt(const char* folder);
}

namespace callwright::speech {
namespace {

using Wave = std::unique_ptr<cst_wave, decltype(&delete_wave)>;

struct Voices {
  Voices() noexcept {
    flite_init();
    man = register_cmu_us_rms(nullptr);
    woman = register_cmu_us_slt(nullptr);
  }
  cst_voice* man = nullptr;
  cst_voice* woman = nullptr;
};

bool is_spoken(char character) {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

}  // namespace

base::Result<SpokenText> FliteSynthesizer::blocking_speak(const std::string& text, Voice voice) {
  if (std::none_of(text.begin(), text.end(), is_spoken)) {
    return base::Error(base::Errc::InvalidArgument, "\"" + text + "\" has nothing to say; write English words or numbers");
  }
  if (text.size() > kMaxText) {
    return base::Error(base::Errc::InvalidArgument,
                       "A text of " + std::to_string(text.size()) + " bytes is too long to be spoken; " + std::to_string(kMaxText) + " is the most");
  }
  static const Voices kVoices;  // Registered for as long as the process lives.
  const Wave wave(flite_text_to_wave(text.c_str(), voice == Voice::Man ? kVoices.man : kVoices.woman), &delete_wave);
  if (wave == nullptr || wave->num_samples <= 0 || wave->num_channels != 1) {
    return base::Error(base::Errc::InvalidArgument, "\"" + text + "\" cannot be spoken; write English words or numbers");
  }
  return SpokenText{.rate = audio::SampleRate{static_cast<std::uint32_t>(wave->sample_rate)}, .samples = {wave->samples, wave->samples + wave->num_samples}};
}

}  // namespace callwright::speech
