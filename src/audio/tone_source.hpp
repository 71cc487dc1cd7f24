#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace callwright::audio {

/// A sine that never ends; its phase runs on from one read to the next.
class ToneSource final : public Source {
 public:
  /// `frequency_hz` below half the rate; `level_dbov` is cut to the loudest sine, −3.01.
  ToneSource(double frequency_hz, double level_dbov, SampleRate rate = kNarrowband) noexcept;
  std::size_t read(std::span<Sample> out) override;

 private:
  double amplitude_;
  double step_;  ///< Radians a sample.
  double phase_ = 0;
};

/// Some tones at once, all on and off together: dial tone, ringback, busy and the like.
struct TonePattern {
  struct Component {
    double frequency_hz = 0;
    double level_dbov = -20;
    friend bool operator==(const Component&, const Component&) = default;
  };
  std::vector<Component> components;
  /// On, off, on, off …, then from the beginning. Empty: without a break.
  std::vector<std::chrono::milliseconds> cadence{};
  /// How often the cadence is played; none: without end. Without a cadence it means nothing.
  std::optional<unsigned> rounds{};
  friend bool operator==(const TonePattern&, const TonePattern&) = default;
};

/// Plays a TonePattern; the edges of each tone are ramps of 2 ms, so that they do not click.
class TonePatternSource final : public Source {
 public:
  static constexpr std::size_t kMaxComponents = 8;
  static constexpr std::size_t kMaxCadence = 32;

  /// Errors: InvalidArgument (the detail says which value and what is allowed).
  static base::Result<std::unique_ptr<TonePatternSource>> make(const TonePattern& pattern, SampleRate rate);
  std::size_t read(std::span<Sample> out) override;

 private:
  struct Oscillator {
    double amplitude;
    double step;
    double phase = 0;
  };

  TonePatternSource(const TonePattern& pattern, SampleRate rate);
  [[nodiscard]] double gain() const noexcept;
  [[nodiscard]] bool ended() const noexcept { return !cadence_.empty() && rounds_ == 0; }
  void advance() noexcept;

  std::vector<Oscillator> oscillators_;
  std::vector<std::uint64_t> cadence_;  ///< In samples; empty: always on.
  std::optional<unsigned> rounds_;
  std::size_t phase_ = 0;       ///< Index in `cadence_`; even: on.
  std::uint64_t position_ = 0;  ///< Within the phase.
  double ramp_;                 ///< In samples.
};

/// Digital silence, without end or for a while: a pause in a playlist.
class SilenceSource final : public Source {
 public:
  SilenceSource() = default;
  explicit SilenceSource(std::size_t samples) noexcept : left_(samples) {}
  std::size_t read(std::span<Sample> out) override;

 private:
  std::optional<std::size_t> left_;
};

}  // namespace callwright::audio
