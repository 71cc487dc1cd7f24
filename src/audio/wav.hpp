#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"

#include <filesystem>
#include <memory>

/// Sound files through libsndfile. The only place in the pure folders that touches the disk: reads and writes may block for as long as the disk does.
namespace callwright::audio {

enum class Repeat { Once, Loop };

namespace detail {
class SoundFile;
}

/// Plays a file (WAV, and what else libsndfile reads). 8 kHz mono only, for now.
class WavSource final : public Source {
 public:
  /// Errors: NotFound, Unsupported (rate, channels, format; the detail says what was found), Io.
  static base::Result<std::unique_ptr<WavSource>> blocking_open(const std::filesystem::path& path, Repeat repeat);
  ~WavSource() override;

  std::size_t read(std::span<Sample> out) override;

 private:
  WavSource(std::unique_ptr<detail::SoundFile> file, Repeat repeat) noexcept;

  std::unique_ptr<detail::SoundFile> file_;
  Repeat repeat_;
};

/// Writes a WAV file, 16 bits, mono. The file is complete once `blocking_finish` was called or the object is destroyed.
class WavRecorder final : public Sink {
 public:
  /// Replaces the file. Errors: Io (the detail says why).
  static base::Result<std::unique_ptr<WavRecorder>> blocking_create(const std::filesystem::path& path, SampleRate rate = kNarrowband);
  ~WavRecorder() override;

  /// A failure is kept for `blocking_finish`; what follows it is dropped.
  void write(std::span<const Sample> samples) override;
  /// Completes the header. Errors: Io when this or any write before failed. Afterwards writes do nothing.
  base::Result<void> blocking_finish();

 private:
  WavRecorder(std::unique_ptr<detail::SoundFile> file, std::filesystem::path path) noexcept;

  std::unique_ptr<detail::SoundFile> file_;
  std::filesystem::path path_;
  bool failed_ = false;
};

}  // namespace callwright::audio
