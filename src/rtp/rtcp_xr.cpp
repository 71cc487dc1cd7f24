#include "rtp/rtcp_xr.hpp"

#include "rtp/wire.hpp"

#include <algorithm>

namespace callwright::rtp {
namespace {

constexpr std::uint8_t kExtendedReport = 207;
constexpr std::uint8_t kReferenceTime = 4;
constexpr std::uint8_t kDlrr = 5;
constexpr std::uint8_t kVoipMetrics = 7;
constexpr std::size_t kReferenceTimeSize = 8;
constexpr std::size_t kDlrrSize = 12;
constexpr std::size_t kVoipSize = 32;

base::Error malformed(const char* reason) { return {base::Errc::InvalidArgument, reason}; }

VoipMetrics read_voip(Bytes body) noexcept {
  VoipMetrics metrics;
  metrics.ssrc = Ssrc{wire::read32(body, 0)};
  metrics.loss_rate = body[4];
  metrics.discard_rate = body[5];
  metrics.burst_density = body[6];
  metrics.gap_density = body[7];
  metrics.burst_duration = wire::read16(body, 8);
  metrics.gap_duration = wire::read16(body, 10);
  metrics.round_trip_delay = wire::read16(body, 12);
  metrics.end_system_delay = wire::read16(body, 14);
  metrics.signal_level = body[16];
  metrics.noise_level = body[17];
  metrics.residual_echo_return_loss = body[18];
  metrics.gmin = body[19];
  metrics.r_factor = body[20];
  metrics.external_r_factor = body[21];
  metrics.mos_lq = body[22];
  metrics.mos_cq = body[23];
  metrics.receiver_configuration = body[24];
  metrics.jitter_nominal = wire::read16(body, 26);
  metrics.jitter_maximum = wire::read16(body, 28);
  metrics.jitter_absolute_maximum = wire::read16(body, 30);
  return metrics;
}

void write_voip(const VoipMetrics& metrics, Buffer& out) {
  wire::write32(out, static_cast<std::uint32_t>(metrics.ssrc));
  for (const std::uint8_t value : {metrics.loss_rate, metrics.discard_rate, metrics.burst_density, metrics.gap_density}) {
    wire::write8(out, value);
  }
  for (const std::uint16_t value : {metrics.burst_duration, metrics.gap_duration, metrics.round_trip_delay, metrics.end_system_delay}) {
    wire::write16(out, value);
  }
  for (const std::uint8_t value : {metrics.signal_level, metrics.noise_level, metrics.residual_echo_return_loss, metrics.gmin, metrics.r_factor,
                                   metrics.external_r_factor, metrics.mos_lq, metrics.mos_cq, metrics.receiver_configuration, std::uint8_t{0}}) {
    wire::write8(out, value);
  }
  for (const std::uint16_t value : {metrics.jitter_nominal, metrics.jitter_maximum, metrics.jitter_absolute_maximum}) {
    wire::write16(out, value);
  }
}

base::Result<void> read_block(std::uint8_t type, Bytes body, ExtendedReport& report) {
  if (type == kReferenceTime) {
    if (body.size() != kReferenceTimeSize) {
      return malformed("RTCP: a receiver reference time does not have 8 bytes");
    }
    report.reference_time = static_cast<std::uint64_t>(wire::read32(body, 0)) << 32 | wire::read32(body, 4);
  } else if (type == kDlrr) {
    if (body.size() % kDlrrSize != 0) {
      return malformed("RTCP: a DLRR block is no multiple of 12 bytes");
    }
    for (; !body.empty() && report.dlrr.size() < ExtendedReport::kMaxBlocks; body = body.subspan(kDlrrSize)) {
      report.dlrr.push_back({Ssrc{wire::read32(body, 0)}, wire::read32(body, 4), wire::read32(body, 8)});
    }
  } else if (type == kVoipMetrics) {
    if (body.size() != kVoipSize) {
      return malformed("RTCP: a VoIP metrics block does not have 32 bytes");
    }
    if (report.voip.size() < ExtendedReport::kMaxBlocks) {
      report.voip.push_back(read_voip(body));
    }
  }
  return base::ok();
}

void open_block(Buffer& out, std::uint8_t type, std::size_t size) {
  wire::write8(out, type);
  wire::write8(out, 0);
  wire::write16(out, static_cast<std::uint32_t>(size / 4));
}

}  // namespace

base::Result<ExtendedReport> parse_extended_report(Bytes body) {
  if (body.size() < 4) {
    return malformed("RTCP: an extended report is shorter than its SSRC");
  }
  ExtendedReport report;
  report.ssrc = Ssrc{wire::read32(body, 0)};
  body = body.subspan(4);
  while (!body.empty()) {
    if (body.size() < 4) {
      return malformed("RTCP: an extended report ends within the header of a block");
    }
    const std::size_t size = 4U * wire::read16(body, 2);
    if (size > body.size() - 4) {
      return malformed("RTCP: a block is longer than its extended report");
    }
    if (auto read = read_block(body[0], body.subspan(4, size), report); !read) {
      return read.error();
    }
    body = body.subspan(4 + size);
  }
  return report;
}

void write_rtcp(const ExtendedReport& report, Buffer& out) {
  const std::size_t start = out.size();
  wire::write8(out, 0x80);
  wire::write8(out, kExtendedReport);
  wire::write16(out, 0);
  wire::write32(out, static_cast<std::uint32_t>(report.ssrc));
  if (report.reference_time) {
    open_block(out, kReferenceTime, kReferenceTimeSize);
    wire::write32(out, static_cast<std::uint32_t>(*report.reference_time >> 32));
    wire::write32(out, static_cast<std::uint32_t>(*report.reference_time));
  }
  const std::size_t answers = std::min(report.dlrr.size(), ExtendedReport::kMaxBlocks);
  if (answers > 0) {
    open_block(out, kDlrr, answers * kDlrrSize);
    for (std::size_t i = 0; i < answers; ++i) {
      wire::write32(out, static_cast<std::uint32_t>(report.dlrr[i].ssrc));
      wire::write32(out, report.dlrr[i].last_rr);
      wire::write32(out, report.dlrr[i].delay_since_last_rr);
    }
  }
  for (std::size_t i = 0; i < std::min(report.voip.size(), ExtendedReport::kMaxBlocks); ++i) {
    open_block(out, kVoipMetrics, kVoipSize);
    write_voip(report.voip[i], out);
  }
  const std::size_t words = (out.size() - start) / 4 - 1;
  out[start + 2] = static_cast<std::uint8_t>(words >> 8);
  out[start + 3] = static_cast<std::uint8_t>(words);
}

}  // namespace callwright::rtp
