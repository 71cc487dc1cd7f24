#pragma once

#include "audio/audio.hpp"

#include <cstdint>
#include <span>

/// ITU-T G.711: one byte a sample, by table.
namespace callwright::audio {

/// The byte that decodes to silence: what an empty stream sends.
[[nodiscard]] std::uint8_t silence_byte(Encoding encoding) noexcept;

/// Writes min(samples, out) bytes.
void encode(Encoding encoding, std::span<const Sample> samples, std::span<std::uint8_t> out) noexcept;
/// Writes min(bytes, out) samples.
void decode(Encoding encoding, std::span<const std::uint8_t> bytes, std::span<Sample> out) noexcept;

}  // namespace callwright::audio
