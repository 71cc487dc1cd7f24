#include "audio/tone_detector.hpp"

#include "audio/g711.hpp"
#include "audio/tone_source.hpp"
#include "base/random.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

namespace callwright::audio {
namespace {

using Samples = std::vector<Sample>;

constexpr std::size_t kSecond = 8000;
constexpr std::size_t kFrame = 160;

Samples tone(double frequency_hz, std::size_t count, double level = -20) {
  Samples samples(count);
  ToneSource(frequency_hz, level).read(samples);
  return samples;
}

Samples silence(std::size_t count) { return Samples(count); }

/// Evenly distributed noise.
Samples noise(std::size_t count, double level, std::uint64_t seed = 1) {
  base::DeterministicRandom random(seed);
  const double peak = 32768 * std::sqrt(3.0) * std::pow(10.0, level / 20);
  Samples samples(count);
  for (Sample& sample : samples) {
    sample = static_cast<Sample>(std::lround((static_cast<double>(random.between(0, 2'000'000)) / 1e6 - 1) * peak));
  }
  return samples;
}

Samples sum(Samples left, const Samples& right) {
  for (std::size_t i = 0; i < left.size(); ++i) {
    left[i] = static_cast<Sample>(left[i] + right[i]);
  }
  return left;
}

Samples joined(std::initializer_list<Samples> parts) {
  Samples all;
  for (const Samples& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

Samples over(Encoding encoding, const Samples& samples) {
  std::vector<std::uint8_t> bytes(samples.size());
  Samples back(samples.size());
  encode(encoding, samples, bytes);
  decode(encoding, bytes, back);
  return back;
}

/// Feeds frame after frame, as a stream does.
std::vector<DetectedTone> heard(ToneDetector& detector, const Samples& samples) {
  std::vector<DetectedTone> tones;
  for (std::size_t at = 0; at < samples.size(); at += kFrame) {
    for (const DetectedTone& each : detector.process(std::span(samples).subspan(at, std::min(kFrame, samples.size() - at)))) {
      tones.push_back(each);
    }
  }
  return tones;
}

std::vector<DetectedTone> heard(const Samples& samples) {
  ToneDetector detector;
  return heard(detector, samples);
}

TEST(ToneDetector, measures_every_frequency_of_the_band) {
  for (double frequency = 200; frequency <= 3400; frequency += 37.3) {
    const auto tones = heard(over(Encoding::Pcmu, tone(frequency, kSecond)));
    ASSERT_EQ(tones.size(), 1U) << frequency;
    EXPECT_NEAR(tones[0].frequency_hz, frequency, 1.5) << frequency;
    EXPECT_NEAR(tones[0].level_dbov, -20, 0.5) << frequency;
  }
}

TEST(ToneDetector, tells_a_tone_20_hz_away_from_the_expected_one) {
  for (const double frequency : {980.0, 1000.0, 1020.0}) {
    const auto tones = heard(over(Encoding::Pcma, tone(frequency, kSecond)));
    ASSERT_EQ(tones.size(), 1U);
    EXPECT_NEAR(tones[0].frequency_hz, frequency, 5);
  }
}

TEST(ToneDetector, measures_levels_down_to_minus_45) {
  for (const double level : {-3.1, -10.0, -30.0, -45.0}) {
    const auto tones = heard(tone(697, kSecond, level));
    ASSERT_EQ(tones.size(), 1U) << level;
    EXPECT_NEAR(tones[0].level_dbov, level, 0.5);
  }
}

TEST(ToneDetector, is_sure_soon) {
  for (std::size_t lead = 4000; lead < 4400; lead += 37) {
    const auto tones = heard(joined({silence(lead), tone(1000, kSecond)}));
    ASSERT_EQ(tones.size(), 1U) << lead;
    EXPECT_LE(tones[0].decided, lead + kSecond * 160 / 1000) << lead;
    EXPECT_NEAR(static_cast<double>(tones[0].start), static_cast<double>(lead), 8) << lead;
  }
}

TEST(ToneDetector, finds_the_first_sound) {
  ToneDetector detector;
  heard(detector, silence(4321));
  EXPECT_FALSE(detector.first_audio().has_value());
  heard(detector, tone(440, 4000, -30));
  ASSERT_TRUE(detector.first_audio().has_value());
  EXPECT_NEAR(static_cast<double>(detector.first_audio()->position), 4321, 5);
  EXPECT_NEAR(detector.first_audio()->level_dbov, -30, 6);
  EXPECT_EQ(detector.position(), 8321U);
}

TEST(ToneDetector, takes_the_idle_noise_of_a_line_for_silence) {
  ToneDetector detector;
  EXPECT_TRUE(heard(detector, over(Encoding::Pcma, silence(kSecond))).empty());
  EXPECT_TRUE(heard(detector, noise(kSecond, -65)).empty());
  EXPECT_FALSE(detector.first_audio().has_value());
}

TEST(ToneDetector, is_not_fooled_by_noise) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_TRUE(heard(noise(6 * kSecond, -20, seed)).empty()) << seed;
  }
}

TEST(ToneDetector, is_not_fooled_by_voices_or_two_tones) {
  Samples voice(5 * kSecond);
  for (int harmonic = 1; harmonic <= 25; ++harmonic) {
    const double closeness = std::abs(harmonic * 130.0 - 650) / 400;
    voice = sum(voice, tone(harmonic * 130.0, voice.size(), -30 - 10 * closeness));
  }
  EXPECT_TRUE(heard(voice).empty());
  EXPECT_TRUE(heard(sum(tone(350, kSecond), tone(440, kSecond))).empty());
  EXPECT_TRUE(heard(sum(tone(770, kSecond), tone(1336, kSecond))).empty());
}

TEST(ToneDetector, hears_a_tone_through_noise) {
  const auto tones = heard(sum(tone(1200, 2 * kSecond, -20), noise(2 * kSecond, -32)));
  ASSERT_EQ(tones.size(), 1U);
  EXPECT_NEAR(tones[0].frequency_hz, 1200, 5);
}

TEST(ToneDetector, does_not_mind_a_clock_that_is_200_ppm_off) {
  const auto tones = heard(over(Encoding::Pcmu, tone(1000 * 1.0002, 60 * kSecond)));
  ASSERT_EQ(tones.size(), 1U);
  EXPECT_NEAR(tones[0].frequency_hz, 1000, 2);
}

TEST(ToneDetector, does_not_mind_a_slipped_frame) {
  for (std::size_t at = 0; at < 12; ++at) {
    Samples slipped = tone(1000.0 / 3, kSecond);
    const auto cut = slipped.begin() + static_cast<std::ptrdiff_t>(at * kFrame + 40);
    slipped.erase(cut, cut + kFrame);
    const auto tones = heard(slipped);
    ASSERT_EQ(tones.size(), 1U) << at;
    EXPECT_NEAR(tones[0].frequency_hz, 1000.0 / 3, 5) << at;
    EXPECT_LE(tones[0].decided, 2400U) << at;
  }
}

TEST(ToneDetector, does_not_mind_loss_that_is_played_as_silence) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    base::DeterministicRandom random(seed);
    Samples lossy = tone(1633, 30 * kSecond);
    for (std::size_t at = 0; at < lossy.size(); at += kFrame) {
      if (random.chance(seed == 1 ? 0.10 : 0.01)) {
        std::fill_n(lossy.begin() + static_cast<std::ptrdiff_t>(at), kFrame, Sample{0});
      }
    }
    const auto tones = heard(lossy);
    ASSERT_EQ(tones.size(), 1U) << seed;
    EXPECT_NEAR(tones[0].frequency_hz, 1633, 5) << seed;
    EXPECT_LE(tones[0].decided, 4000U) << seed;
  }
}

