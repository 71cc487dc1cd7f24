#include "sdp/offer_answer.hpp"

#include "sdp/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace callwright::sdp {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::string_view kEventName = "telephone-event";
constexpr std::string_view kEvents = "0-16";
constexpr std::chrono::milliseconds kDefaultPtime{20};

std::string number_text(PayloadType type) { return std::to_string(static_cast<unsigned>(type)); }

void add_format(Media& media, PayloadType type, std::string rtpmap, std::string_view fmtp) {
  const std::string number = number_text(type);
  media.formats.push_back(number);
  media.attributes.push_back({"rtpmap", number + ' ' + std::move(rtpmap)});
  if (!fmtp.empty()) {
    media.attributes.push_back({"fmtp", number + ' ' + std::string(fmtp)});
  }
}

void add_codec(Media& media, const Codec& codec, PayloadType type) {
  std::string map = fmt::format("{}/{}", codec.name, codec.clock_rate);
  if (codec.channels != 1) {
    map += fmt::format("/{}", codec.channels);
  }
  add_format(media, type, std::move(map), codec.fmtp);
}

void add_events(Media& media, PayloadType type, std::uint32_t clock_rate) { add_format(media, type, fmt::format("{}/{}", kEventName, clock_rate), kEvents); }

void finish_audio(Media& media, std::chrono::milliseconds ptime, Direction direction) {
  media.attributes.push_back({"ptime", std::to_string(ptime.count())});
  media.set_direction(direction);
}

Media refused(const Media& offered) {
  Media media;
  media.type = offered.type;
  media.protocol = offered.protocol;
  media.formats = offered.formats.empty() ? std::vector<std::string>{"0"} : offered.formats;
  return media;
}

bool is_active_audio(const Media& media) noexcept { return media.type == "audio" && media.port != 0; }

bool is_usable_audio(const Media& media) noexcept { return is_active_audio(media) && text::equals_ignoring_case(media.protocol, "RTP/AVP"); }

struct Choice {
  const Codec* codec = nullptr;
  PayloadType payload_type{};
};

std::optional<Choice> choose_codec(const Media& media, const std::vector<Codec>& codecs) {
  for (const PayloadType type : media.payload_types()) {
    const auto map = media.rtpmap(type);
    const auto found = map ? std::find_if(codecs.begin(), codecs.end(), [&](const Codec& codec) { return codec.matches(*map); }) : codecs.end();
    if (found != codecs.end()) {
      return Choice{&*found, type};
    }
  }
  return std::nullopt;
}

std::optional<PayloadType> events_in(const Media& media, std::uint32_t clock_rate) {
  for (const PayloadType type : media.payload_types()) {
    const auto map = media.rtpmap(type);
    if (map && map->clock_rate == clock_rate && text::equals_ignoring_case(map->encoding, kEventName)) {
      return type;
    }
  }
  return std::nullopt;
}

std::vector<Codec> codecs_in(const Media& media) {
  std::vector<Codec> codecs;
  for (const PayloadType type : media.payload_types()) {
    if (auto map = media.rtpmap(type); map && !text::equals_ignoring_case(map->encoding, kEventName)) {
      codecs.push_back({std::move(map->encoding), map->clock_rate, map->channels, type, std::string(media.fmtp(type))});
    }
  }
  return codecs;
}

/// What `theirs` asks of our packets: its ptime, within its maxptime, in the 10 … 60 ms that we send.
std::chrono::milliseconds packet_time(const Media& theirs, std::chrono::milliseconds wanted) {
  auto ptime = theirs.ptime().value_or(wanted);
  if (const auto longest = theirs.max_ptime()) {
    ptime = std::min(ptime, *longest);
  }
  const bool sendable = ptime >= std::chrono::milliseconds(10) && ptime <= std::chrono::milliseconds(60) && ptime.count() % 10 == 0;
  return sendable ? ptime : kDefaultPtime;
}

