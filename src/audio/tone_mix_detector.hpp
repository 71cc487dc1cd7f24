#pragma once

#include "audio/fourier.hpp"
#include "audio/resampler.hpp"
#include "audio/tone_detector.hpp"

#include <array>
#include <complex>
#include <vector>

namespace callwright::audio {

/// Listens to a stream of any rate for up to some tones at once, as of dial tone (350 + 440 Hz) or ringback (440 + 480 Hz), 200 … 3400 Hz.
///
/// Every 40 ms it looks at the spectrum of the last 120 ms (Hann). When up to `max_tones` peaks hold nearly all its power, each peak is a tone of that
/// window; one that stands in three windows of the last five is reported, once, and again after 400 ms without it. So a lost packet, a slipped frame or a
/// clock that runs off delays a decision and never makes a wrong one. Tones must be 30 Hz apart and within 15 dB of each other. Certain about 200 ms, at most
/// 280 ms, after the beginning. It costs more and decides later than ToneDetector, which hears single tones only.
class ToneMixDetector {
 public:
  static constexpr std::size_t kMaxTones = 4;

  explicit ToneMixDetector(SampleRate rate = kNarrowband, std::size_t max_tones = 2);

  /// Takes any number of samples; gives the tones that became sure with them: those of a mix together.
  std::vector<DetectedTone> process(std::span<const Sample> samples);
  /// A tone that it told of was in the last window as well.
  [[nodiscard]] bool tone_goes_on() const noexcept;

 private:
  static constexpr std::size_t kWindow = 960;
  static constexpr std::size_t kHop = 320;
  static constexpr std::size_t kTransform = 2048;
  static constexpr std::size_t kHistory = 5;
  static constexpr std::size_t kSlice = 40;

  struct Peak {
    double frequency_hz = 0;
    double power = 0;  ///< Mean square, full scale is 1.
  };
  struct Window {
    std::uint64_t start = 0;
    std::size_t count = 0;
    std::array<Peak, kMaxTones> peaks{};
  };
  /// A tone that was reported and still goes on.
  struct Known {
    double frequency_hz;
    std::size_t windows_without;
  };

  void listen(std::span<const Sample> samples, std::vector<DetectedTone>& tones);
  void watch_slice();
  [[nodiscard]] Window analyse();
  [[nodiscard]] Window strongest_peaks(double total_power) const;
  [[nodiscard]] double power_at(std::size_t bin) const noexcept;
  [[nodiscard]] std::size_t highest_bin(std::span<const Peak> before) const;
  [[nodiscard]] Peak interpolated(std::size_t bin) const;
  void judge(const Window& newest, std::vector<DetectedTone>& tones);
  [[nodiscard]] bool is_known(double frequency_hz) const;
  [[nodiscard]] std::uint64_t start_of(std::uint64_t window_start) const noexcept;

  std::size_t max_tones_;
  Resampler resampler_;
  Fourier fourier_;
  std::vector<Sample> narrow_;
  std::array<float, kWindow> weights_{};
  double weight_sum_ = 0;
  double weight_squares_ = 0;

  std::array<Sample, kWindow> samples_{};  ///< The last ones, oldest first.
  std::size_t fresh_ = 0;                  ///< Of the hop that is being filled.
  std::uint64_t position_ = 0;             ///< At 8 kHz, as all positions within.
  std::vector<float> values_;
  std::vector<std::complex<float>> spectrum_;
  std::array<Window, kHistory> history_{};
  std::size_t windows_ = 0;
  std::vector<Known> known_;
  std::uint64_t onset_ = 0;
  std::uint64_t silent_samples_ = 0;
};

}  // namespace callwright::audio
