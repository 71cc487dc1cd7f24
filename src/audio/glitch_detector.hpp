#pragma once

#include "audio/audio.hpp"

#include <optional>
#include <vector>

namespace callwright::audio {

/// Something that no voice does: a piece is missing, or two pieces do not fit together. Positions count samples since the detector was made.
struct Glitch {
  enum class Kind : std::uint8_t {
    Hole,  ///< Sound stops and goes on: lost packets that were played as silence.
    Jump,  ///< The wave breaks: samples were left out, put in, or repeated.
  };
  Kind kind = Kind::Hole;
  std::uint64_t position = 0;
  std::uint64_t length = 0;  ///< Of a hole, in samples; 1 for a jump.
  friend bool operator==(const Glitch&, const Glitch&) = default;
};

/// Counts glitches in a stream, so that a test can say that there were none.
///
/// A hole is a run of 5 to 120 ms of one and the same value (digital silence, whatever it is called in the codec), with sound of more than −45 dBov in
/// the 10 ms before it and in the 10 ms after: voices fade, they do not stop within a sample.
/// A jump is a sample that linear prediction (order 10, from the 20 ms before) misses by more than 3 times of what it misses at worst in the 20 ms before
/// and in the 20 ms behind, and by 500 at least: the strokes of a voice follow each other within that time and are of one size. At most one jump is
/// counted in 20 ms. Both are chosen to miss a soft glitch rather than to report a voice: concealed loss is not found. Tones that stop within a sample
/// for less than 120 ms are holes, too.
class GlitchDetector {
 public:
  explicit GlitchDetector(SampleRate rate);

  /// Takes any number of samples; gives what was found in them, up to 30 ms late.
  std::vector<Glitch> process(std::span<const Sample> samples);
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  /// A run of equal samples that may be a hole, until it is known whether sound follows.
  struct Candidate {
    std::uint64_t position = 0;
    std::uint64_t length = 0;
    std::size_t seen = 0;  ///< Samples behind it.
    double energy = 0;     ///< Of these.
  };

  void watch_for_hole(Sample sample, std::vector<Glitch>& found);
  void end_run();
  void look_for_jump(std::vector<Glitch>& found);

  SampleRate rate_;
  std::size_t step_;  ///< 10 ms.
  std::uint64_t position_ = 0;
  std::uint64_t count_ = 0;

  std::vector<Sample> recent_;  ///< The last 10 ms, a ring.
  double recent_energy_ = 0;
  double energy_before_run_ = 0;
  std::uint64_t run_ = 0;  ///< Equal samples up to now.
  Sample last_ = 0;
  std::optional<Candidate> candidate_;

  std::vector<float> samples_;  ///< 50 ms: 20 before, the 10 that are judged, 20 behind.
  std::size_t filled_ = 0;
  std::uint64_t next_jump_ = 0;  ///< None is counted before this position.
};

}  // namespace callwright::audio
