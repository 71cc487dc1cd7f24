#include "audio/similarity.hpp"

#include "audio/fourier.hpp"
#include "audio/resampler.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace callwright::audio {
namespace {

constexpr std::size_t kBands = 18;
constexpr std::size_t kWindow = 256;
constexpr std::size_t kHop = 80;
constexpr double kLowestHz = 150;
constexpr double kHighestHz = 3800;
constexpr double kFloorDb = 40;
constexpr float kSilenceDb = 35;          // What digital silence and the noise of the last bit reach.
constexpr std::ptrdiff_t kPiece = 50;     // Frames of 10 ms.
constexpr std::ptrdiff_t kOwnShift = 10;  // Of a piece.
constexpr std::chrono::seconds kLongest{120};

using Frame = std::array<float, kBands>;
using Spectrogram = std::vector<Frame>;

double mel_of(double hz) { return 2595 * std::log10(1 + hz / 700); }
double hz_of(double mel) { return 700 * (std::pow(10.0, mel / 2595) - 1); }

/// Triangles that overlap by half, as is usual.
std::array<std::array<float, kWindow / 2 + 1>, kBands> mel_filters() {
  std::array<std::array<float, kWindow / 2 + 1>, kBands> filters{};
  const double first = mel_of(kLowestHz);
  const double width = (mel_of(kHighestHz) - first) / (kBands + 1);
  for (std::size_t band = 0; band < kBands; ++band) {
    const double low = hz_of(first + width * static_cast<double>(band));
    const double middle = hz_of(first + width * static_cast<double>(band + 1));
    const double high = hz_of(first + width * static_cast<double>(band + 2));
    for (std::size_t bin = 0; bin <= kWindow / 2; ++bin) {
      const double hz = static_cast<double>(bin) * static_cast<double>(kNarrowband) / kWindow;
      filters[band][bin] = static_cast<float>(std::max(0.0, std::min((hz - low) / (middle - low), (high - hz) / (high - middle))));
    }
  }
  return filters;
}

std::vector<Sample> narrowband(std::span<const Sample> samples, SampleRate rate) {
  samples = samples.first(std::min(samples.size(), samples_in(kLongest, rate)));
  Resampler resampler(rate, kNarrowband);
  std::vector<Sample> narrow(resampler.max_output(samples.size()));
  narrow.resize(resampler.process(samples, narrow));
  return narrow;
}

/// In dB, nothing below the floor, and without the mean of each band.
struct Picture {
  Spectrogram frames;
  std::vector<float> weights;  ///< Of each frame: how far it rises above the floor.
};

void raise_to_floor(Picture& picture) {
  float loudest = -200;
  for (const Frame& frame : picture.frames) {
    loudest = std::max(loudest, std::ranges::max(frame));
  }
  const float floor = std::max(loudest - static_cast<float>(kFloorDb), kSilenceDb);
  Frame mean{};
  for (Frame& frame : picture.frames) {
    float above = 0;
    for (std::size_t band = 0; band < kBands; ++band) {
      frame[band] = std::max(frame[band] - floor, 0.0F);
      above += frame[band];
      mean[band] += frame[band] / static_cast<float>(picture.frames.size());
    }
    picture.weights.push_back(above);
  }
  for (Frame& frame : picture.frames) {
    std::ranges::transform(frame, mean, frame.begin(), std::minus<>());
  }
}

Picture picture_of(std::span<const Sample> samples, SampleRate rate) {
  static const auto kFilters = mel_filters();
  const std::vector<Sample> narrow = narrowband(samples, rate);
  const Fourier fourier(kWindow);
  std::vector<float> values(kWindow);
  std::vector<std::complex<float>> spectrum(fourier.bins());
  Picture picture;
  for (std::size_t at = 0; at + kWindow <= narrow.size(); at += kHop) {
    for (std::size_t i = 0; i < kWindow; ++i) {
      values[i] = static_cast<float>(narrow[at + i]) * (0.5F - 0.5F * std::cos(2 * std::numbers::pi_v<float> * (static_cast<float>(i) + 0.5F) / kWindow));
    }
    fourier.forward(values, spectrum);
    Frame frame{};
    for (std::size_t band = 0; band < kBands; ++band) {
      float power = 1;  // Below what a 16-bit sample can say.
      for (std::size_t bin = 0; bin < spectrum.size(); ++bin) {
        power += kFilters[band][bin] * std::norm(spectrum[bin]);
      }
      frame[band] = 10 * std::log10(power);
    }
    picture.frames.push_back(frame);
  }
  raise_to_floor(picture);
  return picture;
}

/// Of frames [begin, end) of the reference with what was heard `shift` frames later; what was not heard at all counts as silence.
double correlation(const Picture& reference, const Picture& heard, std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t shift) {
  double product = 0;
  double left = 0;
  double right = 0;
  for (std::ptrdiff_t i = begin; i < end; ++i) {
    const std::ptrdiff_t other = i + shift;
    const bool exists = other >= 0 && other < static_cast<std::ptrdiff_t>(heard.frames.size());
    const Frame& a = reference.frames[static_cast<std::size_t>(i)];
    for (std::size_t band = 0; band < kBands; ++band) {
      const double b = exists ? heard.frames[static_cast<std::size_t>(other)][band] : 0;
      product += a[band] * b;
      left += a[band] * a[band];
      right += b * b;
    }
  }
  constexpr double kNothing = 1e-6;  // Less is what rounding leaves of a constant.
  return left > kNothing && right > kNothing ? product / std::sqrt(left * right) : 0;
}

std::ptrdiff_t best_shift(const Picture& reference, const Picture& heard, std::ptrdiff_t search) {
  std::ptrdiff_t best = 0;
  double highest = -1;
  for (std::ptrdiff_t shift = -search; shift <= search; ++shift) {
    const double found = correlation(reference, heard, 0, static_cast<std::ptrdiff_t>(reference.frames.size()), shift);
    if (found > highest) {
      highest = found;
      best = shift;
    }
  }
  return best;
}

}  // namespace

Similarity compare_speech(std::span<const Sample> reference, std::span<const Sample> heard, SampleRate rate, std::chrono::milliseconds search) {
  const Picture wanted = picture_of(reference, rate);
  const Picture given = picture_of(heard, rate);
  const auto count = static_cast<std::ptrdiff_t>(wanted.frames.size());
  if (count == 0 || given.frames.empty()) {
    return {};
  }
  const std::ptrdiff_t limit = std::clamp<std::ptrdiff_t>(search.count() / 10, 0, 1000);
  const std::ptrdiff_t common = best_shift(wanted, given, limit);
  double sum = 0;
  double weights = 0;
  for (std::ptrdiff_t begin = 0; begin < count; begin += kPiece) {
    const std::ptrdiff_t end = std::min(begin + kPiece, count);
    double best = 0;
    for (std::ptrdiff_t shift = common - kOwnShift; shift <= common + kOwnShift; ++shift) {
      best = std::max(best, correlation(wanted, given, begin, end, shift));
    }
    double weight = 0;
    for (std::ptrdiff_t i = begin; i < end; ++i) {
      weight += wanted.weights[static_cast<std::size_t>(i)];
    }
    sum += weight * best;
    weights += weight;
  }
  return {weights > 0 ? std::clamp(sum / weights, 0.0, 1.0) : 0, std::chrono::milliseconds(10) * common};
}

}  // namespace callwright::audio
