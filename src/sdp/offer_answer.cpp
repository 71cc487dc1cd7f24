#include "sdp/offer_answer.hpp"

#include "sdp/offer_answer_parts.hpp"
#include "sdp/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace callwright::sdp {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::chrono::milliseconds kDefaultPtime{20};

void finish_audio(Media& media, std::chrono::milliseconds ptime, Direction direction) {
  media.attributes.push_back({"ptime", std::to_string(ptime.count())});
  media.set_direction(direction);
}

bool is_usable_audio(const Media& media) noexcept { return is_active_audio(media) && is_rtp_protocol(media.protocol); }

/// What `theirs` asks of our packets: its ptime, within its maxptime, in the 10 … 60 ms that we send.
std::chrono::milliseconds packet_time(const Media& theirs, std::chrono::milliseconds wanted) {
  auto ptime = theirs.ptime().value_or(wanted);
  if (const auto longest = theirs.max_ptime()) {
    ptime = std::min(ptime, *longest);
  }
  const bool sendable = ptime >= std::chrono::milliseconds(10) && ptime <= std::chrono::milliseconds(60) && ptime.count() % 10 == 0;
  return sendable ? ptime : kDefaultPtime;
}

/// Fills in what the other side's description says: addresses and hold. `negotiated` must already hold the direction that we want, and what shares ports.
Result<void> read_remote(const Description& theirs, const Media& media, Negotiated& negotiated) {
  const auto rtp = theirs.rtp_address_of(media);
  if (!rtp) {
    return rtp.error();
  }
  const auto rtcp = negotiated.rtcp_mux ? rtp : theirs.rtcp_address_of(media);
  if (!rtcp) {
    return rtcp.error();
  }
  negotiated.remote_rtp = *rtp;
  negotiated.remote_rtcp = *rtcp;
  const Direction direction = theirs.direction_of(media);
  // With ICE, 0.0.0.0 is no hold: the address is not known yet.
  negotiated.held = negotiated.ice ? !receives(direction) : theirs.is_held(media);
  const Direction effective = make_direction(sends(direction), receives(direction) && !negotiated.held);
  negotiated.direction = intersection(negotiated.direction, reversed(effective));
  return base::ok();
}

/// Where RTCP is received when that is not the next port.
void write_rtcp_address(Media& media, const std::optional<base::SocketAddress>& address) {
  if (address) {
    media.attributes.push_back({"rtcp", fmt::format("{} IN {} {}", address->port, address->ip.is_v4() ? "IP4" : "IP6", address->ip.to_string())});
  }
}

constexpr std::string_view kExtendedReports = "rtcp-xr";
constexpr std::string_view kVoipMetrics = "voip-metrics";

/// RFC 3611 §5.1: the names of blocks, with spaces between.
bool has_voip_metrics(const Media& media) {
  const Attribute* const reports = find_attribute(media.attributes, kExtendedReports);
  std::string_view left = reports != nullptr && reports->value ? std::string_view(*reports->value) : std::string_view();
  while (!left.empty()) {
    const std::string_view name = left.substr(0, left.find(' '));
    if (name == kVoipMetrics) {
      return true;
    }
    left.remove_prefix(std::min(left.size(), name.size() + 1));
  }
  return false;
}

void write_voip_metrics(Media& media) { media.attributes.push_back({std::string(kExtendedReports), std::string(kVoipMetrics)}); }

Media audio_offer(const AudioCapabilities& capabilities, const std::vector<Codec>& known) {
  Media media;
  media.port = capabilities.address.port;
  for (const Codec& format : numbered_formats(capabilities, known)) {
    add_format(media, format);
  }
  finish_audio(media, capabilities.ptime, capabilities.direction);
  write_rtcp_address(media, capabilities.rtcp_address);
  offer_protection(media, capabilities.protection);
  if (capabilities.rtcp_mux || capabilities.ice) {
    set_rtcp_mux(media);
  }
  if (capabilities.voip_metrics) {
    write_voip_metrics(media);
  }
  return media;
}

/// One component: with ICE, RTCP shares the port (RFC 8858).
void write_ice(Description& description, Media& media, const AudioCapabilities& capabilities) {
  set_ice(description, media, {capabilities.ice->ufrag, capabilities.ice->password, true, false, true, make_host_candidates({&capabilities.address, 1}, 1)});
}

