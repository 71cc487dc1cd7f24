#include "sdp/offer_answer.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

namespace sdp = callwright::sdp;

/// Any text: it is refused, or what is written back is read and written the same again; answering it never fails but by an Error.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto description = sdp::Description::parse({reinterpret_cast<const char*>(data), size});
  if (!description) {
    return 0;
  }
  const std::string written = description->to_string();
  const auto again = sdp::Description::parse(written);
  if (again ? again->to_string() != written : written.size() <= sdp::Description::kMaxSize) {
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
