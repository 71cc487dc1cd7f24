#include "audio/voice_activity.hpp"

#include "audio/resampler.hpp"

#include <fmt/format.h>

// The headers of the library are not clean for this project's warnings; as system headers they need not be.
#include <webrtc/modules/audio_processing/include/audio_processing.h>
#include <webrtc/modules/interface/module_common_types.h>

#include <algorithm>
#include <array>
#include <new>

namespace callwright::audio {
namespace {

constexpr std::chrono::milliseconds kFrame{10};
constexpr int kFramesASecond = 100;
/// The suppressor learns the noise from what is soft; of a longer silence there is nothing more to learn, and half of most calls is silence.
constexpr std::uint32_t kSoftFramesHeard = 10;

/// One AudioProcessing; mono frames of 10 ms at 8, 16, 32 or 48 kHz.
class Processor {
 public:
  explicit Processor(SampleRate rate) : rate_(rate), processing_(webrtc::AudioProcessing::Create()) {
    if (processing_ == nullptr) {
      throw std::bad_alloc();
    }
  }

  webrtc::AudioProcessing& operator*() noexcept { return *processing_; }
  webrtc::AudioProcessing* operator->() noexcept { return processing_.get(); }

  /// `frame` has 10 ms; what is made of it is written back.
  void process(std::span<Sample> frame) {
    frame_.sample_rate_hz_ = static_cast<int>(rate_);
    frame_.samples_per_channel_ = frame.size();
    frame_.num_channels_ = 1;
    std::ranges::copy(frame, frame_.data_);
    if (processing_->ProcessStream(&frame_) == webrtc::AudioProcessing::kNoError) {
      std::copy_n(frame_.data_, frame.size(), frame.begin());
    }
  }

 private:
  SampleRate rate_;
  std::unique_ptr<webrtc::AudioProcessing> processing_;
  webrtc::AudioFrame frame_;
};

bool is_native(SampleRate rate) noexcept {
  constexpr std::array kNative{kNarrowband, kWideband, SampleRate{32000}, kFullband};
  return std::ranges::find(kNative, rate) != kNative.end();
}

webrtc::VoiceDetection::Likelihood likelihood_of(VoiceSensitivity sensitivity) noexcept {
  switch (sensitivity) {
    // The library's likelihood is that of a frame to be taken for a voice.
    case VoiceSensitivity::VeryLow: return webrtc::VoiceDetection::kVeryLowLikelihood;
    case VoiceSensitivity::Low: return webrtc::VoiceDetection::kLowLikelihood;
    case VoiceSensitivity::Medium: return webrtc::VoiceDetection::kModerateLikelihood;
    default: return webrtc::VoiceDetection::kHighLikelihood;
  }
}

class WebrtcVoiceActivity final : public VoiceActivity {
 public:
  WebrtcVoiceActivity(SampleRate rate, const VoiceActivityOptions& options)
      : options_(options), resampler_(rate, is_native(rate) ? rate : kWideband), processor_(resampler_.to()), frame_(samples_in(kFrame, resampler_.to())) {
    processor_->high_pass_filter()->Enable(true);
    // The detector hears what the suppressor leaves; steady noise would be taken for a voice now and then.
    processor_->noise_suppression()->set_level(webrtc::NoiseSuppression::kHigh);
    processor_->noise_suppression()->Enable(true);
    processor_->voice_detection()->Enable(true);
    processor_->voice_detection()->set_likelihood(likelihood_of(options.sensitivity));
    processor_->voice_detection()->set_frame_size_ms(static_cast<int>(kFrame.count()));
  }

  std::vector<VoiceChange> process(std::span<const Sample> samples) override {
    constexpr std::size_t kPiece = 4096;
    std::vector<VoiceChange> changes;
    while (!samples.empty()) {
      const auto piece = samples.first(std::min(samples.size(), kPiece));
      samples = samples.subspan(piece.size());
      resampled_.resize(resampler_.max_output(piece.size()));
      listen(std::span<const Sample>(resampled_).first(resampler_.process(piece, resampled_)), changes);
    }
    return changes;
  }

