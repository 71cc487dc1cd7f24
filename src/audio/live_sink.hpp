#pragma once

#include "audio/audio.hpp"
#include "audio/resampler.hpp"
#include "base/bounded_queue.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

/// Sound that is heard, for a program: speech recognition, the loudspeaker of a browser.
namespace callwright::audio {

struct LiveSinkOptions {
  SampleRate rate = kNarrowband;             ///< Of what is read.
  std::chrono::milliseconds capacity{1000};  ///< What may wait; beyond it the oldest is dropped.
};

/// The end that hears: the media thread.
class LiveSink {
 public:
  using Frames = base::BoundedQueue<std::vector<Sample>>;

  /// By `LiveReader::sink`.
  LiveSink(std::shared_ptr<Frames> frames, SampleRate from, SampleRate to);
  void write(std::span<const Sample> samples);

 private:
  std::shared_ptr<Frames> frames_;
  std::size_t frame_;
  std::optional<Resampler> resampler_;
  std::vector<Sample> resampled_;
  std::vector<Sample> pending_;
};

/// The end that reads: any one thread. Never blocks.
class LiveReader {
 public:
  static constexpr std::chrono::milliseconds kFrame{20};

  explicit LiveReader(const LiveSinkOptions& options);

  /// Appends the frames of 20 ms that came since the last call, oldest first.
  void read(std::vector<Sample>& into);
  /// Dropped so far because nobody read.
  [[nodiscard]] std::chrono::milliseconds dropped() const { return kFrame * static_cast<std::int64_t>(frames_->dropped()); }

  /// The other end, which takes samples of the rate `from`. One after another.
  [[nodiscard]] std::unique_ptr<LiveSink> sink(SampleRate from) const;

 private:
  LiveSinkOptions options_;
  std::shared_ptr<LiveSink::Frames> frames_;
  std::deque<std::vector<Sample>> taken_;
};

}  // namespace callwright::audio
