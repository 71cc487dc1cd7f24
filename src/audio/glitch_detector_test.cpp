#include "audio/glitch_detector.hpp"

#include "audio/comfort_noise.hpp"
#include "audio/g711.hpp"
#include "audio/test_sound.hpp"
#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

namespace callwright::audio {
namespace {

using Samples = std::vector<Sample>;

std::vector<Glitch> found(const Samples& samples, SampleRate rate = kNarrowband) {
  GlitchDetector detector(rate);
  std::vector<Glitch> glitches;
  for (std::size_t at = 0; at < samples.size(); at += 160) {
    const auto more = detector.process(std::span(samples).subspan(at, std::min<std::size_t>(160, samples.size() - at)));
    glitches.insert(glitches.end(), more.begin(), more.end());
  }
  EXPECT_EQ(detector.count(), glitches.size());
  return glitches;
}

Samples tone(double frequency_hz, std::size_t count, SampleRate rate = kNarrowband) {
  Samples samples(count);
  ToneSource(frequency_hz, -15, rate).read(samples);
  return samples;
}

Samples over(Encoding encoding, const Samples& samples) {
  std::vector<std::uint8_t> bytes(samples.size());
  Samples back(samples.size());
  encode(encoding, samples, bytes);
  decode(encoding, bytes, back);
  return back;
}

TEST(GlitchDetector, finds_nothing_where_nothing_is) {
  for (const SampleRate rate : {kNarrowband, kWideband}) {
    EXPECT_TRUE(found(woman(rate), rate).empty());
    EXPECT_TRUE(found(man(rate), rate).empty());
    EXPECT_TRUE(found(tone(1004, 16000, rate), rate).empty());
  }
  EXPECT_TRUE(found(over(Encoding::Pcmu, woman(kNarrowband))).empty());
  EXPECT_TRUE(found(over(Encoding::Pcma, man(kNarrowband))).empty());
  EXPECT_TRUE(found(Samples(8000)).empty());
  Samples noise(16000);
  ComfortNoiseSource(-20).read(noise);
  EXPECT_TRUE(found(noise).empty());
}

TEST(GlitchDetector, finds_a_hole_in_a_voice) {
  for (const Encoding encoding : {Encoding::Pcmu, Encoding::Pcma}) {
    Samples voice = over(encoding, woman(kNarrowband));
    const Samples silence = over(encoding, Samples(160));
    // Wherever the voice is loud enough on both sides.
    std::size_t holes = 0;
    for (std::size_t at = 800; at + 800 < voice.size(); at += 1600) {
      const std::span<const Sample> all(voice);
      if (level_dbov(all.subspan(at - 80, 80)) > -40 && level_dbov(all.subspan(at + 160, 80)) > -40) {
        std::copy(silence.begin(), silence.end(), voice.begin() + static_cast<std::ptrdiff_t>(at));
        ++holes;
      }
    }
    ASSERT_GT(holes, 10U);
    const auto glitches = found(voice);
    const auto count = std::ranges::count(glitches, Glitch::Kind::Hole, &Glitch::kind);
    EXPECT_EQ(static_cast<std::size_t>(count), holes);
  }
}

TEST(GlitchDetector, says_where_a_hole_is) {
  Samples sound = tone(1004, 8000);
  std::fill_n(sound.begin() + 4000, 160, Sample{0});
  const auto glitches = found(sound);
  ASSERT_FALSE(glitches.empty());
  const auto hole = std::ranges::find(glitches, Glitch::Kind::Hole, &Glitch::kind);
  ASSERT_NE(hole, glitches.end());
  EXPECT_NEAR(static_cast<double>(hole->position), 4000, 2);
  EXPECT_NEAR(static_cast<double>(hole->length), 160, 2);
}

TEST(GlitchDetector, takes_pauses_for_pauses) {
  Samples sound = tone(1004, 8000);
  std::fill_n(sound.begin() + 4000, 1600, Sample{0});
  EXPECT_EQ(std::ranges::count(found(sound), Glitch::Kind::Hole, &Glitch::kind), 0);
}

TEST(GlitchDetector, finds_a_frame_that_was_left_out_of_a_tone) {
  for (const double frequency : {404.0, 1004.0, 2804.0}) {
    Samples sound = tone(frequency, 16000);
    // Half a period off, about: the worst is a piece that happens to fit.
    const auto cut = static_cast<std::ptrdiff_t>(8000 / frequency / 2 + 160.5);
    sound.erase(sound.begin() + 5000, sound.begin() + 5000 + cut);
    const auto glitches = found(sound);
    ASSERT_EQ(glitches.size(), 1U) << frequency;
    EXPECT_EQ(glitches[0].kind, Glitch::Kind::Jump);
    EXPECT_NEAR(static_cast<double>(glitches[0].position), 5000, 2);
  }
}

TEST(GlitchDetector, finds_clicks_in_a_voice) {
  Samples voice = man(kNarrowband);
  std::size_t clicks = 0;
  for (std::size_t at = 1000; at + 1000 < voice.size(); at += 2000) {
    voice[at] = static_cast<Sample>(voice[at] > 0 ? voice[at] - 20000 : voice[at] + 20000);
    ++clicks;
  }
  const auto glitches = found(voice);
  EXPECT_GE(glitches.size(), clicks * 8 / 10);
  EXPECT_LE(glitches.size(), clicks);
}

}  // namespace
}  // namespace callwright::audio
