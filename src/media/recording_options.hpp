#pragma once

#include "audio/file_recorder.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <variant>
#include <vector>

/// What `MediaPort` records, as the engine sees it.
namespace callwright::media {

struct RecordingTag;
/// One recording: a thing of its own, which goes on while streams come and go.
using RecordingId = base::Id<RecordingTag>;

/// The two sides of a call in a recording.
enum class RecordingLayout : std::uint8_t {
  Mono,      ///< Mixed.
  Stereo,    ///< A channel each.
  Separate,  ///< A file each: call.wav becomes call-left.wav and call-right.wav.
};

struct RecordingOptions {
  std::filesystem::path path;  ///< In a folder that exists; the file is replaced.
  audio::FileFormat format = audio::FileFormat::Wav;
  RecordingLayout layout = RecordingLayout::Stereo;
  audio::SampleRate rate = audio::kNarrowband;   ///< Of the file; streams are converted.
  std::uint64_t max_bytes = audio::kLargestWav;  ///< Of a WAV file, which then ends.
};

/// Errors: InvalidArgument, which says what cannot be.
[[nodiscard]] base::Result<void> check_recording(const RecordingOptions& options);
/// The files that it writes: left, then right.
[[nodiscard]] std::vector<std::filesystem::path> files_of(const RecordingOptions& options);

/// On which channel stands what a stream hears; what it says stands on the other one.
enum class HeardOn : std::uint8_t { Left, Right };

/// Nothing more is written: no such folder, no space left, the largest size reached. The call goes on. What was written can be read.
struct RecordingFailed {
  base::Error error;
};
/// The last event of a recording: its files are complete.
struct RecordingEnded {
  enum class Reason : std::uint8_t { Stopped, Failed };
  Reason reason = Reason::Stopped;
  std::vector<std::filesystem::path> paths;
  std::uint64_t frames = 0;  ///< Samples of each channel.
  base::Duration duration{};
  base::Duration missing{};  ///< In it: silence in place of what the disk was too slow for.
};

struct RecordingEvent {
  RecordingId recording;
  base::TimePoint at{};
  std::variant<RecordingFailed, RecordingEnded> what;
};

/// Called on the engine thread, never from within a MediaPort call.
class RecordingObserver {
 public:
  virtual void on_recording_event(const RecordingEvent& event) = 0;

 protected:
  ~RecordingObserver() = default;
};

}  // namespace callwright::media
