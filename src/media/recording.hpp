#pragma once

#include "audio/resampler.hpp"
#include "media/recording_options.hpp"
#include "media/stream_tap.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace callwright::media {

/// Lays what streams hear and say on two channels by the time at which it arrived, each piece in its place: whatever the jitter buffers, the clocks of the
/// other sides, losses and pauses do, both channels stay beside each other, to 15 ms and mostly to 2. Media thread, no clock and no file of its own.
///
/// Small differences are made up for by a sample more or less in each frame, which nobody hears; larger ones by silence, or by leaving out what overlaps.
/// Nothing that was heard is silence: a call on hold keeps its time. What is paused is cut out.
class Recording {
 public:
  /// Takes what is complete, about a second at a time.
  class Output {
   public:
    /// Both have the same size.
    virtual void write(std::vector<audio::Sample> left, std::vector<audio::Sample> right) = 0;

   protected:
    ~Output() = default;
  };
  enum class Side : std::uint8_t { Left, Right };

  /// So late a sound may come, by a jitter buffer of any length, and still find its place.
  static constexpr std::chrono::milliseconds kPatience{700};
  static constexpr std::chrono::seconds kBlock{1};

  Recording(audio::SampleRate rate, Output& output) : rate_(rate), output_(output) {}

  /// The time of the recording begins; again: nothing happens.
  void begin(base::TimePoint now);
  void write(Side side, std::span<const audio::Sample> samples, audio::SampleRate rate, base::TimePoint at);
  /// Cuts out what arrives from here on until `resume`.
  void pause(base::TimePoint now);
  void resume(base::TimePoint now);
  /// Gives out what is complete; to be called every 20 ms.
  void tick(base::TimePoint now);
  /// Gives out all, silence included, up to `now`; the last call.
  void finish(base::TimePoint now);

 private:
  struct Track {
    std::vector<audio::Sample> samples;  ///< From `given_` on.
    std::optional<audio::Resampler> resampler;
    std::vector<audio::Sample> resampled;
  };

  [[nodiscard]] std::int64_t position_of(base::TimePoint at) const noexcept;
  [[nodiscard]] std::int64_t samples_in(base::Duration duration) const noexcept;
  void place(Track& track, std::int64_t position, std::span<const audio::Sample> samples);
  void give(std::int64_t until);

  const audio::SampleRate rate_;
  Output& output_;
  std::optional<base::TimePoint> origin_;
  std::optional<base::TimePoint> paused_at_;
  std::int64_t given_ = 0;  ///< Samples of each channel.
  std::array<Track, 2> tracks_;
};

/// Records one stream.
class RecordingTap final : public StreamTap {
 public:
  RecordingTap(Recording& recording, HeardOn heard_on) noexcept : recording_(recording), heard_on_(heard_on) {}
  void on_heard(std::span<const audio::Sample> frame, audio::SampleRate rate, base::TimePoint at) override {
    recording_.write(heard_on_ == HeardOn::Left ? Recording::Side::Left : Recording::Side::Right, frame, rate, at);
  }
  void on_said(std::span<const audio::Sample> frame, audio::SampleRate rate, base::TimePoint at) override {
    recording_.write(heard_on_ == HeardOn::Left ? Recording::Side::Right : Recording::Side::Left, frame, rate, at);
  }

 private:
  Recording& recording_;
  const HeardOn heard_on_;
};

}  // namespace callwright::media