  [[nodiscard]] bool speaking() const noexcept override { return speaking_; }
  [[nodiscard]] double voiced_ratio() const noexcept override { return frames_ == 0 ? 0 : static_cast<double>(voiced_) / static_cast<double>(frames_); }

 private:
  void listen(std::span<const Sample> samples, std::vector<VoiceChange>& changes) {
    while (!samples.empty()) {
      const std::size_t count = std::min(samples.size(), frame_.size() - filled_);
      std::copy_n(samples.begin(), count, frame_.begin() + static_cast<std::ptrdiff_t>(filled_));
      samples = samples.subspan(count);
      filled_ += count;
      if (filled_ == frame_.size()) {
        filled_ = 0;
        const bool loud = level_dbov(frame_) >= options_.threshold_dbov;
        soft_ = loud ? 0 : soft_ + 1;
        if (soft_ <= kSoftFramesHeard) {
          processor_.process(frame_);
        }
        judge(loud && processor_->voice_detection()->stream_has_voice(), changes);
      }
    }
  }

  void judge(bool voice, std::vector<VoiceChange>& changes) {
    ++frames_;
    voiced_ += voice ? 1 : 0;
    run_ = voice == last_ ? run_ + 1 : 1;
    last_ = voice;
    const auto long_enough = voice ? options_.onset : options_.hang_over;
    if (voice != speaking_ && kFrame * run_ >= long_enough) {
      speaking_ = voice;
      changes.push_back({voice, at_rate(frames_ - run_), at_rate(frames_)});
    }
  }

  [[nodiscard]] std::uint64_t at_rate(std::uint64_t frames) const noexcept {
    return frames * static_cast<std::uint64_t>(resampler_.from()) / static_cast<std::uint64_t>(kFramesASecond);
  }

  VoiceActivityOptions options_;
  Resampler resampler_;
  Processor processor_;
  std::vector<Sample> resampled_;
  std::vector<Sample> frame_;
  std::size_t filled_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t voiced_ = 0;
  std::uint32_t run_ = 0;   ///< Frames of one kind up to now.
  std::uint32_t soft_ = 0;  ///< Frames below the threshold up to now.
  bool last_ = false;
  bool speaking_ = false;
};

}  // namespace

std::unique_ptr<VoiceActivity> make_voice_activity(SampleRate rate, const VoiceActivityOptions& options) {
  return std::make_unique<WebrtcVoiceActivity>(rate, options);
}

class NoiseSuppressor::State {
 public:
  State(SampleRate rate, NoiseSuppression strength) : processor(rate), frame(samples_in(kFrame, rate)) {
    processor->high_pass_filter()->Enable(true);
    processor->noise_suppression()->set_level(static_cast<webrtc::NoiseSuppression::Level>(strength));
    processor->noise_suppression()->Enable(true);
  }
  Processor processor;
  std::size_t frame;
};

static_assert(static_cast<int>(NoiseSuppression::Low) == webrtc::NoiseSuppression::kLow &&
              static_cast<int>(NoiseSuppression::VeryHigh) == webrtc::NoiseSuppression::kVeryHigh);

NoiseSuppressor::NoiseSuppressor(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
NoiseSuppressor::~NoiseSuppressor() = default;

base::Result<std::unique_ptr<NoiseSuppressor>> NoiseSuppressor::make(SampleRate rate, NoiseSuppression strength) {
  if (!is_native(rate)) {
    return base::Error(base::Errc::Unsupported,
                       fmt::format("Noise cannot be suppressed at {} Hz; resample to 8000, 16000, 32000 or 48000", static_cast<std::uint32_t>(rate)));
  }
  return std::unique_ptr<NoiseSuppressor>(new NoiseSuppressor(std::make_unique<State>(rate, strength)));
}

void NoiseSuppressor::process(std::span<Sample> samples) {
  for (; samples.size() >= state_->frame; samples = samples.subspan(state_->frame)) {
    state_->processor.process(samples.first(state_->frame));
  }
}

}  // namespace callwright::audio
