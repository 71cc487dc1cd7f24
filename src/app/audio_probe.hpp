#pragma once

#include "audio/live_source.hpp"
#include "base/clock.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <vector>

/// How long sound takes from one phone to another: one says a second of noise that the other knows. What is read from a stream, or taken from a source,
/// is told by frames and seen some time later; of all frames the one that was seen soonest says when the stream began.
namespace callwright::app {

/// The noise, with 8000 samples a second. Always the same.
[[nodiscard]] std::vector<audio::Sample> probe_signal();

/// The phone that says it. Look often: what matters is to see one frame as it is taken.
class ProbeSender {
 public:
  /// `rate`: of the stream, so that what is taken from the source is what is sent.
  explicit ProbeSender(audio::SampleRate rate);
  [[nodiscard]] const std::shared_ptr<audio::LiveWriter>& writer() const noexcept { return writer_; }
  /// When its first sample was taken, once all of it was.
  std::optional<base::TimePoint> follow(base::TimePoint now);

 private:
  std::shared_ptr<audio::LiveWriter> writer_;
  std::chrono::nanoseconds conversion_{};  ///< What converting the noise delays it.
  std::chrono::milliseconds all_{};
  std::chrono::milliseconds played_{};
  std::optional<base::TimePoint> begin_;
};

/// The phone that hears it.
class ProbeListener {
 public:
  struct Outcome {
    std::optional<base::TimePoint> heard_at;  ///< Its first sample.
  };
  /// `stream`: the rate of the stream, from which the samples were converted.
  ProbeListener(audio::SampleRate stream, base::TimePoint deadline);
  /// Any number of samples (8000 a second), as soon as they are there. Something once the noise is certain, or at the deadline.
  std::optional<Outcome> hear(std::span<const audio::Sample> samples, base::TimePoint now);

 private:
  const base::TimePoint deadline_;
  const std::chrono::nanoseconds conversion_;
  const std::vector<audio::Sample> probe_;
  std::vector<audio::Sample> heard_;
  std::size_t next_look_;
  std::optional<base::TimePoint> begin_;
};

}  // namespace callwright::app
