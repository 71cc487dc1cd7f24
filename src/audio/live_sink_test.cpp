#include "audio/live_sink.hpp"

#include "audio/tone_source.hpp"

#include <gtest/gtest.h>

namespace callwright::audio {
namespace {

using std::chrono::milliseconds;

std::vector<Sample> ramp(std::size_t count, int first = 1) {
  std::vector<Sample> samples(count);
  for (std::size_t i = 0; i < count; ++i) {
    samples[i] = static_cast<Sample>(first + static_cast<int>(i));
  }
  return samples;
}

TEST(LiveSink, gives_whole_frames_of_20_ms) {
  LiveReader reader({});
  const auto sink = reader.sink(kNarrowband);
  std::vector<Sample> heard;
  sink->write(ramp(159));
  reader.read(heard);
  EXPECT_TRUE(heard.empty());
  sink->write(ramp(200, 160));
  reader.read(heard);
  EXPECT_EQ(heard, ramp(320));
  sink->write(ramp(121, 360));
  reader.read(heard);
  EXPECT_EQ(heard, ramp(480)) << "appended";
  EXPECT_EQ(reader.dropped(), milliseconds(0));
}

TEST(LiveSink, drops_the_oldest_and_counts) {
  LiveReader reader({.capacity = milliseconds(100)});
  const auto sink = reader.sink(kNarrowband);
  sink->write(ramp(1600));
  EXPECT_EQ(reader.dropped(), milliseconds(100));
  std::vector<Sample> heard;
  reader.read(heard);
  EXPECT_EQ(heard, ramp(800, 801));
}

TEST(LiveSink, gives_the_rate_that_the_program_wants) {
  LiveReader reader({.rate = kWideband});
  const auto sink = reader.sink(kNarrowband);
  std::vector<Sample> tone(8000);
  ToneSource(1000, -10, kNarrowband).read(tone);
  sink->write(tone);
  std::vector<Sample> heard;
  reader.read(heard);
  EXPECT_NEAR(static_cast<double>(heard.size()), 16000, 640);
  EXPECT_NEAR(level_dbov(std::span(heard).last(8000)), -10, 0.2);
}

}  // namespace
}  // namespace callwright::audio
