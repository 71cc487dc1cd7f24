#include "audio/glitch_detector.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace callwright::audio {
namespace {

constexpr std::chrono::milliseconds kStep{10};
constexpr std::chrono::milliseconds kShortestHole{5};
constexpr std::chrono::milliseconds kLongestHole{120};
constexpr double kSoundDbov = -45;
constexpr std::size_t kOrder = 10;
constexpr double kBeyond = 3;
constexpr double kLeastJump = 500;

using Predictor = std::array<double, kOrder>;

/// Mean square of what has that level.
double power_of(double level_dbov) noexcept { return 32768.0 * 32768.0 * std::pow(10.0, level_dbov / 10); }

/// Linear prediction by autocorrelation (Hann window) and Levinson-Durbin.
Predictor predictor_of(std::span<const float> samples) {
  std::vector<double> weighted(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    weighted[i] = samples[i] * (0.5 - 0.5 * std::cos(2 * 3.14159265358979 * (static_cast<double>(i) + 0.5) / static_cast<double>(samples.size())));
  }
  std::array<double, kOrder + 1> correlation{};
  for (std::size_t lag = 0; lag <= kOrder; ++lag) {
    for (std::size_t i = lag; i < weighted.size(); ++i) {
      correlation[lag] += weighted[i] * weighted[i - lag];
    }
  }
  Predictor predictor{};
  double error = correlation[0] * 1.000001 + 1;  // A little noise keeps it stable.
  for (std::size_t order = 0; order < kOrder; ++order) {
    double sum = correlation[order + 1];
    for (std::size_t i = 0; i < order; ++i) {
      sum -= predictor[i] * correlation[order - i];
    }
    const double reflection = sum / error;
    const Predictor before = predictor;
    predictor[order] = reflection;
    for (std::size_t i = 0; i < order; ++i) {
      predictor[i] = before[i] - reflection * before[order - 1 - i];
    }
    error *= 1 - reflection * reflection;
  }
  return predictor;
}

/// What prediction misses of each sample; the first ones, which it has nothing for, are 0.
std::vector<double> residual_of(std::span<const float> samples, const Predictor& predictor) {
  std::vector<double> residual(samples.size());
  for (std::size_t i = kOrder; i < samples.size(); ++i) {
    double predicted = 0;
    for (std::size_t k = 0; k < kOrder; ++k) {
      predicted += predictor[k] * samples[i - 1 - k];
    }
    residual[i] = samples[i] - predicted;
  }
  return residual;
}

double largest(std::span<const double> values) {
  double most = 0;
  for (const double value : values) {
    most = std::max(most, std::abs(value));
  }
  return most;
}

}  // namespace

GlitchDetector::GlitchDetector(SampleRate rate) : rate_(rate), step_(samples_in(kStep, rate)), recent_(step_), samples_(5 * step_) {}

std::vector<Glitch> GlitchDetector::process(std::span<const Sample> samples) {
  std::vector<Glitch> found;
  for (const Sample sample : samples) {
    watch_for_hole(sample, found);
    samples_[filled_++] = sample;
    ++position_;
    if (filled_ == samples_.size()) {
      look_for_jump(found);
      std::copy(samples_.begin() + static_cast<std::ptrdiff_t>(step_), samples_.end(), samples_.begin());
      filled_ -= step_;
    }
  }
  count_ += found.size();
  return found;
}

void GlitchDetector::watch_for_hole(Sample sample, std::vector<Glitch>& found) {
  if (sample != last_ || position_ == 0) {
    end_run();
    run_ = 0;
    energy_before_run_ = recent_energy_;
  }
  ++run_;
  last_ = sample;
  const double energy = static_cast<double>(sample) * sample;
  Sample& oldest = recent_[position_ % step_];
  recent_energy_ += energy - static_cast<double>(oldest) * oldest;
  oldest = sample;
  if (candidate_) {
    candidate_->energy += energy;
    if (++candidate_->seen == step_) {
      if (candidate_->energy > power_of(kSoundDbov) * static_cast<double>(step_)) {
        found.push_back({Glitch::Kind::Hole, candidate_->position, candidate_->length});
      }
      candidate_.reset();
    }
  }
}

/// The run of equal samples is over.
void GlitchDetector::end_run() {
  const bool hole = run_ >= samples_in(kShortestHole, rate_) && run_ <= samples_in(kLongestHole, rate_);
  if (hole && energy_before_run_ > power_of(kSoundDbov) * static_cast<double>(step_)) {
    candidate_ = Candidate{position_ - run_, run_, 0, 0};
  }
}

void GlitchDetector::look_for_jump(std::vector<Glitch>& found) {
  const Predictor predictor = predictor_of(std::span(samples_).first(2 * step_));
  const std::vector<double> residual = residual_of(samples_, predictor);
  const std::span<const double> all(residual);
  const double limit = std::max(kLeastJump, kBeyond * largest(all.subspan(kOrder, 2 * step_ - kOrder)));
  const std::uint64_t start = position_ - samples_.size();
  for (std::size_t i = 2 * step_; i < 3 * step_; ++i) {
    const double miss = std::abs(residual[i]);
    // The samples just behind a jump are predicted from both its sides.
    if (miss > limit && start + i >= next_jump_ && miss > kBeyond * largest(all.subspan(i + kOrder + 1, 2 * step_ - kOrder - 1))) {
      found.push_back({Glitch::Kind::Jump, start + i, 1});
      next_jump_ = start + i + 2 * step_;
      return;
    }
  }
}

}  // namespace callwright::audio
