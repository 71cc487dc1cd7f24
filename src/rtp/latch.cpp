#include "rtp/latch.hpp"

namespace callwright::rtp {

void Latch::describe(const base::SocketAddress& address) noexcept {
  if (address == described_) {
    return;
  }
  described_ = remote_ = address;
  last_heard_.reset();
  candidate_.reset();
}

Origin Latch::receive(const base::SocketAddress& from, Ssrc ssrc, std::uint16_t sequence, base::TimePoint now) noexcept {
  if (from == remote_) {
    last_heard_ = now;
    candidate_.reset();
    return Origin::Peer;
  }
  if (last_heard_ && now - *last_heard_ < options_.relatch_after) {
    ++strays_;
    return Origin::Stray;
  }
  const bool follows = candidate_ && candidate_->from == from && candidate_->ssrc == ssrc && candidate_->next_sequence == sequence;
  candidate_ = Candidate{from, ssrc, static_cast<std::uint16_t>(sequence + 1), follows ? candidate_->packets + 1 : 1};
  if (candidate_->packets < options_.packets) {
    return Origin::Candidate;
  }
  remote_ = from;
  last_heard_ = now;
  candidate_.reset();
  ++changes_;
  return Origin::Peer;
}

}  // namespace callwright::rtp
