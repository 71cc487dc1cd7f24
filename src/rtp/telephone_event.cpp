#include "rtp/telephone_event.hpp"

#include "rtp/wire.hpp"

#include <string_view>

namespace callwright::rtp {
namespace {

constexpr std::string_view kDigits = "0123456789*#ABCD";

}  // namespace

base::Result<TelephoneEvent> TelephoneEvent::parse(Bytes payload) {
  if (payload.size() < kSize) {
    return base::Error(base::Errc::InvalidArgument, "telephone-event: shorter than its 4 bytes");
  }
  TelephoneEvent event;
  event.event = payload[0];
  event.end = EventEnd{(payload[1] & 0x80) != 0};
  event.volume = payload[1] & 0x3f;
  event.duration = wire::read16(payload, 2);
  return event;
}

void TelephoneEvent::write(Buffer& out) const {
  wire::write8(out, event);
  wire::write8(out, (end == EventEnd::Yes ? 0x80U : 0U) | (volume & 0x3fU));
  wire::write16(out, duration);
}

std::optional<std::uint8_t> event_of_digit(char digit) noexcept {
  const char upper = digit >= 'a' && digit <= 'd' ? static_cast<char>(digit - 'a' + 'A') : digit;
  const std::size_t at = kDigits.find(upper);
  return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<std::uint8_t>(at));
}

std::optional<char> digit_of_event(std::uint8_t event) noexcept { return event < kDigits.size() ? std::optional(kDigits[event]) : std::nullopt; }

}  // namespace callwright::rtp
