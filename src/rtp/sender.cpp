#include "rtp/sender.hpp"

#include <algorithm>

namespace callwright::rtp {

namespace {

/// The other source sent nothing for so long: less is the jitter of its packets.
constexpr std::chrono::milliseconds kSilence{100};

}  // namespace

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

void Sender::begin_forwarding(std::optional<Timestamp> next) noexcept {
  if (!forwarding_) {
    forwarding_.emplace();
  }
  forwarding_->anchored = false;
  forwarding_->next = next;
}

/// The timestamp of what belongs to the instant `now`: behind all that was sent, and as far behind it as time has passed.
std::uint32_t Sender::due_timestamp(base::TimePoint now, std::uint32_t clock_rate) const noexcept {
  if (forwarding_->newest_at == base::TimePoint{}) {
    return timestamp_;
  }
  const auto passed = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(now - forwarding_->newest_at).count());
  if (passed < kSilence.count()) {
    return timestamp_;
  }
  const auto elapsed = static_cast<std::uint32_t>(passed * clock_rate / 1000);
  return forwarding_->newest + std::max(elapsed, timestamp_ - forwarding_->newest);
}

void Sender::anchor(const Packet& packet, base::TimePoint arrival, std::uint32_t clock_rate) noexcept {
  const std::uint32_t theirs = static_cast<std::uint32_t>(forwarding_->next.value_or(packet.timestamp));
  forwarding_->timestamp_shift = (forwarding_->next ? timestamp_ : due_timestamp(arrival, clock_rate)) - theirs;
  forwarding_->sequence_shift = static_cast<std::uint16_t>(sequence_ - packet.sequence);
  forwarding_->passed = 0;
  forwarding_->anchored = true;
}

bool Sender::forward(const Packet& packet, PayloadType type, base::TimePoint arrival, std::uint32_t clock_rate, Buffer& out) {
  if (!forwarding_->anchored) {
    anchor(packet, arrival, clock_rate);
  }
  Packet sent;
  sent.marker = marker_ == Marker::Yes ? marker_ : packet.marker;
  sent.payload_type = type;
  sent.sequence = static_cast<std::uint16_t>(packet.sequence + forwarding_->sequence_shift);
  sent.timestamp = Timestamp{static_cast<std::uint32_t>(packet.timestamp) + forwarding_->timestamp_shift};
  sent.ssrc = ssrc_;
  sent.payload = packet.payload;
  const int ahead = static_cast<std::int16_t>(sent.sequence - sequence_);
  if (ahead < 0 && static_cast<std::uint32_t>(-ahead) > forwarding_->passed) {
    return false;  // Its number is one of those that were used before.
  }
  if (ahead >= 0) {
    forwarding_->passed = std::min(forwarding_->passed + static_cast<std::uint32_t>(ahead) + 1U, std::uint32_t{0x8000});
    note_newest(sent, arrival, clock_rate);
  }
  sent.write(out);
  marker_ = Marker::No;
  ++packets_;
  octets_ += packet.payload.size();
  return true;
}

void Sender::note_newest(const Packet& sent, base::TimePoint arrival, std::uint32_t clock_rate) noexcept {
  const std::uint32_t timestamp = static_cast<std::uint32_t>(sent.timestamp);
  const std::uint32_t step = timestamp - forwarding_->newest;
  const bool first = forwarding_->newest_at == base::TimePoint{};
  if (!first && sent.sequence == sequence_ && step > 0 && step <= clock_rate / 8) {
    forwarding_->step = step;
  }
  sequence_ = static_cast<std::uint16_t>(sent.sequence + 1);
  // The packets of an event all have the timestamp at which it began (RFC 4733 §2.5.1).
  if (first || step != 0) {
    forwarding_->newest = timestamp;
    forwarding_->newest_at = arrival;
    timestamp_ = timestamp + (forwarding_->step != 0 ? forwarding_->step : clock_rate / 50);
    pair(sent.timestamp, arrival, clock_rate);
  }
}

void Sender::end_forwarding(base::TimePoint now, std::uint32_t clock_rate) noexcept {
  if (forwarding_) {
    timestamp_ = due_timestamp(now, clock_rate);
    forwarding_.reset();
  }
}

}  // namespace callwright::rtp
