#include "audio/tone_mix_detector.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace callwright::audio {
namespace {

constexpr double kRate = static_cast<double>(kNarrowband);
constexpr double kLowestHz = 200;
constexpr double kHighestHz = 3400;
constexpr double kBinHz = kRate / 2048;
constexpr double kAudibleDbov = -55;
constexpr double kPurity = 0.85;    // Of the window's power, by all its peaks; a hole of 20 ms leaves less, noise far less.
constexpr double kFaintest = 0.03;  // Of the strongest peak; the window's own side lobes are far below.
constexpr double kApartHz = 25;     // Nearer maxima belong to one peak.
constexpr double kAgreementHz = 5;
constexpr double kSameToneHz = 10;
constexpr std::size_t kNeeded = 3;
constexpr std::size_t kWindowsUntilForgotten = 10;
constexpr std::uint64_t kSilenceBetweenSounds = 800;

}  // namespace

ToneMixDetector::ToneMixDetector(SampleRate rate, std::size_t max_tones)
    : max_tones_(std::clamp<std::size_t>(max_tones, 1, kMaxTones)),
      resampler_(rate, kNarrowband),
      fourier_(kTransform),
      values_(kTransform),
      spectrum_(fourier_.bins()) {
  for (std::size_t i = 0; i < kWindow; ++i) {
    const double weight = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(kWindow));
    weights_[i] = static_cast<float>(weight);
    weight_sum_ += weight;
    weight_squares_ += weight * weight;
  }
}

std::vector<DetectedTone> ToneMixDetector::process(std::span<const Sample> samples) {
  constexpr std::size_t kPiece = 4096;
  std::vector<DetectedTone> tones;
  while (!samples.empty()) {
    const auto piece = samples.first(std::min(samples.size(), kPiece));
    samples = samples.subspan(piece.size());
    narrow_.resize(resampler_.max_output(piece.size()));
    listen(std::span(narrow_).first(resampler_.process(piece, narrow_)), tones);
  }
  const auto at_rate = [&](std::uint64_t narrow) { return narrow * static_cast<std::uint64_t>(resampler_.from()) / static_cast<std::uint64_t>(kNarrowband); };
  for (DetectedTone& tone : tones) {
    tone.start = at_rate(tone.start - std::min<std::uint64_t>(tone.start, samples_in(resampler_.delay())));
    tone.decided = at_rate(tone.decided);
  }
  return tones;
}

bool ToneMixDetector::tone_goes_on() const noexcept {
  return std::ranges::any_of(known_, [](const Known& known) { return known.windows_without == 0; });
}

void ToneMixDetector::listen(std::span<const Sample> samples, std::vector<DetectedTone>& tones) {
  while (!samples.empty()) {
    const std::size_t count = std::min(samples.size(), kSlice - fresh_ % kSlice);
    std::copy_n(samples.begin(), count, samples_.begin() + static_cast<std::ptrdiff_t>(kWindow - kHop + fresh_));
    samples = samples.subspan(count);
    fresh_ += count;
    position_ += count;
    if (fresh_ % kSlice == 0) {
      watch_slice();
    }
    if (fresh_ == kHop) {
      judge(analyse(), tones);
      std::copy(samples_.begin() + kHop, samples_.end(), samples_.begin());
      fresh_ = 0;
    }
  }
}

/// Looks for the beginning of sound in the 5 ms that ended now.
void ToneMixDetector::watch_slice() {
  const std::span<const Sample> slice(samples_.data() + kWindow - kHop + fresh_ - kSlice, kSlice);
  if (level_dbov(slice) < kAudibleDbov) {
    silent_samples_ += kSlice;
    return;
  }
  if (silent_samples_ >= kSilenceBetweenSounds) {
    onset_ = position_ - kSlice;
  }
  silent_samples_ = 0;
}

/// The tones of the last 120 ms; none where anything else is in them.
ToneMixDetector::Window ToneMixDetector::analyse() {
  double energy = 0;
  for (std::size_t i = 0; i < kWindow; ++i) {
    values_[i] = static_cast<float>(samples_[i]) / 32768.0F * weights_[i];
    energy += static_cast<double>(values_[i]) * values_[i];
  }
  const double power = energy / weight_squares_;
  if (position_ < kWindow || 10 * std::log10(power + 1e-12) < kAudibleDbov) {
    return {};
  }
  fourier_.forward(values_, spectrum_);
  return strongest_peaks(power);
}

