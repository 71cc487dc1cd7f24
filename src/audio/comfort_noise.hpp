#pragma once

#include "audio/audio.hpp"
#include "base/random.hpp"

#include <optional>

/// Comfort noise: what is played while the other side sends nothing because it hears nothing (RFC 3389).
namespace callwright::audio {

/// The level that the first byte of a payload gives, 0 … −127 dBov; coefficients of the spectrum behind it are passed over. None: an empty payload.
[[nodiscard]] std::optional<double> comfort_noise_level(std::span<const std::uint8_t> payload) noexcept;
/// The payload for noise of that level: one byte.
[[nodiscard]] std::uint8_t comfort_noise_payload(double level_dbov) noexcept;

/// White noise without end.
class ComfortNoiseSource final : public Source {
 public:
  /// `level_dbov` up to −10: louder is no comfort.
  explicit ComfortNoiseSource(double level_dbov, std::uint64_t seed = 1) noexcept;
  void set_level(double level_dbov) noexcept;
  std::size_t read(std::span<Sample> out) override;

 private:
  base::DeterministicRandom random_;
  double peak_ = 0;
};

}  // namespace callwright::audio
