#include "require.hpp"
#include "rtp/dtmf_receiver.hpp"

namespace rtp = callwright::rtp;

/// Any packets: a timestamp of two bytes, a length, a payload. What is read is written the same; presses are bounded by what came, and every one ends.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  rtp::Bytes bytes(data, size);
  rtp::DtmfReceiver receiver(8000);
  std::vector<rtp::DtmfPress> presses;
  callwright::base::TimePoint now{std::chrono::hours(1)};
  std::size_t reports = 0;
  while (bytes.size() > 3) {
    const auto timestamp = static_cast<std::uint32_t>(bytes[0] << 8 | bytes[1]) * 160;
    const std::size_t length = std::min<std::size_t>(bytes[2] & 0x1f, bytes.size() - 3);
    const rtp::Bytes payload = bytes.subspan(3, length);
    bytes = bytes.subspan(3 + length);
    if (const auto event = rtp::TelephoneEvent::parse(payload)) {
      rtp::Buffer out;
      event->write(out);
      require(rtp::TelephoneEvent::parse(out).value() == *event);
    }
    reports += length / rtp::TelephoneEvent::kSize;
    now += std::chrono::milliseconds(20);
    receiver.receive(rtp::Timestamp{timestamp}, payload, now, presses);
  }
  if (const auto last = receiver.expire(now + rtp::DtmfReceiver::kSilence)) {
    presses.push_back(*last);
  }
  require(!receiver.pressed() && presses.size() <= reports);
  return 0;
}
