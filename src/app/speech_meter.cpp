#include "app/speech_meter.hpp"

#include <algorithm>

namespace callwright::app {
namespace {

constexpr std::chrono::milliseconds kEnough{400};
constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::milliseconds kToneCertain{300};  // After its beginning, or after a hole in it.

}  // namespace

SpeechMeter::SpeechMeter(audio::SampleRate rate)
    : voice_(audio::make_voice_activity(rate, {.sensitivity = audio::VoiceSensitivity::VeryLow, .hang_over = kPause})),
      tones_(rate),
      enough_(audio::samples_in(kEnough, rate)),
      certain_(audio::samples_in(kToneCertain, rate)) {}

void SpeechMeter::process(std::span<const audio::Sample> samples) {
  tones_.process(samples);
  position_ += samples.size();
  // Late enough that what the tones are heard in lies whole in this stretch.
  is_tone_ = is_tone_ || (speaking_ && position_ >= begin_ + certain_ && tones_.tone_goes_on());
  for (const audio::VoiceChange& change : voice_->process(samples)) {
    if (change.speaking) {
      begin_ = change.position;
      is_tone_ = false;
    } else {
      speech_ += speech_until(change.position);
    }
    speaking_ = change.speaking;
  }
  spoken_ = spoken_ || (speaking_ && speech_until(position_) >= enough_);
}

std::uint64_t SpeechMeter::speech_until(std::uint64_t end) const noexcept { return !is_tone_ && end >= begin_ + certain_ ? end - begin_ : 0; }

double SpeechMeter::share() const noexcept {
  const std::uint64_t speech = speech_ + (speaking_ ? speech_until(position_) : 0);
  return position_ == 0 ? 0 : std::min(1.0, static_cast<double>(speech) / static_cast<double>(position_));
}

}  // namespace callwright::app
