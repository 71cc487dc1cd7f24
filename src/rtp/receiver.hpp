#pragma once

#include "base/clock.hpp"
#include "rtp/loss_bursts.hpp"
#include "rtp/packet.hpp"

#include <bitset>
#include <cstdint>
#include <optional>

namespace callwright::rtp {

/// What became of a packet.
enum class Reception {
  Accepted,   ///< New.
  NewSource,  ///< New, and the first that counts of a source that follows another one: timestamps start anew.
  Duplicate,  ///< Was here already.
  Probation,  ///< Of an unknown source, or far off in its numbers: counts when the next one follows it. Not to be played.
};

/// What a report says of a source (RFC 3550 §6.4.1).
struct ReceptionReport {
  Ssrc ssrc{};
  std::uint8_t fraction_lost = 0;  ///< Since the report before, in 1/256.
  std::int32_t cumulative_lost = 0;
  std::uint32_t highest_sequence = 0;  ///< Extended by the count of wraps.
  std::uint32_t jitter = 0;            ///< In ticks of the timestamp's clock.
};

/// Follows the packets of one source: order, loss, duplicates, jitter (RFC 3550 A.1, A.3, A.8). When another source takes over, it is followed
/// and the totals go on. Unlike A.3, duplicates do not hide losses.
class Receiver {
 public:
  explicit Receiver(std::uint32_t clock_rate) noexcept : clock_rate_(clock_rate) {}

  Reception receive(const Packet& packet, base::TimePoint arrival) noexcept;
  /// Another codec, whose timestamps may run at another rate: jitter is measured anew.
  void set_clock_rate(std::uint32_t clock_rate) noexcept;

  /// Valid after a packet was accepted: its number extended to 64 bits, never less than 2^16.
  [[nodiscard]] std::uint64_t extended_sequence() const noexcept { return last_extended_; }
  /// None before the first packet.
  [[nodiscard]] std::optional<Ssrc> ssrc() const noexcept { return ssrc_; }

  [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }
  [[nodiscard]] std::uint64_t octets() const noexcept { return octets_; }
  [[nodiscard]] std::uint64_t duplicates() const noexcept { return duplicates_; }
  /// Packets that came after one with a higher number.
  [[nodiscard]] std::uint64_t reordered() const noexcept { return reordered_; }
  /// Of all sources together.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_before_ + lost_now(); }
  [[nodiscard]] base::Duration jitter() const noexcept;

  /// The packet that was accepted with this extended number came too late to be played.
  void discard(std::uint64_t extended) noexcept;
  /// How losses are spread, without the last kUnsettled packets, which may still come.
  [[nodiscard]] const LossBursts& bursts() const noexcept { return bursts_; }
  static constexpr std::uint64_t kUnsettled = 50;

  /// The report for RTCP; each call begins a new interval for `fraction_lost`. None before the first packet.
  std::optional<ReceptionReport> report() noexcept;

 private:
  static constexpr std::uint64_t kWindow = 256;    ///< How far back a packet may come and still count.
  static constexpr std::uint16_t kMaxJump = 3000;  ///< MAX_DROPOUT of A.1.

  void begin(const Packet& packet) noexcept;
  Reception on_probation(const Packet& packet, base::TimePoint arrival) noexcept;
  Reception count(const Packet& packet, std::uint64_t extended, base::TimePoint arrival) noexcept;
  void measure_jitter(const Packet& packet, base::TimePoint arrival) noexcept;
  void settle(std::uint64_t end) noexcept;
  [[nodiscard]] std::uint64_t expected_now() const noexcept { return highest_ - first_ + 1; }
  [[nodiscard]] std::uint64_t lost_now() const noexcept { return ssrc_ ? expected_now() - received_now_ : 0; }

  std::uint32_t clock_rate_;
  std::optional<Ssrc> ssrc_;
  std::uint64_t first_ = 0;
  std::uint64_t highest_ = 0;
  std::uint64_t last_extended_ = 0;
  std::uint64_t received_now_ = 0;
  std::bitset<kWindow> seen_;
  std::bitset<kWindow> discarded_;
  std::uint64_t settled_ = 0;  ///< What is below has been told to `bursts_`.
  LossBursts bursts_;

  struct Candidate {
    Ssrc ssrc{};
    std::uint16_t next_sequence = 0;
  };
  std::optional<Candidate> candidate_;

  double jitter_ = 0;
  std::optional<base::TimePoint> last_arrival_;
  std::uint32_t last_timestamp_ = 0;

  std::uint64_t packets_ = 0;
  std::uint64_t octets_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t reordered_ = 0;
  std::uint64_t lost_before_ = 0;
  std::uint64_t reported_expected_ = 0;
  std::uint64_t reported_received_ = 0;
};

}  // namespace callwright::rtp
