#pragma once

#include "audio/audio.hpp"
#include "base/clock.hpp"

#include <span>

namespace callwright::media {

/// Hears along with a stream, or with a conference, which says nothing; on the media thread. While a stream has a tap, its packets are not passed on as they
/// come, but as sound.
///
/// `at` is when the first sample arrived at this machine, as fast as the fastest packets of its stream come, or when it was made here: without the
/// delay of a jitter buffer, so that both directions can be laid beside each other. It goes on with the clock of whoever speaks, with small steps.
class StreamTap {
 public:
  /// 20 ms, silence included.
  virtual void on_heard(std::span<const audio::Sample> frame, audio::SampleRate rate, base::TimePoint at) = 0;
  /// 20 ms; nothing while the stream says nothing.
  virtual void on_said(std::span<const audio::Sample> frame, audio::SampleRate rate, base::TimePoint at) = 0;

 protected:
  ~StreamTap() = default;
};

}  // namespace callwright::media
