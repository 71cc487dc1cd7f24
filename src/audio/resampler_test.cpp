#include "audio/resampler.hpp"

#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

namespace callwright::audio {
namespace {

using Samples = std::vector<Sample>;

constexpr unsigned kRates[] = {8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000};

Samples tone(double frequency_hz, unsigned rate, double seconds, double level = -10) {
  Samples samples(static_cast<std::size_t>(seconds * rate));
  ToneSource(frequency_hz, level, SampleRate{rate}).read(samples);
  return samples;
}

Samples resampled(const Samples& in, Resampler& resampler, std::size_t piece) {
  Samples out;
  for (std::size_t at = 0; at < in.size(); at += piece) {
    Samples part(resampler.max_output(piece));
    part.resize(resampler.process(std::span(in).subspan(at, std::min(piece, in.size() - at)), part));
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

struct Fit {
  double amplitude;
  double phase;
  double residual_db;  ///< What is not that sine, below it.
};

/// The sine of that frequency that is nearest to the samples (least squares over whole periods' worth of them).
Fit fit(std::span<const Sample> samples, double frequency_hz, double rate) {
  double cc = 0, ss = 0, cs = 0, xc = 0, xs = 0, xx = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double angle = 2 * std::numbers::pi * frequency_hz * static_cast<double>(i) / rate;
    const double c = std::cos(angle), s = std::sin(angle), x = samples[i];
    cc += c * c, ss += s * s, cs += c * s, xc += x * c, xs += x * s, xx += x * x;
  }
  const double determinant = cc * ss - cs * cs;
  const double a = (xc * ss - xs * cs) / determinant;
  const double b = (xs * cc - xc * cs) / determinant;
  const double explained = a * xc + b * xs;
  return {std::hypot(a, b), std::atan2(a, b), 10 * std::log10(explained / std::max(xx - explained, 1e-6))};
}

TEST(Resampler, keeps_a_sine_clean_between_all_rates) {
  for (const unsigned from : kRates) {
    for (const unsigned to : kRates) {
      Resampler resampler(SampleRate{from}, SampleRate{to});
      const Samples out = resampled(tone(1000, from, 0.5), resampler, from / 50);
      EXPECT_NEAR(static_cast<double>(out.size()), to * 0.5, 2 + to * 0.5 / from * 2) << from << ' ' << to;
      const Fit found = fit(std::span(out).last(out.size() / 2), 1000, to);
      EXPECT_GT(found.residual_db, 70) << from << ' ' << to;
      EXPECT_NEAR(found.amplitude, 32768 * std::sqrt(2.0) * std::pow(10.0, -0.5), 30) << from << ' ' << to;
    }
  }
}

TEST(Resampler, lets_nothing_through_that_the_lower_rate_cannot_carry) {
  for (const auto& [from, to, frequency] : {std::tuple{48000U, 8000U, 4600.0}, {48000U, 8000U, 7000.0}, {16000U, 8000U, 5000.0}, {44100U, 16000U, 9200.0}}) {
    Resampler resampler(SampleRate{from}, SampleRate{to});
    const Samples out = resampled(tone(frequency, from, 0.5), resampler, from / 50);
    EXPECT_LT(level_dbov(std::span(out).last(out.size() / 2)), -70) << from << ' ' << to << ' ' << frequency;
  }
}

TEST(Resampler, keeps_the_band_of_speech_level) {
  for (const auto& [from, to] : {std::pair{8000U, 48000U}, {48000U, 8000U}, {16000U, 8000U}, {8000U, 16000U}}) {
    for (const double frequency : {200.0, 300.0, 3000.0, 3400.0}) {
      Resampler resampler(SampleRate{from}, SampleRate{to});
      const Samples out = resampled(tone(frequency, from, 0.5), resampler, from / 50);
      EXPECT_NEAR(level_dbov(std::span(out).last(out.size() / 2)), -10, 0.5) << from << ' ' << to << ' ' << frequency;
    }
  }
}

TEST(Resampler, delays_by_what_it_says) {
  for (const unsigned from : kRates) {
    for (const unsigned to : kRates) {
      Resampler resampler(SampleRate{from}, SampleRate{to});
      const double frequency = 50;  // One period is longer than any delay.
      const Samples out = resampled(tone(frequency, from, 0.5), resampler, from / 50);
      const std::size_t skipped = out.size() / 2;
      const Fit found = fit(std::span(out).subspan(skipped), frequency, to);
      const double expected = 2 * std::numbers::pi * frequency * (static_cast<double>(skipped) / to - static_cast<double>(resampler.delay().count()) / 1e9);
      const double error = std::remainder(found.phase - expected, 2 * std::numbers::pi) / (2 * std::numbers::pi * frequency);
      EXPECT_LT(std::abs(error), 0.00013) << from << ' ' << to;  // A sample of 8 kHz.
      EXPECT_LE(resampler.delay(), std::chrono::milliseconds(10));
    }
  }
}

TEST(Resampler, does_not_care_how_the_stream_is_cut) {
  const Samples in = tone(700, 44100, 0.3);
  Resampler whole(SampleRate{44100}, kNarrowband);
  const Samples expected = resampled(in, whole, in.size());
  for (const std::size_t piece : {1U, 13U, 441U, 882U}) {
    Resampler resampler(SampleRate{44100}, kNarrowband);
    EXPECT_EQ(resampled(in, resampler, piece), expected) << piece;
  }
}

TEST(Resampler, makes_whole_frames_of_whole_frames) {
  for (const auto& [from, to] : {std::pair{8000U, 16000U}, {8000U, 48000U}, {48000U, 8000U}, {16000U, 48000U}, {48000U, 44100U}}) {
    Resampler resampler(SampleRate{from}, SampleRate{to});
    for (int i = 0; i < 50; ++i) {
      Samples out(resampler.max_output(from / 50));
      EXPECT_EQ(resampler.process(Samples(from / 50), out), to / 50) << from << ' ' << to;
    }
  }
}

TEST(Resampler, is_as_new_after_reset) {
  Resampler resampler(kWideband, kNarrowband);
  resampled(tone(700, 16000, 0.1), resampler, 320);
  resampler.reset();
  EXPECT_EQ(resampled(Samples(320), resampler, 320), Samples(160));
}

TEST(Resampler, throws_at_impossible_rates) {
  EXPECT_THROW(Resampler(SampleRate{0}, kNarrowband), std::invalid_argument);
  EXPECT_THROW(Resampler(kNarrowband, SampleRate{1'000'000}), std::invalid_argument);
}

/// Plays so many samples of a tone.
class ShortSource final : public Source {
 public:
  ShortSource(std::size_t count, SampleRate rate) : left_(count), tone_(1000, -10, rate) {}
  std::size_t read(std::span<Sample> out) override {
    const std::size_t count = std::min(out.size(), left_);
    std::fill(out.begin(), out.end(), Sample{0});
    tone_.read(out.first(count));
    left_ -= count;
    return count;
  }

 private:
  std::size_t left_;
  ToneSource tone_;
};

TEST(ResamplingSource, plays_all_of_a_source_and_ends) {
  for (const unsigned from : kRates) {
    for (const unsigned to : {8000U, 16000U, 48000U}) {
      ResamplingSource source(std::make_unique<ShortSource>(from / 10, SampleRate{from}), SampleRate{from}, SampleRate{to});
      Samples out(to / 50);
      std::size_t real = 0;
      double energy = 0;
      for (int i = 0; i < 10; ++i) {
        real += source.read(out);
        energy += std::inner_product(out.begin(), out.end(), out.begin(), 0.0);
      }
      EXPECT_EQ(source.read(out), 0U);
      EXPECT_EQ(out, Samples(out.size()));
      EXPECT_NEAR(static_cast<double>(real), to * 0.1, to * 0.011) << from << ' ' << to;
      EXPECT_NEAR(energy / to, 0.1 * 0.1 * 32768 * 32768, 0.003 * 32768 * 32768 * 0.1) << from << ' ' << to;
    }
  }
}

}  // namespace
}  // namespace callwright::audio
