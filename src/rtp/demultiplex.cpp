#include "rtp/demultiplex.hpp"

namespace callwright::rtp {

DatagramKind kind_of(Bytes datagram) noexcept {
  if (datagram.empty()) {
    return DatagramKind::Other;
  }
  const std::uint8_t first = datagram[0];
  if (first < 4) {
    return DatagramKind::Stun;
  }
  if (first >= 20 && first < 64) {
    return DatagramKind::Dtls;
  }
  if (first < 128 || first > 191) {
    return DatagramKind::Other;
  }
  return is_rtcp(datagram) ? DatagramKind::Rtcp : DatagramKind::Rtp;
}

}  // namespace callwright::rtp