/// Nothing with another lite agent, since nobody would check, and with one that wants a port for RTCP: the addresses of the descriptions count.
Result<std::optional<IceAgreement>> agree_on_ice(const std::optional<IceUser>& ours, const Description& theirs, const Media& media) {
  if (!ours || !has_rtcp_mux(media)) {
    return std::optional<IceAgreement>();
  }
  auto remote = ice_of(theirs, media);
  if (!remote) {
    return remote.error();
  }
  if (!*remote || (*remote)->lite) {
    return std::optional<IceAgreement>();
  }
  return std::optional(IceAgreement{*ours, {std::move((*remote)->ufrag), std::move((*remote)->password)}});
}

/// Digits and comfort noise have the clock of the codec (RFC 4733 §2.1, RFC 3389 §4).
void agree_on_companions(const Media& ours, const Media& theirs, Negotiated& negotiated) {
  const std::uint32_t rate = negotiated.codec.clock_rate;
  const auto agree = [&](std::string_view name, std::optional<PayloadType>& sent, std::optional<PayloadType>& received) {
    received = find_format(ours, name, rate);
    sent = find_format(theirs, name, rate);
    if (!received || !sent) {
      received = sent = std::nullopt;
    }
  };
  agree(kEventName, negotiated.event_payload_type, negotiated.receive_event_payload_type);
  agree(kComfortNoiseName, negotiated.comfort_noise_payload_type, negotiated.receive_comfort_noise_payload_type);
}

Result<Negotiated> negotiate_offered(const Description& offer, const Media& media, const Choice& choice, const AudioCapabilities& capabilities) {
  Negotiated negotiated;
  negotiated.codec = *choice.codec;
  negotiated.codec.payload_type = choice.payload_type;
  negotiated.codec.fmtp = media.fmtp(choice.payload_type);
  negotiated.receive_payload_type = choice.payload_type;
  const std::uint32_t rate = choice.codec->clock_rate;
  if (capabilities.telephone_event) {
    negotiated.event_payload_type = negotiated.receive_event_payload_type = find_format(media, kEventName, rate);
  }
  if (has_comfort_noise(capabilities.codecs, rate)) {
    negotiated.comfort_noise_payload_type = negotiated.receive_comfort_noise_payload_type = find_format(media, kComfortNoiseName, rate);
  }
  negotiated.ptime = packet_time(media, capabilities.ptime);
  negotiated.direction = capabilities.direction;
  auto security = answer_protection(offer, media, capabilities.protection);
  if (!security) {
    return security.error();
  }
  negotiated.security = std::move(*security);
  auto ice = agree_on_ice(capabilities.ice, offer, media);
  if (!ice) {
    return ice.error();
  }
  negotiated.ice = std::move(*ice);
  negotiated.rtcp_mux = (capabilities.rtcp_mux || capabilities.ice) && has_rtcp_mux(media);
  negotiated.voip_metrics = capabilities.voip_metrics && has_voip_metrics(media);
  if (auto read = read_remote(offer, media, negotiated); !read) {
    return read.error();
  }
  return negotiated;
}

void add_formats(Media& media, const Negotiated& negotiated, const Codec& ours) {
  Codec codec = ours;
  codec.payload_type = negotiated.receive_payload_type;
  add_format(media, codec);
  if (negotiated.receive_comfort_noise_payload_type) {
    add_format(media, {std::string(kComfortNoiseName), codec.clock_rate, 1, *negotiated.receive_comfort_noise_payload_type, {}});
  }
  if (negotiated.receive_event_payload_type) {
    add_format(media, {std::string(kEventName), codec.clock_rate, 1, *negotiated.receive_event_payload_type, std::string(kEvents)});
  }
}

/// The section is in a group of its own, which it leads (RFC 9143 §7.3).
void answer_bundle(Description& answer, Media& media, const Description& offer, std::string_view mid) {
  if (mid.empty()) {
    return;
  }
  media.attributes.push_back({"mid", std::string(mid)});
  const auto groups = bundle_groups(offer);
  const bool grouped = std::any_of(groups.begin(), groups.end(),
                                   [mid](const std::vector<std::string>& group) { return std::find(group.begin(), group.end(), mid) != group.end(); });
  if (grouped) {
    const std::string own(mid);
    set_bundle(answer, {&own, 1});
  }
}

Media audio_answer(Answer& answer, const Description& offer, const Media& offered, const Codec& ours, const AudioCapabilities& capabilities) {
  const Negotiated& negotiated = answer.negotiated;
  Media media;
  media.port = capabilities.address.port;
  media.protocol = offered.protocol;
  add_formats(media, negotiated, ours);
  finish_audio(media, negotiated.ptime, negotiated.direction);
  write_protection(media, negotiated.security, capabilities.protection);
  if (negotiated.rtcp_mux) {
    set_rtcp_mux(media);
  } else {
    write_rtcp_address(media, capabilities.rtcp_address);
  }
  if (negotiated.voip_metrics) {
    write_voip_metrics(media);
  }
  if (negotiated.ice) {
    write_ice(answer.description, media, capabilities);
  }
  answer_bundle(answer.description, media, offer, mid_of(offered));
  return media;
}