/// Fills in what the other side's description says: addresses and hold. `negotiated.direction` must already hold what we want.
Result<void> read_remote(const Description& theirs, const Media& media, Negotiated& negotiated) {
  const auto rtp = theirs.rtp_address_of(media);
  if (!rtp) {
    return rtp.error();
  }
  const auto rtcp = theirs.rtcp_address_of(media);
  if (!rtcp) {
    return rtcp.error();
  }
  negotiated.remote_rtp = *rtp;
  negotiated.remote_rtcp = *rtcp;
  negotiated.held = theirs.is_held(media);
  const Direction direction = theirs.direction_of(media);
  const Direction effective = make_direction(sends(direction), receives(direction) && !negotiated.held);
  negotiated.direction = intersection(negotiated.direction, reversed(effective));
  return base::ok();
}

Media audio_offer(const AudioCapabilities& capabilities) {
  Media media;
  media.port = capabilities.address.port;
  for (const Codec& codec : capabilities.codecs) {
    add_codec(media, codec, codec.payload_type);
  }
  if (capabilities.telephone_event) {
    add_events(media, *capabilities.telephone_event, 8000);
  }
  finish_audio(media, capabilities.ptime, capabilities.direction);
  return media;
}

Result<Negotiated> negotiate_offered(const Description& offer, const Media& media, const Choice& choice, const AudioCapabilities& capabilities) {
  Negotiated negotiated;
  negotiated.codec = *choice.codec;
  negotiated.codec.payload_type = choice.payload_type;
  negotiated.receive_payload_type = choice.payload_type;
  if (capabilities.telephone_event) {
    negotiated.event_payload_type = events_in(media, choice.codec->clock_rate);
    negotiated.receive_event_payload_type = negotiated.event_payload_type;
  }
  negotiated.ptime = packet_time(media, capabilities.ptime);
  negotiated.direction = capabilities.direction;
  if (auto read = read_remote(offer, media, negotiated); !read) {
    return read.error();
  }
  return negotiated;
}

Media audio_answer(const Negotiated& negotiated, const AudioCapabilities& capabilities) {
  Media media;
  media.port = capabilities.address.port;
  add_codec(media, negotiated.codec, negotiated.receive_payload_type);
  if (negotiated.receive_event_payload_type) {
    add_events(media, *negotiated.receive_event_payload_type, negotiated.codec.clock_rate);
  }
  finish_audio(media, negotiated.ptime, negotiated.direction);
  return media;
}

Description frame(const AudioCapabilities& capabilities, const Origin& origin) {
  Description description;
  description.origin = origin;
  description.connection = Connection::to(capabilities.address.ip);
  return description;
}

std::size_t index_of_audio(const Description& description) noexcept {
  const auto& media = description.media;
  return static_cast<std::size_t>(std::find_if(media.begin(), media.end(), is_active_audio) - media.begin());
}

PayloadType free_number(const std::vector<PayloadType>& used) {
  for (std::uint8_t number = 96; number < 127; ++number) {
    if (std::find(used.begin(), used.end(), PayloadType{number}) == used.end()) {
      return PayloadType{number};
    }
  }
  return PayloadType{127};
}

}  // namespace

bool Codec::matches(const RtpMap& map) const noexcept {
  return clock_rate == map.clock_rate && channels == map.channels && text::equals_ignoring_case(name, map.encoding);
}

Codec pcmu() { return {"PCMU", 8000, 1, PayloadType{0}, {}}; }

Codec pcma() { return {"PCMA", 8000, 1, PayloadType{8}, {}}; }

Description make_offer(const AudioCapabilities& capabilities, const Origin& origin) {
  Description offer = frame(capabilities, origin);
  offer.media.push_back(audio_offer(capabilities));
  return offer;
}

