#pragma once

#include "audio/audio.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace callwright::media {

/// What one stream heard and the stream that it is joined with has not said yet: a frame or two. One thread.
class SoundQueue {
 public:
  static constexpr std::size_t kMaxFrames = 6;  ///< That a stall may leave behind; beyond it the oldest go.

  void push(std::span<const audio::Sample> frame) {
    samples_.insert(samples_.end(), frame.begin(), frame.end());
    if (samples_.size() > frame.size() * kMaxFrames) {
      samples_.erase(samples_.begin(), samples_.end() - static_cast<std::ptrdiff_t>(frame.size() * kMaxFrames));
    }
  }
  /// Silence where there is no more.
  void pull(std::span<audio::Sample> out) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(out.size(), samples_.size()));
    std::fill(std::copy_n(samples_.begin(), count, out.begin()), out.end(), audio::Sample{0});
    samples_.erase(samples_.begin(), samples_.begin() + count);
  }
  [[nodiscard]] std::size_t size() const noexcept { return samples_.size(); }
  void clear() noexcept { samples_ = {}; }
  [[nodiscard]] bool empty() const noexcept { return samples_.empty(); }

 private:
  std::vector<audio::Sample> samples_;
};

/// Never ends.
class SoundQueueSource final : public audio::Source {
 public:
  explicit SoundQueueSource(std::shared_ptr<SoundQueue> queue) noexcept : queue_(std::move(queue)) {}
  std::size_t read(std::span<audio::Sample> out) override {
    queue_->pull(out);
    return out.size();
  }

 private:
  std::shared_ptr<SoundQueue> queue_;
};

}  // namespace callwright::media
