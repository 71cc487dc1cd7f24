#include "audio/similarity.hpp"

#include "audio/codec.hpp"
#include "audio/comfort_noise.hpp"
#include "audio/test_sound.hpp"

#include <gmock/gmock.h>

#include <cmath>

namespace callwright::audio {
namespace {

using Samples = std::vector<Sample>;

Samples over(const Codec& codec, const Samples& samples, double loss = 0) {
  const CodecOptions options{.rate = codec.kind == CodecKind::Opus ? kWideband : codec.rate};
  const auto encoder = make_encoder(codec, options).value();
  const auto decoder = make_decoder(codec, options).value();
  base::DeterministicRandom random(9);
  const std::size_t size = samples_in(std::chrono::milliseconds(20), *options.rate);
  Samples heard;
  for (std::size_t at = 0; at + size <= samples.size(); at += size) {
    std::vector<std::uint8_t> payload(encoder->max_bytes(size));
    payload.resize(encoder->encode(std::span(samples).subspan(at, size), payload));
    Samples frame(size);
    if (!random.chance(loss)) {
      decoder->decode(payload, frame);
    }
    heard.insert(heard.end(), frame.begin(), frame.end());
  }
  return heard;
}

double score(const Samples& reference, const Samples& heard, SampleRate rate = kNarrowband) { return compare_speech(reference, heard, rate).score; }

TEST(Similarity, is_1_for_the_same_recording_whenever_and_however_loud) {
  for (const SampleRate rate : {kNarrowband, kWideband, kFullband}) {
    const Samples voice = woman(rate);
    EXPECT_NEAR(score(voice, voice, rate), 1, 0.001);
    const Similarity late = compare_speech(voice, delayed(voice, samples_in(std::chrono::milliseconds(730), rate), 0.25), rate);
    EXPECT_GT(late.score, 0.97);
    EXPECT_NEAR(static_cast<double>(late.offset.count()), 730, 10);
  }
}

TEST(Similarity, is_high_after_a_telephone_codec) {
  for (const auto& [name, rate, channels] : {std::tuple{"PCMU", 8000U, 1U}, {"PCMA", 8000U, 1U}, {"G722", 8000U, 1U}, {"opus", 48000U, 2U}}) {
    const Codec& codec = *find_codec(name, rate, channels);
    const SampleRate sample_rate = codec.kind == CodecKind::Opus ? kWideband : codec.rate;
    EXPECT_GT(score(woman(sample_rate), over(codec, woman(sample_rate)), sample_rate), 0.9) << name;
    EXPECT_GT(score(man(sample_rate), over(codec, man(sample_rate)), sample_rate), 0.9) << name;
  }
}

TEST(Similarity, falls_with_loss) {
  const Samples voice = woman(kNarrowband);
  const Codec& codec = *find_codec("PCMA", 8000);
  double last = 1;
  for (const double loss : {0.0, 0.05, 0.2, 0.5}) {
    const double now = score(voice, over(codec, voice, loss));
    EXPECT_LT(now, last) << loss;
    last = now;
  }
  EXPECT_LT(last, 0.7);
}

TEST(Similarity, falls_with_noise) {
  const Samples voice = woman(kNarrowband);
  double last = 1.001;
  for (const double level : {-60.0, -40.0, -30.0, -20.0}) {
    Samples noise(voice.size());
    ComfortNoiseSource(level).read(noise);
    const double now = score(voice, added(voice, noise));
    EXPECT_LT(now, last) << level;
    last = now;
  }
  EXPECT_LT(last, 0.75);
}

TEST(Similarity, is_low_for_something_else) {
  EXPECT_LT(score(woman(kNarrowband), man(kNarrowband)), 0.4);
  EXPECT_LT(score(man(kNarrowband), woman(kNarrowband)), 0.4);
  Samples noise(40000);
  ComfortNoiseSource(-20).read(noise);
  EXPECT_LT(score(woman(kNarrowband), noise), 0.2);
  EXPECT_EQ(score(woman(kNarrowband), Samples(40000)), 0);
  EXPECT_EQ(score(woman(kNarrowband), {}), 0);
  EXPECT_EQ(score({}, woman(kNarrowband)), 0);
}

TEST(Similarity, does_not_mind_slips_of_a_jitter_buffer) {
  Samples voice = woman(kNarrowband);
  const Samples reference = voice;
  for (const std::ptrdiff_t at : {9000, 20000, 33000}) {
    voice.insert(voice.begin() + at, 160, Sample{0});
  }
  EXPECT_GT(score(reference, voice), 0.9);
}

}  // namespace
}  // namespace callwright::audio
