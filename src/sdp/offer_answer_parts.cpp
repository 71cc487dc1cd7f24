#include "sdp/offer_answer_parts.hpp"

#include "sdp/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace callwright::sdp {
namespace {

using text::equals_ignoring_case;

/// Neither is a way to talk.
bool is_companion(std::string_view name) noexcept { return equals_ignoring_case(name, kEventName) || equals_ignoring_case(name, kComfortNoiseName); }

bool is_same(const Codec& left, const Codec& right) noexcept { return left.matches({right.name, right.clock_rate, right.channels}); }

std::optional<Choice> choose_in_their_order(const Media& theirs, const std::vector<Codec>& ours) {
  for (const PayloadType type : theirs.payload_types()) {
    const auto map = theirs.rtpmap(type);
    if (!map || is_companion(map->encoding)) {
      continue;
    }
    const auto found = std::find_if(ours.begin(), ours.end(), [&](const Codec& codec) { return codec.matches(*map); });
    if (found != ours.end()) {
      return Choice{&*found, type};
    }
  }
  return std::nullopt;
}

std::optional<Choice> choose_in_our_order(const Media& theirs, const std::vector<Codec>& ours) {
  const std::vector<Codec> offered = formats_in(theirs);
  for (const Codec& codec : ours) {
    const auto found = std::find_if(offered.begin(), offered.end(), [&](const Codec& format) { return !is_companion(codec.name) && is_same(codec, format); });
    if (found != offered.end()) {
      return Choice{&codec, found->payload_type};
    }
  }
  return std::nullopt;
}

/// Gives numbers, none of them twice.
class Numbering {
 public:
  explicit Numbering(const std::vector<Codec>& known) : known_(known) {
    for (const Codec& codec : known) {
      used_.push_back(codec.payload_type);
    }
  }

  PayloadType number_for(const Codec& format, std::optional<PayloadType> wanted) {
    const auto latest = std::find_if(known_.rbegin(), known_.rend(), [&](const Codec& codec) { return is_same(codec, format); });
    if (latest != known_.rend()) {
      return latest->payload_type;
    }
    const PayloadType number = wanted && !is_used(*wanted) ? *wanted : free_number();
    used_.push_back(number);
    return number;
  }

 private:
  [[nodiscard]] bool is_used(PayloadType number) const noexcept { return std::find(used_.begin(), used_.end(), number) != used_.end(); }

  [[nodiscard]] PayloadType free_number() const noexcept {
    for (std::uint8_t number = 96; number < 127; ++number) {
      if (!is_used(PayloadType{number})) {
        return PayloadType{number};
      }
    }
    return PayloadType{127};
  }

  const std::vector<Codec>& known_;
  std::vector<PayloadType> used_;
};

}  // namespace

bool Codec::matches(const RtpMap& map) const noexcept {
  return clock_rate == map.clock_rate && channels == map.channels && equals_ignoring_case(name, map.encoding);
}

Codec pcmu() { return {"PCMU", 8000, 1, PayloadType{0}, {}}; }

Codec pcma() { return {"PCMA", 8000, 1, PayloadType{8}, {}}; }

std::optional<Choice> choose_codec(const Media& theirs, const std::vector<Codec>& ours, CodecPreference preference) {
  return preference == CodecPreference::Ours ? choose_in_our_order(theirs, ours) : choose_in_their_order(theirs, ours);
}

std::optional<PayloadType> find_format(const Media& media, std::string_view name, std::uint32_t clock_rate) {
  for (const PayloadType type : media.payload_types()) {
    const auto map = media.rtpmap(type);
    if (map && map->clock_rate == clock_rate && equals_ignoring_case(map->encoding, name)) {
      return type;
    }
  }
  return std::nullopt;
}

bool has_comfort_noise(const std::vector<Codec>& codecs, std::uint32_t clock_rate) noexcept {
  return std::any_of(codecs.begin(), codecs.end(),
                     [&](const Codec& codec) { return codec.clock_rate == clock_rate && equals_ignoring_case(codec.name, kComfortNoiseName); });
}

std::vector<Codec> formats_in(const Media& media) {
  std::vector<Codec> formats;
  for (const PayloadType type : media.payload_types()) {
    if (auto map = media.rtpmap(type)) {
      formats.push_back({std::move(map->encoding), map->clock_rate, map->channels, type, std::string(media.fmtp(type))});
    }
  }
  return formats;
}

std::vector<Codec> numbered_formats(const AudioCapabilities& capabilities, const std::vector<Codec>& known) {
  Numbering numbering(known);
  std::vector<Codec> formats;
  std::set<std::uint32_t> rates;
  for (const Codec& codec : capabilities.codecs) {
    formats.push_back(codec);
    formats.back().payload_type = numbering.number_for(codec, codec.payload_type);
    if (!is_companion(codec.name)) {
      rates.insert(codec.clock_rate);
    }
  }
  if (!capabilities.telephone_event) {
    return formats;
  }
  for (const std::uint32_t rate : rates) {
    Codec events{std::string(kEventName), rate, 1, {}, std::string(kEvents)};
    events.payload_type = numbering.number_for(events, rate == *rates.begin() ? capabilities.telephone_event : std::nullopt);
    formats.push_back(std::move(events));
  }
  return formats;
}

void add_format(Media& media, const Codec& format) {
  std::string number = std::to_string(static_cast<unsigned>(format.payload_type));
  const std::string channels = format.channels == 1 ? std::string() : fmt::format("/{}", format.channels);
  media.attributes.push_back({"rtpmap", fmt::format("{} {}/{}{}", number, format.name, format.clock_rate, channels)});
  if (!format.fmtp.empty()) {
    media.attributes.push_back({"fmtp", number + ' ' + format.fmtp});
  }
  media.formats.push_back(std::move(number));
}

Media refused(const Media& offered) {
  Media media;
  media.type = offered.type;
  media.protocol = offered.protocol;
  media.formats = offered.formats.empty() ? std::vector<std::string>{"0"} : offered.formats;
  return media;
}

bool is_active_audio(const Media& media) noexcept { return media.type == "audio" && media.port != 0; }

std::size_t index_of_audio(const Description& description) noexcept {
  const auto& media = description.media;
  return static_cast<std::size_t>(std::find_if(media.begin(), media.end(), is_active_audio) - media.begin());
}

}  // namespace callwright::sdp
