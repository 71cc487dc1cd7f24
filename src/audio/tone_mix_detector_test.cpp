#include "audio/tone_mix_detector.hpp"

#include "audio/comfort_noise.hpp"
#include "audio/g711.hpp"
#include "audio/test_sound.hpp"
#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace callwright::audio {
namespace {

using Samples = std::vector<Sample>;

Samples mix(std::vector<TonePattern::Component> components, double seconds, SampleRate rate = kNarrowband) {
  TonePattern pattern;
  pattern.components = std::move(components);
  Samples samples(static_cast<std::size_t>(seconds * static_cast<double>(rate)));
  TonePatternSource::make(pattern, rate).value()->read(samples);
  return samples;
}

Samples joined(const Samples& left, const Samples& right) {
  Samples all = left;
  all.insert(all.end(), right.begin(), right.end());
  return all;
}

/// In frames of 20 ms, the lowest tone first.
std::vector<DetectedTone> heard(const Samples& samples, SampleRate rate = kNarrowband, std::size_t max_tones = 2) {
  ToneMixDetector detector(rate, max_tones);
  const std::size_t frame = samples_in(std::chrono::milliseconds(20), rate);
  std::vector<DetectedTone> tones;
  for (std::size_t at = 0; at < samples.size(); at += frame) {
    const auto more = detector.process(std::span(samples).subspan(at, std::min(frame, samples.size() - at)));
    tones.insert(tones.end(), more.begin(), more.end());
  }
  std::ranges::sort(tones, {}, &DetectedTone::frequency_hz);
  return tones;
}

Samples over_pcma(const Samples& samples) {
  std::vector<std::uint8_t> bytes(samples.size());
  Samples back(samples.size());
  encode(Encoding::Pcma, samples, bytes);
  decode(Encoding::Pcma, bytes, back);
  return back;
}

TEST(ToneMixDetector, hears_both_tones_of_a_pair_at_every_rate) {
  for (const unsigned rate : {8000U, 11025U, 16000U, 24000U, 44100U, 48000U}) {
    for (const auto& [low, high] : {std::pair{440.0, 480.0}, {350.0, 440.0}, {480.0, 620.0}, {697.0, 1209.0}, {1336.0, 3000.0}}) {
      const Samples samples = joined(Samples(rate / 2), mix({{low, -20}, {high, -24}}, 0.5, SampleRate{rate}));
      const auto tones = heard(samples, SampleRate{rate});
      ASSERT_EQ(tones.size(), 2U) << rate << ' ' << low;
      EXPECT_NEAR(tones[0].frequency_hz, low, 3);
      EXPECT_NEAR(tones[1].frequency_hz, high, 3);
      EXPECT_NEAR(tones[0].level_dbov, -20, 1);
      EXPECT_NEAR(tones[1].level_dbov, -24, 1);
      for (const DetectedTone& tone : tones) {
        EXPECT_LE(static_cast<double>(tone.decided) / rate, 0.5 + 0.3) << rate << ' ' << low;
        EXPECT_NEAR(static_cast<double>(tone.start) / rate, 0.5, 0.01) << rate << ' ' << low;
      }
    }
  }
}

TEST(ToneMixDetector, hears_a_single_tone) {
  for (const double frequency : {200.0, 440.0, 1004.0, 3400.0}) {
    const auto tones = heard(over_pcma(mix({{frequency, -15}}, 1)));
    ASSERT_EQ(tones.size(), 1U) << frequency;
    EXPECT_NEAR(tones[0].frequency_hz, frequency, 1);
    EXPECT_NEAR(tones[0].level_dbov, -15, 0.5);
  }
}

TEST(ToneMixDetector, does_not_take_a_tone_20_hz_away_for_another) {
  for (const double shift : {-20.0, 20.0}) {
    const auto tones = heard(over_pcma(mix({{440 + shift, -20}, {520 + shift, -20}}, 1)));
    ASSERT_EQ(tones.size(), 2U);
    EXPECT_NEAR(tones[0].frequency_hz, 440 + shift, 5);
    EXPECT_NEAR(tones[1].frequency_hz, 520 + shift, 5);
  }
}

TEST(ToneMixDetector, does_not_mind_loss_that_is_played_as_silence) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    base::DeterministicRandom random(seed);
    Samples lossy = mix({{440, -20}, {480, -20}}, 20);
    for (std::size_t at = 0; at < lossy.size(); at += 160) {
      if (random.chance(0.01)) {
        std::fill_n(lossy.begin() + static_cast<std::ptrdiff_t>(at), 160, Sample{0});
      }
    }
    const auto tones = heard(lossy);
    ASSERT_EQ(tones.size(), 2U) << seed;
    EXPECT_NEAR(tones[0].frequency_hz, 440, 5) << seed;
    EXPECT_NEAR(tones[1].frequency_hz, 480, 5) << seed;
    EXPECT_LE(tones[1].decided, 8000U) << seed;
  }
}

