#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

/// Sound as samples. Everything is mono and linear, 16 bits.
namespace callwright::audio {

using Sample = std::int16_t;

/// Samples a second.
enum class SampleRate : std::uint32_t {};
inline constexpr SampleRate kNarrowband{8000};
inline constexpr SampleRate kWideband{16000};
inline constexpr SampleRate kFullband{48000};

/// How samples travel in RTP (RFC 3551 §4.5.14).
enum class Encoding : std::uint8_t { Pcmu, Pcma };

/// What a source does at its end.
enum class Repeat { Once, Loop };

/// Below every level that a 16-bit sample can have; stands for digital silence.
inline constexpr double kSilenceDbov = -96.0;
inline constexpr double kFullScaleSineDbov = -3.0103;

[[nodiscard]] constexpr std::size_t samples_in(std::chrono::nanoseconds duration, SampleRate rate = kNarrowband) noexcept {
  return static_cast<std::size_t>(duration.count() * static_cast<std::int64_t>(rate) / 1'000'000'000);
}

[[nodiscard]] constexpr std::chrono::nanoseconds duration_of(std::uint64_t samples, SampleRate rate = kNarrowband) noexcept {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(samples) * 1'000'000'000 / static_cast<std::int64_t>(rate));
}

/// Mean power relative to the overload point in dB (ITU-T G.100.1): the loudest possible sine has −3.01. Silence gives kSilenceDbov.
[[nodiscard]] double level_dbov(std::span<const Sample> samples) noexcept;

/// Where a stream takes its sound from; pulled once every tick on the media thread.
class Source {
 public:
  virtual ~Source() = default;
  /// Fills `out` completely, with silence where there is no more. Returns how many samples were real; fewer than asked: the source has ended.
  virtual std::size_t read(std::span<Sample> out) = 0;
};

}  // namespace callwright::audio
