#pragma once

#include "audio/codec.hpp"
#include "audio/fading_source.hpp"
#include "media/media_port.hpp"
#include "media/silence_suppressor.hpp"
#include "rtp/dtmf_sender.hpp"
#include "rtp/sender.hpp"

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace callwright::media {

/// What a stream says, as RTP packets: a source, encoded, and keys that are pressed, in its place. Frames of 20 ms; no clock.
class SendPath {
 public:
  static constexpr std::chrono::milliseconds kFrame{20};

  /// Takes finished packets, and may change them; called from within `frame`.
  class Output {
   public:
    virtual void on_packet(rtp::Buffer& packet) = 0;

   protected:
    ~Output() = default;
  };

  SendPath(base::Random& random, Output& output) : sender_(random), output_(output) {}

  /// Codec, payload types and packet time; what plays goes on. Errors: those of `audio::make_encoder`.
  base::Result<void> configure(const StreamParameters& parameters);
  /// Fades over to `source`, whose samples have the rate `rate`; null: silence.
  void set_source(std::unique_ptr<audio::Source> source, audio::SampleRate rate);
  /// Presses keys: as telephone-events where they were agreed on (RFC 4733), else in the sound. Errors: InvalidArgument, LimitReached.
  base::Result<void> press(std::string_view keys, const KeyTiming& timing);

  /// Gives back the memory of what makes packets of sound; `frame` takes it again.
  void rest() noexcept;
  [[nodiscard]] bool resting() const noexcept { return encoder_ == nullptr; }
  /// Packets of another stream with the same codec go out in place of frames, until `end_forwarding`; `next` as in rtp::Sender.
  void begin_forwarding(std::optional<rtp::Timestamp> next) noexcept { sender_.begin_forwarding(next); }
  enum class Content { Sound, Keys };
  void forward(const rtp::Packet& packet, Content content, base::TimePoint arrival);
  void end_forwarding(base::TimePoint now) noexcept { sender_.end_forwarding(now, codec_->clock_rate); }
  [[nodiscard]] bool takes_events() const noexcept { return event_payload_type_.has_value(); }
  /// Nothing of its own is under way: no key, no change of sources, no part of a packet.
  [[nodiscard]] bool idle() const noexcept;
  [[nodiscard]] bool pressing() const noexcept { return keys_in_sound_ != nullptr || (events_ != nullptr && events_->active()); }

  enum class Sound { GoesOn, Ended };
  /// Sends the next frame. Ended: the source was over; silence follows it.
  Sound frame();
  /// What the last frame said; nothing while keys are sent as events.
  [[nodiscard]] std::span<const audio::Sample> said() const noexcept {
    return said_ ? std::span<const audio::Sample>(frame_) : std::span<const audio::Sample>();
  }
  /// So much time passes, and nothing is sent.
  void skip(base::Duration time);

  /// The sample that the next frame begins with belongs to the instant `at` (for sender reports).
  void pair(base::TimePoint at) noexcept;
  [[nodiscard]] const rtp::Sender& sender() const noexcept { return sender_; }
  /// Of the samples that are sent.
  [[nodiscard]] audio::SampleRate rate() const noexcept { return rate_; }
  /// What the receiver misses, 0 … 1: the encoder protects accordingly.
  void set_expected_loss(double fraction);

 private:
  void adapt_source();
  void use_encoder(std::unique_ptr<audio::Encoder> encoder);
  void wake();
  Sound read_source(std::span<audio::Sample> out);
  [[nodiscard]] std::uint32_t ticks(std::size_t samples) const noexcept { return codec_->ticks(samples, rate_); }
  /// Gives up what is not a whole packet yet; its time passes all the same.
  void drop_partial();
  void send_keys();
  [[nodiscard]] bool suppress();
  void encode_pending();

  rtp::Sender sender_;
  Output& output_;
  const audio::Codec* codec_ = audio::find_codec("PCMU", 8000);
  audio::CodecOptions codec_options_;
  audio::SampleRate rate_ = audio::kNarrowband;
  std::unique_ptr<audio::Encoder> encoder_;  ///< None before `configure`, nor while it rests.
  rtp::PayloadType payload_type_{};
  std::optional<rtp::PayloadType> event_payload_type_;
  std::optional<rtp::PayloadType> comfort_noise_type_;  ///< Where silence is not sent.
  std::unique_ptr<SilenceSuppressor> suppressor_;       ///< Made for the first frame then.
  bool noise_owed_ = false;
  std::chrono::milliseconds ptime_{20};
  std::size_t packet_samples_ = 0;

  std::shared_ptr<audio::Source> source_;  ///< As it was given; null: silence.
  audio::SampleRate source_rate_ = audio::kNarrowband;
  std::unique_ptr<audio::FadingSource> sound_;  ///< The same at `rate_`.
  std::unique_ptr<rtp::DtmfSender> events_;     ///< Made when a key is pressed.
  std::unique_ptr<audio::Source> keys_in_sound_;
  std::vector<rtp::EventPacket> event_packets_;  ///< Kept for its memory, as are those below.
  std::vector<audio::Sample> frame_;
  bool said_ = false;                   ///< `frame_` was.
  std::vector<audio::Sample> pending_;  ///< Not sent yet, less than one packet.
  rtp::Buffer payload_;
  rtp::Buffer packet_;
};

}  // namespace callwright::media
