#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace callwright::audio
