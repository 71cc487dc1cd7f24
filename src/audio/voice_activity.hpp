#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"

#include <memory>
#include <vector>

namespace callwright::audio {

/// Somebody begins or ceases to speak.
struct VoiceChange {
  bool speaking = false;
  std::uint64_t position = 0;  ///< Where the voice began, or ended; in samples since the detector was made, to 10 ms.
  std::uint64_t decided = 0;   ///< The sample after which it was sure.
  friend bool operator==(const VoiceChange&, const VoiceChange&) = default;
};

/// How easily sound is taken for a voice. Where it is loud around, choose Low; where no word may be missed, High.
enum class VoiceSensitivity : std::uint8_t { VeryLow, Low, Medium, High };

struct VoiceActivityOptions {
  VoiceSensitivity sensitivity = VoiceSensitivity::Low;
  std::chrono::milliseconds onset{50};       ///< So much voice without a break makes a beginning: clicks and coughs are shorter.
  std::chrono::milliseconds hang_over{300};  ///< So much without voice makes an end: pauses between words are shorter.
  double threshold_dbov = -55;               ///< Softer frames are no voice.
};

/// Tells when somebody speaks, by frames of 10 ms. Media thread.
class VoiceActivity {
 public:
  virtual ~VoiceActivity() = default;
  /// Takes any number of samples; gives the changes that became sure with them.
  virtual std::vector<VoiceChange> process(std::span<const Sample> samples) = 0;
  [[nodiscard]] virtual bool speaking() const noexcept = 0;
  /// The part of all frames up to now that had a voice in them, 0 … 1: 0 for one-way calls and wrong numbers.
  [[nodiscard]] virtual double voiced_ratio() const noexcept = 0;
};

/// Through webrtc-audio-processing. Any rate from 8 to 48 kHz.
[[nodiscard]] std::unique_ptr<VoiceActivity> make_voice_activity(SampleRate rate, const VoiceActivityOptions& options = {});

enum class NoiseSuppression : std::uint8_t { Low, Moderate, High, VeryHigh };

/// Takes steady noise away from a voice, by about 6, 10, 15 or 20 dB; through webrtc-audio-processing. Delays by up to 10 ms.
class NoiseSuppressor {
 public:
  /// Errors: Unsupported for other rates than 8, 16, 32 and 48 kHz.
  static base::Result<std::unique_ptr<NoiseSuppressor>> make(SampleRate rate, NoiseSuppression strength = NoiseSuppression::Moderate);
  ~NoiseSuppressor();
  NoiseSuppressor(const NoiseSuppressor&) = delete;
  NoiseSuppressor& operator=(const NoiseSuppressor&) = delete;

  /// In place, whole frames of 10 ms; what is left over at the end stays as it is.
  void process(std::span<Sample> samples);

 private:
  class State;
  explicit NoiseSuppressor(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace callwright::audio
