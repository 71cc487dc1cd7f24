#pragma once

#include "audio/audio.hpp"
#include "audio/resampler.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace callwright::audio {

/// A steady tone that was heard. Positions count samples since the detector was made.
struct DetectedTone {
  double frequency_hz = 0;  ///< Within ±5 Hz (±1 Hz on a clean line).
  double level_dbov = kSilenceDbov;
  std::uint64_t start = 0;    ///< Where the sound of which it is part began, or the block in which the tone did.
  std::uint64_t decided = 0;  ///< The sample after which it was sure.
};

/// Listens to a stream of any rate for single tones of 200 … 3400 Hz. ToneMixDetector hears several at once.
///
/// At other rates than 8 kHz the stream is resampled first. The sound is cut into blocks of 40 ms; each is searched for its strongest frequency, by the power
/// of Goertzel filters (their phase is not used) and interpolation. A tone is reported when three of the last five blocks are nearly pure and agree on the
/// frequency: so neither a clock that runs off, nor a slipped or lost frame, nor the block in which the tone begins matters; speech, noise and two tones at
/// once are not pure. About 130 ms after its beginning a tone is known. It is reported again after 400 ms without it.
class ToneDetector {
 public:
  /// Where sound first rose above the level of silence (−55 dBov over 5 ms).
  struct FirstAudio {
    std::uint64_t position = 0;
    double level_dbov = kSilenceDbov;
  };

  explicit ToneDetector(SampleRate rate = kNarrowband);

  /// Takes any number of samples; gives the tones that became sure with them, mostly none.
  std::vector<DetectedTone> process(std::span<const Sample> samples);

  /// None while all was silent.
  [[nodiscard]] std::optional<FirstAudio> first_audio() const noexcept;
  [[nodiscard]] std::uint64_t position() const noexcept { return received_; }

  static constexpr std::size_t kBlock = 320;  ///< At 8 kHz.

 private:
  static constexpr std::size_t kHistory = 5;
  static constexpr std::size_t kNeeded = 3;
  static constexpr std::size_t kSlice = 40;  ///< For the search of the first sound: 5 ms.

  /// What one block says; a frequency of 0: no tone.
  struct Estimate {
    double frequency_hz = 0;
    double power = 0;  ///< Mean square, full scale is 1.
    std::uint64_t start = 0;
  };

  void listen(std::span<const Sample> samples, std::vector<DetectedTone>& tones);
  void watch_slice();
  /// From positions at 8 kHz to those of the stream.
  [[nodiscard]] std::uint64_t at_rate(std::uint64_t narrow) const noexcept;
  [[nodiscard]] Estimate estimate_block() const;
  std::optional<DetectedTone> judge(const Estimate& newest);
  [[nodiscard]] std::uint64_t start_of(const Estimate& first) const noexcept;

  Resampler resampler_;
  std::vector<Sample> narrow_;
  std::uint64_t received_ = 0;  ///< At the rate of the stream; all other positions are at 8 kHz.

  std::array<Sample, kBlock> block_{};
  std::size_t filled_ = 0;
  std::uint64_t position_ = 0;
  std::array<Estimate, kHistory> history_{};
  std::size_t block_count_ = 0;
  std::optional<double> current_hz_;
  std::size_t blocks_without_ = 0;

  std::optional<FirstAudio> first_audio_;
  std::uint64_t onset_ = 0;           ///< Where the present sound began.
  std::uint64_t silent_samples_ = 0;  ///< Up to now, without a break.
};

}  // namespace callwright::audio
