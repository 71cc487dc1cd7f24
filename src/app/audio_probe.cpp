#include "app/audio_probe.hpp"

#include "audio/delay.hpp"
#include "audio/resampler.hpp"

#include <algorithm>

namespace callwright::app {
namespace {

/// In which sound is taken and heard.
constexpr std::chrono::milliseconds kFrame{20};
constexpr std::chrono::milliseconds kProbe{1000};
constexpr std::chrono::milliseconds kBetweenLooks{250};
constexpr std::chrono::milliseconds kLongestDelay{4000};
/// −20 dBov.
constexpr std::uint32_t kAmplitude = 5600;

/// When a stream began of which so much was seen by now, unless an earlier look says earlier.
void note(std::optional<base::TimePoint>& begin, base::TimePoint now, std::chrono::nanoseconds seen) {
  const base::TimePoint candidate = now - seen + kFrame;
  begin = begin ? std::min(*begin, candidate) : candidate;
}

}  // namespace

std::vector<audio::Sample> probe_signal() {
  std::vector<audio::Sample> samples(audio::samples_in(kProbe));
  std::uint32_t state = 1;
  for (audio::Sample& sample : samples) {
    state = state * 1664525 + 1013904223;  // Numerical Recipes' generator.
    sample = static_cast<audio::Sample>(static_cast<int>((state >> 16) % (2 * kAmplitude)) - static_cast<int>(kAmplitude));
  }
  return samples;
}

ProbeSender::ProbeSender(audio::SampleRate rate) : writer_(std::make_shared<audio::LiveWriter>(audio::LiveOptions{.rate = rate})) {
  const std::vector<audio::Sample> probe = probe_signal();
  audio::Resampler resampler(audio::kNarrowband, rate);
  std::vector<audio::Sample> samples(resampler.max_output(probe.size()));
  conversion_ = resampler.delay();
  writer_->write(std::span(samples).first(resampler.process(probe, samples)));
  all_ = audio::LiveOptions{}.capacity - writer_->room();
}

std::optional<base::TimePoint> ProbeSender::follow(base::TimePoint now) {
  const std::chrono::milliseconds played = all_ - (audio::LiveOptions{}.capacity - writer_->room());
  if (played > played_) {
    played_ = played;
    note(begin_, now, played);
  }
  return played_ >= all_ && begin_ ? std::optional(*begin_ + std::chrono::duration_cast<base::Duration>(conversion_)) : std::nullopt;
}

ProbeListener::ProbeListener(audio::SampleRate stream, base::TimePoint deadline)
    : deadline_(deadline), conversion_(audio::Resampler(stream, audio::kNarrowband).delay()), probe_(probe_signal()), next_look_(audio::samples_in(kProbe)) {}

std::optional<ProbeListener::Outcome> ProbeListener::hear(std::span<const audio::Sample> samples, base::TimePoint now) {
  if (!samples.empty()) {
    heard_.insert(heard_.end(), samples.begin(), samples.end());
    note(begin_, now, audio::duration_of(heard_.size()));
  }
  if (heard_.size() >= next_look_) {
    next_look_ = heard_.size() + audio::samples_in(kBetweenLooks);
    if (const auto found = audio::estimate_delay(probe_, heard_, audio::kNarrowband, {.longest = kLongestDelay})) {
      return Outcome{*begin_ + std::chrono::duration_cast<base::Duration>(found->delay - conversion_)};
    }
  }
  return now >= deadline_ ? std::optional(Outcome{}) : std::nullopt;
}

}  // namespace callwright::app
