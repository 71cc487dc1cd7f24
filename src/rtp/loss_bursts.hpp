#pragma once

#include "base/clock.hpp"

#include <cstdint>

namespace callwright::rtp {

/// What became of a packet in the end.
enum class Fate {
  Received,
  Lost,
  Discarded,  ///< It came, but too late to be played.
};

/// How the losses of a stream are spread: bursts, in which fewer than Gmin packets come between two losses, and the gaps between them
/// (RFC 3611 §4.7.2).
class LossBursts {
 public:
  static constexpr unsigned kGmin = 16;

  /// The packets in the order in which they were sent.
  void take(Fate fate) noexcept;

  struct Summary {
    double loss_rate = 0;      ///< 0 … 1, as all of these.
    double discard_rate = 0;   ///< Without those lost.
    double burst_density = 0;  ///< Of losses and discards within bursts.
    double gap_density = 0;
    double burst_packets = 0;  ///< The mean length of a burst, in packets; 0 without a burst.
    double gap_packets = 0;
    double burst_ratio = 1;  ///< Mean run of losses beside that of random loss (ITU-T G.107); 1: random.
  };
  [[nodiscard]] Summary summary() const noexcept;
  [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }

 private:
  void take_loss() noexcept;

  std::uint64_t packets_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t discarded_ = 0;
  std::uint64_t runs_ = 0;  ///< Of losses and discards without a packet between.
  std::uint64_t since_loss_ = 0;
  std::uint64_t losses_in_burst_ = 0;  ///< In the burst, or what may become one, that came last.
  std::uint64_t bursts_ = 0;           ///< That are over.
  std::uint64_t alone_ = 0;            ///< Losses with Gmin packets before and after.
  std::uint64_t received_in_bursts_ = 0;
};

}  // namespace callwright::rtp
