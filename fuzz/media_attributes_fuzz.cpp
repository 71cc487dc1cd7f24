#include "base/base64.hpp"
#include "require.hpp"
#include "sdp/crypto.hpp"
#include "sdp/ice.hpp"

namespace sdp = callwright::sdp;

namespace {

void check_values(std::string_view text) {
  if (const auto crypto = sdp::Crypto::parse(text)) {
    require(sdp::Crypto::parse(crypto->to_string()).value() == *crypto);
  }
  if (const auto candidate = sdp::IceCandidate::parse(text)) {
    require(sdp::IceCandidate::parse(candidate->to_string()).value() == *candidate);
  }
  if (const auto bytes = callwright::base::from_base64(text)) {
    require(callwright::base::from_base64(callwright::base::to_base64(*bytes)) == bytes);
  }
}

/// The lines of the text as attributes of one section.
sdp::Description description_of(std::string_view text) {
  sdp::Description description;
  sdp::Media& media = description.media.emplace_back();
  while (!text.empty() && media.attributes.size() < 100) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t colon = line.find(':');
    sdp::Attribute attribute{std::string(line.substr(0, colon)), std::nullopt};
    if (colon != std::string_view::npos) {
      attribute.value = line.substr(colon + 1);
      check_values(*attribute.value);
    }
    (attribute.name == "group" ? description.attributes : media.attributes).push_back(std::move(attribute));
  }
  return description;
}

}  // namespace

/// Any text, as one value and as lines of attributes: it is refused, or what is written back is read as the same; no key is agreed on that nobody sent.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_values(text);
  sdp::Description description = description_of(text);
  sdp::Media& media = description.media[0];
  if (const auto ice = sdp::ice_of(description, media); ice && *ice) {
    sdp::set_ice(description, media, **ice);
    require(sdp::ice_of(description, media).value() == *ice);
  }
  if (const auto fingerprint = sdp::fingerprint_of(description, media)) {
    sdp::set_fingerprint(media, *fingerprint);
    require(sdp::fingerprint_of(description, media) == fingerprint);
  }
  (void)sdp::setup_of(description, media);
  (void)sdp::bundle_groups(description);
  callwright::base::DeterministicRandom random(1);
  media.protocol = "RTP/SAVP";
  const auto agreement = sdp::answer_crypto(media, sdp::make_crypto_offer(sdp::kUsualSuites, random), sdp::MediaSecurity::Required);
  require(!agreement || (*agreement && (*agreement)->local.suite == (*agreement)->remote.suite));
  return 0;
}
