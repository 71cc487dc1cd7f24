#pragma once

#include "audio/codec.hpp"
#include "audio/comfort_noise.hpp"
#include "media/media_port.hpp"
#include "media/playout.hpp"
#include "rtp/dtmf_receiver.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace callwright::media {

/// What a stream hears: RTP packets become frames of 20 ms, and presses of keys. No clock.
class ReceivePath {
 public:
  static constexpr std::chrono::milliseconds kFrame{20};

  ReceivePath();

  /// Codec and payload types. What waits to be heard is heard, unless the codec's clock changes. Errors: those of `audio::make_decoder`.
  base::Result<void> configure(const StreamParameters& parameters);

  enum class Kind {
    Sound,
    Keys,
    Unknown,  ///< No payload type that was agreed on.
  };
  [[nodiscard]] Kind kind_of(rtp::PayloadType type) const noexcept;

  enum class Outcome { Taken, Late, Malformed };
  /// A packet of Sound in the order of arrival.
  Outcome insert(const rtp::Packet& packet, base::TimePoint arrival);
  /// A packet of Keys; appends the presses that it completes.
  void insert_keys(const rtp::Packet& packet, base::TimePoint arrival, std::vector<rtp::DtmfPress>& presses);
  /// A press whose end never came; to be asked on the tick.
  [[nodiscard]] std::optional<rtp::DtmfPress> expired_key(base::TimePoint now) { return keys_.expire(now); }
  /// Another source: its timestamps have nothing to do with those before.
  void restart() noexcept { playout_.restart(); }

  /// Gives back the memory of what makes sound of packets: they go elsewhere, from here on. What waits is to be taken before.
  void rest() noexcept;
  [[nodiscard]] bool resting() const noexcept { return decoder_ == nullptr; }
  /// Sound is wanted again. What is heard until the first packet has waited long enough is made up from `last`, the one that came before it.
  void wake(rtp::Bytes last);
  /// The next packet that waits, which is then not heard here; false: there is none.
  [[nodiscard]] bool take(rtp::Packet& packet) { return playout_.take(packet); }
  /// Where `take` begins; none when nothing was heard yet.
  [[nodiscard]] std::optional<rtp::Timestamp> next_timestamp() const noexcept { return playout_.next_timestamp(); }
  /// No part of a packet is left over from the last frame.
  [[nodiscard]] bool whole() const noexcept { return decoded_.size() == taken_; }
  /// The packet is of the codec that was agreed on, or its comfort noise: anybody who has agreed on that codec understands it.
  [[nodiscard]] bool agreed(rtp::PayloadType type) const noexcept;

  /// What is to be heard in the 20 ms from `at` on, at `rate`. Valid until the next call.
  std::span<const audio::Sample> frame(base::TimePoint at);
  [[nodiscard]] audio::SampleRate rate() const noexcept { return rate_; }
  /// When the end of the last frame arrived, had it come as fast as the fastest packets.
  [[nodiscard]] base::TimePoint heard_until() const noexcept { return decoded_until_ - audio::duration_of(decoded_.size() - taken_, rate_); }

  [[nodiscard]] const Playout& playout() const noexcept { return playout_; }
  [[nodiscard]] std::uint32_t clock_rate() const noexcept { return codec_->clock_rate; }
  /// The sound of packets that never came and was made up.
  [[nodiscard]] base::Duration concealed() const noexcept { return concealed_; }

 private:
  [[nodiscard]] audio::Decoder* decoder_of(rtp::PayloadType type) noexcept;
  [[nodiscard]] std::uint32_t duration_of(const rtp::Packet& packet) noexcept;
  void append(const PlayoutFrame& next);
  void decode(const PlayoutFrame& next, std::span<audio::Sample> out);
  void conceal(const PlayoutFrame& next, std::span<audio::Sample> out);

  const audio::Codec* codec_ = audio::find_codec("PCMU", 8000);
  audio::SampleRate rate_ = audio::kNarrowband;
  std::unique_ptr<audio::Decoder> decoder_;
  /// The other law of G.711: an answerer may use any codec of the offer, so that both are understood whenever one was agreed on.
  std::unique_ptr<audio::Decoder> other_law_;
  rtp::PayloadType payload_type_{};
  rtp::PayloadType other_law_type_{};
  std::optional<rtp::PayloadType> event_payload_type_;
  rtp::DtmfReceiver keys_;
  Playout playout_;
  audio::ComfortNoiseSource noise_;
  bool bridging_ = false;  ///< Just woken: nothing of before is to be heard as a hole.
  bool noisy_ = false;     ///< The other side said how loud its silence is.

  std::vector<audio::Sample> decoded_;  ///< From `taken_` on not heard yet.
  std::size_t taken_ = 0;
  base::TimePoint decoded_until_{};  ///< When the end of it arrived.
  base::Duration concealed_{};
};

}  // namespace callwright::media
