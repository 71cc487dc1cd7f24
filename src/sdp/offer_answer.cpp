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

bool is_usable_audio(const Media& media) noexcept { return is_active_audio(media) && text::equals_ignoring_case(media.protocol, "RTP/AVP"); }

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

Media audio_offer(const AudioCapabilities& capabilities, const std::vector<Codec>& known) {
  Media media;
  media.port = capabilities.address.port;
  for (const Codec& format : numbered_formats(capabilities, known)) {
    add_format(media, format);
  }
  finish_audio(media, capabilities.ptime, capabilities.direction);
  return media;
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
  if (auto read = read_remote(offer, media, negotiated); !read) {
    return read.error();
  }
  return negotiated;
}

Media audio_answer(const Negotiated& negotiated, const Codec& ours, const AudioCapabilities& capabilities) {
  Media media;
  media.port = capabilities.address.port;
  Codec codec = ours;
  codec.payload_type = negotiated.receive_payload_type;
  add_format(media, codec);
  if (negotiated.receive_comfort_noise_payload_type) {
    add_format(media, {std::string(kComfortNoiseName), codec.clock_rate, 1, *negotiated.receive_comfort_noise_payload_type, {}});
  }
  if (negotiated.receive_event_payload_type) {
    add_format(media, {std::string(kEventName), codec.clock_rate, 1, *negotiated.receive_event_payload_type, std::string(kEvents)});
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

}  // namespace

Description make_offer(const AudioCapabilities& capabilities, const Origin& origin, const std::vector<Codec>& known) {
  Description offer = frame(capabilities, origin);
  offer.media.push_back(audio_offer(capabilities, known));
  return offer;
}

Result<Answer> make_answer(const Description& offer, const AudioCapabilities& capabilities, const Origin& origin) {
  Answer answer{frame(capabilities, origin), {}};
  answer.description.times = offer.times;
  bool taken = false;
  for (const Media& media : offer.media) {
    const auto choice = !taken && is_usable_audio(media) ? choose_codec(media, capabilities.codecs, capabilities.preference) : std::nullopt;
    if (!choice) {
      answer.description.media.push_back(refused(media));
      continue;
    }
    auto negotiated = negotiate_offered(offer, media, *choice, capabilities);
    if (!negotiated) {
      return negotiated.error();
    }
    answer.negotiated = std::move(*negotiated);
    answer.description.media.push_back(audio_answer(answer.negotiated, *choice->codec, capabilities));
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
  if (auto read = read_remote(answer, theirs, negotiated); !read) {
    return read.error();
  }
  return negotiated;
}

}  // namespace callwright::sdp
