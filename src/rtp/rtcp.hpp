#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "rtp/receiver.hpp"
#include "rtp/rtcp_xr.hpp"

#include <string>
#include <variant>
#include <vector>

/// RTCP packets (RFC 3550 §6).
namespace callwright::rtp {

/// Seconds since 1900 in 32.32 fixed point (RFC 3550 §4).
struct NtpTime {
  std::uint64_t value = 0;

  static NtpTime from(base::WallTime time) noexcept;
  /// The middle 32 bits: 1/65536 s, wraps every 18 hours.
  [[nodiscard]] std::uint32_t middle() const noexcept { return static_cast<std::uint32_t>(value >> 16); }
  friend auto operator<=>(const NtpTime&, const NtpTime&) = default;
};

struct ReportBlock {
  ReceptionReport reception;
  std::uint32_t last_sr = 0;              ///< `NtpTime::middle` of the last sender report from there; 0: none came.
  std::uint32_t delay_since_last_sr = 0;  ///< In 1/65536 s.
};

struct SenderReport {
  Ssrc ssrc{};
  NtpTime ntp;
  Timestamp timestamp{};
  std::uint32_t packets = 0;
  std::uint32_t octets = 0;
  std::vector<ReportBlock> blocks;  ///< At most 31.
};

struct ReceiverReport {
  Ssrc ssrc{};
  std::vector<ReportBlock> blocks;  ///< At most 31.
};

/// One chunk with its CNAME; other items are skipped when parsed.
struct SourceDescription {
  Ssrc ssrc{};
  std::string cname;  ///< At most 255 bytes; empty when there was none.
};

struct Bye {
  std::vector<Ssrc> sources;  ///< At most 31.
  std::string reason;         ///< At most 255 bytes.
};

/// APP, feedback and what else there may be.
struct OtherRtcp {
  std::uint8_t type = 0;
};

using RtcpPacket = std::variant<SenderReport, ReceiverReport, SourceDescription, Bye, ExtendedReport, OtherRtcp>;

/// All packets of a compound datagram, in order. Every length is checked; an SDES packet with several chunks gives one entry for each.
/// A first packet other than SR or RR is tolerated (reduced-size RTCP, RFC 5506).
base::Result<std::vector<RtcpPacket>> parse_rtcp(Bytes datagram);

/// Each appends one packet of a compound.
void write_rtcp(const SenderReport& report, Buffer& out);
void write_rtcp(const ReceiverReport& report, Buffer& out);
void write_rtcp(const SourceDescription& description, Buffer& out);
void write_rtcp(const Bye& bye, Buffer& out);

/// Until the next report, for a session of two (RFC 3550 §6.3.1): 5 s (half of it for the first) times 0.5 … 1.5, compensated for reconsideration.
enum class Interval { First, Regular };
[[nodiscard]] base::Duration rtcp_interval(base::Random& random, Interval interval);

}  // namespace callwright::rtp
