#include "require.hpp"
#include "rtp/ice_lite.hpp"

namespace rtp = callwright::rtp;
namespace stun = callwright::base::stun;

namespace {

constexpr std::size_t kLargestAnswer = 128;

void check(rtp::IceLite& ice, std::string_view datagram, const callwright::base::SocketAddress& from) {
  const std::string answer = ice.receive(datagram, from, callwright::base::TimePoint{std::chrono::hours(1)});
  const auto message = stun::Message::parse(answer);
  require(answer.empty() || (message && message->has_good_fingerprint() && answer.size() <= kLargestAnswer && answer.substr(8, 12) == datagram.substr(8, 12)));
}

/// The input as attributes of a check that is signed as it should be.
std::string signed_check(std::string_view attributes, const rtp::IceCredentials& credentials) {
  stun::Writer writer(stun::kBindingRequest, {});
  writer.add(stun::kUsername, credentials.ufrag + ":x");
  while (attributes.size() >= 3) {
    const std::size_t length = std::min<std::size_t>(static_cast<unsigned char>(attributes[2]) & 0x1f, attributes.size() - 3);
    writer.add(stun::number16(attributes), attributes.substr(3, length));
    attributes.remove_prefix(3 + length);
  }
  rtp::add_message_integrity(writer, credentials.password);
  writer.add_fingerprint();
  return writer.take();
}

}  // namespace

/// Any bytes, as a datagram and as the attributes of a signed check: an answer is a bounded STUN message of the same transaction; only a signed one counts.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto from = callwright::base::SocketAddress::parse("[2001:db8::1]:5060").value();
  rtp::IceLite ice({"abcd", "0123456789012345678901"});
  check(ice, bytes, from);
  require(!ice.is_checked(from) && !ice.selected());
  check(ice, signed_check(bytes, ice.local()), from);
  require(!ice.selected() || ice.is_checked(from));
  return 0;
}
