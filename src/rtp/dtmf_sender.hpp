#pragma once

#include "base/clock.hpp"
#include "rtp/telephone_event.hpp"

#include <chrono>
#include <deque>
#include <string_view>
#include <vector>

namespace callwright::rtp {

/// One packet that reports a key: what goes into its header and its payload.
struct EventPacket {
  TelephoneEvent event;
  Timestamp timestamp{};  ///< Of the beginning of the press (or of its segment), not of the packet.
  Marker marker = Marker::No;
};

/// Turns digits into telephone-event packets (RFC 4733 §2.5.1), one for each frame: a press begins with the marker, its duration grows, its end is
/// said three times, and a press longer than 0xFFFF ticks goes on in segments. While it is `active`, its packets take the place of the audio.
class DtmfSender {
 public:
  static constexpr std::size_t kMaxQueued = 256;
  static constexpr std::chrono::milliseconds kShortestPress{40};
  static constexpr std::chrono::milliseconds kShortestGap{40};  ///< What receivers need to hear two presses (ITU-T Q.24).

  struct Timing {
    base::Duration press = std::chrono::milliseconds(100);  ///< At least kShortestPress, at most an hour.
    base::Duration gap = std::chrono::milliseconds(60);     ///< After each press; at least kShortestGap, at most a minute.
  };

  /// `clock_rate` is that of the audio whose timestamps the events share (RFC 4733 §2.1).
  explicit DtmfSender(std::uint32_t clock_rate) noexcept : clock_rate_(clock_rate) {}

  /// Presses them one after the other, behind what is queued. Errors: InvalidArgument (a character that is no digit, a time out of range),
  /// LimitReached; then nothing is queued.
  base::Result<void> press(std::string_view digits, const Timing& timing);
  /// The key that is down goes up with the next frame; what is queued is forgotten.
  void cancel() noexcept;

  /// A press or a gap is under way, or queued.
  [[nodiscard]] bool active() const noexcept { return state_ != State::Idle || !queue_.empty(); }
  /// Appends what is to be sent for the frame that begins at `now` and lasts `length` ticks: nothing in a gap, two where a segment ends.
  void frame(Timestamp now, std::uint32_t length, std::vector<EventPacket>& out);

 private:
  struct Press {
    std::uint8_t event = 0;
    std::uint32_t duration = 0;
    std::uint32_t gap = 0;
  };
  enum class State { Idle, Pressed, Gap };

  void begin(std::uint32_t now);
  void report(std::uint32_t elapsed, std::vector<EventPacket>& out);
  void rest(std::uint32_t now, std::vector<EventPacket>& out);
  [[nodiscard]] EventPacket packet(std::uint32_t duration, EventEnd end) const noexcept;

  std::uint32_t clock_rate_;
  std::deque<Press> queue_;
  State state_ = State::Idle;
  Press press_;
  std::uint32_t segment_ = 0;         ///< Where the present segment begins.
  std::uint32_t before_segment_ = 0;  ///< Ticks of the press that earlier segments told.
  std::uint32_t ended_ = 0;           ///< Where the press ended.
  std::uint16_t last_duration_ = 0;
  unsigned end_packets_ = 0;  ///< Of the last press.
  Marker marker_ = Marker::Yes;
};

}  // namespace callwright::rtp
