#pragma once

#include "audio/audio.hpp"
#include "base/bounded_queue.hpp"

#include <atomic>
#include <memory>
#include <vector>

/// Sound that a program makes while it is played: speech synthesis, the microphone of a browser.
namespace callwright::audio {

struct LiveOptions {
  SampleRate rate = kNarrowband;             ///< Of what is written.
  std::chrono::milliseconds capacity{2000};  ///< What may wait; beyond it the oldest is dropped.
  std::chrono::milliseconds prebuffer{40};  ///< Waits until there is so much, at the beginning and whenever it ran dry: for writers that are not quite regular.
};

namespace detail {
/// What writer and source share: frames of 10 ms, and how it stands.
struct LiveQueue {
  struct Frame {
    std::vector<Sample> samples;
    bool last = false;  ///< May be shorter, and empty.
  };
  explicit LiveQueue(const LiveOptions& live);
  LiveOptions options;
  base::BoundedQueue<Frame> frames;
  std::atomic<std::uint64_t> dropped_by_source{0};  ///< Frames.
  std::atomic<std::uint64_t> written{0};            ///< Frames,
  std::atomic<std::uint64_t> played{0};             ///< and those of them that were played, or dropped by the source.
  std::atomic<std::uint64_t> underruns{0};
};
}  // namespace detail

/// One end: any one thread. Never blocks.
class LiveWriter {
 public:
  explicit LiveWriter(const LiveOptions& options);

  /// Any number of samples. Up to 10 ms wait for more, or for `finish`.
  void write(std::span<const Sample> samples);
  /// The source ends when all was played. Afterwards `write` does nothing.
  void finish();
  /// How much may be written now without a loss. Only the source makes it more.
  [[nodiscard]] std::chrono::milliseconds room() const;
  /// How often it ran dry while it played: silence was heard instead.
  [[nodiscard]] std::uint64_t underruns() const { return queue_->underruns.load(std::memory_order_relaxed); }
  /// Dropped so far because the source did not keep up: whole frames of 10 ms.
  [[nodiscard]] std::chrono::milliseconds dropped() const;

  /// The other end, whose samples have the rate `to`. Once only.
  [[nodiscard]] std::unique_ptr<Source> source(SampleRate to) const;

 private:
  void push(bool last);

  std::shared_ptr<detail::LiveQueue> queue_;
  std::vector<Sample> pending_;
  std::size_t frame_;
  bool finished_ = false;
};

}  // namespace callwright::audio
