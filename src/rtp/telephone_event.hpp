#pragma once

#include "rtp/packet.hpp"

#include <cstdint>
#include <optional>

namespace callwright::rtp {

/// The last packets of an event carry the E bit (RFC 4733 §2.3.2).
enum class EventEnd : bool { No, Yes };

/// The payload that reports a key that is or was pressed (RFC 4733 §2.3).
struct TelephoneEvent {
  std::uint8_t event = 0;
  EventEnd end = EventEnd::No;
  std::uint8_t volume = 10;    ///< 0 … 63, in -dBm0.
  std::uint16_t duration = 0;  ///< Up to now, in ticks of the timestamp's clock, since the packet's timestamp.

  static constexpr std::size_t kSize = 4;

  /// The first event of a payload. Several may be packed: each is `kSize` bytes and begins where the one before ended (§2.5.1.5).
  static base::Result<TelephoneEvent> parse(Bytes payload);
  /// Appends the four bytes. `volume` ≤ 63.
  void write(Buffer& out) const;
  friend bool operator==(const TelephoneEvent&, const TelephoneEvent&) = default;
};

/// The event of one of "0123456789*#ABCDabcd"; none for other characters.
[[nodiscard]] std::optional<std::uint8_t> event_of_digit(char digit) noexcept;
/// The digit of the events 0 … 15; none for other events.
[[nodiscard]] std::optional<char> digit_of_event(std::uint8_t event) noexcept;

}  // namespace callwright::rtp
