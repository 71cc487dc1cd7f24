#pragma once

#include "audio/audio.hpp"
#include "base/clock.hpp"
#include "rtp/packet.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace callwright::media {

/// A small jitter buffer of fixed depth: packets go in by timestamp in any order, sound comes out in time, silence where there is none.
///
/// When packets keep coming too late, or keep waiting too long (the other clock is slower or faster), it slips: silence is put in, or 20 ms are left out.
class Playout {
 public:
  static constexpr std::chrono::milliseconds kDepth{40};

  Playout();

  enum class Outcome {
    Queued,
    Late,  ///< Its time was over; dropped.
  };
  /// The first packet, and the first after `restart`, is played kDepth later.
  Outcome insert(rtp::Timestamp timestamp, std::span<const audio::Sample> samples, base::TimePoint arrival);
  /// The next packet begins anew: its timestamps have nothing to do with those before.
  void restart() noexcept { running_ = false; }

  /// The next samples; at most one second.
  void read(std::span<audio::Sample> out);
  /// When the sample that was read so many samples ago arrived (had the network taken as long as for the first packet).
  [[nodiscard]] base::TimePoint arrival_of(std::uint64_t samples_ago) const noexcept { return next_arrival_ - audio::duration_of(samples_ago); }

  /// How often the buffer had to slip.
  [[nodiscard]] std::uint64_t slips() const noexcept { return slips_; }

 private:
  void anchor(std::uint32_t timestamp, base::TimePoint arrival);
  void leave_out(std::uint32_t count);
  void watch_margin(std::int32_t margin);

  std::vector<audio::Sample> ring_;  ///< By timestamp modulo its size; what was read is silence again.
  bool running_ = false;
  std::uint32_t next_ = 0;  ///< The timestamp of the sample to be read next.
  base::TimePoint next_arrival_{};
  unsigned late_in_a_row_ = 0;
  std::int32_t least_margin_ = 0;
  unsigned margins_ = 0;
  std::uint64_t slips_ = 0;
};

}  // namespace callwright::media
