#include "audio/tone_detector.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

namespace callwright::audio {
namespace {

constexpr double kRate = static_cast<double>(kNarrowband);
constexpr double kLowestHz = 200;
constexpr double kHighestHz = 3400;
constexpr double kBinHz = kRate / ToneDetector::kBlock;

constexpr double kAudibleDbov = -55;
constexpr std::uint64_t kSilenceBetweenSounds = 800;  // 100 ms: longer than a lost packet.
constexpr double kPurity = 0.75;                      // Of the block's power; noise reaches a tenth of it.
constexpr double kAgreementHz = 6;
constexpr double kSameToneHz = 12;
constexpr std::size_t kBlocksUntilForgotten = 10;

/// A Hann window, and the sums that turn filter outputs into amplitudes.
struct Window {
  std::array<float, ToneDetector::kBlock> weights{};
  double sum = 0;
  double sum_of_squares = 0;

  Window() {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double weight = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(weights.size()));
      weights[i] = static_cast<float>(weight);
      sum += weight;
      sum_of_squares += weight * weight;
    }
  }
};

const Window& window() {
  static const Window kWindow;
  return kWindow;
}

using Weighted = std::array<float, ToneDetector::kBlock>;

/// Mean square of the sine of that frequency within the block.
double power_at(const Weighted& samples, double frequency_hz) {
  const double coefficient = 2 * std::cos(2 * std::numbers::pi * frequency_hz / kRate);
  double one = 0;
  double two = 0;
  for (const float sample : samples) {
    const double next = sample + coefficient * one - two;
    two = one;
    one = next;
  }
  const double magnitude_squared = one * one + two * two - coefficient * one * two;
  return 2 * magnitude_squared / (window().sum * window().sum);
}

/// One Goertzel filter for each multiple of the bin width.
class FilterBank {
 public:
  static constexpr std::size_t kFirst = static_cast<std::size_t>(kLowestHz / kBinHz) - 1;
  static constexpr std::size_t kCount = 144;  // Up to 3750 Hz; a multiple of kLanes.

  FilterBank() {
    for (std::size_t i = 0; i < kCount; ++i) {
      coefficients_[i] = static_cast<float>(2 * std::cos(2 * std::numbers::pi * static_cast<double>(kFirst + i) / ToneDetector::kBlock));
    }
  }

  /// The frequency of the strongest filter.
  [[nodiscard]] double strongest_hz(const Weighted& samples) const {
    std::size_t strongest = 0;
    float highest = -1;
    for (std::size_t first = 0; first < kCount; first += kLanes) {
      const auto powers = run(samples, coefficients_.data() + first);
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        if (powers[lane] > highest) {
          highest = powers[lane];
          strongest = first + lane;
        }
      }
    }
    return static_cast<double>(kFirst + strongest) * kBinHz;
  }

 private:
  /// Four floats in one register (a vector type of GCC and Clang): the compiler does not find that by itself here.
  using Vector [[gnu::vector_size(16)]] = float;
  static constexpr std::size_t kVectors = 4;  // Enough independent chains to hide the latency of each.
  static constexpr std::size_t kLanes = 4 * kVectors;

  /// That many filters at once; their state stays in registers. Gives their powers.
  static std::array<float, kLanes> run(const Weighted& samples, const float* coefficients) {
    Vector coefficient[kVectors];
    Vector one[kVectors] = {};
    Vector two[kVectors] = {};
    std::memcpy(coefficient, coefficients, sizeof coefficient);
    const auto step = [&](std::size_t i, float sample) {
      const Vector next = sample + coefficient[i] * one[i] - two[i];
      two[i] = one[i];
      one[i] = next;
    };
    for (const float sample : samples) {
      step(0, sample);
      step(1, sample);
      step(2, sample);
      step(3, sample);
    }
    for (std::size_t i = 0; i < kVectors; ++i) {
      one[i] = one[i] * one[i] + two[i] * two[i] - coefficient[i] * one[i] * two[i];
    }
    std::array<float, kLanes> powers;
    std::memcpy(powers.data(), one, sizeof powers);
    return powers;
  }

  std::array<float, kCount> coefficients_{};
};

const FilterBank& filter_bank() {
  static const FilterBank kBank;
  return kBank;
}

/// Moves `centre_hz` to the top of the parabola through the logarithms of the power at it and `step_hz` to both sides.
double interpolated(const Weighted& samples, double centre_hz, double step_hz) {
  constexpr double kFloor = 1e-12;
  const double left = std::log(power_at(samples, centre_hz - step_hz) + kFloor);
  const double middle = std::log(power_at(samples, centre_hz) + kFloor);
  const double right = std::log(power_at(samples, centre_hz + step_hz) + kFloor);
  const double curvature = left - 2 * middle + right;
  if (curvature >= 0) {
    return centre_hz;
  }
  return centre_hz + std::clamp(0.5 * (left - right) / curvature, -1.0, 1.0) * step_hz;
}

double audible_power() {
  static const double kPower = std::pow(10.0, kAudibleDbov / 10);
  return kPower;
}

}  // namespace

ToneDetector::ToneDetector(SampleRate rate) : resampler_(rate, kNarrowband) {
  // Built here rather than in the first audible block, which is on the clock.
  (void)window();
  (void)filter_bank();
}

std::optional<ToneDetector::FirstAudio> ToneDetector::first_audio() const noexcept {
  return first_audio_ ? std::optional(FirstAudio{at_rate(first_audio_->position), first_audio_->level_dbov}) : std::nullopt;
}

