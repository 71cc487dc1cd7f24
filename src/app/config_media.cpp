#include "app/config_media.hpp"

#include "media/codec_names.hpp"
#include "media/source.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

namespace callwright::app {
namespace {

using call::AgentSecurity;
using call::MediaMode;

constexpr std::string_view kModes = "one of auto, bypass, relay, process";
constexpr std::string_view kCodecs = "a list of codecs by preference, such as [\"opus\", \"G722\", \"PCMA\", \"PCMU\"]";
constexpr std::string_view kSecurity = "one of off, optional, required (keys in the descriptions), dtls";

std::optional<MediaMode> mode_of(const ConfigValue& value) {
  constexpr std::array<std::pair<std::string_view, MediaMode>, 4> kWords{
      {{"auto", MediaMode::Auto}, {"bypass", MediaMode::Bypass}, {"relay", MediaMode::Relay}, {"process", MediaMode::Process}}};
  const auto* const word = std::get_if<std::string>(&value);
  const auto* const found = std::find_if(kWords.begin(), kWords.end(), [&](const auto& each) { return word != nullptr && each.first == *word; });
  return found == kWords.end() ? std::nullopt : std::optional(found->second);
}

bool take_codecs(std::vector<sdp::Codec>& out, const ConfigValue& value) {
  std::vector<std::string> names;
  if (!take_strings(names, value)) {
    return false;
  }
  auto codecs = media::codecs_by_name(names);
  if (codecs) {
    out = std::move(*codecs);
  }
  return codecs.has_value();
}

std::optional<AgentSecurity> security_of(const ConfigValue& value) {
  const auto* const word = std::get_if<std::string>(&value);
  if (word == nullptr) {
    return std::nullopt;
  }
  AgentSecurity security;
  if (*word == "off") {
    return security;
  }
  security.policy = *word == "optional" ? sdp::MediaSecurity::Optional : sdp::MediaSecurity::Required;
  security.kind = *word == "dtls" ? AgentSecurity::Kind::Dtls : AgentSecurity::Kind::Sdes;
  return *word == "optional" || *word == "required" || *word == "dtls" ? std::optional(security) : std::nullopt;
}

bool take_mode(Config& config, const ConfigValue& value) {
  const auto mode = mode_of(value);
  config.media.mode = mode.value_or(config.media.mode);
  return mode.has_value();
}

bool take_security(Config& config, const ConfigValue& value) {
  config.media.profile.security = security_of(value);
  return config.media.profile.security.has_value();
}

bool take_addresses(Config& config, const ConfigValue& value) {
  std::vector<std::string> texts;
  std::vector<base::IpAddress> addresses;
  if (!take_strings(texts, value)) {
    return false;
  }
  for (const std::string& text : texts) {
    const auto address = base::IpAddress::parse(text);
    if (!address || address->is_unspecified()) {
      return false;
    }
    addresses.push_back(*address);
  }
  config.media.addresses = std::move(addresses);
  return true;
}

bool take_advertised(Config& config, const ConfigValue& value) {
  const auto* const text = std::get_if<std::string>(&value);
  const auto address = base::IpAddress::parse(text == nullptr ? std::string_view{} : *text);
  if (address) {
    config.media.advertised = *address;
  }
  return address.has_value();
}

/// "20000-29999"
bool take_ports(Config& config, const ConfigValue& value) {
  const auto* const text = std::get_if<std::string>(&value);
  if (text == nullptr) {
    return false;
  }
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  const char* const end = text->data() + text->size();
  const auto [dash, bad_first] = std::from_chars(text->data(), end, first);
  if (bad_first != std::errc() || dash == end || *dash != '-') {
    return false;
  }
  const auto [rest, bad_last] = std::from_chars(dash + 1, end, last);
  config.media.first_port = first;
  config.media.last_port = last;
  return bad_last == std::errc() && rest == end && first >= 1024 && last > first;
}

bool take_hold_music(Config& config, const ConfigValue& value) {
  const auto* const path = std::get_if<std::string>(&value);
  if (path == nullptr) {
    return false;
  }
  const media::SoundFile file{*path, audio::Repeat::Loop};
  config.media.hold_music = file;
  return media::blocking_make_source(file, audio::SampleRate{8000}).has_value();
}

bool take_folder(std::string& folder, const ConfigValue& value) {
  const auto* const path = std::get_if<std::string>(&value);
  std::error_code unreadable;
  if (path == nullptr || !std::filesystem::is_directory(*path, unreadable)) {
    return false;
  }
  folder = *path;
  return true;
}

constexpr std::string_view kFolder = "the name of a folder that there is";

constexpr ConfigKey kKeys[] = {
    {"media.mode", kModes, take_mode},
    {"media.codecs", kCodecs, [](Config& config, const ConfigValue& value) { return take_codecs(config.media.profile.codecs, value); }},
    {"media.security", kSecurity, take_security},
    {"media.address", "an IP address of this machine, or a list with one for IPv4 and one for IPv6", take_addresses},
    {"media.advertised", "an IP address", take_advertised},
    {"media.ports", "a range such as \"20000-29999\", from 1024 on", take_ports},
    {"media.hold_music", "the name of a sound file that can be read and played", take_hold_music},
    {"media.sounds", kFolder, [](Config& config, const ConfigValue& value) { return take_folder(config.media.sounds, value); }},
    {"media.recordings", kFolder, [](Config& config, const ConfigValue& value) { return take_folder(config.media.recordings, value); }},
};

}  // namespace

std::span<const ConfigKey> media_config_keys() noexcept { return kKeys; }

std::string_view take_profile_key(call::MediaProfile& profile, std::string_view key, const ConfigValue& value) {
  if (key == "media") {
    profile.mode = mode_of(value);
    return profile.mode ? std::string_view{} : kModes;
  }
  if (key == "codecs") {
    return take_codecs(profile.codecs, value) ? std::string_view{} : kCodecs;
  }
  profile.security = security_of(value);
  return profile.security ? std::string_view{} : kSecurity;
}

}  // namespace callwright::app
