#pragma once

#include "audio/audio.hpp"
#include "audio/voice_activity.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace callwright::media {

/// Decides which frames of 20 ms are worth a packet, and when the other side is to hear how loud the silence is (RFC 3389). Silence is what has no voice in
/// it, is softer than −40 dBov, so that music and tones stay whole, and lasts. Its end is heard within the frame in which it comes.
class SilenceSuppressor {
 public:
  explicit SilenceSuppressor(audio::SampleRate rate);

  enum class Frame : std::uint8_t {
    Sound,    ///< To be sent as it is.
    Noise,    ///< Silence, and its level is to be told.
    Nothing,  ///< Silence whose level is known.
  };
  Frame judge(std::span<const audio::Sample> frame);
  /// Of the silence.
  [[nodiscard]] double level_dbov() const noexcept { return noise_; }

 private:
  [[nodiscard]] Frame judge_sound(double level, bool quiet);
  [[nodiscard]] Frame judge_silence(double level, bool quiet);

  std::unique_ptr<audio::VoiceActivity> voice_;
  bool silent_ = false;
  unsigned frames_ = 0;  ///< Quiet ones in sound; in silence, those since its level was told.
  double noise_ = audio::kSilenceDbov;
  double told_ = audio::kSilenceDbov;
};

}  // namespace callwright::media
