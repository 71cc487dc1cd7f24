#include "media/media_port.hpp"

namespace callwright::media {
namespace {

constexpr std::uint32_t kClockRate = 8000;

std::optional<audio::Encoding> encoding_of(const sdp::Codec& codec) {
  if (codec.matches({"PCMU", kClockRate, 1})) {
    return audio::Encoding::Pcmu;
  }
  if (codec.matches({"PCMA", kClockRate, 1})) {
    return audio::Encoding::Pcma;
  }
  return std::nullopt;
}

}  // namespace

base::Result<StreamParameters> StreamParameters::from(const sdp::Negotiated& negotiated) {
  const auto encoding = encoding_of(negotiated.codec);
  if (!encoding) {
    return base::Error(base::Errc::Unsupported, "The codec " + negotiated.codec.name + " cannot be played; offer PCMU or PCMA");
  }
  StreamParameters parameters;
  parameters.remote_rtp = negotiated.remote_rtp;
  parameters.remote_rtcp = negotiated.remote_rtcp;
  parameters.encoding = *encoding;
  parameters.send_payload_type = negotiated.codec.payload_type;
  parameters.receive_payload_type = negotiated.receive_payload_type;
  parameters.receive_event_payload_type = negotiated.receive_event_payload_type;
  parameters.direction = negotiated.direction;
  parameters.ptime = negotiated.ptime;
  return parameters;
}

}  // namespace callwright::media
