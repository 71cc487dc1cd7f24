#include "rtp/rtcp.hpp"

#include "rtp/wire.hpp"

#include <algorithm>

namespace callwright::rtp {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::uint8_t kSenderReport = 200;
constexpr std::uint8_t kReceiverReport = 201;
constexpr std::uint8_t kSourceDescription = 202;
constexpr std::uint8_t kBye = 203;
constexpr std::uint8_t kExtendedReport = 207;
constexpr std::uint8_t kCname = 1;

constexpr std::size_t kBlockSize = 24;
constexpr std::size_t kSenderInfoSize = 20;
constexpr std::size_t kMaxBlocks = 31;
constexpr std::size_t kMaxText = 255;

Error malformed(const char* reason) { return {Errc::InvalidArgument, reason}; }

/// One packet of a compound: what follows the 4-byte header, without padding.
struct Section {
  std::uint8_t type = 0;
  std::size_t count = 0;
  Bytes body;
};

ReportBlock read_block(Bytes bytes) noexcept {
  ReportBlock block;
  block.reception.ssrc = Ssrc{wire::read32(bytes, 0)};
  block.reception.fraction_lost = bytes[4];
  const std::uint32_t lost = wire::read32(bytes, 4) & 0xffffff;
  block.reception.cumulative_lost = static_cast<std::int32_t>(lost << 8) >> 8;
  block.reception.highest_sequence = wire::read32(bytes, 8);
  block.reception.jitter = wire::read32(bytes, 12);
  block.last_sr = wire::read32(bytes, 16);
  block.delay_since_last_sr = wire::read32(bytes, 20);
  return block;
}

Result<std::vector<ReportBlock>> read_blocks(const Section& section, std::size_t at) {
  if (section.body.size() < at + section.count * kBlockSize) {
    return malformed("RTCP: a report is shorter than its blocks");
  }
  std::vector<ReportBlock> blocks;
  for (std::size_t i = 0; i < section.count; ++i) {
    blocks.push_back(read_block(section.body.subspan(at + i * kBlockSize, kBlockSize)));
  }
  return blocks;
}

Result<void> read_sender_report(const Section& section, std::vector<RtcpPacket>& packets) {
  auto blocks = read_blocks(section, 4 + kSenderInfoSize);
  if (!blocks) {
    return blocks.error();
  }
  SenderReport report;
  report.ssrc = Ssrc{wire::read32(section.body, 0)};
  report.ntp.value = static_cast<std::uint64_t>(wire::read32(section.body, 4)) << 32 | wire::read32(section.body, 8);
  report.timestamp = Timestamp{wire::read32(section.body, 12)};
  report.packets = wire::read32(section.body, 16);
  report.octets = wire::read32(section.body, 20);
  report.blocks = std::move(*blocks);
  packets.emplace_back(std::move(report));
  return base::ok();
}

Result<void> read_receiver_report(const Section& section, std::vector<RtcpPacket>& packets) {
  auto blocks = read_blocks(section, 4);
  if (!blocks) {
    return blocks.error();
  }
  packets.emplace_back(ReceiverReport{Ssrc{wire::read32(section.body, 0)}, std::move(*blocks)});
  return base::ok();
}

/// Reads the items of one chunk; gives the position after it, a multiple of 4.
Result<std::size_t> read_chunk(Bytes body, std::size_t at, SourceDescription& description) {
  description.ssrc = Ssrc{wire::read32(body, at)};
  at += 4;
  while (at < body.size() && body[at] != 0) {
    if (at + 2 > body.size() || at + 2 + body[at + 1] > body.size()) {
      return malformed("RTCP: an SDES item is longer than its packet");
    }
    const Bytes text = body.subspan(at + 2, body[at + 1]);
    if (body[at] == kCname) {
      description.cname.assign(text.begin(), text.end());
    }
    at += 2 + text.size();
  }
  return (at / 4 + 1) * 4;
}

Result<void> read_source_descriptions(const Section& section, std::vector<RtcpPacket>& packets) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < section.count; ++i) {
    if (at + 4 > section.body.size()) {
      return malformed("RTCP: an SDES packet is shorter than its chunks");
    }
    SourceDescription description;
    const auto next = read_chunk(section.body, at, description);
    if (!next) {
      return next.error();
    }
    at = *next;
    packets.emplace_back(std::move(description));
  }
  return base::ok();
}