Result<Answer> make_answer(const Description& offer, const AudioCapabilities& capabilities, const Origin& origin) {
  Answer answer{frame(capabilities, origin), {}};
  answer.description.times = offer.times;
  bool taken = false;
  for (const Media& media : offer.media) {
    const auto choice = !taken && is_usable_audio(media) ? choose_codec(media, capabilities.codecs) : std::nullopt;
    if (!choice) {
      answer.description.media.push_back(refused(media));
      continue;
    }
    auto negotiated = negotiate_offered(offer, media, *choice, capabilities);
    if (!negotiated) {
      return negotiated.error();
    }
    answer.negotiated = std::move(*negotiated);
    answer.description.media.push_back(audio_answer(answer.negotiated, capabilities));
    taken = true;
  }
  if (!taken) {
    return Error(Errc::Unsupported, "The offer has no audio stream over RTP/AVP with a codec that is spoken here");
  }
  return answer;
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
  const std::vector<Codec> codecs = codecs_in(ours);
  const auto choice = choose_codec(theirs, codecs);
  if (!choice) {
    return Error(Errc::Unsupported, "The answer names no codec of the offer");
  }
  Negotiated negotiated;
  negotiated.codec = *choice->codec;
  negotiated.receive_payload_type = choice->codec->payload_type;
  negotiated.codec.payload_type = choice->payload_type;
  negotiated.receive_event_payload_type = events_in(ours, choice->codec->clock_rate);
  negotiated.event_payload_type = events_in(theirs, choice->codec->clock_rate);
  if (!negotiated.receive_event_payload_type || !negotiated.event_payload_type) {
    negotiated.receive_event_payload_type = negotiated.event_payload_type = std::nullopt;
  }
  negotiated.ptime = packet_time(theirs, ours.ptime().value_or(kDefaultPtime));
  negotiated.direction = offer.direction_of(ours);
  if (auto read = read_remote(answer, theirs, negotiated); !read) {
    return read.error();
  }
  return negotiated;
}

Session::Session(std::uint64_t session_id, const base::IpAddress& address) : session_id_(session_id), address_(address) {}

Description Session::make_offer(const AudioCapabilities& capabilities) {
  Description offer = sdp::make_offer(with_agreed_numbers(capabilities), {});
  if (local_) {
    Media audio = std::move(offer.media.front());
    offer.media.clear();
    std::transform(local_->media.begin(), local_->media.end(), std::back_inserter(offer.media), refused);
    const std::size_t index = index_of_audio(*local_);
    offer.media.resize(std::max(offer.media.size(), index + 1));
    offer.media[index] = std::move(audio);
  }
  adopt(offer);
  return offer;
}

Result<Description> Session::make_answer(const Description& offer, const AudioCapabilities& capabilities) {
  auto answer = sdp::make_answer(offer, capabilities, {});
  if (!answer) {
    return answer.error();
  }
  adopt(answer->description);
  negotiated_ = std::move(answer->negotiated);
  return std::move(answer->description);
}

Result<Negotiated> Session::accept_answer(const Description& answer) {
  if (!local_) {
    return Error(Errc::WrongState, "An answer came before any offer was made");
  }
  auto negotiated = negotiate_answer(*local_, answer);
  if (negotiated) {
    negotiated_ = *negotiated;
  }
  return negotiated;
}

/// Gives the description our `o=` line and remembers it as sent.
void Session::adopt(Description& description) {
  const auto number_origin = [&] {
    const Connection own = Connection::to(address_);
    description.origin = {"-", std::to_string(session_id_), std::to_string(version_), own.network_type, own.address_type, own.address};
  };
  number_origin();
  if (local_ && description != *local_) {
    ++version_;
    number_origin();
  }
  local_ = description;
}

/// The capabilities with the payload types that this dialog already uses (RFC 3264 §8.3.2), and no number twice.
AudioCapabilities Session::with_agreed_numbers(const AudioCapabilities& capabilities) const {
  const std::size_t index = local_ ? index_of_audio(*local_) : 0;
  if (!local_ || index == local_->media.size()) {
    return capabilities;
  }
  AudioCapabilities result = capabilities;
  const Media& agreed = local_->media[index];
  std::vector<PayloadType> used = agreed.payload_types();
  const auto renumber = [&](PayloadType& type, std::optional<PayloadType> known) {
    if (known) {
      type = *known;
    } else if (std::find(used.begin(), used.end(), type) != used.end()) {
      type = free_number(used);
    }
    used.push_back(type);
  };
  for (Codec& codec : result.codecs) {
    const auto choice = choose_codec(agreed, {codec});
    renumber(codec.payload_type, choice ? std::optional(choice->payload_type) : std::nullopt);
  }
  if (result.telephone_event) {
    renumber(*result.telephone_event, events_in(agreed, 8000));
  }
  return result;
}

}  // namespace callwright::sdp
