#include "media/playout.hpp"

#include <algorithm>

namespace callwright::media {
namespace {

constexpr std::uint32_t kCapacity = 8192;  // A power of two, so that timestamps may wrap.
constexpr auto kDepthSamples = static_cast<std::uint32_t>(audio::samples_in(Playout::kDepth));
constexpr std::uint32_t kSlip = 160;
constexpr unsigned kLateUntilSlip = 3;
constexpr unsigned kMarginsToJudge = 250;  // 5 s of 20 ms packets.

}  // namespace

Playout::Playout() : ring_(kCapacity) {}

Playout::Outcome Playout::insert(rtp::Timestamp timestamp, std::span<const audio::Sample> samples, base::TimePoint arrival) {
  const auto begin = static_cast<std::uint32_t>(timestamp);
  const auto length = static_cast<std::int32_t>(std::min<std::size_t>(samples.size(), kCapacity / 2));
  auto margin = static_cast<std::int32_t>(begin - next_);
  const bool far_off = margin < -static_cast<std::int32_t>(kCapacity) || margin + length > static_cast<std::int32_t>(kCapacity);
  const bool late = running_ && !far_off && margin + length <= 0;
  late_in_a_row_ = late ? late_in_a_row_ + 1 : 0;
  if (late && late_in_a_row_ < kLateUntilSlip) {
    return Outcome::Late;
  }
  if (!running_ || far_off || late) {
    slips_ += running_ ? 1 : 0;
    anchor(begin, arrival);
    margin = static_cast<std::int32_t>(kDepthSamples);
  }
  for (std::int32_t i = std::max(0, -margin); i < length; ++i) {
    ring_[(begin + static_cast<std::uint32_t>(i)) % kCapacity] = samples[static_cast<std::size_t>(i)];
  }
  watch_margin(margin);
  return Outcome::Queued;
}

void Playout::read(std::span<audio::Sample> out) {
  if (!running_) {
    std::fill(out.begin(), out.end(), audio::Sample{0});
    return;
  }
  for (audio::Sample& sample : out) {
    sample = ring_[next_ % kCapacity];
    ring_[next_ % kCapacity] = 0;
    ++next_;
  }
  next_arrival_ += audio::duration_of(out.size());
}

void Playout::anchor(std::uint32_t timestamp, base::TimePoint arrival) {
  std::fill(ring_.begin(), ring_.end(), audio::Sample{0});
  next_ = timestamp - kDepthSamples;
  next_arrival_ = arrival - kDepth;
  running_ = true;
  late_in_a_row_ = 0;
  margins_ = 0;
}

void Playout::leave_out(std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    ring_[next_++ % kCapacity] = 0;
  }
  next_arrival_ += audio::duration_of(count);
  ++slips_;
}

/// Packets that all waited longer than the depth and two packets more, for seconds, wait for nothing.
void Playout::watch_margin(std::int32_t margin) {
  least_margin_ = margins_ == 0 ? margin : std::min(least_margin_, margin);
  if (++margins_ < kMarginsToJudge) {
    return;
  }
  if (least_margin_ > static_cast<std::int32_t>(kDepthSamples + 2 * kSlip)) {
    leave_out(kSlip);
  }
  margins_ = 0;
}

}  // namespace callwright::media
