#include "net/capture_packet.hpp"

#include <algorithm>
#include <array>

namespace callwright::net {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kMaxSegment = 16'384;
constexpr std::size_t kMaxDatagram = 65'507;

void put8(std::string& out, unsigned value) { out.push_back(static_cast<char>(value & 0xff)); }
void put16(std::string& out, unsigned value) {
  put8(out, value >> 8);
  put8(out, value);
}
void put32(std::string& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
void set16(std::string& out, std::size_t at, unsigned value) {
  out[at] = static_cast<char>(value >> 8 & 0xff);
  out[at + 1] = static_cast<char>(value & 0xff);
}

void put_address(std::string& out, const base::IpAddress& ip) {
  if (ip.is_v4()) {
    for (const std::uint8_t byte : ip.v4_bytes())
      put8(out, byte);
  } else {
    for (const std::uint8_t byte : ip.v6_bytes())
      put8(out, byte);
  }
}

/// RFC 1071.
std::uint32_t sum_of(std::string_view bytes, std::uint32_t sum) {
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    const unsigned high = static_cast<unsigned char>(bytes[at]);
    const unsigned low = at + 1 < bytes.size() ? static_cast<unsigned char>(bytes[at + 1]) : 0U;
    sum += high << 8 | low;
  }
  return sum;
}
unsigned checksum_of(std::uint32_t sum) {
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/// The transport's checksum also covers the addresses (RFC 9293 §3.1, RFC 8200 §8.1); UDP writes a sum of zero as all ones (RFC 768).
unsigned transport_checksum(const base::SocketAddress& from, const base::SocketAddress& to, std::uint8_t protocol, std::string_view segment) {
  std::string pseudo;
  put_address(pseudo, from.ip);
  put_address(pseudo, to.ip);
  put32(pseudo, static_cast<std::uint32_t>(segment.size()));
  put32(pseudo, protocol);
  const unsigned checksum = checksum_of(sum_of(segment, sum_of(pseudo, 0)));
  return checksum == 0 && protocol == kUdp ? 0xffff : checksum;
}

std::string ip_packet(const base::SocketAddress& from, const base::SocketAddress& to, std::uint8_t protocol, std::string_view segment) {
  constexpr unsigned kHopLimit = 64;
  std::string packet;
  if (from.ip.is_v4()) {
    put16(packet, 0x4500);
    put16(packet, static_cast<unsigned>(20 + segment.size()));
    put32(packet, 0x00004000);  // No identification, do not fragment.
    put8(packet, kHopLimit);
    put8(packet, protocol);
    put16(packet, 0);
    put_address(packet, from.ip);
    put_address(packet, to.ip);
    set16(packet, 10, checksum_of(sum_of(packet, 0)));
  } else {
    put32(packet, 0x60000000);
    put16(packet, static_cast<unsigned>(segment.size()));
    put8(packet, protocol);
    put8(packet, kHopLimit);
    put_address(packet, from.ip);
    put_address(packet, to.ip);
  }
  packet += segment;
  return packet;
}

std::string udp_packet(const base::SocketAddress& from, const base::SocketAddress& to, std::string_view payload) {
  std::string segment;
  put16(segment, from.port);
  put16(segment, to.port);
  put16(segment, static_cast<unsigned>(8 + payload.size()));
  put16(segment, 0);
  segment.append(payload);
  set16(segment, 6, transport_checksum(from, to, kUdp, segment));
  return ip_packet(from, to, kUdp, segment);
}

struct Numbers {
  std::uint32_t sequence;
  std::uint32_t acknowledged;
};

std::string tcp_packet(const base::SocketAddress& from, const base::SocketAddress& to, Numbers numbers, std::string_view payload) {
  constexpr unsigned kDataOffsetPushAck = 0x5018;
  std::string segment;
  put16(segment, from.port);
  put16(segment, to.port);
  put32(segment, numbers.sequence);
  put32(segment, numbers.acknowledged);
  put16(segment, kDataOffsetPushAck);
  put16(segment, 0xffff);
  put32(segment, 0);
  segment.append(payload);
  set16(segment, 16, transport_checksum(from, to, kTcp, segment));
  return ip_packet(from, to, kTcp, segment);
}

}  // namespace

std::vector<std::string> CapturePacketMaker::make(sip::Transport transport, const base::SocketAddress& from, const base::SocketAddress& to,
                                                  std::string_view message) {
  std::vector<std::string> packets;
  if (from.ip.is_v4() != to.ip.is_v4()) {
    return packets;
  }
  if (transport == sip::Transport::Udp) {
    packets.push_back(udp_packet(from, to, message.substr(0, kMaxDatagram)));
    return packets;
  }
  if (next_.size() >= kMaxStreams) {
    next_.clear();
  }
  const auto back = next_.find({to, from});
  const std::uint32_t acknowledged = back == next_.end() ? 1 : back->second;
  std::uint32_t& sequence = next_.emplace(Direction{from, to}, 1).first->second;
  while (!message.empty()) {
    const std::string_view part = message.substr(0, kMaxSegment);
    packets.push_back(tcp_packet(from, to, {sequence, acknowledged}, part));
    sequence += static_cast<std::uint32_t>(part.size());
    message.remove_prefix(part.size());
  }
  return packets;
}

}  // namespace callwright::net
