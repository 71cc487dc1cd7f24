#include "app/audio_check.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace callwright::app {
namespace {

/// So many such windows in a row, each 40 ms after the one before, are the tone. Over 200 ms a tone that is 20 Hz away scores 0, one that is 1 Hz away 0.87;
/// each of three that are heard at once, as in a conference, 0.33.
constexpr double kCertain = 0.25;
constexpr unsigned kNeeded = 4;
constexpr std::chrono::milliseconds kWindow{200};
constexpr std::chrono::milliseconds kStep{40};
/// −60 dBov and less is silence.
constexpr double kSilentRms = 33;

/// Share of the sound's power that is the tone (Goertzel at just that frequency).
double share_of_tone(const std::deque<audio::Sample>& window, double frequency_hz, double rate_hz) {
  const double omega = 2 * std::numbers::pi * frequency_hz / rate_hz;
  const double coefficient = 2 * std::cos(omega);
  double s1 = 0;
  double s2 = 0;
  double squares = 0;
  for (const audio::Sample sample : window) {
    const auto x = static_cast<double>(sample);
    const double s0 = x + coefficient * s1 - s2;
    s2 = s1;
    s1 = s0;
    squares += x * x;
  }
  const double power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
  return squares == 0 ? 0 : std::min(1.0, 2 * power / (static_cast<double>(window.size()) * squares));
}

}  // namespace

AudioCheck::AudioCheck(const Options& options, audio::SampleRate rate, base::TimePoint begin)
    : options_(options), rate_(rate), deadline_(begin + options.within) {
  if (options.kind == Kind::Speech) {
    speech_.emplace(rate);
  }
}

std::optional<AudioCheck::Outcome> AudioCheck::hear(std::span<const audio::Sample> samples, base::TimePoint now) {
  const std::size_t step = audio::samples_in(kStep, rate_);
  for (const audio::Sample sample : samples) {
    squares_ += static_cast<double>(sample) * static_cast<double>(sample);
    ++outcome_.samples;
    if (options_.kind == Kind::Tone) {
      window_.push_back(sample);
      if (++since_look_ >= step) {
        since_look_ = 0;
        look_for_tone();
      }
    }
  }
  outcome_.rms = outcome_.samples == 0 ? 0 : std::sqrt(squares_ / static_cast<double>(outcome_.samples));
  if (speech_) {
    speech_->process(samples);
    outcome_.score = speech_->share();
  }
  if (found()) {
    outcome_.ok = true;
    return outcome_;
  }
  if (now < deadline_) {
    return std::nullopt;
  }
  outcome_.ok = options_.kind == Kind::Silence && outcome_.rms < kSilentRms;
  return outcome_;
}

bool AudioCheck::found() const { return found_ >= kNeeded || (speech_ && speech_->spoken()); }

void AudioCheck::look_for_tone() {
  const std::size_t wanted = audio::samples_in(kWindow, rate_);
  while (window_.size() > wanted) {
    window_.pop_front();
  }
  if (window_.size() < wanted) {
    return;
  }
  const double score = share_of_tone(window_, options_.frequency_hz, static_cast<double>(rate_));
  outcome_.score = std::max(outcome_.score, score);
  found_ = score >= kCertain ? found_ + 1 : 0;
}

}  // namespace callwright::app
