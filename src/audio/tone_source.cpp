#include "audio/tone_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace callwright::audio {

using base::Errc;
using base::Error;

namespace {

constexpr double kFullCircle = 2 * std::numbers::pi;
constexpr double kRampSeconds = 0.002;
constexpr std::chrono::milliseconds kLongestPhase{600'000};

double amplitude_of(double level_dbov) noexcept { return std::min(32767.0, 32768.0 * std::numbers::sqrt2 * std::pow(10.0, level_dbov / 20)); }

/// Null when it can be played.
std::optional<Error> check(const TonePattern& pattern, SampleRate rate) {
  if (pattern.components.empty() || pattern.components.size() > TonePatternSource::kMaxComponents) {
    return Error(Errc::InvalidArgument, fmt::format("A tone has {} frequencies; give 1 to {}", pattern.components.size(), TonePatternSource::kMaxComponents));
  }
  const double highest = static_cast<double>(rate) / 2;
  for (const auto& [frequency, level] : pattern.components) {
    if (!(frequency > 0 && frequency < highest)) {
      return Error(Errc::InvalidArgument, fmt::format("A tone of {} Hz cannot be played; choose more than 0 and less than {} Hz", frequency, highest));
    }
    if (!(level >= kSilenceDbov && level <= 0)) {
      return Error(Errc::InvalidArgument, fmt::format("A tone of {} dBov cannot be played; choose -96 to -3", level));
    }
  }
  if (pattern.cadence.size() > TonePatternSource::kMaxCadence) {
    return Error(Errc::InvalidArgument, fmt::format("A cadence has {} times; give at most {}", pattern.cadence.size(), TonePatternSource::kMaxCadence));
  }
  for (const auto time : pattern.cadence) {
    if (time < std::chrono::milliseconds(10) || time > kLongestPhase) {
      return Error(Errc::InvalidArgument, fmt::format("A cadence of {} ms cannot be played; choose 10 to {}", time.count(), kLongestPhase.count()));
    }
  }
  return std::nullopt;
}

}  // namespace

ToneSource::ToneSource(double frequency_hz, double level_dbov, SampleRate rate) noexcept
    : amplitude_(amplitude_of(level_dbov)), step_(kFullCircle * frequency_hz / static_cast<double>(rate)) {}

std::size_t ToneSource::read(std::span<Sample> out) {
  // sin(x + step) = 2 cos(step) sin(x) - sin(x - step): exact to many more digits than a sample has, since each read begins anew.
  const double factor = 2 * std::cos(step_);
  double before = amplitude_ * std::sin(phase_ - step_);
  double now = amplitude_ * std::sin(phase_);
  for (Sample& sample : out) {
    sample = static_cast<Sample>(now + std::copysign(0.5, now));
    before = std::exchange(now, factor * now - before);
  }
  phase_ = std::fmod(phase_ + step_ * static_cast<double>(out.size()), kFullCircle);
  return out.size();
}

base::Result<std::unique_ptr<TonePatternSource>> TonePatternSource::make(const TonePattern& pattern, SampleRate rate) {
  if (const auto error = check(pattern, rate)) {
    return *error;
  }
  return std::unique_ptr<TonePatternSource>(new TonePatternSource(pattern, rate));
}

TonePatternSource::TonePatternSource(const TonePattern& pattern, SampleRate rate) : rounds_(pattern.rounds), ramp_(kRampSeconds * static_cast<double>(rate)) {
  for (const auto& [frequency, level] : pattern.components) {
    oscillators_.push_back({amplitude_of(level), kFullCircle * frequency / static_cast<double>(rate)});
  }
  for (const auto time : pattern.cadence) {
    cadence_.push_back(samples_in(time, rate));
  }
}

/// Of the present sample, 0 … 1.
double TonePatternSource::gain() const noexcept {
  if (cadence_.empty()) {
    return std::min(1.0, (static_cast<double>(position_) + 0.5) / ramp_);
  }
  if (phase_ % 2 != 0) {
    return 0;
  }
  const auto from_start = static_cast<double>(position_) + 0.5;
  const double to_end = static_cast<double>(cadence_[phase_]) - from_start;
  return std::min({1.0, from_start / ramp_, to_end / ramp_});
}

void TonePatternSource::advance() noexcept {
  ++position_;
  if (cadence_.empty() || position_ < cadence_[phase_]) {
    return;
  }
  position_ = 0;
  if (++phase_ == cadence_.size()) {
    phase_ = 0;
    if (rounds_) {
      --*rounds_;
    }
  }
}

std::size_t TonePatternSource::read(std::span<Sample> out) {
  std::size_t count = 0;
  for (; count < out.size() && !ended(); ++count) {
    double sum = 0;
    for (Oscillator& oscillator : oscillators_) {
      sum += oscillator.amplitude * std::sin(oscillator.phase);
      oscillator.phase += oscillator.step;
    }
    out[count] = static_cast<Sample>(std::lround(std::clamp(gain() * sum, -32768.0, 32767.0)));
    advance();
  }
  for (Oscillator& oscillator : oscillators_) {
    oscillator.phase = std::fmod(oscillator.phase, kFullCircle);
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(count), out.end(), Sample{0});
  return count;
}

std::size_t SilenceSource::read(std::span<Sample> out) {
  std::fill(out.begin(), out.end(), Sample{0});
  const std::size_t count = std::min(out.size(), left_.value_or(out.size()));
  if (left_) {
    *left_ -= count;
  }
  return count;
}

}  // namespace callwright::audio
