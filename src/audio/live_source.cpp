#include "audio/live_source.hpp"

#include "audio/resampler.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace callwright::audio {
namespace {

constexpr std::chrono::milliseconds kFrame{10};

/// Media thread. Ends only after the writer has finished; until then a lack of samples is played as silence.
class LiveSource final : public Source {
 public:
  explicit LiveSource(std::shared_ptr<detail::LiveQueue> queue)
      : queue_(std::move(queue)), prebuffer_(samples_in(queue_->options.prebuffer, queue_->options.rate)) {}

  std::size_t read(std::span<Sample> out) override {
    take();
    std::size_t filled = 0;
    while (filled < out.size() && !waiting() && !frames_.empty()) {
      const detail::LiveQueue::Frame& frame = frames_.front();
      const std::size_t count = std::min(out.size() - filled, frame.samples.size() - used_);
      std::copy_n(frame.samples.begin() + static_cast<std::ptrdiff_t>(used_), count, out.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += count;
      used_ += count;
      available_ -= count;
      if (used_ == frame.samples.size()) {
        ended_ = frame.last;
        pop();
        used_ = 0;
      }
    }
    sounding_ = sounding_ || filled > 0;
    if (filled < out.size() && !ended_) {
      dry_ = true;
      queue_->underruns.fetch_add(std::exchange(sounding_, false) ? 1 : 0, std::memory_order_relaxed);
    }
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(filled), out.end(), Sample{0});
    return ended_ ? filled : out.size();
  }

 private:
  void take() {
    queue_->frames.take_all(arrived_);
    for (auto& frame : arrived_) {
      available_ += frame.samples.size();
      complete_ = complete_ || frame.last;
      frames_.push_back(std::move(frame));
    }
    arrived_.clear();
    // What was taken counts, too: the queue alone would bound only what came since the last time.
    const std::size_t capacity = samples_in(queue_->options.capacity, queue_->options.rate);
    while (available_ > capacity && frames_.size() > 1) {
      available_ -= frames_.front().samples.size() - std::exchange(used_, 0);
      pop();
      queue_->dropped_by_source.fetch_add(1, std::memory_order_relaxed);
    }
  }

  void pop() {
    frames_.pop_front();
    queue_->played.fetch_add(1, std::memory_order_relaxed);
  }

  [[nodiscard]] bool waiting() noexcept {
    dry_ = dry_ && available_ < prebuffer_ && !complete_;
    return dry_;
  }

  std::shared_ptr<detail::LiveQueue> queue_;
  std::size_t prebuffer_;
  std::deque<detail::LiveQueue::Frame> arrived_;
  std::deque<detail::LiveQueue::Frame> frames_;
  std::size_t used_ = 0;       ///< Of the first frame.
  std::size_t available_ = 0;  ///< Samples in `frames_` not yet played.
  bool dry_ = true;
  bool sounding_ = false;  ///< Something was played since it ran dry.
  bool complete_ = false;  ///< The last frame is here.
  bool ended_ = false;
};

}  // namespace

detail::LiveQueue::LiveQueue(const LiveOptions& live)
    : options(live), frames(static_cast<std::size_t>(std::max<std::int64_t>(live.capacity / kFrame, 1)), base::Overflow::DropOldest) {
  // More than there may be would never come together.
  options.prebuffer = std::min(options.prebuffer, options.capacity);
}

LiveWriter::LiveWriter(const LiveOptions& options) : queue_(std::make_shared<detail::LiveQueue>(options)), frame_(samples_in(kFrame, options.rate)) {}

void LiveWriter::write(std::span<const Sample> samples) {
  while (!finished_ && !samples.empty()) {
    const std::size_t count = std::min(samples.size(), frame_ - pending_.size());
    pending_.insert(pending_.end(), samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count));
    samples = samples.subspan(count);
    if (pending_.size() == frame_) {
      push(false);
    }
  }
}

void LiveWriter::finish() {
  if (!std::exchange(finished_, true)) {
    push(true);
  }
}

void LiveWriter::push(bool last) {
  queue_->written.fetch_add(1, std::memory_order_relaxed);
  queue_->frames.push({std::exchange(pending_, {}), last});
  pending_.reserve(frame_);
}

std::chrono::milliseconds LiveWriter::dropped() const {
  return kFrame * static_cast<std::int64_t>(queue_->frames.dropped() + queue_->dropped_by_source.load(std::memory_order_relaxed));
}

std::chrono::milliseconds LiveWriter::room() const {
  const auto gone = queue_->played.load(std::memory_order_relaxed) + queue_->frames.dropped();
  const auto waiting = static_cast<std::int64_t>(queue_->written.load(std::memory_order_relaxed) - gone);
  return std::max(std::chrono::milliseconds(0), queue_->options.capacity - kFrame * waiting);
}

std::unique_ptr<Source> LiveWriter::source(SampleRate to) const {
  auto source = std::make_unique<LiveSource>(queue_);
  const SampleRate from = queue_->options.rate;
  if (from == to) {
    return source;
  }
  return std::make_unique<ResamplingSource>(std::move(source), from, to);
}

}  // namespace callwright::audio
