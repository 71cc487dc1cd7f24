#include "audio/level.hpp"

#include <algorithm>
#include <cmath>

namespace callwright::audio {
namespace {

constexpr double kOverload = 32768.0;
constexpr std::chrono::milliseconds kSilenceWindow{10};
constexpr int kClipLevel = 32100;
constexpr unsigned kClipRun = 3;

}  // namespace

void LevelMeter::Sum::add(Sample sample) noexcept {
  energy += static_cast<double>(sample) * sample;
  peak = std::max(peak, std::abs(static_cast<int>(sample)));
  ++count;
}

LevelMeter::Level LevelMeter::Sum::level(std::uint64_t position) const noexcept {
  if (energy == 0) {
    return {position, kSilenceDbov, kSilenceDbov};
  }
  const double mean = energy / static_cast<double>(count) / (kOverload * kOverload);
  return {position, std::max(kSilenceDbov, 10 * std::log10(mean)), 20 * std::log10(peak / kOverload)};
}

LevelMeter::LevelMeter(SampleRate rate, std::chrono::milliseconds window) : window_(std::max<std::size_t>(samples_in(window, rate), 1)) {}

std::vector<LevelMeter::Level> LevelMeter::process(std::span<const Sample> samples) {
  std::vector<Level> levels;
  for (const Sample sample : samples) {
    current_.add(sample);
    total_.add(sample);
    if (current_.count == window_) {
      levels.push_back(current_.level(total_.count - window_));
      current_ = {};
    }
  }
  return levels;
}

LevelMeter::Level LevelMeter::overall() const noexcept { return total_.level(0); }

SilenceDetector::SilenceDetector(SampleRate rate, const SilenceOptions& options)
    : threshold_energy_(kOverload * kOverload * std::pow(10.0, options.threshold_dbov / 10)),
      after_(std::max<std::size_t>(samples_in(options.after, rate), 1)),
      window_(std::max<std::size_t>(samples_in(kSilenceWindow, rate), 1)) {}

std::vector<SilenceDetector::Change> SilenceDetector::process(std::span<const Sample> samples) {
  std::vector<Change> changes;
  for (const Sample sample : samples) {
    energy_ += static_cast<double>(sample) * sample;
    ++position_;
    if (++filled_ == window_) {
      if (const auto change = judge_window()) {
        changes.push_back(*change);
      }
      energy_ = 0;
      filled_ = 0;
    }
  }
  return changes;
}

std::optional<SilenceDetector::Change> SilenceDetector::judge_window() {
  if (energy_ < threshold_energy_ * static_cast<double>(window_)) {
    run_ += window_;
    if (silent_) {
      silent_samples_ += window_;
    } else if (run_ >= after_) {
      silent_ = true;
      silent_samples_ += run_;
      longest_ = std::max(longest_, run_);
      return Change{true, position_ - run_};
    }
    longest_ = silent_ ? std::max(longest_, run_) : longest_;
    return std::nullopt;
  }
  run_ = 0;
  if (!silent_) {
    return std::nullopt;
  }
  silent_ = false;
  return Change{false, position_ - window_};
}

void ClippingMeter::process(std::span<const Sample> samples) noexcept {
  for (const Sample sample : samples) {
    ++count_;
    const int side = sample >= kClipLevel ? 1 : sample <= -kClipLevel ? -1 : 0;
    run_ = side != 0 && side == side_ ? run_ + 1 : (side != 0 ? 1U : 0U);
    side_ = side;
    if (run_ == kClipRun) {
      clipped_ += kClipRun;
      ++places_;
    } else if (run_ > kClipRun) {
      ++clipped_;
    }
  }
}

}  // namespace callwright::audio