Result<void> read_bye(const Section& section, std::vector<RtcpPacket>& packets) {
  std::size_t at = section.count * 4;
  if (section.body.size() < at) {
    return malformed("RTCP: a BYE is shorter than its sources");
  }
  Bye bye;
  for (std::size_t i = 0; i < section.count; ++i) {
    bye.sources.push_back(Ssrc{wire::read32(section.body, i * 4)});
  }
  if (at < section.body.size()) {
    const std::size_t length = section.body[at++];
    if (length > section.body.size() - at) {
      return malformed("RTCP: the reason of a BYE is longer than its packet");
    }
    const Bytes reason = section.body.subspan(at, length);
    bye.reason.assign(reason.begin(), reason.end());
  }
  packets.emplace_back(std::move(bye));
  return base::ok();
}

Result<void> read_extended_report(const Section& section, std::vector<RtcpPacket>& packets) {
  auto report = parse_extended_report(section.body);
  if (!report) {
    return report.error();
  }
  packets.emplace_back(std::move(*report));
  return base::ok();
}

Result<void> read_section(const Section& section, std::vector<RtcpPacket>& packets) {
  switch (section.type) {
    case kSenderReport: return read_sender_report(section, packets);
    case kReceiverReport: return read_receiver_report(section, packets);
    case kSourceDescription: return read_source_descriptions(section, packets);
    case kBye: return read_bye(section, packets);
    case kExtendedReport: return read_extended_report(section, packets);
    default: packets.emplace_back(OtherRtcp{section.type}); return base::ok();
  }
}

/// Cuts the first packet off a compound.
Result<Section> next_section(Bytes& rest) {
  if (rest.size() < 4) {
    return malformed("RTCP: shorter than its header");
  }
  if (rest[0] >> 6 != 2) {
    return malformed("RTCP: the version is not 2");
  }
  const std::size_t size = 4 + 4U * wire::read16(rest, 2);
  if (size > rest.size()) {
    return malformed("RTCP: a packet is longer than its datagram");
  }
  Section section{rest[1], static_cast<std::size_t>(rest[0] & 0x1f), rest.subspan(4, size - 4)};
  if ((rest[0] & 0x20) != 0) {
    const std::size_t padding = section.body.empty() ? 0 : section.body.back();
    if (padding == 0 || padding > section.body.size()) {
      return malformed("RTCP: the padding is longer than its packet");
    }
    section.body = section.body.first(section.body.size() - padding);
  }
  rest = rest.subspan(size);
  return section;
}

/// Writes the header with the length still open; gives the position for `close_section`.
std::size_t open_section(Buffer& out, std::uint8_t type, std::size_t count) {
  const std::size_t start = out.size();
  wire::write8(out, static_cast<std::uint32_t>(0x80 | count));
  wire::write8(out, type);
  wire::write16(out, 0);
  return start;
}

void close_section(Buffer& out, std::size_t start) {
  while ((out.size() - start) % 4 != 0) {
    out.push_back(0);
  }
  const std::size_t words = (out.size() - start) / 4 - 1;
  out[start + 2] = static_cast<std::uint8_t>(words >> 8);
  out[start + 3] = static_cast<std::uint8_t>(words);
}

