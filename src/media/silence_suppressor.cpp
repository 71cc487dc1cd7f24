#include "media/silence_suppressor.hpp"

#include <cmath>

namespace callwright::media {
namespace {

constexpr double kLoudestSilence = -40;
constexpr double kOnset = 6;               // dB above the silence.
constexpr double kNoticeable = 3;          // dB from what was told.
constexpr unsigned kHangOver = 10;         // Frames; the ends of words are soft.
constexpr unsigned kFramesToRefresh = 50;  // A packet of noise may be lost, and NATs forget.
constexpr double kNewest = 0.1;            // Weight of a frame in the mean.

audio::VoiceActivityOptions voice_options() {
  audio::VoiceActivityOptions options;
  options.onset = std::chrono::milliseconds(20);
  options.hang_over = std::chrono::milliseconds(100);
  return options;
}

double mean(double before, double newest) { return 10 * std::log10((1 - kNewest) * std::pow(10.0, before / 10) + kNewest * std::pow(10.0, newest / 10)); }

}  // namespace

SilenceSuppressor::SilenceSuppressor(audio::SampleRate rate) : voice_(audio::make_voice_activity(rate, voice_options())) {}

SilenceSuppressor::Frame SilenceSuppressor::judge(std::span<const audio::Sample> frame) {
  voice_->process(frame);
  const double level = audio::level_dbov(frame);
  const bool quiet = level <= kLoudestSilence && !voice_->speaking();
  return silent_ ? judge_silence(level, quiet) : judge_sound(level, quiet);
}

SilenceSuppressor::Frame SilenceSuppressor::judge_sound(double level, bool quiet) {
  if (!quiet) {
    frames_ = 0;
    return Frame::Sound;
  }
  noise_ = frames_ == 0 ? level : mean(noise_, level);
  if (++frames_ <= kHangOver) {
    return Frame::Sound;
  }
  silent_ = true;
  frames_ = 0;
  told_ = noise_;
  return Frame::Noise;
}

SilenceSuppressor::Frame SilenceSuppressor::judge_silence(double level, bool quiet) {
  if (!quiet || level > noise_ + kOnset) {
    silent_ = false;
    frames_ = 0;
    return Frame::Sound;
  }
  noise_ = mean(noise_, level);
  if (++frames_ < kFramesToRefresh && std::abs(noise_ - told_) < kNoticeable) {
    return Frame::Nothing;
  }
  frames_ = 0;
  told_ = noise_;
  return Frame::Noise;
}

}  // namespace callwright::media
