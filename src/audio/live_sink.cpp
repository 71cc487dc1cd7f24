#include "audio/live_sink.hpp"

#include <algorithm>
#include <utility>

namespace callwright::audio {
LiveSink::LiveSink(std::shared_ptr<Frames> frames, SampleRate from, SampleRate to) : frames_(std::move(frames)), frame_(samples_in(LiveReader::kFrame, to)) {
  if (from != to) {
    resampler_.emplace(from, to);
  }
}

void LiveSink::write(std::span<const Sample> samples) {
  if (resampler_) {
    resampled_.resize(resampler_->max_output(samples.size()));
    samples = std::span(resampled_).first(resampler_->process(samples, resampled_));
  }
  while (!samples.empty()) {
    const std::size_t count = std::min(samples.size(), frame_ - pending_.size());
    pending_.insert(pending_.end(), samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count));
    samples = samples.subspan(count);
    if (pending_.size() == frame_) {
      frames_->push(std::exchange(pending_, {}));
      pending_.reserve(frame_);
    }
  }
}

LiveReader::LiveReader(const LiveSinkOptions& options)
    : options_(options), frames_(std::make_shared<LiveSink::Frames>(static_cast<std::size_t>(options.capacity / kFrame), base::Overflow::DropOldest)) {}

void LiveReader::read(std::vector<Sample>& into) {
  frames_->take_all(taken_);
  for (const std::vector<Sample>& frame : taken_) {
    into.insert(into.end(), frame.begin(), frame.end());
  }
  taken_.clear();
}

std::unique_ptr<LiveSink> LiveReader::sink(SampleRate from) const { return std::make_unique<LiveSink>(frames_, from, options_.rate); }

}  // namespace callwright::audio
