#include "app/audio_check.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace callwright::app {
namespace {

constexpr double kRate = 8000;
constexpr std::size_t kFrame = 160;

/// Frames of 20 ms of a sine until the check is over, or for five seconds.
class Listening {
 public:
  explicit Listening(AudioCheck::Options options) : check_(options, audio::kNarrowband, now_) {}

  AudioCheck::Outcome to(double frequency_hz, double amplitude = 8000) { return to_all({frequency_hz}, amplitude); }

  /// To all of them at once.
  AudioCheck::Outcome to_all(const std::vector<double>& frequencies_hz, double amplitude = 8000) {
    for (int frame = 0; frame < 250; ++frame) {
      std::vector<audio::Sample> samples(kFrame);
      for (audio::Sample& sample : samples) {
        double sum = 0;
        for (const double frequency_hz : frequencies_hz) {
          sum += amplitude * std::sin(2 * std::numbers::pi * frequency_hz * static_cast<double>(position_) / kRate);
        }
        sample = static_cast<audio::Sample>(std::lround(sum));
        ++position_;
      }
      now_ += std::chrono::milliseconds(20);
      if (const auto outcome = check_.hear(samples, now_)) {
        return *outcome;
      }
    }
    return {};
  }
  [[nodiscard]] double seconds() const { return static_cast<double>(position_) / kRate; }

 private:
  base::TimePoint now_{};
  AudioCheck check_;
  std::uint64_t position_ = 0;
};

AudioCheck::Options tone(double frequency_hz) { return {.kind = AudioCheck::Kind::Tone, .frequency_hz = frequency_hz, .within = std::chrono::seconds(2)}; }

TEST(AudioCheck, hears_a_tone_within_half_a_second) {
  Listening listening(tone(440));
  const auto outcome = listening.to(440);
  EXPECT_TRUE(outcome.ok);
  EXPECT_GT(outcome.score, 0.95);
  EXPECT_NEAR(outcome.rms, 8000 / std::numbers::sqrt2, 50);
  EXPECT_LT(listening.seconds(), 0.5);
}

TEST(AudioCheck, is_not_fooled_by_a_tone_of_20_hz_more) {
  Listening listening(tone(440));
  const auto outcome = listening.to(460);
  EXPECT_FALSE(outcome.ok);
  EXPECT_LT(outcome.score, 0.1);
  EXPECT_GT(outcome.rms, 1000);
  EXPECT_NEAR(listening.seconds(), 2, 0.1);
}

TEST(AudioCheck, takes_a_tone_of_a_clock_that_runs_off_by_200_ppm) { EXPECT_TRUE(Listening(tone(3000)).to(3000.6).ok); }

TEST(AudioCheck, hears_each_of_three_tones_at_once_and_no_other) {
  for (const double frequency_hz : {440.0, 660.0, 880.0}) {
    Listening listening(tone(frequency_hz));
    EXPECT_TRUE(listening.to_all({440, 660, 880}).ok) << frequency_hz;
    EXPECT_LT(listening.seconds(), 0.5);
  }
  EXPECT_FALSE(Listening(tone(1000)).to_all({440, 660, 880}).ok);
}

TEST(AudioCheck, hears_no_tone_in_silence) {
  const auto outcome = Listening(tone(440)).to(440, 0);
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.score, 0);
  EXPECT_EQ(outcome.rms, 0);
}

TEST(AudioCheck, of_silence_lasts_all_of_its_time) {
  Listening listening({.kind = AudioCheck::Kind::Silence, .within = std::chrono::seconds(1)});
  EXPECT_TRUE(listening.to(440, 10).ok);
  EXPECT_NEAR(listening.seconds(), 1, 0.05);
  EXPECT_FALSE(Listening({.kind = AudioCheck::Kind::Silence, .within = std::chrono::seconds(1)}).to(440).ok);
}

}  // namespace
}  // namespace callwright::app
