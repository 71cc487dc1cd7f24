#include "sdp/offer_answer.hpp"

#include <cstdlib>
#include <string_view>

namespace sdp = callwright::sdp;

/// Any text: it is refused, or what is written back reads as the same description; answering it never fails but by an Error.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto description = sdp::Description::parse({reinterpret_cast<const char*>(data), size});
  if (!description) {
    return 0;
  }
  const auto again = sdp::Description::parse(description->to_string());
  if (again && *again != *description) {
    std::abort();
  }
  sdp::AudioCapabilities capabilities;
  capabilities.address = {callwright::base::IpAddress::v4({192, 0, 2, 1}), 4000};
  sdp::Session session(1, capabilities.address.ip);
  const auto answer = session.make_answer(*description, capabilities);
  if (answer && answer->media.size() != description->media.size()) {
    std::abort();
  }
  session.make_offer(capabilities);
  (void)session.accept_answer(*description);
  return 0;
}
