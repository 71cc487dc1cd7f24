#pragma once

#include "base/clock.hpp"
#include "rtp/packet.hpp"

#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace callwright::media {

/// What is to be heard next.
struct PlayoutFrame {
  enum class Kind {
    Packet,   ///< `payload` is to be decoded.
    Lost,     ///< Conceal `duration`. `payload` is that of the packet right behind, when it is there, for a codec that carries the one before (FEC).
    Nothing,  ///< The other side sent nothing: silence or comfort noise.
    Stretch,  ///< The buffer gains time: conceal `duration`, no packet belongs to it.
  };
  Kind kind = Kind::Nothing;
  std::uint32_t duration = 0;  ///< In ticks of the clock rate.
  rtp::PayloadType payload_type{};
  rtp::Bytes payload;         ///< Valid until the next call to the Playout.
  base::TimePoint arrival{};  ///< When its beginning came, or would have come as fast as the fastest packets did.
};

/// A jitter buffer that adapts: packets go in in any order, and come out in theirs, each at its time, in the form in which they came, so that a decoder
/// with memory sees all that happened. Any clock rate, any length of packets.
///
/// The delay follows a percentile of how much later than the fastest packets the others came within the last seconds; so it also follows a clock of the
/// other side that is faster or slower than ours. It grows at once, by stretching, and shrinks where nothing is heard, or by leaving out one packet now
/// and then when it was too long for half a second.
class Playout {
 public:
  struct Options {
    std::uint32_t clock_rate = 8000;
    base::Duration least = std::chrono::milliseconds(40);  ///< Between the arrival of the fastest packets and their playout.
    base::Duration most = std::chrono::milliseconds(400);
    double percentile = 0.98;  ///< Of packets that come in time, 0 … 1.
  };

  static constexpr std::size_t kMaxPackets = 256;     ///< That wait; more push the first ones out.
  static constexpr std::chrono::seconds kWindow{10};  ///< What the delay is chosen by.
  static constexpr std::chrono::seconds kJump{3};     ///< Timestamps that are farther off begin anew.

  explicit Playout(const Options& options);

  enum class Outcome {
    Queued,
    Late,       ///< Its time was over; dropped.
    Duplicate,  ///< Is there already.
  };
  /// `duration` is how many ticks of sound the packet carries, at least 1 and at most a second.
  Outcome insert(const rtp::Packet& packet, std::uint32_t duration, base::TimePoint arrival);
  /// A packet of the same stream that carries no sound (a key that is pressed, comfort noise): its number is not missing.
  void pass_over(const rtp::Packet& packet) noexcept { note_sequence(packet.sequence, Sound::No); }
  /// The next packet begins anew: its timestamps have nothing to do with those before.
  void restart() noexcept;

  /// Takes out the first packet that waits, in place of playing it; false: none waits. Valid until the next call.
  [[nodiscard]] bool take(rtp::Packet& packet);
  /// The timestamp that is heard next; none while nothing is played.
  [[nodiscard]] std::optional<rtp::Timestamp> next_timestamp() const noexcept;
  /// `restart`, and gives back what memory it can.
  void release() noexcept;

  /// What is to be heard from the instant `at` on; to be called again for `at` + the duration of what it gave. Who hears in ticks asks `now` for what
  /// comes a little later; how much is seen, and counts as delay.
  PlayoutFrame next(base::TimePoint now, base::TimePoint at);

  struct Statistics {
    std::uint64_t packets = 0;  ///< That were played.
    std::uint64_t lost = 0;     ///< Frames that were concealed because no packet was there.
    std::uint64_t late = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t reordered = 0;  ///< Came after one that follows them, and in time.
    std::uint64_t stretched = 0;  ///< How often time was gained,
    std::uint64_t shortened = 0;  ///< and how often something was left out.
  };
  [[nodiscard]] const Statistics& statistics() const noexcept { return statistics_; }
  /// What the delay is to be.
  [[nodiscard]] base::Duration target() const noexcept { return target_; }
  /// How long the fastest packets wait at present; zero while nothing is played.
  [[nodiscard]] base::Duration delay() const noexcept { return delay_; }

 private:
  struct Stored {
    std::int64_t timestamp = 0;
    std::uint32_t duration = 0;
    std::uint16_t sequence = 0;
    rtp::PayloadType payload_type{};
    rtp::Buffer payload;
  };
  struct Transit {
    base::TimePoint arrival{};
    base::Duration value{};  ///< Arrival less the time of the timestamp: the least of them is that of the fastest packet.
  };

  enum class Sound : bool { No, Yes };

  void note_sequence(std::uint16_t sequence, Sound sound) noexcept;
  [[nodiscard]] bool only_passed_over(std::uint16_t end) const noexcept;
  [[nodiscard]] bool keys_follow() const noexcept;
  [[nodiscard]] std::int64_t extend(rtp::Timestamp timestamp) const noexcept;
  [[nodiscard]] base::Duration time_of(std::int64_t ticks) const noexcept;
  [[nodiscard]] std::int64_t ticks_of(base::Duration duration) const noexcept;
  void measure(base::Duration transit, base::TimePoint arrival);
  void choose_target(base::TimePoint now);
  void note_ahead(base::Duration ahead) noexcept;
  void note_late(base::Duration transit, base::TimePoint arrival);
  Outcome store(const rtp::Packet& packet, std::int64_t timestamp, std::uint32_t duration);

  [[nodiscard]] bool begin(base::TimePoint at);
  [[nodiscard]] bool wants_less(base::Duration excess, base::TimePoint at) noexcept;
  void leave_out(base::Duration excess);
  PlayoutFrame play_first();
  PlayoutFrame fill_gap();
  PlayoutFrame starve();
  [[nodiscard]] PlayoutFrame frame(PlayoutFrame::Kind kind, std::int64_t duration) const noexcept;
  void drop_first();

  Options options_;
  std::vector<Stored> waiting_;  ///< By timestamp.
  Stored current_;               ///< What `next` gave last.
  std::vector<rtp::Buffer> spare_;

  bool running_ = false;
  std::optional<std::int64_t> origin_;          ///< Timestamps count from here.
  std::int64_t newest_ = 0;                     ///< Highest timestamp that came.
  std::int64_t next_ = 0;                       ///< Timestamp to be heard next.
  std::optional<std::uint16_t> last_sequence_;  ///< Of the packet that was heard last.
  std::optional<std::uint16_t> newest_sequence_;
  std::bitset<1024> passed_over_;  ///< By the number modulo its size, up to the newest one.
  std::int64_t unit_;              ///< Ticks of the last packet.
  base::Duration starved_{};       ///< Since the last packet that was heard.
  PlayoutFrame::Kind last_kind_ = PlayoutFrame::Kind::Nothing;

  std::vector<Transit> transits_;  ///< A ring.
  std::size_t next_transit_ = 0;   ///< Once it is full.
  unsigned since_choice_ = 0;
  base::Duration fastest_{};
  base::Duration target_;
  base::Duration delay_{};
  base::Duration ahead_{};        ///< How much earlier than it is heard a packet is asked for, at most.
  base::Duration ahead_since_{};  ///< The same in the present round of asking.
  unsigned asked_ = 0;
  unsigned late_in_a_row_ = 0;
  base::Duration boost_{};  ///< The target is at least this, until `boost_ends_`.
  base::TimePoint boost_ends_{};
  std::optional<base::TimePoint> too_long_since_;
  Statistics statistics_;
};

}  // namespace callwright::media