Description frame(const AudioCapabilities& capabilities, const Origin& origin) {
  Description description;
  description.origin = origin;
  description.connection = Connection::to(capabilities.address.ip);
  return description;
}

}  // namespace

Description make_offer(const AudioCapabilities& capabilities, const Origin& origin, const std::vector<Codec>& known) {
  Description offer = frame(capabilities, origin);
  Media audio = audio_offer(capabilities, known);
  if (capabilities.ice) {
    audio.attributes.push_back({"rtcp-mux-only", std::nullopt});
    write_ice(offer, audio, capabilities);
  }
  offer.media.push_back(std::move(audio));
  return offer;
}

Result<Answer> make_answer(const Description& offer, const AudioCapabilities& capabilities, const Origin& origin) {
  Answer answer{frame(capabilities, origin), {}};
  answer.description.times = offer.times;
  Error reason(Errc::Unsupported, "The offer has no audio stream over RTP with a codec that is spoken here");
  bool taken = false;
  for (const Media& media : offer.media) {
    const auto choice = !taken && is_usable_audio(media) ? choose_codec(media, capabilities.codecs, capabilities.preference) : std::nullopt;
    auto negotiated = choice ? negotiate_offered(offer, media, *choice, capabilities) : Result<Negotiated>(reason);
    if (!negotiated) {
      reason = negotiated.error();
      answer.description.media.push_back(refused(media));
      continue;
    }
    answer.negotiated = std::move(*negotiated);
    answer.description.media.push_back(audio_answer(answer, offer, media, *choice->codec, capabilities));
    taken = true;
  }
  if (!taken) {
    return reason;
  }
  return answer;
}

/// What shares ports and how packets are protected.
Result<void> agree_on_transport(const Description& offer, const Media& ours, const Description& answer, const Media& theirs, Negotiated& negotiated) {
  auto security = accept_protection(offer, ours, answer, theirs);
  if (!security) {
    return security.error();
  }
  const auto own = ice_of(offer, ours);
  const bool offered = own && *own;
  auto ice = agree_on_ice(offered ? std::optional(IceUser{(*own)->ufrag, (*own)->password}) : std::nullopt, answer, theirs);
  if (!ice) {
    return ice.error();
  }
  negotiated.security = std::move(*security);
  negotiated.ice = std::move(*ice);
  negotiated.rtcp_mux = has_rtcp_mux(ours) && has_rtcp_mux(theirs);
  negotiated.voip_metrics = has_voip_metrics(ours) && has_voip_metrics(theirs);
  return base::ok();
}

Result<Negotiated> negotiate_answer(const Description& offer, const Description& answer) {
  const std::size_t index = index_of_audio(offer);
  if (index == offer.media.size()) {
    return Error(Errc::InvalidArgument, "The offer that was made has no audio stream");
  }
  if (index >= answer.media.size() || answer.media[index].type != "audio") {
    return Error(Errc::InvalidArgument, fmt::format("The answer's m-line {} is not the audio stream that was offered there", index + 1));
  }
  const Media& ours = offer.media[index];
  const Media& theirs = answer.media[index];
  if (theirs.port == 0) {
    return Error(Errc::Refused, "The other side refused the audio stream (port 0)");
  }
  const std::vector<Codec> codecs = formats_in(ours);
  const auto choice = choose_codec(theirs, codecs, CodecPreference::Theirs);
  if (!choice) {
    return Error(Errc::Unsupported, "The answer names no codec of the offer");
  }
  Negotiated negotiated;
  negotiated.codec = *choice->codec;
  negotiated.receive_payload_type = choice->codec->payload_type;
  negotiated.codec.payload_type = choice->payload_type;
  negotiated.codec.fmtp = theirs.fmtp(choice->payload_type);
  agree_on_companions(ours, theirs, negotiated);
  negotiated.ptime = packet_time(theirs, ours.ptime().value_or(kDefaultPtime));
  negotiated.direction = offer.direction_of(ours);
  if (auto agreed = agree_on_transport(offer, ours, answer, theirs, negotiated); !agreed) {
    return agreed.error();
  }
  if (auto read = read_remote(answer, theirs, negotiated); !read) {
    return read.error();
  }
  return negotiated;
}

}  // namespace callwright::sdp
