#include "media/quality.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace callwright::media {
namespace {

using std::chrono::milliseconds;

/// R of a call without delay, loss and codec: Ro - Is with the default values of G.107 §3.
constexpr double kBest = 93.2;

/// Impairment by pure delay (G.107 §7.4): Idd for the default talker (mT = 100 ms, sT = 1). Echo is what the networks cancel.
double delay_impairment(base::Duration one_way) noexcept {
  const double ms = std::chrono::duration<double, std::milli>(one_way).count();
  constexpr double kThreshold = 100;
  if (ms <= kThreshold) {
    return 0;
  }
  const double x = std::log2(ms / kThreshold);
  return 25 * (std::pow(1 + std::pow(x, 6), 1.0 / 6) - 3 * std::pow(1 + std::pow(x / 3, 6), 1.0 / 6) + 2);
}

/// Ie,eff (G.107 §7.5).
double equipment_impairment(const QualityInput& input) noexcept {
  const double percent = std::clamp(input.loss, 0.0, 1.0) * 100;
  const double burst_ratio = std::max(1.0, input.burst_ratio);
  const double share = percent > 0 ? percent / (percent / burst_ratio + input.codec.robustness) : 0;
  return input.codec.equipment + (95 - input.codec.equipment) * share;
}

}  // namespace

double mos_of(double r_factor) noexcept {
  if (r_factor <= 0) {
    return 1;
  }
  if (r_factor >= 100) {
    return 4.5;
  }
  return std::max(1.0, 1 + 0.035 * r_factor + r_factor * (r_factor - 60) * (100 - r_factor) * 7e-6);
}

Quality rate(const QualityInput& input) noexcept {
  const double r_factor = std::clamp(kBest - delay_impairment(input.one_way_delay) - equipment_impairment(input), 0.0, 100.0);
  return {r_factor, mos_of(r_factor)};
}

std::optional<Quality> quality_of_received(const rtp::LossBursts& bursts, const CodecImpairment& codec, std::optional<base::Duration> round_trip,
                                           base::Duration buffer) noexcept {
  if (bursts.packets() == 0) {
    return std::nullopt;
  }
  const rtp::LossBursts::Summary summary = bursts.summary();
  return rate({codec, summary.loss_rate + summary.discard_rate, summary.burst_ratio, round_trip.value_or(base::Duration{}) / 2 + buffer});
}

std::optional<Quality> quality_of_sent(std::optional<double> fraction_lost, std::optional<base::Duration> remote_jitter, const CodecImpairment& codec,
                                       std::optional<base::Duration> round_trip) noexcept {
  if (!fraction_lost) {
    return std::nullopt;
  }
  const base::Duration buffer = std::max<base::Duration>(milliseconds(40), 2 * remote_jitter.value_or(base::Duration{}));
  return rate({codec, *fraction_lost, 1, round_trip.value_or(base::Duration{}) / 2 + buffer});
}

rtp::VoipMetrics voip_metrics_of(const rtp::LossBursts& bursts, const CodecImpairment& codec, std::optional<base::Duration> round_trip, base::Duration buffer,
                                 base::Duration packet) noexcept {
  const auto in_256ths = [](double part) { return static_cast<std::uint8_t>(std::clamp(part * 256, 0.0, 255.0)); };
  const auto in_ms = [](base::Duration time) {
    return static_cast<std::uint16_t>(std::clamp<std::int64_t>(std::chrono::duration_cast<milliseconds>(time).count(), 0, UINT16_MAX));
  };
  const auto packets = [&](double count) { return in_ms(std::chrono::duration_cast<base::Duration>(packet * count)); };
  const auto in_tenths = [](double mos) { return static_cast<std::uint8_t>(std::lround(mos * 10)); };
  const rtp::LossBursts::Summary summary = bursts.summary();
  rtp::VoipMetrics metrics;
  metrics.loss_rate = in_256ths(summary.loss_rate);
  metrics.discard_rate = in_256ths(summary.discard_rate);
  metrics.burst_density = in_256ths(summary.burst_density);
  metrics.gap_density = in_256ths(summary.gap_density);
  metrics.burst_duration = packets(summary.burst_packets);
  metrics.gap_duration = packets(summary.gap_packets);
  metrics.round_trip_delay = in_ms(round_trip.value_or(base::Duration{}));
  metrics.end_system_delay = in_ms(buffer);
  metrics.gmin = rtp::LossBursts::kGmin;
  metrics.jitter_nominal = metrics.jitter_maximum = in_ms(buffer);
  if (const auto quality = quality_of_received(bursts, codec, round_trip, buffer)) {
    metrics.r_factor = static_cast<std::uint8_t>(std::lround(quality->r_factor));
    metrics.mos_cq = in_tenths(quality->mos);
    metrics.mos_lq = in_tenths(quality_of_received(bursts, codec, {}, {})->mos);
  }
  return metrics;
}

}  // namespace callwright::media
