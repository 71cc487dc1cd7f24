#include "speech/band_extension.hpp"

#include "audio/tone_source.hpp"
#include "speech/test_speech.hpp"

#include <cmath>
#include <complex>
#include <numbers>

namespace callwright::speech {
namespace {

Sound tone(double hertz) {
  audio::ToneSource source(hertz, -20, audio::kWideband);
  Sound sound(16000);
  source.read(sound);
  return sound;
}

/// Amplitude at a frequency, without the begin.
double amplitude(std::span<const audio::Sample> sound, double hertz) {
  std::complex<double> sum;
  for (std::size_t at = 1600; at < sound.size(); ++at) {
    sum += static_cast<double>(sound[at]) * std::polar(1.0, -2 * std::numbers::pi * hertz * static_cast<double>(at) / 16000);
  }
  return 2 * std::abs(sum) / static_cast<double>(sound.size() - 1600);
}

TEST(BandExtension, mirrors_what_is_below_4_khz_at_half_its_level_and_keeps_it) {
  Sound sound = tone(3000);
  const double before = amplitude(sound, 3000);
  BandExtension().process(sound);
  EXPECT_NEAR(amplitude(sound, 3000), before, before * 0.02);
  EXPECT_NEAR(amplitude(sound, 5000), before / 2, before * 0.03);
  EXPECT_LT(amplitude(sound, 1000), before * 0.01);
}

TEST(BandExtension, gives_the_same_in_pieces) {
  Sound whole = recorded("speech_man.flac");
  Sound pieces = whole;
  BandExtension().process(whole);
  BandExtension extension;
  for (std::size_t at = 0; at < pieces.size(); at += 77) {
    extension.process(std::span(pieces).subspan(at, std::min<std::size_t>(77, pieces.size() - at)));
  }
  EXPECT_EQ(pieces, whole);
}

TEST(BandExtension, knows_sound_of_a_telephone) {
  for (const char* const name : {"speech_man.flac", "speech_woman.flac"}) {
    const Sound wide = recorded(name);
    EXPECT_FALSE(lacks_upper_band(wide)) << name;
    EXPECT_TRUE(lacks_upper_band(converted(through_telephone(wide), audio::kNarrowband, audio::kWideband))) << name;
  }
}

}  // namespace
}  // namespace callwright::speech
