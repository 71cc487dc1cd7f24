#include "audio/delay.hpp"

#include "audio/codec.hpp"
#include "audio/comfort_noise.hpp"
#include "audio/test_sound.hpp"

#include <gmock/gmock.h>

#include <cmath>

namespace callwright::audio {
namespace {

using std::chrono::milliseconds;
using Samples = std::vector<Sample>;

double milliseconds_of(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

Samples noise(std::size_t count, double level) {
  Samples samples(count);
  ComfortNoiseSource(level, 5).read(samples);
  return samples;
}

TEST(Delay, is_found_to_a_sample) {
  for (const SampleRate rate : {kNarrowband, kWideband, kFullband}) {
    for (const int expected : {0, 37, 250, 1900}) {
      const Samples voice = woman(rate);
      const auto found = estimate_delay(voice, delayed(voice, samples_in(milliseconds(expected), rate), 0.3), rate);
      ASSERT_TRUE(found.has_value()) << expected;
      EXPECT_NEAR(milliseconds_of(found->delay), expected, 0.2);
    }
  }
}

TEST(Delay, is_found_within_5_ms_through_codecs_noise_and_loss) {
  const Samples voice = man(kWideband);
  const Samples late = added(delayed(voice, samples_in(milliseconds(180), kWideband), 0.5), noise(voice.size(), -50));
  for (const Codec& codec : codecs().first(2)) {
    const CodecOptions options{.rate = kWideband};
    const auto encoder = make_encoder(codec, options).value();
    const auto decoder = make_decoder(codec, options).value();
    Samples heard;
    for (std::size_t at = 0; at + 320 <= late.size(); at += 320) {
      std::vector<std::uint8_t> payload(encoder->max_bytes(320));
      payload.resize(encoder->encode(std::span(late).subspan(at, 320), payload));
      Samples frame(320);
      if (at % 6400 == 0) {
        decoder->conceal(frame);
      } else {
        decoder->decode(payload, frame);
      }
      heard.insert(heard.end(), frame.begin(), frame.end());
    }
    const auto found = estimate_delay(voice, heard, kWideband);
    ASSERT_TRUE(found.has_value()) << codec.name;
    EXPECT_NEAR(milliseconds_of(found->delay), 180, 7) << codec.name << " adds some of its own";
  }
}

TEST(Delay, is_not_found_where_there_is_none) {
  EXPECT_FALSE(estimate_delay(woman(kNarrowband), man(kNarrowband), kNarrowband));
  EXPECT_FALSE(estimate_delay(man(kNarrowband), woman(kNarrowband), kNarrowband));
  EXPECT_FALSE(estimate_delay(woman(kNarrowband), noise(40000, -20), kNarrowband));
  EXPECT_FALSE(estimate_delay(woman(kNarrowband), Samples(40000), kNarrowband));
  EXPECT_FALSE(estimate_delay({}, woman(kNarrowband), kNarrowband));
  EXPECT_FALSE(estimate_delay(woman(kNarrowband), {}, kNarrowband));
}

TEST(Delay, is_not_looked_for_beyond_the_longest) {
  const Samples voice = woman(kNarrowband);
  EXPECT_FALSE(estimate_delay(voice, delayed(voice, 8000), kNarrowband, {.longest = milliseconds(500)}));
}

TEST(Echo, is_found_below_another_voice) {
  const Samples sent = woman(kNarrowband);
  const Samples other = man(kNarrowband);
  for (const double loss : {6.0, 15.0, 25.0}) {
    const auto echo = find_echo(sent, added(other, delayed(sent, 1200, std::pow(10, -loss / 20))), kNarrowband);
    ASSERT_TRUE(echo.has_value()) << loss;
    EXPECT_NEAR(milliseconds_of(echo->delay), 150, 5);
    EXPECT_NEAR(echo->loss_db, loss, 4) << loss;
  }
  EXPECT_FALSE(find_echo(sent, other, kNarrowband));
}

}  // namespace
}  // namespace callwright::audio
