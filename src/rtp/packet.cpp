#include "rtp/packet.hpp"

#include "rtp/wire.hpp"

#include <array>

namespace callwright::rtp {
namespace {

using base::Errc;
using base::Error;

constexpr unsigned kVersion = 2;

Error malformed(const char* reason) { return {Errc::InvalidArgument, reason}; }

}  // namespace

base::Result<Packet> Packet::parse(Bytes datagram) {
  if (datagram.size() < kFixedHeaderSize) {
    return malformed("RTP: shorter than its 12-byte header");
  }
  if (datagram[0] >> 6 != kVersion) {
    return malformed("RTP: the version is not 2");
  }
  Packet packet;
  packet.marker = Marker{(datagram[1] & 0x80) != 0};
  packet.payload_type = PayloadType{static_cast<std::uint8_t>(datagram[1] & 0x7f)};
  packet.sequence = wire::read16(datagram, 2);
  packet.timestamp = Timestamp{wire::read32(datagram, 4)};
  packet.ssrc = Ssrc{wire::read32(datagram, 8)};
  packet.csrc_count = datagram[0] & 0x0f;
  std::size_t at = kFixedHeaderSize;
  if (datagram.size() < at + 4U * packet.csrc_count) {
    return malformed("RTP: shorter than its CSRC list");
  }
  for (std::size_t i = 0; i < packet.csrc_count; ++i, at += 4) {
    packet.csrcs[i] = wire::read32(datagram, at);
  }
  if ((datagram[0] & 0x10) != 0) {
    if (datagram.size() < at + 4) {
      return malformed("RTP: shorter than its header extension");
    }
    const std::size_t length = 4U * wire::read16(datagram, at + 2);
    if (datagram.size() - at - 4 < length) {
      return malformed("RTP: shorter than its header extension");
    }
    packet.extension = HeaderExtension{wire::read16(datagram, at), datagram.subspan(at + 4, length)};
    at += 4 + length;
  }
  std::size_t padding = 0;
  if ((datagram[0] & 0x20) != 0) {
    padding = datagram.back();
    if (padding == 0 || padding > datagram.size() - at) {
      return malformed("RTP: the padding is longer than the payload");
    }
  }
  packet.payload = datagram.subspan(at, datagram.size() - at - padding);
  return packet;
}

void Packet::write(Buffer& out) const {
  using wire::byte;
  const auto time = static_cast<std::uint32_t>(timestamp);
  const auto source = static_cast<std::uint32_t>(ssrc);
  // Every packet that is sent has this: written in one go.
  const std::array<std::uint8_t, kFixedHeaderSize> header{byte(kVersion << 6 | (extension ? 0x10U : 0U) | csrc_count),
                                                          byte((marker == Marker::Yes ? 0x80U : 0U) | static_cast<unsigned>(payload_type)),
                                                          byte(std::uint32_t{sequence} >> 8),
                                                          byte(sequence),
                                                          byte(time >> 24),
                                                          byte(time >> 16),
                                                          byte(time >> 8),
                                                          byte(time),
                                                          byte(source >> 24),
                                                          byte(source >> 16),
                                                          byte(source >> 8),
                                                          byte(source)};
  wire::append(out, header);
  for (std::size_t i = 0; i < csrc_count; ++i) {
    wire::write32(out, csrcs[i]);
  }
  if (extension) {
    wire::write16(out, extension->profile);
    wire::write16(out, static_cast<std::uint32_t>(extension->data.size() / 4));
    wire::append(out, extension->data);
  }
  wire::append(out, payload);
}

bool is_rtcp(Bytes datagram) noexcept { return datagram.size() >= 2 && datagram[1] >= 192 && datagram[1] <= 223; }

}  // namespace callwright::rtp
