#include "call/leg_media.hpp"

#include <utility>

namespace callwright::call {

LegMedia::Options LegMedia::Options::from(const AgentMedia& media, sdp::AudioCapabilities capabilities) {
  Options options;
  options.capabilities = std::move(capabilities);
  options.security = media.security;
  options.ice = media.ice;
  options.keys = media.keys;
  options.silence_sending = media.silence_sending;
  options.silence_limit = media.silence_limit;
  return options;
}

base::Result<std::unique_ptr<LegMedia>> LegMedia::open(media::MediaPort& port, base::Random& random, media::MediaObserver& observer, Options options) {
  const auto opened = port.open(options.stream, observer);
  if (!opened) {
    return opened.error();
  }
  const base::SocketAddress described{options.advertised.value_or(opened->rtp.ip), opened->rtp.port};
  return std::unique_ptr<LegMedia>(new LegMedia(port, random, std::move(options), *opened, described));
}

LegMedia::LegMedia(media::MediaPort& port, base::Random& random, Options options, media::OpenedStream stream, base::SocketAddress described)
    : port_(port),
      random_(random),
      options_(std::move(options)),
      stream_(stream),
      described_(described),
      session_(random.between(1, UINT32_MAX), described.ip),
      secrets_(options_.security, options_.ice, random) {}

LegMedia::~LegMedia() {
  if (stream_.id) {
    port_.abandon(stream_.id);
  }
}

media::StreamId LegMedia::close() {
  port_.close(stream_.id);
  return std::exchange(stream_.id, {});
}

sdp::AudioCapabilities LegMedia::capabilities() const {
  sdp::AudioCapabilities capabilities = options_.capabilities;
  capabilities.address = described_;
  capabilities.rtcp_address = described_rtcp_;
  secrets_.put_into(capabilities);
  return capabilities;
}

void LegMedia::describe(const base::SocketAddress& rtp, std::optional<base::SocketAddress> rtcp) {
  const bool usual = rtcp == base::SocketAddress{rtp.ip, static_cast<std::uint16_t>(rtp.port + 1)};
  described_ = rtp;
  described_rtcp_ = usual ? std::nullopt : rtcp;
  session_ = sdp::Session(random_.between(1, UINT32_MAX), rtp.ip);
}

std::string LegMedia::offer() { return session_.make_offer(capabilities()).to_string(); }

base::Result<std::string> LegMedia::answer(std::string_view offer) {
  const auto description = sdp::Description::parse(offer);
  if (!description) {
    return description.error();
  }
  secrets_.renew_for(*description, session_.negotiated());
  const auto answer = session_.make_answer(*description, capabilities());
  if (!answer) {
    return answer.error();
  }
  return answer->to_string();
}

base::Result<void> LegMedia::can_answer(const sdp::Description& offer, std::vector<sdp::Codec> codecs) const {
  sdp::AudioCapabilities able = capabilities();
  able.codecs = std::move(codecs);
  const auto answer = sdp::make_answer(offer, able, {});
  return answer ? base::ok() : base::Result<void>(answer.error());
}

base::Result<void> LegMedia::accept(std::string_view answer) {
  const auto description = sdp::Description::parse(answer);
  if (!description) {
    return description.error();
  }
  const auto accepted = session_.accept_answer(*description);
  return accepted ? base::ok() : base::Result<void>(accepted.error());
}

bool LegMedia::keeps(const sdp::Description& offer) const {
  if (negotiated() == nullptr) {
    return false;
  }
  const auto answer = sdp::make_answer(offer, capabilities(), {});
  return answer && answer->negotiated.codec.name == negotiated()->codec.name && answer->negotiated.codec.clock_rate == negotiated()->codec.clock_rate &&
         answer->negotiated.direction == negotiated()->direction;
}

base::Result<void> LegMedia::start() {
  if (negotiated() == nullptr) {
    return base::ok();
  }
  auto parameters = media::StreamParameters::from(*negotiated());
  if (!parameters) {
    return parameters.error();
  }
  parameters->silence = options_.silence_sending;
  parameters->silence_limit = options_.silence_limit;
  if (options_.keys == AgentMedia::Keys::Sound) {
    parameters->send_event_payload_type.reset();
  }
  port_.start(stream_.id, *parameters);
  return base::ok();
}

}  // namespace callwright::call
