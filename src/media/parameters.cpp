#include "media/media_port.hpp"

#include "rtp/telephone_event.hpp"

#include <fmt/core.h>

namespace callwright::media {
namespace {

StreamSecurity security_of(const sdp::Security& agreed) {
  if (const auto* const keys = std::get_if<sdp::CryptoAgreement>(&agreed)) {
    return *keys;
  }
  if (const auto* const dtls = std::get_if<sdp::DtlsAgreement>(&agreed)) {
    const rtp::DtlsRole role = dtls->local == sdp::Setup::Active ? rtp::DtlsRole::Active : rtp::DtlsRole::Passive;
    return DtlsParameters{role, {dtls->remote.algorithm, dtls->remote.value}};
  }
  return std::monostate();
}

constexpr std::chrono::milliseconds kShortest{40};
constexpr std::chrono::milliseconds kLongest{5000};

bool is_sensible(std::chrono::milliseconds time) { return time >= kShortest && time <= kLongest; }

}  // namespace

base::Result<void> check_keys(std::string_view keys, const KeyTiming& timing) {
  for (const char key : keys) {
    if (!rtp::event_of_digit(key)) {
      return base::Error(base::Errc::InvalidArgument, fmt::format("There is no key \"{}\"; keys are 0 to 9, *, # and A to D", key));
    }
  }
  if (keys.empty() || !is_sensible(timing.press) || !is_sensible(timing.gap)) {
    return base::Error(base::Errc::InvalidArgument, fmt::format("Give at least one key, and times of {} to {} ms for each press and the gap behind it",
                                                                kShortest.count(), kLongest.count()));
  }
  return base::ok();
}

base::Result<StreamParameters> StreamParameters::from(const sdp::Negotiated& negotiated) {
  const audio::Codec* const codec = audio::find_codec(negotiated.codec.name, negotiated.codec.clock_rate, negotiated.codec.channels);
  if (codec == nullptr || codec->kind == audio::CodecKind::ComfortNoise) {
    return base::Error(base::Errc::Unsupported, "The codec " + negotiated.codec.name + " cannot be played; offer one of opus, G722, PCMU, PCMA, L16");
  }
  StreamParameters parameters;
  parameters.remote_rtp = negotiated.remote_rtp;
  parameters.remote_rtcp = negotiated.remote_rtcp;
  parameters.rtcp_port = negotiated.rtcp_mux ? RtcpPort::Shared : RtcpPort::Separate;
  parameters.voip_metrics = negotiated.voip_metrics;
  parameters.security = security_of(negotiated.security);
  if (negotiated.ice) {
    parameters.ice = IceParameters{{negotiated.ice->local.ufrag, negotiated.ice->local.password}, negotiated.ice->remote.ufrag};
  }
  parameters.codec = codec;
  parameters.codec_options = audio::parse_fmtp(*codec, negotiated.codec.fmtp);
  parameters.send_payload_type = negotiated.codec.payload_type;
  parameters.receive_payload_type = negotiated.receive_payload_type;
  parameters.send_event_payload_type = negotiated.event_payload_type;
  parameters.receive_event_payload_type = negotiated.receive_event_payload_type;
  parameters.send_comfort_noise_payload_type = negotiated.comfort_noise_payload_type;
  parameters.receive_comfort_noise_payload_type = negotiated.receive_comfort_noise_payload_type;
  parameters.direction = negotiated.direction;
  parameters.ptime = negotiated.ptime;
  return parameters;
}

}  // namespace callwright::media
