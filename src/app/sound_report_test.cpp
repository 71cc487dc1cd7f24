#include "app/sound_report.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

namespace callwright::app {
namespace {

using testing::DoubleNear;
using testing::Gt;
using testing::Lt;

constexpr std::size_t kFrame = 160;

SoundReport::Reference voice(const char* name) { return SoundReport::blocking_read(std::string(CALLWRIGHT_FIXTURES "/") + name).value(); }

/// Frames of 20 ms, until the report is made.
SoundReport::Summary reported(const std::vector<audio::Sample>& samples, SoundReport::Reference reference = {}) {
  base::TimePoint now{};
  SoundReport report(std::chrono::duration_cast<std::chrono::milliseconds>(audio::duration_of(samples.size())), audio::kNarrowband, now, std::move(reference));
  for (std::span<const audio::Sample> left(samples); !left.empty(); left = left.subspan(std::min(kFrame, left.size()))) {
    now += std::chrono::milliseconds(20);
    if (const auto summary = report.hear(left.first(std::min(kFrame, left.size())), now)) {
      return *summary;
    }
  }
  return {.duration = std::chrono::milliseconds(-1)};
}

std::vector<audio::Sample> sine(double amplitude) {
  std::vector<audio::Sample> samples(8000);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<audio::Sample>(std::clamp(amplitude * std::sin(2 * std::numbers::pi * 400 * static_cast<double>(i) / 8000), -32768.0, 32767.0));
  }
  return samples;
}

TEST(SoundReport, tells_the_level_of_a_sine_and_finds_nothing_wrong_with_it) {
  const auto told = reported(sine(16'384));
  EXPECT_EQ(told.duration, std::chrono::seconds(1));
  EXPECT_THAT(told.level_dbov, DoubleNear(-9.03, 0.1));
  EXPECT_THAT(told.peak_dbov, DoubleNear(-6.02, 0.1));
  EXPECT_EQ(told.clipped, 0);
  EXPECT_EQ(told.silence, 0);
  EXPECT_EQ(told.glitches, 0U);
  EXPECT_FALSE(told.similarity);
}

TEST(SoundReport, tells_what_share_is_silent_clipped_or_missing) {
  auto samples = sine(16'384);
  std::fill(samples.begin(), samples.begin() + 2000, audio::Sample{0});
  std::fill(samples.begin() + 5000, samples.begin() + 5400, audio::Sample{0});
  const auto told = reported(samples);
  EXPECT_THAT(told.silence, DoubleNear(0.3, 0.02));
  EXPECT_THAT(told.glitches, Gt(0U));
  EXPECT_THAT(reported(sine(65'536)).clipped, DoubleNear(0.67, 0.1));
}

TEST(SoundReport, is_silent_where_nothing_came) {
  SoundReport report(std::chrono::seconds(1), audio::kNarrowband, base::TimePoint{}, voice("speech_man.flac"));
  EXPECT_FALSE(report.hear({}, base::TimePoint{} + std::chrono::milliseconds(999)));
  const auto told = report.hear({}, base::TimePoint{} + std::chrono::seconds(1));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->silence, 1);
  EXPECT_EQ(told->similarity, 0);
}

TEST(SoundReport, compares_with_a_reference_that_begins_late) {
  const auto woman = voice("speech_woman.flac");
  std::vector<audio::Sample> late(3 * 8000);
  late.insert(late.end(), woman->begin(), woman->end());
  EXPECT_THAT(*reported(late, woman).similarity, Gt(0.9));
  EXPECT_THAT(*reported(late, voice("speech_man.flac")).similarity, Lt(0.4));
}

TEST(SoundReport, refuses_a_reference_that_is_no_sound) { EXPECT_FALSE(SoundReport::blocking_read("/nowhere.wav")); }

}  // namespace
}  // namespace callwright::app
