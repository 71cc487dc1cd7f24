#include "media/recording.hpp"

#include <algorithm>
#include <utility>

namespace callwright::media {
namespace {

/// A jitter buffer gains 10 ms at once; that is made up for little by little.
constexpr std::chrono::milliseconds kJump{12};
constexpr std::chrono::milliseconds kNear{1};
/// Farther in the future than any clock can be: not to be believed.
constexpr std::chrono::seconds kTooFar{30};

std::vector<audio::Sample> take(std::vector<audio::Sample>& samples, std::size_t count) {
  const auto present = static_cast<std::ptrdiff_t>(std::min(count, samples.size()));
  std::vector<audio::Sample> taken;
  taken.reserve(count);
  taken.assign(samples.begin(), samples.begin() + present);
  taken.resize(count);
  samples.erase(samples.begin(), samples.begin() + present);
  return taken;
}

}  // namespace

base::Result<void> check_recording(const RecordingOptions& options) {
  if (!options.path.has_filename()) {
    return base::Error(base::Errc::InvalidArgument, "A recording needs the path of a file, such as /var/spool/calls/1.wav");
  }
  return audio::check_file_rate(options.format, options.rate);
}

std::vector<std::filesystem::path> files_of(const RecordingOptions& options) {
  if (options.layout != RecordingLayout::Separate) {
    return {options.path};
  }
  const auto beside = [&options](const char* side) {
    auto name = options.path.stem();
    name += side;
    name += options.path.extension();
    return options.path.parent_path() / name;
  };
  return {beside("-left"), beside("-right")};
}

std::int64_t Recording::samples_in(base::Duration duration) const noexcept {
  const auto rate = static_cast<std::int64_t>(rate_);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  return seconds.count() * rate + (duration - seconds).count() * rate / 1'000'000'000;
}

std::int64_t Recording::position_of(base::TimePoint at) const noexcept { return samples_in(at - *origin_); }

void Recording::begin(base::TimePoint now) { origin_ = origin_.value_or(now); }

void Recording::write(Side side, std::span<const audio::Sample> samples, audio::SampleRate rate, base::TimePoint at) {
  if (!origin_ || (paused_at_ && at >= *paused_at_)) {
    return;
  }
  Track& track = tracks_[static_cast<std::size_t>(side)];
  if (rate == rate_) {
    place(track, position_of(at), samples);
    return;
  }
  if (!track.resampler || track.resampler->from() != rate) {
    track.resampler.emplace(rate, rate_);
  }
  track.resampled.resize(track.resampler->max_output(samples.size()));
  const std::size_t count = track.resampler->process(samples, track.resampled);
  place(track, position_of(at - track.resampler->delay()), std::span(track.resampled).first(count));
}

void Recording::place(Track& track, std::int64_t position, std::span<const audio::Sample> samples) {
  const std::int64_t end = given_ + static_cast<std::int64_t>(track.samples.size());
  const std::int64_t gap = position - end;
  if (gap > samples_in(kTooFar)) {
    return;
  }
  if (gap > samples_in(kJump)) {
    track.samples.resize(track.samples.size() + static_cast<std::size_t>(gap));
  } else if (gap < -samples_in(kJump) || (gap < 0 && track.samples.empty())) {
    // What stood there was made up by the jitter buffer, or silence.
    const std::int64_t kept = std::max<std::int64_t>(0, position - given_);
    track.samples.resize(static_cast<std::size_t>(kept));
    const auto too_late = static_cast<std::size_t>(std::max<std::int64_t>(0, given_ - position));
    samples = samples.subspan(std::min(too_late, samples.size()));
  } else if (gap > samples_in(kNear) && !samples.empty()) {
    track.samples.push_back(samples.front());
  } else if (gap < -samples_in(kNear) && !samples.empty()) {
    samples = samples.subspan(1);
  }
  track.samples.insert(track.samples.end(), samples.begin(), samples.end());
}

void Recording::pause(base::TimePoint now) {
  begin(now);
  paused_at_ = paused_at_.value_or(now);
}

void Recording::resume(base::TimePoint now) {
  if (!paused_at_) {
    return;
  }
  give(position_of(*paused_at_));
  for (Track& track : tracks_) {
    track.samples.clear();
    track.resampler.reset();
  }
  *origin_ += now - *paused_at_;
  paused_at_.reset();
}

void Recording::tick(base::TimePoint now) {
  if (!origin_) {
    return;
  }
  const std::int64_t complete = position_of(now - kPatience);
  if (paused_at_ && complete >= position_of(*paused_at_)) {
    give(position_of(*paused_at_));
  } else if (complete - given_ >= samples_in(kBlock)) {
    give(complete);
  }
}

void Recording::finish(base::TimePoint now) {
  if (origin_) {
    give(position_of(paused_at_.value_or(now)));
    origin_.reset();
  }
}

void Recording::give(std::int64_t until) {
  while (given_ < until) {
    const auto count = static_cast<std::size_t>(std::min(until - given_, samples_in(kBlock)));
    output_.write(take(tracks_[0].samples, count), take(tracks_[1].samples, count));
    given_ += static_cast<std::int64_t>(count);
  }
}

}  // namespace callwright::media