TEST(ToneDetector, reports_one_tone_after_another) {
  const auto tones = heard(joined({tone(440, kSecond), tone(460, kSecond), silence(kSecond + 123), tone(460, kSecond)}));
  ASSERT_EQ(tones.size(), 3U);
  EXPECT_NEAR(tones[0].frequency_hz, 440, 2);
  EXPECT_NEAR(tones[1].frequency_hz, 460, 2);
  EXPECT_NEAR(static_cast<double>(tones[1].start), kSecond, 320);
  EXPECT_NEAR(tones[2].frequency_hz, 460, 2);
  EXPECT_NEAR(static_cast<double>(tones[2].start), 3 * kSecond + 123, 8);
}

TEST(ToneDetector, ignores_tones_outside_its_band) {
  EXPECT_TRUE(heard(tone(50, kSecond)).empty());
  EXPECT_TRUE(heard(tone(150, kSecond)).empty());
  EXPECT_TRUE(heard(tone(3500, kSecond)).empty());
  EXPECT_TRUE(heard(Samples(kSecond, 5000)).empty());
}

TEST(ToneDetector, hears_the_same_at_every_rate) {
  for (const unsigned rate : {8000U, 11025U, 16000U, 22050U, 24000U, 32000U, 44100U, 48000U}) {
    ToneDetector detector{SampleRate{rate}};
    EXPECT_TRUE(heard(detector, silence(rate / 2)).empty());
    Samples samples(rate);
    ToneSource(1633, -20, SampleRate{rate}).read(samples);
    const auto tones = heard(detector, samples);
    ASSERT_EQ(tones.size(), 1U) << rate;
    EXPECT_NEAR(tones[0].frequency_hz, 1633, 2) << rate;
    EXPECT_NEAR(tones[0].level_dbov, -20, 0.5) << rate;
    EXPECT_NEAR(static_cast<double>(tones[0].start) / rate, 0.5, 0.002) << rate;
    EXPECT_LE(static_cast<double>(tones[0].decided) / rate, 0.5 + 0.18) << rate;
    ASSERT_TRUE(detector.first_audio().has_value());
    EXPECT_NEAR(static_cast<double>(detector.first_audio()->position) / rate, 0.5, 0.002) << rate;
    EXPECT_EQ(detector.position(), rate / 2 + rate);
  }
}

TEST(ToneDetector, does_not_take_a_tone_20_hz_away_for_another) {
  for (const double frequency : {420.0, 440.0, 460.0, 980.0, 1020.0, 3380.0}) {
    const auto tones = heard(over(Encoding::Pcma, tone(frequency, kSecond)));
    ASSERT_EQ(tones.size(), 1U) << frequency;
    EXPECT_NEAR(tones[0].frequency_hz, frequency, 5);
  }
}

TEST(ToneDetector, hears_the_same_in_pieces_of_any_size) {
  const Samples samples = joined({silence(1000), tone(900, kSecond)});
  ToneDetector whole;
  const auto expected = whole.process(samples);
  ASSERT_EQ(expected.size(), 1U);
  for (const std::size_t piece : {1U, 7U, 80U, 333U}) {
    ToneDetector detector;
    std::vector<DetectedTone> tones;
    for (std::size_t at = 0; at < samples.size(); at += piece) {
      for (const DetectedTone& each : detector.process(std::span(samples).subspan(at, std::min(piece, samples.size() - at)))) {
        tones.push_back(each);
      }
    }
    ASSERT_EQ(tones.size(), 1U) << piece;
    EXPECT_EQ(tones[0].decided, expected[0].decided);
    EXPECT_EQ(tones[0].frequency_hz, expected[0].frequency_hz);
  }
}

}  // namespace
}  // namespace callwright::audio
