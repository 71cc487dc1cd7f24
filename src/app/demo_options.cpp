#include "app/demo_options.hpp"

#include "media/codec_names.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace callwright::app {

base::Result<call::AgentMedia> media_of(const DemoOptions& options) {
  call::AgentMedia media;
  if (!options.codec.empty()) {
    const std::vector<std::string> wanted{options.codec};
    const auto known = media::codecs_by_name(wanted);
    if (!known) {
      return base::Error(known.error().code, "--codec: " + known.error().detail);
    }
    // The command's first INVITE offers G.711 in the clear, without a place to send to (RFC 3725 §4.2). A phone without it is asked again, with no stream;
    // this one needs no second call.
    media.codecs = wanted;
    for (const sdp::Codec& usual : {sdp::pcma(), sdp::pcmu()}) {
      if (known->front().name != usual.name) {
        media.codecs.push_back(usual.name);
      }
    }
  }
  if (!options.stun_server.empty()) {
    const auto address = base::SocketAddress::parse(options.stun_server);
    if (!address || address->port == 0) {
      return base::Error(base::Errc::InvalidArgument, "--stun: say an address and a port, such as 192.0.2.1:3478");
    }
    media.stun_server = *address;
  }
  if (options.srtp == "off") {
    return media;
  }
  if (options.srtp != "sdes" && options.srtp != "dtls") {
    return base::Error(base::Errc::InvalidArgument, "--srtp: there is no \"" + options.srtp.substr(0, 40) + "\"; say off, sdes or dtls");
  }
  media.security.policy = sdp::MediaSecurity::Optional;
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

bool is_as_wanted(const sdp::Negotiated& negotiated, const DemoOptions& options) {
  if (!options.codec.empty()) {
    const std::vector<std::string> wanted{options.codec};
    const auto codecs = media::codecs_by_name(wanted);
    if (!codecs || !codecs->front().matches({negotiated.codec.name, negotiated.codec.clock_rate, negotiated.codec.channels})) {
      return false;
    }
  }
  constexpr std::array<std::string_view, 3> kKinds{"off", "sdes", "dtls"};
  return kKinds.at(negotiated.security.index()) == options.srtp;
}

}  // namespace callwright::app
