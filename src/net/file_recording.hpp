#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"
#include "net/engine_loop.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace callwright::net {

/// A WAV file that a stream records into, while the disk is waited for by another thread. Belongs to the media thread; `files` runs its own.
/// When the disk falls more than about 30 s of audio behind, what follows is dropped and reported as a failure.
class FileRecording final : public audio::Sink {
 public:
  using OnFailed = std::function<void(const base::Error&)>;
  using OnDone = std::function<void()>;

  /// `on_failed` is called on the loop `media`, at most once, when the file cannot be created, written or completed.
  FileRecording(EngineLoop& media, EngineLoop& files, std::filesystem::path path, audio::SampleRate rate, OnFailed on_failed);

  void write(std::span<const audio::Sample> samples) override;
  /// The last call. `on_done` is called on the loop `media` when the file is complete, after `on_failed` if there was a failure.
  void finish(OnDone on_done);

 private:
  struct File;

  void pass_on();

  EngineLoop& files_;
  std::shared_ptr<File> file_;
  std::vector<audio::Sample> gathered_;
};

}  // namespace callwright::net
