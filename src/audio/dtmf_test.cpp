#include "audio/dtmf.hpp"

#include "audio/comfort_noise.hpp"
#include "audio/test_sound.hpp"
#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace callwright::audio {
namespace {

using std::chrono::milliseconds;
using Samples = std::vector<Sample>;

constexpr std::string_view kAllKeys = "123A456B789C*0#D";

Samples keys(std::string_view pressed, const DtmfOptions& options = {}, SampleRate rate = kNarrowband) {
  auto source = DtmfSource::make(pressed, options, rate).value();
  Samples all;
  Samples frame(160);
  std::size_t count = frame.size();
  while (count == frame.size()) {
    count = source->read(frame);
    all.insert(all.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return all;
}

std::vector<DtmfEvent> heard(const Samples& samples, SampleRate rate = kNarrowband, std::size_t piece = 160) {
  DtmfDetector detector(rate);
  std::vector<DtmfEvent> events;
  const auto add = [&](const std::vector<DtmfEvent>& more) { events.insert(events.end(), more.begin(), more.end()); };
  for (std::size_t at = 0; at < samples.size(); at += piece) {
    add(detector.process(std::span(samples).subspan(at, std::min(piece, samples.size() - at))));
  }
  add(detector.finish());
  return events;
}

/// The keys of the presses; fails where a Begin is not followed by its End.
std::string presses(const std::vector<DtmfEvent>& events) {
  std::string found;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].kind, i % 2 == 0 ? DtmfEvent::Kind::Begin : DtmfEvent::Kind::End);
    if (i % 2 == 0) {
      found += events[i].key;
    } else {
      EXPECT_EQ(events[i].key, events[i - 1].key);
      EXPECT_GE(events[i].position, events[i - 1].position);
    }
  }
  return found;
}

TEST(Dtmf, hears_every_key_at_every_rate_as_it_was_pressed) {
  for (const SampleRate rate : {kNarrowband, kWideband, SampleRate{24000}, kFullband}) {
    for (const int time : {50, 70, 100, 250}) {
      const DtmfOptions options{.press = milliseconds(time), .pause = milliseconds(time)};
      const auto events = heard(keys(kAllKeys, options, rate), rate, samples_in(milliseconds(20), rate));
      EXPECT_EQ(presses(events), kAllKeys) << time;
      for (std::size_t i = 0; i + 1 < events.size(); i += 2) {
        EXPECT_NEAR(static_cast<double>(events[i + 1].duration.count()), time, 20);
        const double start = static_cast<double>(events[i].position) / static_cast<double>(rate) * 1000;
        EXPECT_NEAR(start, static_cast<double>(i) * time, 20);
        EXPECT_NEAR(events[i].level_dbov, -11.9, 1.5);
      }
    }
  }
}

TEST(Dtmf, hears_keys_of_40_ms) { EXPECT_EQ(presses(heard(keys(kAllKeys, {.press = milliseconds(40), .pause = milliseconds(50)}))), kAllKeys); }

TEST(Dtmf, tells_the_same_key_pressed_twice_from_once) {
  EXPECT_EQ(presses(heard(keys("5555500", {.press = milliseconds(60), .pause = milliseconds(50)}))), "5555500");
}

TEST(Dtmf, hears_soft_and_loud_keys) {
  for (const double level : {-11.0, -20.0, -30.0}) {
    EXPECT_EQ(presses(heard(keys(kAllKeys, {.level_dbov = level}))), kAllKeys) << level;
  }
}

TEST(Dtmf, takes_a_press_with_a_lost_packet_for_one) {
  const Samples pressed = keys("7", {.press = milliseconds(200)});
  for (std::size_t at = 0; at + 160 <= 1600; at += 8) {
    Samples lossy = pressed;
    std::fill_n(lossy.begin() + static_cast<std::ptrdiff_t>(at), 160, Sample{0});
    EXPECT_EQ(presses(heard(lossy)), "7") << at;
  }
}

TEST(Dtmf, ends_a_key_with_the_stream) {
  Samples cut = keys("9", {.press = milliseconds(500)});
  cut.resize(3200);
  const auto events = heard(cut);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_NEAR(static_cast<double>(events[1].duration.count()), 400, 30);
}

TEST(Dtmf, reports_the_begin_while_the_key_is_pressed) {
  DtmfDetector detector;
  const Samples pressed = keys("1", {.press = milliseconds(500)});
  const auto events = detector.process(std::span(pressed).first(480));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, DtmfEvent::Kind::Begin);
}

TEST(Dtmf, does_not_care_how_the_stream_is_cut) {
  const Samples samples = keys(kAllKeys);
  const auto expected = heard(samples);
  for (const std::size_t piece : {1U, 33U, 102U, 5000U, 100000U}) {
    EXPECT_EQ(heard(samples, kNarrowband, piece), expected) << piece;
  }
}

TEST(Dtmf, hears_keys_for_as_long_as_the_stream_lasts) {
  Samples samples;
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    const Samples more = keys(kAllKeys, {.press = milliseconds(60), .pause = milliseconds(60)});
    samples.insert(samples.end(), more.begin(), more.end());
    expected += kAllKeys;
  }
  EXPECT_EQ(presses(heard(samples)), expected);
}

TEST(Dtmf, is_not_fooled_by_noise_or_single_tones) {
  Samples noise(80'000);
  ComfortNoiseSource(-15).read(noise);
  EXPECT_TRUE(heard(noise).empty());
  for (const double frequency : {697.0, 941.0, 1209.0, 1477.0}) {
    Samples tone(8000);
    ToneSource(frequency, -10).read(tone);
    EXPECT_TRUE(heard(tone).empty()) << frequency;
  }
}

TEST(Dtmf, takes_no_voice_for_keys) {
  for (const SampleRate rate : {kNarrowband, kWideband}) {
    EXPECT_TRUE(heard(woman(rate), rate).empty());
    EXPECT_TRUE(heard(man(rate), rate).empty());
  }
}

TEST(Dtmf, refuses_what_cannot_be_pressed) {
  for (const std::string_view bad : {"", "12x", "1 2", "5,"}) {
    EXPECT_FALSE(DtmfSource::make(bad, {})) << bad;
  }
  EXPECT_FALSE(DtmfSource::make(std::string(101, '1'), {}));
  EXPECT_FALSE(DtmfSource::make("1", {.press = milliseconds(39)}));
  EXPECT_FALSE(DtmfSource::make("1", {.pause = milliseconds(5001)}));
  EXPECT_FALSE(DtmfSource::make("1", {.level_dbov = 0}));
  EXPECT_EQ(presses(heard(keys("abcd"))), "ABCD");
}

}  // namespace
}  // namespace callwright::audio
