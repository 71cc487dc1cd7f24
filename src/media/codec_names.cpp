#include "media/codec_names.hpp"

#include "audio/codec.hpp"
#include "base/similar_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace callwright::media {
namespace {

using base::Errc;
using base::Error;
using base::Result;

constexpr std::uint32_t kUsualL16Rate = 16000;

/// The name that means just this codec.
std::string full_name(const audio::Codec& codec) {
  const bool ambiguous = codec.kind == audio::CodecKind::L16 && codec.clock_rate != kUsualL16Rate;
  return ambiguous ? fmt::format("{}/{}", codec.name, codec.clock_rate) : std::string(codec.name);
}

bool is_named(const audio::Codec& codec, std::string_view name) {
  return base::edit_distance(full_name(codec), name) == 0 || base::edit_distance(fmt::format("{}/{}", codec.name, codec.clock_rate), name) == 0;
}

Error unknown(const std::string& name) {
  constexpr std::size_t kMostChanges = 2;
  constexpr std::size_t kShown = 40;
  const auto known = audio::codecs();
  const auto near = base::most_similar(known.begin(), known.end(), name, kMostChanges, [](const audio::Codec& codec) { return full_name(codec); });
  const std::string hint = near == known.end() ? std::string() : fmt::format("did you mean {}? ", full_name(*near));
  return {Errc::InvalidArgument, fmt::format("There is no codec \"{}\"; {}There are {}", name.substr(0, kShown), hint, codec_names())};
}

/// What this side wants to receive is what it can decode best.
sdp::Codec described(const audio::Codec& codec, std::uint8_t dynamic_type) {
  return {std::string(codec.name), codec.clock_rate, codec.channels, sdp::PayloadType{codec.static_payload_type.value_or(dynamic_type)},
          audio::to_fmtp(codec, {})};
}

}  // namespace

std::string codec_names() {
  std::string names;
  for (const audio::Codec& codec : audio::codecs()) {
    names += (names.empty() ? "" : ", ") + full_name(codec);
  }
  return names;
}

Result<std::vector<sdp::Codec>> codecs_by_name(std::span<const std::string> names) {
  constexpr std::size_t kLongestName = 64;
  std::vector<sdp::Codec> chosen;
  std::vector<const audio::Codec*> taken;
  std::uint8_t dynamic_type = 96;
  bool talks = false;
  for (const std::string& name : names) {
    const auto known = audio::codecs();
    const auto found = name.size() > kLongestName ? known.end() : std::ranges::find_if(known, [&](const audio::Codec& codec) { return is_named(codec, name); });
    if (found == known.end()) {
      return unknown(name);
    }
    if (std::ranges::find(taken, &*found) != taken.end()) {
      return Error(Errc::InvalidArgument, fmt::format("The codec {} is named twice; name each once, in order of preference", full_name(*found)));
    }
    taken.push_back(&*found);
    talks = talks || found->kind != audio::CodecKind::ComfortNoise;
    chosen.push_back(described(*found, dynamic_type));
    dynamic_type = static_cast<std::uint8_t>(found->static_payload_type ? dynamic_type : dynamic_type + 1);
  }
  if (!talks) {
    return Error(Errc::InvalidArgument, fmt::format("No codec to talk with is named; name at least one of {}", codec_names()));
  }
  return chosen;
}

}  // namespace callwright::media
