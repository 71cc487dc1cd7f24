// Any bytes as a reply of a name server: bounded lists, names without a root, and no read beyond the end.
#include "net/dns_reply.hpp"
#include "require.hpp"

#include <cstddef>
#include <cstdint>

namespace net = callwright::net;
namespace sip = callwright::sip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = 64;
  for (const auto kind : {sip::DnsKind::Services, sip::DnsKind::Pointers}) {
    const sip::DnsRecords records = net::read_reply(kind, {data, size});
    require(records.services.size() <= kMost && records.pointers.size() <= kMost && records.ttl.count() >= 0);
  }
  return 0;
}
