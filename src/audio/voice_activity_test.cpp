#include "audio/voice_activity.hpp"

#include "audio/comfort_noise.hpp"
#include "audio/test_sound.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace callwright::audio {
namespace {

using Samples = std::vector<Sample>;

constexpr SampleRate kRates[] = {kNarrowband, kWideband, SampleRate{24000}, SampleRate{44100}, kFullband};

Samples noise(std::size_t count, double level) {
  Samples samples(count);
  ComfortNoiseSource(level, 11).read(samples);
  return samples;
}

std::vector<VoiceChange> heard(VoiceActivity& voice, const Samples& samples, SampleRate rate) {
  const std::size_t frame = samples_in(std::chrono::milliseconds(20), rate);
  std::vector<VoiceChange> changes;
  for (std::size_t at = 0; at < samples.size(); at += frame) {
    const auto more = voice.process(std::span(samples).subspan(at, std::min(frame, samples.size() - at)));
    changes.insert(changes.end(), more.begin(), more.end());
  }
  return changes;
}

/// One second of nothing, the voice, two seconds of nothing; noise under all of it.
Samples in_noise(const Samples& voice, SampleRate rate, double level) {
  const auto second = static_cast<std::size_t>(rate);
  Samples all = delayed(voice, second);
  all.resize(all.size() + 2 * second);
  return added(all, noise(all.size(), level));
}

TEST(VoiceActivity, finds_speech_between_silences_at_every_rate) {
  for (const SampleRate rate : kRates) {
    const Samples voice = man(rate);
    const auto second = static_cast<double>(rate);
    // One sentence after another, with a pause longer than the hang-over.
    const auto detector = make_voice_activity(rate);
    const auto changes = heard(*detector, in_noise(voice, rate, -65), rate);
    ASSERT_GE(changes.size(), 2U);
    EXPECT_TRUE(changes.front().speaking);
    EXPECT_NEAR(static_cast<double>(changes.front().position) / second, 1, 0.3);
    EXPECT_LT(static_cast<double>(changes.front().decided - changes.front().position) / second, 0.07);
    EXPECT_FALSE(changes.back().speaking);
    EXPECT_NEAR(static_cast<double>(changes.back().position) / second, 1 + static_cast<double>(voice.size()) / second, 0.4);
    EXPECT_FALSE(detector->speaking());
    for (std::size_t i = 1; i < changes.size(); ++i) {
      EXPECT_NE(changes[i].speaking, changes[i - 1].speaking);
      EXPECT_GT(changes[i].position, changes[i - 1].position);
    }
  }
}

/// Frames of 10 ms, of which a clean recording tells whether there is a voice in them.
struct Measured {
  double hits;          ///< Of frames with a voice.
  double false_alarms;  ///< Of frames without.
};

Measured measure(const Samples& clean, const Samples& noisy, SampleRate rate, VoiceSensitivity sensitivity) {
  const auto detector =
      make_voice_activity(rate, {.sensitivity = sensitivity, .onset = std::chrono::milliseconds(10), .hang_over = std::chrono::milliseconds(100)});
  const std::size_t frame = samples_in(std::chrono::milliseconds(10), rate);
  double voiced = 0, hits = 0, unvoiced = 0, alarms = 0;
  for (std::size_t at = 0; at + frame <= noisy.size(); at += frame) {
    (void)detector->process(std::span(noisy).subspan(at, frame));
    const bool in_voice = at + frame <= clean.size() && level_dbov(std::span(clean).subspan(at, frame)) > -40;
    (in_voice ? voiced : unvoiced) += 1;
    (in_voice ? hits : alarms) += detector->speaking() ? 1 : 0;
  }
  return {hits / voiced, alarms / unvoiced};
}

TEST(VoiceActivity, hits_nearly_all_speech_and_little_else) {
  for (const SampleRate rate : {kNarrowband, kWideband}) {
    for (const Samples& voice : {woman(rate), man(rate)}) {
      const Samples clean = delayed(voice, static_cast<std::size_t>(rate));
      for (const double level : {-65.0, -45.0}) {
        const Measured measured = measure(clean, in_noise(voice, rate, level), rate, VoiceSensitivity::Low);
        EXPECT_GT(measured.hits, 0.98) << level;
        EXPECT_LT(measured.false_alarms, 0.35) << level << " most are pauses within words and the hang-over";
      }
    }
  }
}

TEST(VoiceActivity, is_not_fooled_by_noise_or_silence) {
  for (const SampleRate rate : kRates) {
    const auto detector = make_voice_activity(rate);
    EXPECT_TRUE(heard(*detector, Samples(3 * static_cast<std::size_t>(rate)), rate).empty());
    EXPECT_EQ(detector->voiced_ratio(), 0);
    EXPECT_TRUE(heard(*detector, noise(5 * static_cast<std::size_t>(rate), -60), rate).empty());
    const auto loud = make_voice_activity(rate, {.sensitivity = VoiceSensitivity::VeryLow});
    heard(*loud, noise(10 * static_cast<std::size_t>(rate), -30), rate);
    EXPECT_LT(loud->voiced_ratio(), 0.02) << static_cast<std::uint32_t>(rate);
  }
}

TEST(VoiceActivity, bridges_pauses_with_its_hang_over) {
  const auto count = [](std::chrono::milliseconds hang_over) {
    const auto detector = make_voice_activity(kWideband, {.hang_over = hang_over});
    return heard(*detector, in_noise(man(kWideband), kWideband, -65), kWideband).size();
  };
  EXPECT_EQ(count(std::chrono::milliseconds(1500)), 2U);
  EXPECT_GE(count(std::chrono::milliseconds(50)), 4U);
}

TEST(VoiceActivity, does_not_care_how_the_stream_is_cut) {
  const Samples samples = in_noise(woman(kNarrowband), kNarrowband, -60);
  const auto expected = make_voice_activity(kNarrowband)->process(samples);
  ASSERT_FALSE(expected.empty());
  for (const std::size_t piece : {1U, 77U, 160U}) {
    const auto detector = make_voice_activity(kNarrowband);
    std::vector<VoiceChange> changes;
    for (std::size_t at = 0; at < samples.size(); at += piece) {
      const auto more = detector->process(std::span(samples).subspan(at, std::min(piece, samples.size() - at)));
      changes.insert(changes.end(), more.begin(), more.end());
    }
    EXPECT_EQ(changes, expected) << piece;
  }
}

TEST(NoiseSuppressor, takes_noise_away_and_leaves_the_voice) {
  for (const SampleRate rate : {kNarrowband, kWideband, kFullband}) {
    const auto second = static_cast<std::size_t>(rate);
    const Samples voice = woman(rate);
    Samples samples = added(delayed(voice, 3 * second), noise(3 * second + voice.size(), -45));
    const double noise_before = level_dbov(std::span(samples).subspan(2 * second, second));
    const double voice_before = level_dbov(std::span(samples).subspan(3 * second));
    auto suppressor = NoiseSuppressor::make(rate, NoiseSuppression::High).value();
    suppressor->process(samples);
    EXPECT_LT(level_dbov(std::span(samples).subspan(2 * second, second)), noise_before - 10);
    EXPECT_NEAR(level_dbov(std::span(samples).subspan(3 * second)), voice_before, 3);
  }
}

TEST(NoiseSuppressor, refuses_rates_it_does_not_have) {
  const auto suppressor = NoiseSuppressor::make(SampleRate{44100});
  ASSERT_FALSE(suppressor);
  EXPECT_THAT(suppressor.error().detail, testing::HasSubstr("resample to 8000"));
}

}  // namespace
}  // namespace callwright::audio
