#include "rtp/demultiplex.hpp"
#include "rtp/rtcp_session.hpp"
#include "rtp/srtp.hpp"

#include <algorithm>
#include <cstdlib>

namespace rtp = callwright::rtp;

namespace {

void check_packet(rtp::Bytes bytes) {
  const auto packet = rtp::Packet::parse(bytes);
  if (!packet) {
    return;
  }
  rtp::Buffer out;
  packet->write(out);
  const auto again = rtp::Packet::parse(out);
  if (!again || again->payload.size() != packet->payload.size() || again->sequence != packet->sequence) {
    std::abort();
  }
}

void check_extended_reports(rtp::Bytes bytes) {
  const auto packets = rtp::parse_rtcp(bytes);
  if (!packets) {
    return;
  }
  for (const rtp::RtcpPacket& packet : *packets) {
    const auto* const report = std::get_if<rtp::ExtendedReport>(&packet);
    if (report == nullptr) {
      continue;
    }
    rtp::Buffer out;
    write_rtcp(*report, out);
    if (std::get<rtp::ExtendedReport>(rtp::parse_rtcp(out).value().front()) != *report) {
      std::abort();
    }
  }
}

/// Nobody without the key makes a packet that is taken.
void check_srtp(rtp::Bytes bytes) {
  const rtp::Buffer key(30, 1);
  const auto master = rtp::SrtpKey::make(rtp::SrtpSuite::AesCm128HmacSha1Tag80, key).value();
  static auto session = rtp::SrtpSession::make(rtp::SrtpSuite::AesCm128HmacSha1Tag80, master, master).value();
  rtp::Buffer packet(bytes.begin(), bytes.end());
  rtp::Buffer report = packet;
  if (session.unprotect_rtp(packet) == rtp::SrtpResult::Ok || session.unprotect_rtcp(report) == rtp::SrtpResult::Ok) {
    std::abort();
  }
}

/// The input as a row of datagrams of up to 63 bytes, each after a byte with its length.
void check_receiver(rtp::Bytes bytes) {
  callwright::base::DeterministicRandom random(1);
  rtp::Sender sender(random);
  rtp::Receiver receiver(8000);
  rtp::RtcpSession session("fuzz@localhost", random);
  session.send_extended_reports();
  callwright::base::TimePoint now{std::chrono::hours(1)};
  while (!bytes.empty()) {
    const std::size_t length = std::min<std::size_t>(bytes[0] & 0x3f, bytes.size() - 1);
    const rtp::Bytes datagram = bytes.subspan(1, length);
    bytes = bytes.subspan(1 + length);
    now += std::chrono::milliseconds(20);
    if (rtp::is_rtcp(datagram)) {
      (void)session.receive(datagram, sender, receiver, now);
    } else if (const auto packet = rtp::Packet::parse(datagram)) {
      (void)receiver.receive(*packet, now);
      (void)receiver.report();
    }
  }
}

}  // namespace

/// Any bytes: parsers refuse or agree with the writer; the receiver keeps its counts together.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const rtp::Bytes bytes(data, size);
  check_packet(bytes);
  (void)rtp::kind_of(bytes);
  check_extended_reports(bytes);
  check_srtp(bytes);
  check_receiver(bytes);
  return 0;
}
