#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"

#include <filesystem>
#include <memory>

/// Recordings through libsndfile. With file_source.hpp the only place in the pure folders that touches the disk: writes may block for as long as it does.
namespace callwright::audio {

namespace detail {
class SoundFile;
}

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
