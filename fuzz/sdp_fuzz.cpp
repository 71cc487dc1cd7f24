#include "base/random.hpp"
#include "sdp/glance.hpp"
#include "sdp/offer_answer.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

namespace sdp = callwright::sdp;

namespace {

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

/// What an agent with this policy, SDES or DTLS, and with or without ICE, can do.
sdp::AudioCapabilities capabilities_for(sdp::MediaSecurity policy, bool dtls) {
  static const std::string kHash = "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55";
  sdp::AudioCapabilities capabilities;
  capabilities.codecs = {{"opus", 48000, 2, sdp::PayloadType{96}, "useinbandfec=1"}, sdp::pcma(), sdp::pcmu(), {"CN", 8000, 1, sdp::PayloadType{13}, {}}};
  capabilities.address = {callwright::base::IpAddress::v4({192, 0, 2, 1}), 4000};
  capabilities.rtcp_mux = true;
  capabilities.protection.policy = policy;
  if (dtls) {
    capabilities.protection.fingerprint = sdp::CertificateFingerprint{"sha-256", kHash};
    capabilities.ice = sdp::IceUser{"abcdefgh", "0123456789012345678901"};
    capabilities.preference = sdp::CodecPreference::Ours;
  } else {
    callwright::base::DeterministicRandom random(1);
    capabilities.protection.crypto = sdp::make_crypto_offer(sdp::kUsualSuites, random);
  }
  return capabilities;
}

/// What is required is there, what is agreed on can be read back, and a peer in the clear never gets through.
void answer(const sdp::Description& description, sdp::MediaSecurity policy, bool dtls) {
  const sdp::AudioCapabilities capabilities = capabilities_for(policy, dtls);
  sdp::Session session(1, capabilities.address.ip);
  const auto made = session.make_answer(description, capabilities);
  if (made) {
    require(made->media.size() == description.media.size());
    require(session.negotiated().has_value() == !description.media.empty());
    if (!session.negotiated()) return;
    require(sdp::Description::parse(made->to_string()).has_value());
    const bool is_protected = session.negotiated()->security.index() != 0;
    require(is_protected || policy != sdp::MediaSecurity::Required);
    require(!is_protected || policy != sdp::MediaSecurity::Off);
    require(!session.negotiated()->ice || session.negotiated()->rtcp_mux);
  }
  session.make_offer(capabilities);
  const auto negotiated = session.accept_answer(description);
  require(!negotiated || negotiated->security.index() != 0 || policy != sdp::MediaSecurity::Required);
}

}  // namespace

/// Any text: it is refused, or what is written back is read and written the same again; answering it never fails but by an Error.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const sdp::Glance seen = sdp::glance(text);
  require(seen.audio || !(seen.held || seen.browser));
  const auto description = sdp::Description::parse(text);
  if (!description) {
    return 0;
  }
  const std::string written = description->to_string();
  const auto again = sdp::Description::parse(written);
  require(again ? again->to_string() == written : written.size() > sdp::Description::kMaxSize);
  for (const auto policy : {sdp::MediaSecurity::Off, sdp::MediaSecurity::Optional, sdp::MediaSecurity::Required}) {
    for (const bool dtls : {false, true}) {
      answer(*description, policy, dtls);
    }
  }
  return 0;
}
