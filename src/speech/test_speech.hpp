#pragma once

#include "audio/file_source.hpp"
#include "audio/g711.hpp"
#include "audio/resampler.hpp"
#include "speech/flite_synthesizer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

/// Real speech for tests.
namespace callwright::speech {

using Sound = std::vector<audio::Sample>;

/// With half a second of silence before it and a whole one behind, at 16 kHz.
inline Sound within_silence(const Sound& sound) {
  Sound all(8000);
  all.insert(all.end(), sound.begin(), sound.end());
  all.resize(all.size() + 16000);
  return all;
}

inline Sound spoken(const std::string& text, Voice voice = Voice::Man) {
  auto said = FliteSynthesizer().blocking_speak(text, voice);
  EXPECT_TRUE(said) << said.error().message();
  return said ? within_silence(said->samples) : Sound();
}

/// Of tests/fixtures, at 16 kHz.
inline Sound recorded(const std::string& name) {
  auto file = audio::FileSource::blocking_open(std::string(CALLWRIGHT_FIXTURES "/") + name, {.rate = audio::kWideband});
  EXPECT_TRUE(file) << file.error().message();
  Sound sound(20 * 16000);
  sound.resize(file ? (*file)->read(sound) : 0);
  return within_silence(sound);
}

inline Sound converted(const Sound& sound, audio::SampleRate from, audio::SampleRate to) {
  audio::Resampler resampler(from, to);
  Sound out(resampler.max_output(sound.size()));
  out.resize(resampler.process(sound, out));
  return out;
}

/// What a telephone with PCMU makes of sound of 16 kHz: 8 kHz.
inline Sound through_telephone(const Sound& sound) {
  Sound narrow = converted(sound, audio::kWideband, audio::kNarrowband);
  std::vector<std::uint8_t> bytes(narrow.size());
  audio::encode(audio::Encoding::Pcmu, narrow, bytes);
  audio::decode(audio::Encoding::Pcmu, bytes, narrow);
  return narrow;
}

}  // namespace callwright::speech
