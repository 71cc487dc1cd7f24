#include "app/demo_options.hpp"

#include "media/codec_names.hpp"

namespace callwright::app {

base::Result<call::AgentMedia> media_of(const DemoOptions& options) {
  call::AgentMedia media;
  if (!options.codec.empty()) {
    media.codecs = {options.codec};
    if (const auto known = media::codecs_by_name(media.codecs); !known) {
      return base::Error(known.error().code, "--codec: " + known.error().detail);
    }
  }
  if (options.srtp == "off") {
    return media;
  }
  if (options.srtp != "sdes" && options.srtp != "dtls") {
    return base::Error(base::Errc::InvalidArgument, "--srtp: there is no \"" + options.srtp.substr(0, 40) + "\"; say off, sdes or dtls");
  }
  media.security.policy = sdp::MediaSecurity::Required;
  media.security.kind = options.srtp == "dtls" ? call::AgentSecurity::Kind::Dtls : call::AgentSecurity::Kind::Sdes;
  return media;
}

std::string describe(const sdp::Negotiated& negotiated) {
  if (std::holds_alternative<sdp::DtlsAgreement>(negotiated.security)) {
    return negotiated.codec.name + ", DTLS-SRTP";
  }
  if (const auto* const keys = std::get_if<sdp::CryptoAgreement>(&negotiated.security)) {
    return negotiated.codec.name + ", SRTP by SDES (" + std::string(sdp::to_string(keys->local.suite)) + ")";
  }
  return negotiated.codec.name + ", not encrypted";
}

}  // namespace callwright::app
