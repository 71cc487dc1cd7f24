#pragma once

#include "audio/audio.hpp"

#include <optional>
#include <vector>

/// What can be said of a stream sample by sample: how loud, how long silent, how much cut off. All take any number of samples at a time.
namespace callwright::audio {

/// The level of each window in turn.
class LevelMeter {
 public:
  struct Level {
    std::uint64_t position = 0;  ///< Of the window's first sample.
    double rms_dbov = kSilenceDbov;
    double peak_dbov = kSilenceDbov;  ///< Of the loudest sample; 0 is full scale.
  };

  /// `window` of at least one sample.
  explicit LevelMeter(SampleRate rate, std::chrono::milliseconds window = std::chrono::milliseconds(100));
  /// The windows that became full.
  std::vector<Level> process(std::span<const Sample> samples);
  /// Of everything up to now, also of a window that is not full.
  [[nodiscard]] Level overall() const noexcept;

 private:
  struct Sum {
    double energy = 0;
    int peak = 0;
    std::uint64_t count = 0;
    void add(Sample sample) noexcept;
    [[nodiscard]] Level level(std::uint64_t position) const noexcept;
  };
  std::uint64_t window_;
  Sum current_;
  Sum total_;
};

struct SilenceOptions {
  double threshold_dbov = -50;           ///< A window of 10 ms below it is silent.
  std::chrono::milliseconds after{300};  ///< Shorter pauses are none.
};

/// Tells where silence begins and ends.
class SilenceDetector {
 public:
  struct Change {
    bool silent = false;
    std::uint64_t position = 0;  ///< Where the silence began (not where it was long enough), or ended; to 10 ms.
    friend bool operator==(const Change&, const Change&) = default;
  };

  explicit SilenceDetector(SampleRate rate, const SilenceOptions& options = {});
  /// A stream that begins silent gives a Change at position 0 when it was silent for long enough.
  std::vector<Change> process(std::span<const Sample> samples);
  [[nodiscard]] bool silent() const noexcept { return silent_; }
  /// Of all silences up to now, in samples.
  [[nodiscard]] std::uint64_t silent_samples() const noexcept { return silent_samples_; }
  [[nodiscard]] std::uint64_t longest_silence() const noexcept { return longest_; }

 private:
  std::optional<Change> judge_window();

  double threshold_energy_;
  std::uint64_t after_;
  std::uint64_t window_;
  double energy_ = 0;
  std::uint64_t filled_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t run_ = 0;  ///< Quiet samples up to now without a break.
  bool silent_ = false;
  std::uint64_t silent_samples_ = 0;
  std::uint64_t longest_ = 0;
};

/// Counts samples that were cut off: three and more in a row at 32100 or beyond on one side, which is where both laws of G.711 and 16 bits end.
class ClippingMeter {
 public:
  void process(std::span<const Sample> samples) noexcept;
  [[nodiscard]] std::uint64_t clipped() const noexcept { return clipped_; }
  /// Places: runs of them.
  [[nodiscard]] std::uint64_t places() const noexcept { return places_; }
  /// Of all samples, 0 … 1.
  [[nodiscard]] double ratio() const noexcept { return count_ == 0 ? 0 : static_cast<double>(clipped_) / static_cast<double>(count_); }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t clipped_ = 0;
  std::uint64_t places_ = 0;
  int side_ = 0;
  unsigned run_ = 0;
};

}  // namespace callwright::audio
