#include "app/speech_meter.hpp"

#include <algorithm>

namespace callwright::app {
namespace {

constexpr std::chrono::milliseconds kEnough{400};
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

SpeechMeter::SpeechMeter(audio::SampleRate rate)
    : voice_(audio::make_voice_activity(rate, {.sensitivity = audio::VoiceSensitivity::VeryLow, .hang_over = kPause})),
      tones_(rate),
      enough_(audio::samples_in(kEnough, rate)) {}

void SpeechMeter::process(std::span<const audio::Sample> samples) {
  is_tone_ = !tones_.process(samples).empty() || is_tone_;
  position_ += samples.size();
  for (const audio::VoiceChange& change : voice_->process(samples)) {
    take(change);
  }
  if (!speaking_) {
    is_tone_ = false;
  }
  spoken_ = spoken_ || current() >= enough_;
}

void SpeechMeter::take(const audio::VoiceChange& change) noexcept {
  if (change.speaking) {
    begin_ = change.position;
  } else if (!is_tone_) {
    speech_ += change.position - begin_;
  }
  speaking_ = change.speaking;
}

std::uint64_t SpeechMeter::current() const noexcept { return speaking_ && !is_tone_ ? position_ - std::min(begin_, position_) : 0; }

double SpeechMeter::share() const noexcept {
  return position_ == 0 ? 0 : std::min(1.0, static_cast<double>(speech_ + current()) / static_cast<double>(position_));
}

}  // namespace callwright::app
