#include "require.hpp"
#include "rtp/dtls.hpp"

namespace rtp = callwright::rtp;

namespace {

const rtp::DtlsIdentity& identity() {
  static const rtp::DtlsIdentity kIdentity = rtp::DtlsIdentity::make(callwright::base::WallTime(std::chrono::hours(24 * 365 * 50))).value();
  return kIdentity;
}

}  // namespace

/// Any datagrams, each after two bytes with its length, to both roles: no keys come of them, and what goes out is bounded.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  for (const auto role : {rtp::DtlsRole::Active, rtp::DtlsRole::Passive}) {
    rtp::Bytes bytes(data, size);
    auto transport = rtp::DtlsTransport::make(identity(), role, identity().fingerprint()).value();
    std::vector<rtp::Buffer> out;
    transport.start(out);
    std::size_t datagrams = 0;
    while (bytes.size() > 2) {
      const std::size_t length = std::min<std::size_t>(static_cast<std::size_t>(bytes[0] << 8 | bytes[1]), bytes.size() - 2);
      transport.receive(bytes.subspan(2, length), out);
      bytes = bytes.subspan(2 + length);
      ++datagrams;
    }
    require(transport.keys() == nullptr);
    // A flight of ours has a handful of datagrams, and a datagram holds a bounded number of records that ask for it.
    require(out.size() <= 8 + 400 * datagrams);
    for (const rtp::Buffer& datagram : out) {
      require(datagram.size() <= rtp::DtlsTransport::kMtu);
    }
  }
  return 0;
}
