#pragma once

#include "audio/audio.hpp"
#include "base/result.hpp"
#include "media/recording.hpp"
#include "net/engine_loop.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace callwright::net {

/// The files of one recording, while the disk is waited for by another thread. Belongs to the media thread; `files` runs its own.
/// When the disk falls more than about 30 s behind, silence of the same length takes the place of what follows.
class FileRecording final : public media::Recording::Output {
 public:
  using OnFailed = std::function<void(const base::Error&)>;
  using OnDone = std::function<void(const media::RecordingEnded&)>;

  /// `on_failed` is called on the loop `media`, at most once, when a file cannot be created or written; nothing more is written then.
  FileRecording(EngineLoop& media, EngineLoop& files, const media::RecordingOptions& options, OnFailed on_failed);

  void write(std::vector<audio::Sample> left, std::vector<audio::Sample> right) override;
  /// The last call. `on_done` is called on the loop `media` when the files are complete, after `on_failed` if there was a failure.
  void finish(OnDone on_done);

 private:
  struct Files;

  EngineLoop& files_loop_;
  std::shared_ptr<Files> files_;
  std::size_t missing_ = 0;  ///< Samples of each channel that were dropped, and for which no silence was passed on yet.
};

}  // namespace callwright::net
