#include "audio/level.hpp"

#include "audio/test_sound.hpp"
#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

namespace callwright::audio {
namespace {

using std::chrono::milliseconds;
using Samples = std::vector<Sample>;

Samples tone(std::size_t count, double level = -20) {
  Samples samples(count);
  ToneSource(1000, level).read(samples);
  return samples;
}

TEST(LevelMeter, gives_rms_and_peak_of_each_window) {
  LevelMeter meter(kNarrowband, milliseconds(100));
  EXPECT_TRUE(meter.process(tone(799)).empty());
  auto levels = meter.process(Samples(1, 0));
  ASSERT_EQ(levels.size(), 1U);
  EXPECT_EQ(levels[0].position, 0U);
  EXPECT_NEAR(levels[0].rms_dbov, -20, 0.1);
  EXPECT_NEAR(levels[0].peak_dbov, -17, 0.1);
  levels = meter.process(Samples(1600));
  ASSERT_EQ(levels.size(), 2U);
  EXPECT_EQ(levels[1].position, 1600U);
  EXPECT_EQ(levels[1].rms_dbov, kSilenceDbov);
  EXPECT_NEAR(meter.overall().rms_dbov, -20 - 4.77, 0.1);
  EXPECT_NEAR(meter.overall().peak_dbov, -17, 0.1);
}

TEST(SilenceDetector, tells_where_silence_begins_and_ends) {
  SilenceDetector detector(kNarrowband);
  EXPECT_TRUE(detector.process(tone(8000)).empty());
  EXPECT_TRUE(detector.process(Samples(2320)).empty()) << "a short pause is none";
  const auto began = detector.process(Samples(160));
  ASSERT_EQ(began.size(), 1U);
  EXPECT_EQ(began[0], (SilenceDetector::Change{true, 8000}));
  detector.process(Samples(5520));
  EXPECT_TRUE(detector.silent());
  const auto ended = detector.process(tone(800));
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0], (SilenceDetector::Change{false, 16000}));
  EXPECT_EQ(detector.silent_samples(), 8000U);
  EXPECT_EQ(detector.longest_silence(), 8000U);
}

TEST(SilenceDetector, takes_a_silent_beginning_for_silence_and_soft_sound_for_none) {
  SilenceDetector detector(kNarrowband, {.threshold_dbov = -60});
  const auto changes = detector.process(Samples(2400));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0], (SilenceDetector::Change{true, 0}));
  EXPECT_EQ(detector.process(tone(80, -55)).size(), 1U);
}

TEST(ClippingMeter, counts_what_was_cut_off) {
  ClippingMeter meter;
  meter.process(tone(8000, -3.02));
  EXPECT_EQ(meter.clipped(), 0U) << "a loud sine is not cut";
  EXPECT_EQ(meter.ratio(), 0);
  Samples loud = tone(8000, -9);
  for (Sample& sample : loud) {
    sample = static_cast<Sample>(std::clamp(3 * sample, -32768, 32767));
  }
  ClippingMeter second;
  second.process(std::span(loud).first(13));
  second.process(std::span(loud).subspan(13));
  EXPECT_NEAR(static_cast<double>(second.places()), 2000, 2);
  EXPECT_NEAR(second.ratio(), 0.75, 0.26);
  ClippingMeter voice;
  voice.process(woman(kNarrowband));
  EXPECT_EQ(voice.clipped(), 0U);
}

}  // namespace
}  // namespace callwright::audio