std::uint64_t ToneDetector::at_rate(std::uint64_t narrow) const noexcept {
  const std::uint64_t delay = samples_in(resampler_.delay());
  return (narrow - std::min(narrow, delay)) * static_cast<std::uint64_t>(resampler_.from()) / static_cast<std::uint64_t>(kNarrowband);
}

std::vector<DetectedTone> ToneDetector::process(std::span<const Sample> samples) {
  std::vector<DetectedTone> tones;
  if (resampler_.from() == kNarrowband) {
    received_ += samples.size();
    listen(samples, tones);
    return tones;
  }
  constexpr std::size_t kPiece = 4096;
  while (!samples.empty()) {
    const auto piece = samples.first(std::min(samples.size(), kPiece));
    samples = samples.subspan(piece.size());
    received_ += piece.size();
    narrow_.resize(resampler_.max_output(piece.size()));
    listen(std::span(narrow_).first(resampler_.process(piece, narrow_)), tones);
  }
  for (DetectedTone& tone : tones) {
    tone.start = at_rate(tone.start);
    tone.decided = std::min(received_, tone.decided * static_cast<std::uint64_t>(resampler_.from()) / static_cast<std::uint64_t>(kNarrowband));
  }
  return tones;
}

void ToneDetector::listen(std::span<const Sample> samples, std::vector<DetectedTone>& tones) {
  while (!samples.empty()) {
    const std::size_t until_slice = kSlice - filled_ % kSlice;
    const std::size_t count = std::min(samples.size(), until_slice);
    std::copy_n(samples.begin(), count, block_.begin() + static_cast<std::ptrdiff_t>(filled_));
    samples = samples.subspan(count);
    filled_ += count;
    position_ += count;
    if (filled_ % kSlice == 0) {
      watch_slice();
    }
    if (filled_ == kBlock) {
      filled_ = 0;
      if (const auto tone = judge(estimate_block())) {
        tones.push_back(*tone);
      }
    }
  }
}

/// Looks for the beginning of sound in the 5 ms that ended now.
void ToneDetector::watch_slice() {
  const std::span<const Sample> slice(block_.data() + filled_ - kSlice, kSlice);
  const double level = level_dbov(slice);
  if (level < kAudibleDbov) {
    silent_samples_ += kSlice;
    return;
  }
  if (silent_samples_ >= kSilenceBetweenSounds || !first_audio_) {
    static const double kAmplitude = 32768 * std::sqrt(audible_power());
    const auto loud = std::find_if(slice.begin(), slice.end(), [](Sample sample) { return std::abs(sample) >= kAmplitude; });
    onset_ = position_ - kSlice + static_cast<std::uint64_t>(loud - slice.begin());
  }
  if (!first_audio_) {
    first_audio_ = FirstAudio{onset_, level};
  }
  silent_samples_ = 0;
}

ToneDetector::Estimate ToneDetector::estimate_block() const {
  Estimate estimate;
  estimate.start = position_ - kBlock;
  Weighted weighted;
  double energy = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    weighted[i] = static_cast<float>(block_[i]) / 32768.0F * window().weights[i];
    energy += static_cast<double>(weighted[i]) * weighted[i];
  }
  const double power = energy / window().sum_of_squares;
  if (power < audible_power()) {
    return estimate;
  }
  // While a known tone goes on, a few filters around it answer; the whole band is searched only when they do not.
  for (const bool search : {false, true}) {
    if (!search && !current_hz_) {
      continue;
    }
    const double coarse = search ? interpolated(weighted, filter_bank().strongest_hz(weighted), kBinHz) : *current_hz_;
    const double fine = interpolated(weighted, coarse, kBinHz / 4);
    const double tone_power = power_at(weighted, fine);
    if (tone_power >= kPurity * power && fine >= kLowestHz - kAgreementHz && fine <= kHighestHz + kAgreementHz) {
      estimate.frequency_hz = fine;
      estimate.power = tone_power;
      return estimate;
    }
  }
  return estimate;
}

std::optional<DetectedTone> ToneDetector::judge(const Estimate& newest) {
  history_[block_count_++ % kHistory] = newest;
  const bool goes_on = current_hz_ && newest.frequency_hz != 0 && std::abs(newest.frequency_hz - *current_hz_) < kSameToneHz;
  blocks_without_ = goes_on ? 0 : blocks_without_ + 1;
  if (goes_on) {
    return std::nullopt;
  }
  if (current_hz_ && blocks_without_ >= kBlocksUntilForgotten) {
    current_hz_.reset();
  }
  if (newest.frequency_hz == 0) {
    return std::nullopt;
  }
  double frequency = 0;
  double power = 0;
  std::size_t agreeing = 0;
  const Estimate* first = &newest;
  for (const Estimate& estimate : history_) {
    if (estimate.frequency_hz != 0 && std::abs(estimate.frequency_hz - newest.frequency_hz) <= kAgreementHz) {
      ++agreeing;
      frequency += estimate.frequency_hz;
      power += estimate.power;
      first = estimate.start < first->start ? &estimate : first;
    }
  }
  if (agreeing < kNeeded) {
    return std::nullopt;
  }
  const auto count = static_cast<double>(agreeing);
  current_hz_ = frequency / count;
  blocks_without_ = 0;
  return DetectedTone{*current_hz_, 10 * std::log10(power / count), start_of(*first), position_};
}

/// The beginning of the sound, when that lies in the block before the first pure one; else that block.
std::uint64_t ToneDetector::start_of(const Estimate& first) const noexcept {
  const bool just_before = onset_ <= first.start && first.start - onset_ < kBlock;
  const bool within = onset_ > first.start && onset_ < first.start + kBlock;
  return first_audio_ && (just_before || within) ? onset_ : first.start;
}

}  // namespace callwright::audio