TEST(ToneMixDetector, does_not_mind_a_hole_or_a_slip_anywhere) {
  for (std::size_t at = 0; at < 16; ++at) {
    const Samples whole = mix({{350, -20}, {440, -20}}, 1);
    const auto place = static_cast<std::ptrdiff_t>(at * 160 + 40);
    Samples hole = whole;
    std::fill_n(hole.begin() + place, 160, Sample{0});
    Samples slipped = whole;
    slipped.erase(slipped.begin() + place, slipped.begin() + place + 160);
    for (const Samples& samples : {hole, slipped}) {
      const auto tones = heard(samples);
      ASSERT_EQ(tones.size(), 2U) << at;
      EXPECT_NEAR(tones[0].frequency_hz, 350, 5) << at;
      EXPECT_NEAR(tones[1].frequency_hz, 440, 5) << at;
      EXPECT_LE(tones[1].decided, 4000U) << at;
    }
  }
}

TEST(ToneMixDetector, does_not_mind_a_clock_that_is_200_ppm_off) {
  const auto tones = heard(mix({{440 * 1.0002, -20}, {480 * 1.0002, -20}}, 60));
  ASSERT_EQ(tones.size(), 2U);
  EXPECT_NEAR(tones[0].frequency_hz, 440, 2);
}

TEST(ToneMixDetector, reports_again_what_comes_again) {
  const Samples burst = joined(mix({{480, -20}, {620, -20}}, 0.5), Samples(4000));
  const auto tones = heard(joined(burst, joined(burst, burst)));
  EXPECT_EQ(tones.size(), 6U);
}

TEST(ToneMixDetector, is_not_fooled_by_noise_voices_or_more_tones_than_it_looks_for) {
  Samples noise(48000);
  ComfortNoiseSource(-20).read(noise);
  EXPECT_TRUE(heard(noise, kNarrowband, 4).empty());
  std::vector<TonePattern::Component> harmonics;
  for (int i = 1; i <= 8; ++i) {
    harmonics.push_back({i * 130.0 + 70, -26 - std::abs(i - 4) * 2.0});
  }
  EXPECT_TRUE(heard(mix(harmonics, 2)).empty());
  const Samples three = mix({{400, -20}, {800, -20}, {1200, -20}}, 1);
  EXPECT_TRUE(heard(three).empty());
  EXPECT_EQ(heard(three, kNarrowband, 3).size(), 3U);
  EXPECT_TRUE(heard(Samples(8000)).empty());
  EXPECT_TRUE(heard(Samples(8000, 9000)).empty());
}

TEST(ToneMixDetector, takes_no_voice_for_tones) {
  for (const Samples& voice : {woman(kNarrowband), man(kNarrowband)}) {
    EXPECT_TRUE(heard(voice, kNarrowband, 4).empty());
    EXPECT_TRUE(ToneDetector().process(voice).empty());
  }
}

TEST(Fourier, transforms_there_and_back) {
  const Fourier fourier(16);
  std::vector<float> values(16);
  values[3] = 1;
  values[7] = -2;
  std::vector<std::complex<float>> spectrum(fourier.bins());
  fourier.forward(values, spectrum);
  EXPECT_NEAR(spectrum[0].real(), -1, 1e-6);
  std::vector<float> back(16);
  fourier.inverse(spectrum, back);
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_NEAR(back[i], 16 * values[i], 1e-5);
  }
  EXPECT_THROW(Fourier(15), std::invalid_argument);
  EXPECT_THROW(fourier.forward(std::vector<float>(8), spectrum), std::invalid_argument);
}

}  // namespace
}  // namespace callwright::audio
