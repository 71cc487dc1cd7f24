#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "rtp/packet.hpp"

#include <cstdint>
#include <optional>

namespace callwright::rtp {

/// What has to be added to the numbers of another source.
struct ForwardingShift {
  bool anchored = false;
  std::optional<Timestamp> next;
  std::uint16_t sequence_shift = 0;
  std::uint32_t timestamp_shift = 0;
  std::uint32_t passed = 0;  ///< Sequence numbers since then.
  std::uint32_t step = 0;    ///< Between the timestamps of the last packets that followed each other.
  std::uint32_t newest = 0;
  base::TimePoint newest_at{};
};

/// Numbers the packets of one source (RFC 3550 §5.1). The timestamp runs with the media, whether packets go out or not.
class Sender {
 public:
  /// SSRC and the first sequence number and timestamp are random (RFC 3550 §5.1, §8).
  explicit Sender(base::Random& random);

  /// Appends a packet whose payload lasts `duration` ticks of the timestamp's clock. The first one, and the first after `skip`, has the marker.
  void send(PayloadType type, Bytes payload, std::uint32_t duration, Buffer& out);
  /// Appends a packet with a timestamp and marker of its own: an event that began earlier (RFC 4733 §2.2). The timestamp of the audio stays; `skip`
  /// tells that its time passes.
  void send_at(PayloadType type, Bytes payload, Timestamp timestamp, Marker marker, Buffer& out);
  /// Silence without packets: the timestamp goes on.
  void skip(std::uint32_t duration) noexcept;

  /// From here on packets of another source are passed on, whose timestamps have the same clock; `next` is the one of theirs that follows what was sent
  /// last. Also when that source was followed by another one; without `next`, its first packet belongs to the instant at which it comes.
  void begin_forwarding(std::optional<Timestamp> next) noexcept;
  /// Appends the packet under this source's name: its gaps and its order stay, and so does its marker. False: it is older than what was passed on first.
  [[nodiscard]] bool forward(const Packet& packet, PayloadType type, base::TimePoint arrival, std::uint32_t clock_rate, Buffer& out);
  /// `send` goes on where the other source was.
  void end_forwarding(base::TimePoint now, std::uint32_t clock_rate) noexcept;

  [[nodiscard]] Ssrc ssrc() const noexcept { return ssrc_; }
  /// Of the next packet.
  [[nodiscard]] Timestamp timestamp() const noexcept { return Timestamp{timestamp_}; }
  [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }
  /// The sample of `timestamp` belongs to the instant `at`; needed for sender reports that pair both (RFC 3550 §6.4.1).
  void pair(Timestamp timestamp, base::TimePoint at, std::uint32_t clock_rate) noexcept { pairing_ = Pairing{timestamp, at, clock_rate}; }
  /// Of the instant `now`, by the last pairing; without one, that of the next packet.
  [[nodiscard]] Timestamp timestamp_at(base::TimePoint now) const noexcept;
  /// Of payload, without headers.
  [[nodiscard]] std::uint64_t octets() const noexcept { return octets_; }

 private:
  Ssrc ssrc_;
  std::uint16_t sequence_;
  std::uint32_t timestamp_;
  Marker marker_ = Marker::Yes;
  std::uint64_t packets_ = 0;
  std::uint64_t octets_ = 0;
  struct Pairing {
    Timestamp timestamp{};
    base::TimePoint at{};
    std::uint32_t clock_rate = 0;
  };
  std::optional<Pairing> pairing_;

  void anchor(const Packet& packet, base::TimePoint arrival, std::uint32_t clock_rate) noexcept;
  [[nodiscard]] std::uint32_t due_timestamp(base::TimePoint now, std::uint32_t clock_rate) const noexcept;
  void note_newest(const Packet& sent, base::TimePoint arrival, std::uint32_t clock_rate) noexcept;
  std::optional<ForwardingShift> forwarding_;
};

}  // namespace callwright::rtp
