#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

/// Sound files through libsndfile: WAV (8 to 32 bits, float, G.711), AU, FLAC, Ogg (Vorbis, Opus), MP3 and what else it reads; G.711 without a header
/// when the file is named .ulaw, .ul, .alaw or .al.
namespace callwright::audio {

struct FileOptions {
  Repeat repeat = Repeat::Once;
  SampleRate rate = kNarrowband;      ///< Of the samples that `read` gives; the file may have any.
  std::optional<unsigned> channel{};  ///< Plays only this one, from 0; none: the mean of all.
};

/// Plays a file. With file_recorder.hpp the only place in the pure folders that touches the disk: opening and reading may block for as long as the disk does.
class FileSource final : public Source {
 public:
  static constexpr unsigned kMaxChannels = 16;

  /// Errors: NotFound, Unsupported (no sound file, or a rate, number of channels or channel that cannot be played), InvalidArgument (no sound in it).
  static base::Result<std::unique_ptr<FileSource>> blocking_open(const std::filesystem::path& path, const FileOptions& options);
  /// The same for a file that is in memory. `name` is for messages, and for its extension.
  static base::Result<std::unique_ptr<FileSource>> from_memory(std::vector<std::uint8_t> content, const std::filesystem::path& name,
                                                               const FileOptions& options);

  std::size_t read(std::span<Sample> out) override { return samples_->read(out); }

 private:
  explicit FileSource(std::unique_ptr<Source> samples) noexcept : samples_(std::move(samples)) {}
  /// Without `content`: a file on disk.
  static base::Result<std::unique_ptr<FileSource>> open(const std::filesystem::path& path, std::optional<std::vector<std::uint8_t>> content,
                                                        const FileOptions& options);

  std::unique_ptr<Source> samples_;
};

}  // namespace callwright::audio
