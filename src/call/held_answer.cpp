#include "call/held_answer.hpp"

#include "sdp/description.hpp"
#include "sip/fields.hpp"

#include <algorithm>

namespace callwright::call {
namespace {

constexpr std::string_view kAudio = "audio";
constexpr std::uint16_t kDiscardPort = 9;

bool is_plain_audio(const sdp::Media& media) {
  return media.port != 0 && media.type == kAudio && (media.protocol == "RTP/AVP" || media.protocol == "RTP/AVPF");
}

sdp::Media held(const sdp::Media& offered) {
  sdp::Media answer;
  answer.type = offered.type;
  answer.protocol = offered.protocol;
  answer.formats = offered.formats;
  if (!is_plain_audio(offered)) {
    return answer;
  }
  answer.port = kDiscardPort;
  std::copy_if(offered.attributes.begin(), offered.attributes.end(), std::back_inserter(answer.attributes),
               [](const sdp::Attribute& attribute) { return attribute.name == "rtpmap" || attribute.name == "mid"; });
  answer.set_direction(sdp::Direction::Inactive);
  return answer;
}

bool share_codec(const sdp::Media& one, const sdp::Media& other) {
  for (const sdp::PayloadType format : one.payload_types()) {
    const auto codec = one.rtpmap(format);
    for (const sdp::PayloadType candidate : other.payload_types()) {
      const auto same = other.rtpmap(candidate);
      const bool known = codec && same && !sip::equals_ignoring_case(codec->encoding, "telephone-event");
      if (known && sip::equals_ignoring_case(codec->encoding, same->encoding) && codec->clock_rate == same->clock_rate) {
        return true;
      }
    }
  }
  return false;
}

bool could_talk(const sdp::Media& one, const sdp::Media& other) {
  return one.type == kAudio && other.type == kAudio && one.port != 0 && other.port != 0 && one.protocol == other.protocol && share_codec(one, other);
}

}  // namespace

std::string held_answer(std::string_view offer, std::uint64_t session_id) {
  const auto offered = sdp::Description::parse(offer);
  if (!offered) {
    return {};
  }
  sdp::Description answer;
  answer.origin.session_id = std::to_string(session_id);
  answer.connection.emplace();
  answer.times = offered->times;
  std::transform(offered->media.begin(), offered->media.end(), std::back_inserter(answer.media), held);
  return answer.to_string();
}

bool could_talk(std::string_view one, std::string_view other) {
  const auto first = sdp::Description::parse(one);
  const auto second = sdp::Description::parse(other);
  if (!first || !second) {
    return false;
  }
  return std::any_of(first->media.begin(), first->media.end(), [&second](const sdp::Media& mine) {
    return std::any_of(second->media.begin(), second->media.end(), [&mine](const sdp::Media& theirs) { return could_talk(mine, theirs); });
  });
}

}  // namespace callwright::call
