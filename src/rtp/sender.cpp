#include "rtp/sender.hpp"

namespace callwright::rtp {

Sender::Sender(base::Random& random)
    : ssrc_(Ssrc{static_cast<std::uint32_t>(random.next())}),
      // In the lower half, so that the first wrap is far away (RFC 3550 leaves the choice; SRTP likes it, RFC 3711 §3.3.1).
      sequence_(static_cast<std::uint16_t>(random.between(0, 0x7fff))),
      timestamp_(static_cast<std::uint32_t>(random.next())) {}

void Sender::send(PayloadType type, Bytes payload, std::uint32_t duration, Buffer& out) {
  send_at(type, payload, Timestamp{timestamp_}, marker_, out);
  timestamp_ += duration;
  marker_ = Marker::No;
}

void Sender::send_at(PayloadType type, Bytes payload, Timestamp timestamp, Marker marker, Buffer& out) {
  Packet packet;
  packet.marker = marker;
  packet.payload_type = type;
  packet.sequence = sequence_;
  packet.timestamp = timestamp;
  packet.ssrc = ssrc_;
  packet.payload = payload;
  packet.write(out);
  ++sequence_;
  ++packets_;
  octets_ += payload.size();
}

Timestamp Sender::timestamp_at(base::TimePoint now) const noexcept {
  if (!pairing_) {
    return timestamp();
  }
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(now - pairing_->at).count() * pairing_->clock_rate / 1'000'000;
  return Timestamp{static_cast<std::uint32_t>(pairing_->timestamp) + static_cast<std::uint32_t>(passed)};
}

void Sender::skip(std::uint32_t duration) noexcept {
  timestamp_ += duration;
  marker_ = Marker::Yes;
}

}  // namespace callwright::rtp
