#include "rtp/sender.hpp"

namespace callwright::rtp {

Sender::Sender(base::Random& random)
    : ssrc_(Ssrc{static_cast<std::uint32_t>(random.next())}),
      // In the lower half, so that the first wrap is far away (RFC 3550 leaves the choice; SRTP likes it, RFC 3711 §3.3.1).
      sequence_(static_cast<std::uint16_t>(random.between(0, 0x7fff))),
      timestamp_(static_cast<std::uint32_t>(random.next())) {}

void Sender::send(PayloadType type, Bytes payload, std::uint32_t duration, Buffer& out) {
  Packet packet;
  packet.marker = marker_;
  packet.payload_type = type;
  packet.sequence = sequence_;
  packet.timestamp = Timestamp{timestamp_};
  packet.ssrc = ssrc_;
  packet.payload = payload;
  packet.write(out);
  ++sequence_;
  timestamp_ += duration;
  marker_ = Marker::No;
  ++packets_;
  octets_ += payload.size();
}

void Sender::skip(std::uint32_t duration) noexcept {
  timestamp_ += duration;
  marker_ = Marker::Yes;
}

}  // namespace callwright::rtp
