#pragma once

#include "rtp/packet.hpp"

#include <cstdint>
#include <optional>
#include <vector>

/// Extended reports (RFC 3611): when a receiver's clock says what, and how a call sounds. Part of `rtcp.hpp`.
namespace callwright::rtp {

/// Answer to a receiver reference time (RFC 3611 §4.5).
struct DlrrBlock {
  Ssrc ssrc{};                            ///< Whose reference time this answers.
  std::uint32_t last_rr = 0;              ///< `NtpTime::middle` of it.
  std::uint32_t delay_since_last_rr = 0;  ///< In 1/65536 s.
  friend bool operator==(const DlrrBlock&, const DlrrBlock&) = default;
};

/// How well a stream arrives and sounds (RFC 3611 §4.7). `kUnavailable` where a number is not known.
struct VoipMetrics {
  static constexpr std::uint8_t kUnavailable = 127;

  Ssrc ssrc{};                    ///< Of the stream that was received.
  std::uint8_t loss_rate = 0;     ///< In 1/256, as all rates and densities.
  std::uint8_t discard_rate = 0;  ///< Came too late or too early to be played.
  std::uint8_t burst_density = 0;
  std::uint8_t gap_density = 0;
  std::uint16_t burst_duration = 0;  ///< ms, as all durations and delays.
  std::uint16_t gap_duration = 0;
  std::uint16_t round_trip_delay = 0;  ///< 0: not known.
  std::uint16_t end_system_delay = 0;
  std::uint8_t signal_level = kUnavailable;  ///< dBm0, two's complement.
  std::uint8_t noise_level = kUnavailable;
  std::uint8_t residual_echo_return_loss = kUnavailable;  ///< dB.
  std::uint8_t gmin = 16;
  std::uint8_t r_factor = kUnavailable;  ///< 0 … 100.
  std::uint8_t external_r_factor = kUnavailable;
  std::uint8_t mos_lq = kUnavailable;  ///< Times 10: 10 … 50.
  std::uint8_t mos_cq = kUnavailable;
  std::uint8_t receiver_configuration = 0;  ///< Concealment, adaptation and rate of the jitter buffer, as bits of §4.7.6.
  std::uint16_t jitter_nominal = 0;         ///< ms.
  std::uint16_t jitter_maximum = 0;
  std::uint16_t jitter_absolute_maximum = 0;
  friend bool operator==(const VoipMetrics&, const VoipMetrics&) = default;
};

/// One XR packet. Blocks of other kinds are passed over when it is parsed.
struct ExtendedReport {
  static constexpr std::size_t kMaxBlocks = 31;  ///< Of each kind; further ones are passed over.

  Ssrc ssrc{};
  std::optional<std::uint64_t> reference_time;  ///< `NtpTime::value` (RFC 3611 §4.4).
  std::vector<DlrrBlock> dlrr;
  std::vector<VoipMetrics> voip;
  friend bool operator==(const ExtendedReport&, const ExtendedReport&) = default;
};

/// Reads what follows the 4-byte RTCP header. Errors: InvalidArgument (a block is longer than the packet, or of the wrong length).
base::Result<ExtendedReport> parse_extended_report(Bytes body);
/// Appends one packet of a compound, or one alone (RFC 5506).
void write_rtcp(const ExtendedReport& report, Buffer& out);

}  // namespace callwright::rtp
