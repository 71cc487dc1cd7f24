#include "call/media_desk.hpp"

#include "sip/uri.hpp"

#include <algorithm>
#include <utility>

namespace callwright::call {
namespace {

const sdp::Media* audio_of(const sdp::Description& description) {
  const auto found =
      std::find_if(description.media.begin(), description.media.end(), [](const sdp::Media& media) { return media.type == "audio" && media.port != 0; });
  return found == description.media.end() ? nullptr : &*found;
}

bool has_key(const sdp::Media& audio) { return sdp::find_attribute(audio.attributes, "crypto") != nullptr; }

bool has_ice(const sdp::Description& description, const sdp::Media& audio) {
  const auto ice = sdp::ice_of(description, audio);
  return ice && *ice;
}

/// An address of a private network, in a description or a URI, of somebody whose messages come from elsewhere.
bool is_translated(const std::optional<base::IpAddress>& named, const std::optional<base::IpAddress>& seen) {
  return named && seen && sdp::is_private(*named) && !sdp::is_private(*seen);
}

AgentSecurity mirrored(const sdp::Description* across) {
  AgentSecurity security;
  const sdp::Media* const audio = across == nullptr ? nullptr : audio_of(*across);
  if (audio != nullptr && (has_key(*audio) || sdp::fingerprint_of(*across, *audio))) {
    security.policy = sdp::MediaSecurity::Optional;
  }
  return security;
}

}  // namespace

MediaSide MediaSide::of(const sip::Flow& flow, std::shared_ptr<const MediaProfile> profile) {
  return {std::move(profile), flow.remote.ip, sip::is_websocket(flow.transport) ? Kind::Browser : Kind::Phone, false};
}

MediaSide MediaSide::of(const Target& target) {
  const auto uri = sip::UriView::parse(target.uri);
  const auto host = base::IpAddress::parse(uri ? uri->host : std::string_view{});
  const std::optional<base::IpAddress> named = host ? std::optional(*host) : std::nullopt;
  if (!target.flow) {
    return {target.media, named, Kind::Phone, false};
  }
  MediaSide side = of(*target.flow, target.media);
  side.translated = is_translated(named, side.remote);
  return side;
}

MediaMode MediaDesk::mode_for(const MediaSide& caller, const MediaSide& called) const noexcept {
  const auto own = [](const MediaSide& side) { return side.profile == nullptr ? std::nullopt : side.profile->mode; };
  const std::optional<MediaMode> wanted = own(called) ? own(called) : own(caller);
  return wanted.value_or(settings_.mode);
}

MediaMode MediaDesk::decide(const sdp::Glance& offer, const MediaSide& offerer, const MediaSide& other) noexcept {
  if (!offer.audio || offer.others) {
    return MediaMode::Bypass;
  }
  const bool browser = offer.browser;
  if (browser != (other.kind == MediaSide::Kind::Browser)) {
    return MediaMode::Auto;
  }
  if (offerer.translated || other.translated || (!browser && is_translated(offer.address, offerer.remote))) {
    return MediaMode::Auto;
  }
  const bool known = !browser && offer.address && !offer.address->is_unspecified() && other.remote;
  return known && offer.address->is_v4() != other.remote->is_v4() ? MediaMode::Auto : MediaMode::Bypass;
}

base::IpAddress MediaDesk::address_towards(const base::IpAddress& remote) const {
  const auto same =
      std::find_if(settings_.addresses.begin(), settings_.addresses.end(), [&](const base::IpAddress& ip) { return ip.is_v4() == remote.is_v4(); });
  if (same != settings_.addresses.end()) {
    return *same;
  }
  for (const sip::Transport transport : sip::kTransports) {
    if (const auto local = transport_.local_address(transport, {remote, sip::default_port(transport)}); local && local->ip.is_v4() == remote.is_v4()) {
      return local->ip;
    }
  }
  return settings_.addresses.empty() ? base::IpAddress() : settings_.addresses.front();
}

LegMedia::Options MediaDesk::options_for(const MediaSide& side, const sdp::Description* offer, const sdp::Description* across) {
  LegMedia::Options options;
  const std::vector<sdp::Codec>& list = profile_of(side).codecs;
  if (const std::vector<sdp::Codec>& own = list.empty() ? settings_.codecs : list; !own.empty()) {
    options.capabilities.codecs = own;
  }
  options.capabilities.rtcp_mux = true;
  options.capabilities.voip_metrics = true;
  const std::optional<AgentSecurity>& wanted = profile_of(side).security;
  const sdp::Media* const audio = offer == nullptr ? nullptr : audio_of(*offer);
  if (offer == nullptr) {
    const bool browser = side.kind == MediaSide::Kind::Browser;
    options.security = wanted ? *wanted : mirrored(across);
    if (browser && !wanted) {
      options.security = {.policy = sdp::MediaSecurity::Required, .kind = AgentSecurity::Kind::Dtls};
    }
    options.ice = browser ? AgentMedia::Ice::Lite : AgentMedia::Ice::Off;
  } else if (audio != nullptr) {
    const bool dtls = sdp::fingerprint_of(*offer, *audio).has_value();
    options.security = wanted.value_or(AgentSecurity{.policy = sdp::MediaSecurity::Optional});
    options.security.kind = dtls ? AgentSecurity::Kind::Dtls : AgentSecurity::Kind::Sdes;
    options.ice = has_ice(*offer, *audio) ? AgentMedia::Ice::Lite : AgentMedia::Ice::Off;
  }
  options.capabilities.protection.policy = options.security.policy;
  if (options.security.policy != sdp::MediaSecurity::Off && options.security.kind == AgentSecurity::Kind::Dtls) {
    const rtp::Fingerprint& own = port().fingerprint();
    options.capabilities.protection.fingerprint = sdp::CertificateFingerprint{own.algorithm, own.value};
  }
  return options;
}

base::Result<LegStreams::Leg> MediaDesk::open(const MediaSide& side, const sdp::Description* offer, const sdp::Description* across,
                                              media::MediaObserver& observer) {
  LegMedia::Options options = options_for(side, offer, across);
  options.stream.address = address_towards(side.remote.value_or(base::IpAddress()));
  options.stream.first_port = settings_.first_port;
  options.stream.last_port = settings_.last_port;
  if (settings_.advertised && settings_.advertised->is_v4() == options.stream.address.is_v4()) {
    options.advertised = settings_.advertised;
  }
  return streams_.open(port(), random_, observer, std::move(options));
}

}  // namespace callwright::call
