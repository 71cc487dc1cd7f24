#include "app/speech_meter.hpp"

#include "audio/file_source.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace callwright::app {
namespace {

using testing::Gt;
using testing::Lt;

constexpr std::size_t kFrame = 160;

std::vector<audio::Sample> sines(const std::vector<double>& frequencies_hz, std::chrono::milliseconds duration) {
  std::vector<audio::Sample> out(audio::samples_in(duration));
  for (std::size_t i = 0; i < out.size(); ++i) {
    double sum = 0;
    for (const double hz : frequencies_hz) {
      sum += 5000 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 8000);
    }
    out[i] = static_cast<audio::Sample>(std::lround(sum));
  }
  return out;
}

std::vector<audio::Sample> voice(const char* name) {
  auto source = audio::FileSource::blocking_open(std::string(CALLWRIGHT_FIXTURES "/") + name, {}).value();
  std::vector<audio::Sample> samples(audio::samples_in(std::chrono::seconds(3)));
  samples.resize(source->read(samples));
  return samples;
}

void hear(SpeechMeter& meter, const std::vector<audio::Sample>& samples) {
  for (std::span<const audio::Sample> left(samples); !left.empty(); left = left.subspan(std::min(kFrame, left.size()))) {
    meter.process(left.first(std::min(kFrame, left.size())));
  }
}

TEST(SpeechMeter, finds_voices) {
  for (const char* const name : {"speech_woman.flac", "speech_man.flac"}) {
    SpeechMeter meter(audio::kNarrowband);
    hear(meter, voice(name));
    EXPECT_TRUE(meter.spoken()) << name;
    EXPECT_THAT(meter.share(), Gt(0.4)) << name;
  }
}

TEST(SpeechMeter, takes_no_tone_for_a_voice) {
  for (const std::vector<double>& tones : {std::vector<double>{440}, {1000}, {425}, {350, 440}, {440, 480}}) {
    SpeechMeter meter(audio::kNarrowband);
    for (int ring = 0; ring < 3; ++ring) {
      hear(meter, sines(tones, std::chrono::seconds(1)));
      hear(meter, std::vector<audio::Sample>(8000));
    }
    EXPECT_FALSE(meter.spoken()) << tones.front();
    EXPECT_THAT(meter.share(), Lt(0.02)) << tones.front();
  }
}

TEST(SpeechMeter, takes_no_hole_in_a_tone_for_a_voice) {
  for (const std::size_t hole : {80U, 160U, 320U, 800U}) {
    for (std::size_t begin = 8000; begin < 9600; begin += 200) {
      SpeechMeter meter(audio::kNarrowband);
      std::vector<audio::Sample> tone = sines({440}, std::chrono::seconds(3));
      std::fill_n(tone.begin() + static_cast<std::ptrdiff_t>(begin), hole, audio::Sample{0});
      hear(meter, tone);
      EXPECT_EQ(meter.share(), 0) << hole << " at " << begin;
    }
  }
}

TEST(SpeechMeter, hears_a_voice_behind_a_tone) {
  SpeechMeter meter(audio::kNarrowband);
  hear(meter, sines({440}, std::chrono::seconds(1)));
  EXPECT_FALSE(meter.spoken());
  hear(meter, voice("speech_woman.flac"));
  EXPECT_TRUE(meter.spoken());
}

TEST(SpeechMeter, says_nothing_of_silence) {
  SpeechMeter meter(audio::kNarrowband);
  EXPECT_EQ(meter.share(), 0);
  hear(meter, std::vector<audio::Sample>(16'000));
  EXPECT_FALSE(meter.spoken());
  EXPECT_EQ(meter.share(), 0);
}

}  // namespace
}  // namespace callwright::app
