#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>

/// Recordings through libsndfile. With file_source.hpp the only place in the pure folders that touches the disk: writes may block for as long as it does.
namespace callwright::audio {

enum class FileFormat : std::uint8_t {
  Wav,      ///< 16 bits. Ends at 4 GB, which its header cannot count beyond.
  OggOpus,  ///< RFC 7845; rates of 8, 12, 16, 24 and 48 kHz.
};

/// What the sizes in a WAV header can say, less room for the header itself.
inline constexpr std::uint64_t kLargestWav = 0xffff'ffffU - 4096U;

/// Errors: InvalidArgument, when a file of this format cannot have this rate.
[[nodiscard]] base::Result<void> check_file_rate(FileFormat format, SampleRate rate);

/// Writes a sound file that can be read at any moment, also when the process is killed: after each write the header counts all that was written, or the
/// page is complete (Ogg). Should be given a second at a time or so.
class FileRecorder final {
 public:
  struct Options {
    std::filesystem::path path;
    FileFormat format = FileFormat::Wav;
    unsigned channels = 1;
    SampleRate rate = kNarrowband;
    std::uint64_t max_bytes = kLargestWav;  ///< Of sound, before a WAV file counts as full; not looked at for Ogg.
  };

  /// Replaces the file. Errors: Io (the detail says why), and those of `check_file_rate`.
  static base::Result<std::unique_ptr<FileRecorder>> blocking_create(const Options& options);
  /// Completes the file.
  ~FileRecorder();
  FileRecorder(const FileRecorder&) = delete;
  FileRecorder& operator=(const FileRecorder&) = delete;

  /// Samples of all channels in turns. After an error nothing more is written. Errors: Io (no space, …), LimitReached (`max_bytes`).
  base::Result<void> blocking_write(std::span<const Sample> interleaved);
  /// Completes the file; nothing can be written afterwards. Errors: Io.
  base::Result<void> blocking_finish();
  /// Samples of one channel that are in the file.
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }

 private:
  class SoundFile;
  FileRecorder(Options options, std::unique_ptr<SoundFile> file) noexcept;
  base::Error fail();

  const Options options_;
  std::unique_ptr<SoundFile> file_;
  std::uint64_t frames_ = 0;
};

}  // namespace callwright::audio
