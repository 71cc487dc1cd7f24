#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

namespace callwright::audio {
namespace {

TEST(LevelDbov, follows_the_overload_point) {
  EXPECT_EQ(level_dbov({}), kSilenceDbov);
  EXPECT_EQ(level_dbov(std::vector<Sample>(160, 0)), kSilenceDbov);
  EXPECT_NEAR(level_dbov(std::vector<Sample>(160, -32768)), 0, 0.001);
  EXPECT_NEAR(level_dbov(std::vector<Sample>(160, 8192)), -12.04, 0.01);
}

TEST(ToneSource, has_the_level_that_was_asked_for) {
  for (const double level : {-3.02, -10.0, -20.0, -40.0}) {
    ToneSource source(1000, level);
    std::vector<Sample> samples(8000);
    EXPECT_EQ(source.read(samples), 8000U);
    EXPECT_NEAR(level_dbov(samples), level, 0.05);
  }
}

TEST(ToneSource, does_not_overflow_when_asked_for_more_than_there_is) {
  ToneSource source(1000, 20);
  std::vector<Sample> samples(8000);
  source.read(samples);
  EXPECT_NEAR(level_dbov(samples), kFullScaleSineDbov, 0.01);
}

TEST(ToneSource, keeps_its_phase_from_read_to_read) {
  ToneSource whole(1234.5, -10);
  ToneSource pieces(1234.5, -10);
  std::vector<Sample> expected(1000);
  std::vector<Sample> samples(1000);
  whole.read(expected);
  for (std::size_t at = 0; at < samples.size(); at += 40) {
    pieces.read(std::span(samples).subspan(at, 40));
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    ASSERT_NEAR(samples[i], expected[i], 1) << i;
  }
}

TonePattern busy() { return {.components = {{480, -24}, {620, -24}}, .cadence = {std::chrono::milliseconds(500), std::chrono::milliseconds(500)}}; }

std::vector<Sample> played(Source& source, std::size_t count) {
  std::vector<Sample> samples(count);
  source.read(samples);
  return samples;
}

TEST(TonePattern, plays_several_tones_at_once) {
  for (const SampleRate rate : {kNarrowband, kWideband, kFullband}) {
    auto source = TonePatternSource::make({.components = {{440, -20}, {480, -20}}}, rate).value();
    const auto samples = played(*source, static_cast<std::size_t>(rate));
    EXPECT_NEAR(level_dbov(samples), -17, 0.1);
  }
}

TEST(TonePattern, goes_on_and_off) {
  auto source = TonePatternSource::make(busy(), kNarrowband).value();
  for (int round = 0; round < 3; ++round) {
    EXPECT_NEAR(level_dbov(played(*source, 4000)), -21, 0.2) << round;
    EXPECT_EQ(level_dbov(played(*source, 4000)), kSilenceDbov) << round;
  }
}

TEST(TonePattern, ends_after_its_rounds) {
  TonePattern twice = busy();
  twice.rounds = 2;
  auto source = TonePatternSource::make(twice, kNarrowband).value();
  std::vector<Sample> samples(10000, 99);
  EXPECT_EQ(source->read(samples), 10000U);
  EXPECT_EQ(source->read(samples), 6000U);
  EXPECT_EQ(source->read(samples), 0U);
  EXPECT_EQ(samples, std::vector<Sample>(10000));
}

TEST(TonePattern, does_not_click) {
  auto source =
      TonePatternSource::make({.components = {{440, -10}}, .cadence = {std::chrono::milliseconds(33), std::chrono::milliseconds(20)}}, kNarrowband).value();
  const auto samples = played(*source, 8000);
  // The steepest that a sine of that level and frequency gets; a cut edge is far steeper.
  const double steepest = 32768 * 1.4143 * std::pow(10.0, -0.5) * 2 * 3.1416 * 440 / 8000 * 1.1;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    ASSERT_LE(std::abs(samples[i] - samples[i - 1]), steepest) << i;
  }
}

TEST(TonePattern, refuses_what_cannot_be_played) {
  const auto refused = [](const TonePattern& pattern) { return !TonePatternSource::make(pattern, kNarrowband); };
  EXPECT_TRUE(refused({.components = {}}));
  EXPECT_TRUE(refused({.components = std::vector<TonePattern::Component>(9, {440, -20})}));
  EXPECT_TRUE(refused({.components = {{4000, -20}}}));
  EXPECT_TRUE(refused({.components = {{std::nan(""), -20}}}));
  EXPECT_TRUE(refused({.components = {{440, 1}}}));
  TonePattern pattern = busy();
  pattern.cadence.assign(33, std::chrono::milliseconds(100));
  EXPECT_TRUE(refused(pattern));
  pattern.cadence = {std::chrono::milliseconds(0)};
  EXPECT_TRUE(refused(pattern));
}

TEST(SilenceSource, ends_when_it_was_told_to) {
  SilenceSource source(100);
  std::vector<Sample> samples(80, 99);
  EXPECT_EQ(source.read(samples), 80U);
  EXPECT_EQ(source.read(samples), 20U);
  EXPECT_EQ(source.read(samples), 0U);
  EXPECT_EQ(samples, std::vector<Sample>(80));
  SilenceSource endless;
  EXPECT_EQ(endless.read(samples), 80U);
}

}  // namespace
}  // namespace callwright::audio
