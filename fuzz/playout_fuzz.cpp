#include "media/playout.hpp"
#include "require.hpp"

namespace media = callwright::media;
namespace rtp = callwright::rtp;

/// Packets with any numbers, times and lengths: six bytes each. Every frame lasts, what is to be decoded is there, and the delay that is aimed at stays
/// within its limits.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  media::Playout playout{media::Playout::Options{}};
  callwright::base::TimePoint now{std::chrono::hours(1)};
  const rtp::Buffer payload(16);
  for (rtp::Bytes bytes(data, size); bytes.size() >= 6; bytes = bytes.subspan(6)) {
    rtp::Packet packet;
    packet.sequence = bytes[0];
    packet.timestamp = rtp::Timestamp{static_cast<std::uint32_t>(bytes[1] << 16 | bytes[2] << 8 | bytes[3])};
    packet.payload = payload;
    if ((bytes[5] & 0x40) != 0) {
      playout.pass_over(packet);
    } else {
      (void)playout.insert(packet, bytes[4] * 8U, now);
    }
    now += std::chrono::milliseconds(bytes[5] & 0x3f);
    if ((bytes[5] & 0x80) != 0) {
      const media::PlayoutFrame frame = playout.next(now, now + std::chrono::milliseconds(bytes[5] & 0x1f));
      require(frame.duration > 0 && frame.duration <= 8000);
      require((frame.kind == media::PlayoutFrame::Kind::Packet) <= !frame.payload.empty());
    }
    require(playout.target() >= media::Playout::Options{}.least && playout.target() <= media::Playout::Options{}.most);
  }
  return 0;
}
