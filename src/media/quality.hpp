#pragma once

#include "base/clock.hpp"
#include "rtp/loss_bursts.hpp"
#include "rtp/rtcp_xr.hpp"

#include <cstdint>
#include <optional>

namespace callwright::media {

/// How a codec bears loss, for the E-model.
struct CodecImpairment {
  double equipment = 0;   ///< Ie: what the codec costs without any loss.
  double robustness = 1;  ///< Bpl: the more, the less loss is heard.
};

/// ITU-T G.113 Appendix I and IV, and for what they do not list the choice that its comment names.
namespace impairments {

/// G.711 with concealment as in its Appendix I.
inline constexpr CodecImpairment kG711{0, 25.1};
/// G.711 where lost packets are silence.
inline constexpr CodecImpairment kG711WithoutConcealment{0, 4.3};
/// G.722 at 64 kbit/s, judged on the narrowband scale: as good as G.711, and with concealment as robust as it (G.722 Appendix III).
inline constexpr CodecImpairment kG722{0, 25.1};
/// Opus at 20 kbit/s and more. No recommendation lists it; on the narrowband scale it costs nothing, and its concealment with in-band FEC is taken as
/// somewhat better than that of G.711, which listening tests of it confirm in kind.
inline constexpr CodecImpairment kOpus{0, 30};

}  // namespace impairments

/// What the E-model is fed with, for one direction.
struct QualityInput {
  CodecImpairment codec;
  double loss = 0;         ///< 0 … 1, with what came too late.
  double burst_ratio = 1;  ///< Of `rtp::LossBursts`.
  base::Duration one_way_delay{};
};

/// R (0 … 93.2) and the mean opinion that it stands for (1 … 4.5).
struct Quality {
  double r_factor = 0;
  double mos = 0;
  friend bool operator==(const Quality&, const Quality&) = default;
};

/// The E-model of ITU-T G.107 (narrowband) with its default values for all that the network does not tell.
[[nodiscard]] Quality rate(const QualityInput& input) noexcept;
/// MOS for a rating factor (G.107 Annex B).
[[nodiscard]] double mos_of(double r_factor) noexcept;

/// What a direction is known by; absent as long as nothing was measured or reported.
/// What we hear: losses and bursts as counted here; `buffer` is the delay of the jitter buffer, half of `round_trip` that of the network.
[[nodiscard]] std::optional<Quality> quality_of_received(const rtp::LossBursts& bursts, const CodecImpairment& codec, std::optional<base::Duration> round_trip,
                                                         base::Duration buffer) noexcept;
/// What the other side hears, by its last report. The delay of its jitter buffer is taken as twice the jitter that it reports, 40 ms at least.
[[nodiscard]] std::optional<Quality> quality_of_sent(std::optional<double> fraction_lost, std::optional<base::Duration> remote_jitter,
                                                     const CodecImpairment& codec, std::optional<base::Duration> round_trip) noexcept;

/// What an extended report says of the stream that we hear (RFC 3611 §4.7); its SSRC is for whoever sends it. Bursts and gaps have packets of `packet`.
[[nodiscard]] rtp::VoipMetrics voip_metrics_of(const rtp::LossBursts& bursts, const CodecImpairment& codec, std::optional<base::Duration> round_trip,
                                               base::Duration buffer, base::Duration packet) noexcept;

}  // namespace callwright::media
