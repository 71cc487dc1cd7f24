#include "audio/delay.hpp"

#include "audio/fourier.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <vector>

namespace callwright::audio {
namespace {

using Spectrum = std::vector<std::complex<float>>;

constexpr double kLowestHz = 200;
constexpr double kHighestHz = 3400;

Spectrum spectrum_of(std::span<const Sample> samples, const Fourier& fourier) {
  std::vector<float> values(fourier.size());
  std::ranges::transform(samples, values.begin(), [](Sample sample) { return static_cast<float>(sample) / 32768.0F; });
  Spectrum spectrum(fourier.bins());
  fourier.forward(values, spectrum);
  return spectrum;
}

/// The cross-correlation whose every frequency counts the same, as long as there is anything in it.
std::vector<float> correlate(std::span<const Sample> sent, std::span<const Sample> heard, std::size_t longest, SampleRate rate) {
  const Fourier fourier(std::bit_ceil(std::max(sent.size(), heard.size()) + longest));
  const Spectrum from = spectrum_of(sent, fourier);
  Spectrum cross = spectrum_of(heard, fourier);
  const double bin_hz = static_cast<double>(rate) / static_cast<double>(fourier.size());
  double mean = 0;
  for (std::size_t i = 0; i < cross.size(); ++i) {
    const double frequency = static_cast<double>(i) * bin_hz;
    cross[i] = frequency < kLowestHz || frequency > kHighestHz ? std::complex<float>() : cross[i] * std::conj(from[i]);
    mean += std::abs(cross[i]);
  }
  // Where there is next to nothing, the phase is that of noise.
  const auto floor = static_cast<float>(mean / static_cast<double>(cross.size()) * 0.01) + 1e-12F;
  for (auto& value : cross) {
    value /= std::abs(value) + floor;
  }
  std::vector<float> correlation(fourier.size());
  fourier.inverse(cross, correlation);
  correlation.resize(longest + 1);
  return correlation;
}

struct Peak {
  std::size_t delay = 0;  ///< In samples.
  double confidence = 0;
};

std::optional<Peak> find_peak(std::span<const Sample> sent, std::span<const Sample> heard, SampleRate rate, const DelayOptions& options) {
  const std::size_t most = samples_in(kLongestCompared, rate);
  sent = sent.first(std::min(sent.size(), most));
  heard = heard.first(std::min(heard.size(), most));
  if (sent.empty() || heard.empty()) {
    return std::nullopt;
  }
  const std::size_t longest = samples_in(std::clamp<std::chrono::nanoseconds>(options.longest, std::chrono::seconds(0), kLongestCompared), rate);
  const std::vector<float> correlation = correlate(sent, heard, longest, rate);
  // The sign does not matter: somewhere on the way the wires may be crossed.
  const auto top = std::ranges::max_element(correlation, {}, [](float value) { return std::abs(value); });
  double energy = 0;
  for (const float value : correlation) {
    energy += static_cast<double>(value) * value;
  }
  const double rms = std::sqrt(energy / static_cast<double>(correlation.size()));
  const double confidence = rms > 0 ? std::abs(*top) / rms : 0;
  if (confidence < options.least_confidence) {
    return std::nullopt;
  }
  return Peak{static_cast<std::size_t>(top - correlation.begin()), confidence};
}

}  // namespace

std::optional<Delay> estimate_delay(std::span<const Sample> sent, std::span<const Sample> heard, SampleRate rate, const DelayOptions& options) {
  const auto peak = find_peak(sent, heard, rate, options);
  return peak ? std::optional(Delay{duration_of(peak->delay, rate), peak->confidence}) : std::nullopt;
}

std::optional<Echo> find_echo(std::span<const Sample> sent, std::span<const Sample> received, SampleRate rate, const DelayOptions& options) {
  const auto peak = find_peak(sent, received, rate, options);
  if (!peak) {
    return std::nullopt;
  }
  const std::size_t count = std::min({sent.size(), received.size() - std::min(received.size(), peak->delay), samples_in(kLongestCompared, rate)});
  double product = 0;
  double energy = 0;
  for (std::size_t i = 0; i < count; ++i) {
    product += static_cast<double>(sent[i]) * received[i + peak->delay];
    energy += static_cast<double>(sent[i]) * sent[i];
  }
  if (energy == 0 || product == 0) {
    return std::nullopt;
  }
  return Echo{duration_of(peak->delay, rate), -20 * std::log10(std::abs(product) / energy), peak->confidence};
}

}  // namespace callwright::audio
