#include "audio/live_source.hpp"

#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

#include <numeric>

namespace callwright::audio {
namespace {

using std::chrono::milliseconds;
using Samples = std::vector<Sample>;

Samples ramp(std::size_t count, int first = 1) {
  Samples samples(count);
  std::iota(samples.begin(), samples.end(), static_cast<Sample>(first));
  return samples;
}

Samples read(Source& source, std::size_t count, std::size_t expected_real) {
  Samples samples(count, 99);
  EXPECT_EQ(source.read(samples), expected_real);
  return samples;
}

Samples padded(Samples samples, std::size_t count) {
  samples.resize(count);
  return samples;
}

TEST(LiveSource, plays_what_was_written_in_pieces_of_any_size) {
  LiveWriter writer({.prebuffer = milliseconds(0)});
  const auto source = writer.source(kNarrowband);
  const Samples all = ramp(1000);
  std::size_t at = 0;
  for (const std::size_t piece : {1U, 79U, 500U, 3U, 417U}) {
    writer.write(std::span(all).subspan(at, piece));
    at += piece;
  }
  writer.finish();
  EXPECT_EQ(read(*source, 300, 300), ramp(300));
  EXPECT_EQ(read(*source, 800, 700), padded(ramp(700, 301), 800));
  EXPECT_EQ(read(*source, 10, 0), Samples(10));
}

TEST(LiveSource, plays_silence_while_there_is_nothing_and_does_not_end) {
  LiveWriter writer({.prebuffer = milliseconds(20)});
  const auto source = writer.source(kNarrowband);
  EXPECT_EQ(read(*source, 160, 160), Samples(160));
  writer.write(ramp(80));
  EXPECT_EQ(read(*source, 160, 160), Samples(160)) << "less than the prebuffer";
  writer.write(ramp(80, 81));
  EXPECT_EQ(read(*source, 100, 100), ramp(100));
  EXPECT_EQ(read(*source, 100, 100), padded(ramp(60, 101), 100));
  writer.write(ramp(80));
  EXPECT_EQ(read(*source, 100, 100), Samples(100)) << "it ran dry, so it gathers again";
  writer.finish();
  EXPECT_EQ(read(*source, 100, 80), padded(ramp(80), 100)) << "nothing more will come";
}

TEST(LiveSource, drops_the_oldest_and_counts) {
  LiveWriter writer({.capacity = milliseconds(100), .prebuffer = milliseconds(0)});
  const auto source = writer.source(kNarrowband);
  writer.write(ramp(1600));
  EXPECT_EQ(writer.dropped(), milliseconds(100));
  EXPECT_EQ(read(*source, 80, 80), ramp(80, 801));
  writer.write(ramp(800, 1601));
  EXPECT_EQ(read(*source, 800, 800), ramp(800, 1601)) << "what was taken before counts for the capacity";
  EXPECT_EQ(writer.dropped(), milliseconds(190));
}

TEST(LiveSource, tells_how_much_may_be_written) {
  LiveWriter writer({.capacity = milliseconds(100), .prebuffer = milliseconds(0)});
  const auto source = writer.source(kNarrowband);
  EXPECT_EQ(writer.room(), milliseconds(100));
  writer.write(ramp(480));
  EXPECT_EQ(writer.room(), milliseconds(40));
  EXPECT_EQ(read(*source, 160, 160), ramp(160));
  EXPECT_EQ(writer.room(), milliseconds(60)) << "also of what the source has taken";
  writer.write(ramp(480, 481));
  EXPECT_EQ(writer.room(), milliseconds(0));
  EXPECT_EQ(writer.dropped(), milliseconds(0));
  writer.write(ramp(80, 961));
  EXPECT_EQ(writer.room(), milliseconds(0));
  EXPECT_EQ(read(*source, 800, 800).size(), 800U);
  EXPECT_EQ(writer.room(), milliseconds(100));
  EXPECT_EQ(writer.dropped(), milliseconds(10));
}

TEST(LiveSource, counts_how_often_it_ran_dry) {
  LiveWriter writer({.prebuffer = milliseconds(0)});
  const auto source = writer.source(kNarrowband);
  read(*source, 160, 160);
  EXPECT_EQ(writer.underruns(), 0U) << "nothing was played yet";
  for (std::uint64_t i = 1; i <= 3; ++i) {
    writer.write(ramp(80));
    read(*source, 160, 160);
    read(*source, 160, 160);
    EXPECT_EQ(writer.underruns(), i);
  }
  writer.write(ramp(80));
  writer.finish();
  read(*source, 160, 80);
  EXPECT_EQ(writer.underruns(), 3U) << "the end is none";
}

TEST(LiveSource, gives_the_rate_of_the_stream) {
  LiveWriter writer({.rate = SampleRate{24000}, .prebuffer = milliseconds(0)});
  const auto source = writer.source(kNarrowband);
  Samples tone(24000);
  ToneSource(1000, -10, SampleRate{24000}).read(tone);
  writer.write(tone);
  writer.finish();
  Samples heard(4000);
  EXPECT_EQ(source->read(heard), 4000U);
  EXPECT_NEAR(level_dbov(std::span(heard).last(3000)), -10, 0.1);
}

TEST(LiveSource, ends_at_once_when_nothing_was_written) {
  LiveWriter writer({});
  const auto source = writer.source(kNarrowband);
  writer.finish();
  writer.finish();
  writer.write(ramp(100));
  EXPECT_EQ(read(*source, 160, 0), Samples(160));
}

}  // namespace
}  // namespace callwright::audio
