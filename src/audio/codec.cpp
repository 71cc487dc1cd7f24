#include "audio/codec.hpp"

#include "audio/codec_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace callwright::audio {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::array kCodecs{
    Codec{CodecKind::Opus, "opus", std::nullopt, 48000, kFullband, 2}, Codec{CodecKind::G722, "G722", 9, 8000, kWideband, 1},
    Codec{CodecKind::Pcmu, "PCMU", 0, 8000, kNarrowband, 1},           Codec{CodecKind::Pcma, "PCMA", 8, 8000, kNarrowband, 1},
    Codec{CodecKind::L16, "L16", std::nullopt, 48000, kFullband, 1},   Codec{CodecKind::L16, "L16", 11, 44100, SampleRate{44100}, 1},
    Codec{CodecKind::L16, "L16", std::nullopt, 16000, kWideband, 1},   Codec{CodecKind::L16, "L16", std::nullopt, 8000, kNarrowband, 1},
    Codec{CodecKind::ComfortNoise, "CN", 13, 8000, kNarrowband, 1},
};

constexpr std::array kOpusRates{8000U, 12000U, 16000U, 24000U, 48000U};

constexpr char lower(char character) noexcept { return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character; }

bool same_name(std::string_view left, std::string_view right) noexcept {
  return std::ranges::equal(left, right, [](char one, char other) { return lower(one) == lower(other); });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  return text;
}

void take_parameter(std::string_view name, std::uint32_t value, CodecOptions& options) {
  if (same_name(name, "maxplaybackrate")) {
    options.max_playback_rate = std::clamp(value, 8000U, 48000U);
  } else if (same_name(name, "maxaveragebitrate")) {
    options.max_bit_rate = std::clamp(value, 6000U, 510000U);
  } else if (same_name(name, "useinbandfec")) {
    options.in_band_fec = value == 1;
  } else if (same_name(name, "usedtx")) {
    options.discontinuous = value == 1;
  } else if (same_name(name, "cbr")) {
    options.constant_bit_rate = value == 1;
  }
}

/// Null when the options are good for the codec.
std::optional<Error> check(const Codec& codec, const CodecOptions& options) {
  if (codec.kind == CodecKind::ComfortNoise) {
    return Error(Errc::Unsupported, "Comfort noise is no codec for sound; use ComfortNoiseSource");
  }
  const auto rate = static_cast<std::uint32_t>(options.rate.value_or(codec.rate));
  const bool good = codec.kind == CodecKind::Opus ? std::ranges::find(kOpusRates, rate) != kOpusRates.end() : rate == static_cast<std::uint32_t>(codec.rate);
  if (!good) {
    const auto allowed =
        codec.kind == CodecKind::Opus ? std::string("8000, 12000, 16000, 24000 or 48000") : std::to_string(static_cast<std::uint32_t>(codec.rate));
    return Error(Errc::Unsupported, fmt::format("{} does not work at {} Hz; choose {}", codec.name, rate, allowed));
  }
  return std::nullopt;
}

}  // namespace

std::span<const Codec> codecs() noexcept { return kCodecs; }

const Codec* find_codec(std::string_view name, std::uint32_t clock_rate, std::uint32_t channels) noexcept {
  const auto found = std::ranges::find_if(
      kCodecs, [&](const Codec& codec) { return codec.clock_rate == clock_rate && codec.channels == channels && same_name(codec.name, name); });
  return found == kCodecs.end() ? nullptr : &*found;
}

const Codec* find_codec(std::uint8_t static_payload_type) noexcept {
  const auto found = std::ranges::find(kCodecs, std::optional(static_payload_type), &Codec::static_payload_type);
  return found == kCodecs.end() ? nullptr : &*found;
}

CodecOptions parse_fmtp(const Codec& codec, std::string_view fmtp) {
  CodecOptions options;
  options.in_band_fec = false;
  while (codec.kind == CodecKind::Opus && !fmtp.empty()) {
    const std::size_t end = std::min(fmtp.find(';'), fmtp.size());
    const std::string_view parameter = trimmed(fmtp.substr(0, end));
    fmtp.remove_prefix(std::min(end + 1, fmtp.size()));
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) {
      continue;
    }
    const std::string_view text = trimmed(parameter.substr(equals + 1));
    std::uint32_t value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && rest == text.data() + text.size()) {
      take_parameter(trimmed(parameter.substr(0, equals)), value, options);
    }
  }
  return options;
}

std::string to_fmtp(const Codec& codec, const CodecOptions& options) {
  if (codec.kind != CodecKind::Opus) {
    return {};
  }
  std::string fmtp = options.max_playback_rate < 48000 ? fmt::format("maxplaybackrate={};", options.max_playback_rate) : std::string();
  if (options.max_bit_rate) {
    fmtp += fmt::format("maxaveragebitrate={};", *options.max_bit_rate);
  }
  fmtp += options.constant_bit_rate ? "cbr=1;" : "";
  fmtp += options.discontinuous ? "usedtx=1;" : "";
  return fmtp + (options.in_band_fec ? "useinbandfec=1;stereo=0" : "useinbandfec=0;stereo=0");
}

Result<std::unique_ptr<Encoder>> make_encoder(const Codec& codec, const CodecOptions& options) {
  if (const auto error = check(codec, options)) {
    return *error;
  }
  switch (codec.kind) {
    case CodecKind::Pcmu: return detail::make_g711_encoder(Encoding::Pcmu);
    case CodecKind::Pcma: return detail::make_g711_encoder(Encoding::Pcma);
    case CodecKind::G722: return detail::make_g722_encoder();
    case CodecKind::Opus: return detail::make_opus_encoder(options);
    default: return detail::make_l16_encoder(codec.rate);
  }
}

Result<std::unique_ptr<Decoder>> make_decoder(const Codec& codec, const CodecOptions& options) {
  if (const auto error = check(codec, options)) {
    return *error;
  }
  switch (codec.kind) {
    case CodecKind::Pcmu: return detail::make_g711_decoder(Encoding::Pcmu);
    case CodecKind::Pcma: return detail::make_g711_decoder(Encoding::Pcma);
    case CodecKind::G722: return detail::make_g722_decoder();
    case CodecKind::Opus: return detail::make_opus_decoder(options);
    default: return detail::make_l16_decoder(codec.rate);
  }
}

}  // namespace callwright::audio
