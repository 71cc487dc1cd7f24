#pragma once

#include "audio/fading_source.hpp"
#include "audio/mixer.hpp"
#include "media/media_port.hpp"
#include "media/sound_queue.hpp"
#include "media/sounding.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace callwright::media {

class Conference;
class Stream;
class StreamEvents;

/// The place of a stream in a conference.
struct Seat {
  Conference* conference;
  Stream* stream;
  ConferenceParty options;
  audio::MixerPartyId party{};
  audio::SampleRate rate{};          ///< Of what the stream hears, and so of what it gets.
  std::shared_ptr<SoundQueue> says;  ///< What the stream is to say: the mix of this frame.
  bool plays = false;                ///< In the frame that is being made.
};

/// Streams that hear each other: each says the sum of what all others hear. All streams of a conference are on one media thread.
///
/// A conference has frames of its own, one each 20 ms: all streams play theirs, then they are mixed, then all are sent, in the same tick, so that
/// nothing waits for the next one. Streams in it take their frames from it and keep their phases, which differ from its own by less than a frame;
/// its own frames are due half a frame before the ticks, so that a tick which comes up to 10 ms late or early makes one frame all the same.
class Conference final : public Sounding {
 public:
  static constexpr std::chrono::milliseconds kFrame{20};

  /// `events` gets SourceEnded. The rate is one that a mixer takes (see `check`); another is a bug and throws.
  Conference(StreamId id, const ConferenceOptions& options, StreamEvents& events);
  /// Parts all.
  ~Conference() override;
  Conference(const Conference&) = delete;
  Conference& operator=(const Conference&) = delete;

  /// Again: changes the options of the party. Leaves what it was joined with before. The stream lives until `Stream::part`.
  void add(Stream& stream, const ConferenceParty& party);
  /// Says to all, and to the recording, beside what the others say.
  void set_source(std::unique_ptr<audio::Source> source, audio::SampleRate rate) override;
  /// Hears the sum of all parties and of the source.
  void add_tap(StreamTap& tap) override;
  void remove_tap(StreamTap& tap) override;
  [[nodiscard]] bool tapped() const noexcept override { return !taps_.empty(); }
  [[nodiscard]] audio::SampleRate rate() const noexcept override { return rate_; }

  /// Does the frames that are due; after the ticks of the streams. Of a stall, the frames beyond 100 ms are left out.
  void tick(base::TimePoint now);

  [[nodiscard]] StreamId id() const noexcept { return id_; }
  [[nodiscard]] std::size_t size() const noexcept { return seats_.size(); }

 private:
  friend class Stream;

  /// For streams: what one hears; that its rate may have changed; that it leaves.
  void hear(Seat& seat, std::span<const audio::Sample> frame) { mixer_.put(seat.party, frame); }
  void review(Seat& seat);
  void remove(Seat& seat);

  void sit_down(Seat& seat);
  void frame(base::TimePoint now);
  void play_source(base::TimePoint now);
  void tell_taps();

  StreamId id_;
  audio::SampleRate rate_;
  StreamEvents& events_;
  audio::Mixer mixer_;
  std::vector<std::unique_ptr<Seat>> seats_;
  std::optional<base::TimePoint> next_frame_;  ///< None before the first tick.
  std::unique_ptr<audio::FadingSource> source_;
  audio::MixerPartyId announcer_{};
  bool plays_ = false;
  std::vector<StreamTap*> taps_;
  audio::MixerPartyId recorder_{};      ///< Hears for all taps, while there are some.
  std::vector<audio::Sample> samples_;  ///< Kept for its memory.
};

}  // namespace callwright::media
