#include "rtp/receiver.hpp"

#include <algorithm>
#include <cmath>

namespace callwright::rtp {
namespace {

/// So that packets before the very first one still have a number.
constexpr std::uint64_t kFirstCycle = 0x10000;

}  // namespace

void Receiver::set_clock_rate(std::uint32_t clock_rate) noexcept {
  if (clock_rate != clock_rate_) {
    clock_rate_ = clock_rate;
    jitter_ = 0;
    last_arrival_.reset();
  }
}

Reception Receiver::receive(const Packet& packet, base::TimePoint arrival) noexcept {
  if (!ssrc_) {
    begin(packet);
    return count(packet, first_, arrival);
  }
  if (packet.ssrc != *ssrc_) {
    return on_probation(packet, arrival);
  }
  const auto ahead = static_cast<std::int16_t>(static_cast<std::uint16_t>(packet.sequence - static_cast<std::uint16_t>(highest_)));
  const std::uint64_t extended = highest_ + static_cast<std::uint64_t>(static_cast<std::int64_t>(ahead));
  if (ahead > kMaxJump || (ahead <= 0 && highest_ - extended >= kWindow)) {
    return on_probation(packet, arrival);
  }
  return count(packet, extended, arrival);
}

/// Follows a new source from this packet on.
void Receiver::begin(const Packet& packet) noexcept {
  if (ssrc_) {
    settle(highest_ + 1);
  }
  lost_before_ += lost_now();
  ssrc_ = packet.ssrc;
  first_ = highest_ = settled_ = kFirstCycle + packet.sequence;
  received_now_ = 0;
  reported_expected_ = reported_received_ = 0;
  seen_.reset();
  discarded_.reset();
  candidate_.reset();
  last_arrival_.reset();
  jitter_ = 0;
}

/// Two packets in sequence make a source (RFC 3550 A.1, MIN_SEQUENTIAL); one alone is a stray.
Reception Receiver::on_probation(const Packet& packet, base::TimePoint arrival) noexcept {
  if (!candidate_ || candidate_->ssrc != packet.ssrc || candidate_->next_sequence != packet.sequence) {
    candidate_ = Candidate{packet.ssrc, static_cast<std::uint16_t>(packet.sequence + 1)};
    return Reception::Probation;
  }
  begin(packet);
  (void)count(packet, first_, arrival);
  return Reception::NewSource;
}

Reception Receiver::count(const Packet& packet, std::uint64_t extended, base::TimePoint arrival) noexcept {
  if (extended > highest_) {
    settle(extended - std::min(extended, kUnsettled));
    for (std::uint64_t number = highest_ + 1; number <= std::min(extended, highest_ + kWindow); ++number) {
      seen_.reset(number % kWindow);
      discarded_.reset(number % kWindow);
    }
    highest_ = extended;
  } else if (seen_.test(extended % kWindow)) {
    ++duplicates_;
    return Reception::Duplicate;
  } else if (extended < highest_) {
    ++reordered_;
  }
  candidate_.reset();
  seen_.set(extended % kWindow);
  first_ = std::min(first_, extended);
  last_extended_ = extended;
  ++received_now_;
  ++packets_;
  octets_ += packet.payload.size();
  measure_jitter(packet, arrival);
  return Reception::Accepted;
}

/// Tells `bursts_` the fate of all packets below `end`; those above the highest one cannot have come.
void Receiver::settle(std::uint64_t end) noexcept {
  for (; settled_ < end; ++settled_) {
    const bool came = settled_ <= highest_ && seen_.test(settled_ % kWindow);
    bursts_.take(!came ? Fate::Lost : discarded_.test(settled_ % kWindow) ? Fate::Discarded : Fate::Received);
  }
}

void Receiver::discard(std::uint64_t extended) noexcept {
  if (extended <= highest_ && highest_ - extended < kWindow) {
    discarded_.set(extended % kWindow);
  }
}

/// RFC 3550 A.8, with the arrival in ticks of the timestamp's clock.
void Receiver::measure_jitter(const Packet& packet, base::TimePoint arrival) noexcept {
  const auto timestamp = static_cast<std::uint32_t>(packet.timestamp);
  if (last_arrival_ && timestamp == last_timestamp_) {
    return;  // The packets of a telephone-event all have the time of its beginning (RFC 4733 §2.2), so they tell nothing of the network.
  }
  if (last_arrival_) {
    const double arrived = std::chrono::duration<double>(arrival - *last_arrival_).count() * clock_rate_;
    const auto sent = static_cast<std::int32_t>(timestamp - last_timestamp_);
    jitter_ += (std::abs(arrived - static_cast<double>(sent)) - jitter_) / 16.0;
  }
  last_arrival_ = arrival;
  last_timestamp_ = timestamp;
}

base::Duration Receiver::jitter() const noexcept { return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(jitter_ / clock_rate_)); }

std::optional<ReceptionReport> Receiver::report() noexcept {
  if (!ssrc_) {
    return std::nullopt;
  }
  ReceptionReport report;
  report.ssrc = *ssrc_;
  const std::uint64_t expected = expected_now() - reported_expected_;
  const std::uint64_t received = received_now_ - reported_received_;
  if (expected > received) {
    report.fraction_lost = static_cast<std::uint8_t>(std::min<std::uint64_t>(255, ((expected - received) << 8) / expected));
  }
  reported_expected_ = expected_now();
  reported_received_ = received_now_;
  report.cumulative_lost = static_cast<std::int32_t>(std::min<std::uint64_t>(lost_now(), 0x7fffff));
  report.highest_sequence = static_cast<std::uint32_t>(highest_ - kFirstCycle);
  report.jitter = static_cast<std::uint32_t>(std::min(jitter_, 4294967295.0));
  return report;
}

}  // namespace callwright::rtp
