#include "audio/comfort_noise.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace callwright::audio {
namespace {

constexpr double kLoudestNoise = -10;
constexpr double kQuietest = -127;

}  // namespace

std::optional<double> comfort_noise_level(std::span<const std::uint8_t> payload) noexcept {
  if (payload.empty()) {
    return std::nullopt;
  }
  return -static_cast<double>(payload[0] & 0x7f);  // The first bit is 0, and to be ignored.
}

std::uint8_t comfort_noise_payload(double level_dbov) noexcept { return static_cast<std::uint8_t>(std::lround(-std::clamp(level_dbov, kQuietest, 0.0))); }

ComfortNoiseSource::ComfortNoiseSource(double level_dbov, std::uint64_t seed) noexcept : random_(seed) { set_level(level_dbov); }

void ComfortNoiseSource::set_level(double level_dbov) noexcept {
  const double level = std::isnan(level_dbov) ? kQuietest : std::clamp(level_dbov, kQuietest, kLoudestNoise);
  peak_ = 32768 * std::numbers::sqrt3 * std::pow(10.0, level / 20);  // Evenly distributed.
}

std::size_t ComfortNoiseSource::read(std::span<Sample> out) {
  constexpr double kUnit = 1.0 / 32768;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < out.size(); ++i, bits >>= 16) {
    bits = i % 4 == 0 ? random_.next() : bits;  // Four samples a number.
    const double value = static_cast<std::int16_t>(bits & 0xffff) * kUnit;
    out[i] = static_cast<Sample>(std::lround(value * peak_));
  }
  return out.size();
}

}  // namespace callwright::audio