double ToneMixDetector::power_at(std::size_t bin) const noexcept { return 2.0 * std::norm(spectrum_[bin]) / (weight_sum_ * weight_sum_); }

ToneMixDetector::Window ToneMixDetector::strongest_peaks(double total_power) const {
  Window window;
  window.start = position_ - kWindow;
  double found_power = 0;
  for (; window.count < max_tones_; ++window.count) {
    const std::size_t bin = highest_bin(std::span(window.peaks).first(window.count));
    if (bin == 0 || power_at(bin) < kFaintest * window.peaks[0].power) {
      break;
    }
    window.peaks[window.count] = interpolated(bin);
    found_power += window.peaks[window.count].power;
  }
  if (found_power < kPurity * total_power) {
    window.count = 0;
  }
  return window;
}

/// The highest maximum of the spectrum that is not near those found before; 0: there is none.
std::size_t ToneMixDetector::highest_bin(std::span<const Peak> before) const {
  constexpr auto kFirst = static_cast<std::size_t>(kLowestHz / kBinHz);
  constexpr auto kLast = static_cast<std::size_t>(kHighestHz / kBinHz) + 1;
  std::size_t best = 0;
  for (std::size_t bin = kFirst; bin <= kLast; ++bin) {
    const double power = power_at(bin);
    const bool maximum = power > 0 && power >= power_at(bin - 1) && power >= power_at(bin + 1);
    const auto near = [bin](const Peak& peak) { return std::abs(peak.frequency_hz - static_cast<double>(bin) * kBinHz) < kApartHz; };
    if (maximum && (best == 0 || power > power_at(best)) && std::ranges::none_of(before, near)) {
      best = bin;
    }
  }
  return best;
}

/// The top of the parabola through the logarithms of the power at it and to both sides.
ToneMixDetector::Peak ToneMixDetector::interpolated(std::size_t bin) const {
  constexpr double kFloor = 1e-15;
  const double left = std::log(power_at(bin - 1) + kFloor);
  const double top = std::log(power_at(bin) + kFloor);
  const double right = std::log(power_at(bin + 1) + kFloor);
  const double curvature = left - 2 * top + right;
  const double offset = curvature < 0 ? std::clamp(0.5 * (left - right) / curvature, -1.0, 1.0) : 0;
  return {(static_cast<double>(bin) + offset) * kBinHz, std::exp(top - 0.25 * (left - right) * offset)};
}

bool ToneMixDetector::is_known(double frequency_hz) const {
  return std::ranges::any_of(known_, [&](const Known& known) { return std::abs(known.frequency_hz - frequency_hz) < kSameToneHz; });
}

void ToneMixDetector::judge(const Window& newest, std::vector<DetectedTone>& tones) {
  history_[windows_++ % kHistory] = newest;
  const std::span<const Peak> peaks = std::span(newest.peaks).first(newest.count);
  for (Known& known : known_) {
    const bool heard = std::ranges::any_of(peaks, [&](const Peak& peak) { return std::abs(peak.frequency_hz - known.frequency_hz) < kSameToneHz; });
    known.windows_without = heard ? 0 : known.windows_without + 1;
  }
  std::erase_if(known_, [](const Known& known) { return known.windows_without >= kWindowsUntilForgotten; });
  for (const Peak& peak : peaks) {
    if (is_known(peak.frequency_hz)) {
      continue;
    }
    double frequency = 0;
    double power = 0;
    std::size_t agreeing = 0;
    std::uint64_t start = newest.start;
    for (const Window& window : history_) {
      for (const Peak& other : std::span(window.peaks).first(window.count)) {
        if (std::abs(other.frequency_hz - peak.frequency_hz) <= kAgreementHz) {
          ++agreeing;
          frequency += other.frequency_hz;
          power += other.power;
          start = std::min(start, window.start);
        }
      }
    }
    if (agreeing >= kNeeded) {
      const auto count = static_cast<double>(agreeing);
      known_.push_back({frequency / count, 0});
      tones.push_back({frequency / count, 10 * std::log10(power / count), start_of(start), position_});
    }
  }
}

/// The beginning of the sound, when that lies in the first window or just before it; else that window.
std::uint64_t ToneMixDetector::start_of(std::uint64_t window_start) const noexcept {
  return onset_ + kHop >= window_start && onset_ < window_start + kWindow ? onset_ : window_start;
}

}  // namespace callwright::audio
