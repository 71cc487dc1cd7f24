#include "call/agent_media.hpp"

#include "media/codec_names.hpp"
#include "rtp/ice_lite.hpp"

#include <algorithm>
#include <set>

namespace callwright::call {
namespace {

using base::Errc;
using base::Error;

bool uses_sdes(const AgentSecurity& security) noexcept { return security.policy != sdp::MediaSecurity::Off && security.kind == AgentSecurity::Kind::Sdes; }

base::Result<void> check(const AgentSecurity& security) {
  if (!uses_sdes(security)) {
    return base::ok();
  }
  if (security.suites.empty()) {
    return Error(Errc::InvalidArgument, "No suite for SRTP is named; name at least one, such as AES_CM_128_HMAC_SHA1_80, or switch encryption off");
  }
  if (std::set(security.suites.begin(), security.suites.end()).size() != security.suites.size()) {
    return Error(Errc::InvalidArgument, "A suite for SRTP is named twice; name each once, in order of preference");
  }
  return base::ok();
}

/// True for every audio section of the offer.
template <class Differs>
bool all_of_audio(const sdp::Description& offer, Differs differs) {
  return std::all_of(offer.media.begin(), offer.media.end(), [&](const sdp::Media& media) { return media.type != "audio" || differs(media); });
}

bool lacks(const sdp::Media& media, const sdp::Crypto& key) {
  return std::none_of(media.attributes.begin(), media.attributes.end(), [&](const sdp::Attribute& attribute) {
    if (attribute.name != "crypto" || !attribute.value) {
      return false;
    }
    const auto offered = sdp::Crypto::parse(*attribute.value);
    return offered && offered->suite == key.suite && offered->key_and_salt == key.key_and_salt;
  });
}

bool lacks(const sdp::Description& offer, const sdp::Media& media, const sdp::IceUser& user) {
  const auto ice = sdp::ice_of(offer, media);
  return !ice || !*ice || (*ice)->ufrag != user.ufrag || (*ice)->password != user.password;
}

}  // namespace

base::Result<sdp::AudioCapabilities> capabilities_of(const AgentMedia& options, const rtp::Fingerprint& fingerprint) {
  auto codecs = media::codecs_by_name(options.codecs);
  if (!codecs) {
    return codecs.error();
  }
  if (const auto good = check(options.security); !good) {
    return good.error();
  }
  if (options.silence_limit < std::chrono::seconds::zero() || options.silence_limit > std::chrono::hours(24)) {
    return Error(Errc::InvalidArgument, "The time after which the other side counts as silent is 1 s to 24 h, or 0 for never");
  }
  if (options.silence_sending == media::SilenceSending::ComfortNoise &&
      std::none_of(codecs->begin(), codecs->end(), [](const sdp::Codec& codec) { return codec.name == "CN"; })) {
    return Error(Errc::InvalidArgument, "Comfort noise in place of silence has to be agreed on: name CN among the codecs");
  }
  if (options.ice == AgentMedia::Ice::Lite && options.rtcp_port != media::RtcpPort::Shared) {
    return Error(Errc::InvalidArgument, "ICE needs RTCP on the port of RTP: let them share it, or switch ICE off");
  }
  sdp::AudioCapabilities capabilities;
  capabilities.codecs = std::move(*codecs);
  capabilities.preference = options.codec_preference;
  capabilities.voip_metrics = true;
  capabilities.rtcp_mux = options.rtcp_port == media::RtcpPort::Shared;
  capabilities.protection.policy = options.security.policy;
  if (options.keys == AgentMedia::Keys::SoundAlone) {
    capabilities.telephone_event.reset();
  }
  if (options.security.policy != sdp::MediaSecurity::Off && options.security.kind == AgentSecurity::Kind::Dtls) {
    capabilities.protection.fingerprint = sdp::CertificateFingerprint{fingerprint.algorithm, fingerprint.value};
  }
  return capabilities;
}

CallSecrets::CallSecrets(const AgentSecurity& security, AgentMedia::Ice ice, base::Random& random) : random_(random) {
  if (uses_sdes(security)) {
    suites_ = security.suites;
    renew_keys();
  }
  if (ice == AgentMedia::Ice::Lite) {
    renew_ice();
  }
}

void CallSecrets::renew_keys() { keys_ = sdp::make_crypto_offer(suites_, random_); }

void CallSecrets::renew_ice() {
  rtp::IceCredentials made = rtp::IceCredentials::make(random_);
  ice_ = sdp::IceUser{std::move(made.ufrag), std::move(made.password)};
}

void CallSecrets::put_into(sdp::AudioCapabilities& capabilities) const {
  capabilities.protection.crypto = keys_;
  capabilities.ice = ice_;
}

void CallSecrets::renew_for(const sdp::Description& offer, const std::optional<sdp::Negotiated>& present) {
  if (!present) {
    return;
  }
  const auto* const agreement = std::get_if<sdp::CryptoAgreement>(&present->security);
  if (agreement != nullptr && all_of_audio(offer, [&](const sdp::Media& media) { return lacks(media, agreement->remote); })) {
    renew_keys();
  }
  if (present->ice && all_of_audio(offer, [&](const sdp::Media& media) { return lacks(offer, media, present->ice->remote); })) {
    renew_ice();
  }
}

}  // namespace callwright::call
