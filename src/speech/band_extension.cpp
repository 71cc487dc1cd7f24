#include "speech/band_extension.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

namespace callwright::speech {
namespace {

constexpr std::size_t kTaps = 63;
/// What lies 4 kHz above is softer in voices by about as much.
constexpr float kImageGain = 0.5F;
/// 20 ms.
constexpr std::size_t kFrame = 320;
/// Fricatives of wideband speech lie 20 dB below its vowels; a telephone and a resampler leave less than this.
constexpr double kUpperBandRatio = 1e-4;

using Filter = std::array<float, kTaps>;

/// A windowed sinc (Hamming) that passes what is above 4 kHz, a quarter of the rate.
Filter make_high_pass() {
  Filter filter{};
  constexpr int kMiddle = static_cast<int>(kTaps / 2);
  for (std::size_t place = 0; place < kTaps; ++place) {
    const int tap = static_cast<int>(place) - kMiddle;
    const double window = 0.54 + 0.46 * std::cos(std::numbers::pi * tap / kMiddle);
    const double low = tap == 0 ? 0.5 : std::sin(std::numbers::pi * tap / 2) / (std::numbers::pi * tap);
    filter[place] = static_cast<float>((tap == 0 ? 1.0 : 0.0) - low * window);
  }
  return filter;
}

const Filter& high_pass() {
  static const Filter kFilter = make_high_pass();
  return kFilter;
}

float filtered(const float* first) {
  float sum = 0;
  for (const float tap : high_pass()) {
    sum += tap * *first++;
  }
  return sum;
}

audio::Sample clipped(float sample) {
  using Limits = std::numeric_limits<audio::Sample>;
  return static_cast<audio::Sample>(std::lround(std::clamp(sample, static_cast<float>(Limits::min()), static_cast<float>(Limits::max()))));
}

}  // namespace

BandExtension::BandExtension() : past_(kTaps - 1, 0.0F) {}

void BandExtension::process(std::span<audio::Sample> samples) {
  // Every second sample negated turns the spectrum round about 4 kHz; the filter leaves what came to lie above.
  std::vector<float> turned = past_;
  turned.reserve(past_.size() + samples.size());
  bool odd = odd_;
  for (const audio::Sample sample : samples) {
    turned.push_back(odd ? -static_cast<float>(sample) : static_cast<float>(sample));
    odd = !odd;
  }
  // What was said, as late as the filter makes its image.
  constexpr std::size_t kDelay = kTaps / 2;
  for (std::size_t at = 0; at < samples.size(); ++at) {
    const bool negated = odd_ != ((at + kDelay) % 2 == 1);
    const float direct = turned[at + kDelay];
    samples[at] = clipped((negated ? -direct : direct) + kImageGain * filtered(turned.data() + at));
  }
  past_.assign(turned.end() - static_cast<std::ptrdiff_t>(past_.size()), turned.end());
  odd_ = odd;
}

bool lacks_upper_band(std::span<const audio::Sample> samples) {
  const std::vector<float> sound(samples.begin(), samples.end());
  double loudest = 0;
  double loudest_above = 0;
  for (std::size_t begin = 0; begin + kFrame + kTaps <= sound.size(); begin += kFrame) {
    double all = 0;
    double above = 0;
    for (std::size_t at = begin; at < begin + kFrame; ++at) {
      const float high = filtered(sound.data() + at);
      all += static_cast<double>(sound[at]) * sound[at];
      above += static_cast<double>(high) * high;
    }
    loudest = std::max(loudest, all);
    loudest_above = std::max(loudest_above, above);
  }
  return loudest_above < kUpperBandRatio * loudest;
}

}  // namespace callwright::speech
