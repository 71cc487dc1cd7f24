#include "rtp/loss_bursts.hpp"

#include <algorithm>

namespace callwright::rtp {
namespace {

double ratio(double part, double whole) noexcept { return whole > 0 ? part / whole : 0; }

}  // namespace

void LossBursts::take(Fate fate) noexcept {
  ++packets_;
  if (fate == Fate::Received) {
    ++since_loss_;
    return;
  }
  ++(fate == Fate::Lost ? lost_ : discarded_);
  runs_ += since_loss_ > 0 || lost_ + discarded_ == 1 ? 1 : 0;
  take_loss();
}

void LossBursts::take_loss() noexcept {
  // The beginning of the stream counts as the end of a gap: nothing was lost before.
  if (since_loss_ >= kGmin || lost_ + discarded_ == 1) {
    alone_ += losses_in_burst_ == 1 ? 1 : 0;
    bursts_ += losses_in_burst_ > 1 ? 1 : 0;
    losses_in_burst_ = 1;
  } else {
    ++losses_in_burst_;
    received_in_bursts_ += since_loss_;
  }
  since_loss_ = 0;
}

LossBursts::Summary LossBursts::summary() const noexcept {
  Summary summary;
  const auto all = static_cast<double>(packets_);
  const auto missing = static_cast<double>(lost_ + discarded_);
  summary.loss_rate = ratio(static_cast<double>(lost_), all);
  summary.discard_rate = ratio(static_cast<double>(discarded_), all);
  // The burst or lone loss that is still open closes here, and the packets since it belong to a gap.
  const auto bursts = static_cast<double>(bursts_ + (losses_in_burst_ > 1 ? 1 : 0));
  const auto alone = static_cast<double>(alone_ + (losses_in_burst_ == 1 ? 1 : 0));
  const double lost_in_bursts = missing - alone;
  const double burst_packets = lost_in_bursts + static_cast<double>(received_in_bursts_);
  const double gap_packets = all - burst_packets;
  summary.burst_density = ratio(lost_in_bursts, burst_packets);
  summary.gap_density = ratio(alone, gap_packets);
  summary.burst_packets = ratio(burst_packets, bursts);
  const bool within_burst = losses_in_burst_ > 1 && since_loss_ < kGmin;
  summary.gap_packets = gap_packets / std::max(1.0, bursts + (within_burst ? 0 : 1));
  if (runs_ > 0 && missing < all) {
    summary.burst_ratio = missing / static_cast<double>(runs_) * (1 - missing / all);
  }
  return summary;
}

}  // namespace callwright::rtp
