#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"

#include <memory>
#include <string_view>
#include <vector>

/// Keys in the sound itself (ITU-T Q.23, Q.24), through SpanDSP. Keys are 0 … 9, A … D, * and #.
namespace callwright::audio {

/// A key was pressed or let go. Positions count samples since the detector was made, to about 13 ms.
struct DtmfEvent {
  enum class Kind : std::uint8_t { Begin, End };
  Kind kind = Kind::Begin;
  char key = 0;
  std::uint64_t position = 0;            ///< Where the tone began, or where it ended.
  std::chrono::milliseconds duration{};  ///< With End.
  double level_dbov = kSilenceDbov;      ///< Of both tones together.
  friend bool operator==(const DtmfEvent&, const DtmfEvent&) = default;
};

/// Finds keys in a stream: a Begin and an End for each press, however it is cut into pieces.
///
/// SpanDSP looks at blocks of 12.75 ms and wants two of a kind, so presses of 40 ms and pauses of 50 ms are found; voices are not taken for keys (its limits
/// for twist and for everything beside the two tones). A hole of up to 20 ms, one lost packet, does not divide a press: an End waits 38 ms for it to go on.
class DtmfDetector {
 public:
  explicit DtmfDetector(SampleRate rate = kNarrowband);
  ~DtmfDetector();
  DtmfDetector(DtmfDetector&&) noexcept;
  DtmfDetector& operator=(DtmfDetector&&) noexcept;

  /// Takes any number of samples; gives what became certain with them, mostly nothing.
  std::vector<DtmfEvent> process(std::span<const Sample> samples);
  /// The stream ends: the End of a key that is still pressed, or nothing.
  std::vector<DtmfEvent> finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

struct DtmfOptions {
  std::chrono::milliseconds press{100};
  std::chrono::milliseconds pause{100};
  double level_dbov = -16;  ///< Of the lower tone, −40 … −11; the higher one is 2 dB louder, as networks expect.
};

/// Presses keys one after another, then ends.
class DtmfSource final : public Source {
 public:
  static constexpr std::size_t kMaxKeys = 100;

  /// Errors: InvalidArgument (keys, times of 40 … 5000 ms, or level; the detail says what is allowed).
  static base::Result<std::unique_ptr<DtmfSource>> make(std::string_view keys, const DtmfOptions& options, SampleRate rate = kNarrowband);
  std::size_t read(std::span<Sample> out) override { return samples_->read(out); }

 private:
  explicit DtmfSource(std::unique_ptr<Source> samples) noexcept : samples_(std::move(samples)) {}
  std::unique_ptr<Source> samples_;
};

}  // namespace callwright::audio