void write_blocks(const std::vector<ReportBlock>& blocks, Buffer& out) {
  for (std::size_t i = 0; i < std::min(blocks.size(), kMaxBlocks); ++i) {
    const ReceptionReport& reception = blocks[i].reception;
    wire::write32(out, static_cast<std::uint32_t>(reception.ssrc));
    const std::uint32_t lost = static_cast<std::uint32_t>(std::clamp(reception.cumulative_lost, -0x800000, 0x7fffff)) & 0xffffff;
    wire::write32(out, static_cast<std::uint32_t>(reception.fraction_lost) << 24 | lost);
    wire::write32(out, reception.highest_sequence);
    wire::write32(out, reception.jitter);
    wire::write32(out, blocks[i].last_sr);
    wire::write32(out, blocks[i].delay_since_last_sr);
  }
}

void write_text(std::string_view text, Buffer& out) {
  text = text.substr(0, kMaxText);
  wire::write8(out, static_cast<std::uint32_t>(text.size()));
  out.insert(out.end(), text.begin(), text.end());
}

}  // namespace

NtpTime NtpTime::from(base::WallTime time) noexcept {
  constexpr std::uint64_t kSecondsFrom1900To1970 = 2'208'988'800;
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const auto rest = static_cast<std::uint64_t>((since_epoch - seconds).count());
  const std::uint64_t fraction = (rest << 32) / 1'000'000'000;
  return {(static_cast<std::uint64_t>(seconds.count()) + kSecondsFrom1900To1970) << 32 | fraction};
}

Result<std::vector<RtcpPacket>> parse_rtcp(Bytes datagram) {
  std::vector<RtcpPacket> packets;
  do {
    const auto section = next_section(datagram);
    if (!section) {
      return section.error();
    }
    if (auto read = read_section(*section, packets); !read) {
      return read.error();
    }
  } while (!datagram.empty());
  return packets;
}

void write_rtcp(const SenderReport& report, Buffer& out) {
  const std::size_t start = open_section(out, kSenderReport, std::min(report.blocks.size(), kMaxBlocks));
  wire::write32(out, static_cast<std::uint32_t>(report.ssrc));
  wire::write32(out, static_cast<std::uint32_t>(report.ntp.value >> 32));
  wire::write32(out, static_cast<std::uint32_t>(report.ntp.value));
  wire::write32(out, static_cast<std::uint32_t>(report.timestamp));
  wire::write32(out, report.packets);
  wire::write32(out, report.octets);
  write_blocks(report.blocks, out);
  close_section(out, start);
}

void write_rtcp(const ReceiverReport& report, Buffer& out) {
  const std::size_t start = open_section(out, kReceiverReport, std::min(report.blocks.size(), kMaxBlocks));
  wire::write32(out, static_cast<std::uint32_t>(report.ssrc));
  write_blocks(report.blocks, out);
  close_section(out, start);
}

void write_rtcp(const SourceDescription& description, Buffer& out) {
  const std::size_t start = open_section(out, kSourceDescription, 1);
  wire::write32(out, static_cast<std::uint32_t>(description.ssrc));
  wire::write8(out, kCname);
  write_text(description.cname, out);
  wire::write8(out, 0);
  close_section(out, start);
}

void write_rtcp(const Bye& bye, Buffer& out) {
  const std::size_t count = std::min(bye.sources.size(), kMaxBlocks);
  const std::size_t start = open_section(out, kBye, count);
  for (std::size_t i = 0; i < count; ++i) {
    wire::write32(out, static_cast<std::uint32_t>(bye.sources[i]));
  }
  if (!bye.reason.empty()) {
    write_text(bye.reason, out);
  }
  close_section(out, start);
}

base::Duration rtcp_interval(base::Random& random, Interval interval) {
  constexpr double kMinimum = 5.0;
  constexpr double kCompensation = 2.71828 - 1.5;
  const double deterministic = interval == Interval::First ? kMinimum / 2 : kMinimum;
  const double factor = 0.5 + static_cast<double>(random.between(0, 1'000'000)) / 1e6;
  return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(deterministic * factor / kCompensation));
}

}  // namespace callwright::rtp
