#include "net/file_recording.hpp"

#include "audio/file_recorder.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace callwright::net {
namespace {

constexpr std::size_t kMaxWaiting = 32;  // Blocks of a second.

audio::Sample mix(audio::Sample left, audio::Sample right) noexcept { return static_cast<audio::Sample>(std::clamp(left + right, -32768, 32767)); }

/// As the layout wants one file that has both.
std::vector<audio::Sample> together(media::RecordingLayout layout, const std::vector<audio::Sample>& left, const std::vector<audio::Sample>& right) {
  std::vector<audio::Sample> samples;
  if (layout == media::RecordingLayout::Mono) {
    samples.resize(left.size());
    std::ranges::transform(left, right, samples.begin(), mix);
    return samples;
  }
  samples.resize(left.size() * 2);
  for (std::size_t i = 0; i < left.size(); ++i) {
    samples[2 * i] = left[i];
    samples[2 * i + 1] = right[i];
  }
  return samples;
}

}  // namespace

/// Used on the thread of the files, but for `waiting`.
struct FileRecording::Files {
  EngineLoop& media;
  media::RecordingOptions options;
  OnFailed on_failed;
  std::vector<std::unique_ptr<audio::FileRecorder>> recorders;
  bool failed = false;
  std::uint64_t missing = 0;
  std::atomic<std::size_t> waiting{0};  ///< Blocks passed on and not written yet.

  Files(EngineLoop& loop, media::RecordingOptions how, OnFailed handler) : media(loop), options(std::move(how)), on_failed(std::move(handler)) {}

  void blocking_create() {
    const unsigned channels = options.layout == media::RecordingLayout::Stereo ? 2 : 1;
    for (const std::filesystem::path& path : media::files_of(options)) {
      auto created = audio::FileRecorder::blocking_create({path, options.format, channels, options.rate, options.max_bytes});
      if (!created) {
        fail(created.error());
        return;
      }
      recorders.push_back(std::move(*created));
    }
  }

  void blocking_write(const std::vector<audio::Sample>& left, const std::vector<audio::Sample>& right) {
    if (failed) {
      return;
    }
    const bool apart = options.layout == media::RecordingLayout::Separate;
    auto written = recorders[0]->blocking_write(apart ? left : together(options.layout, left, right));
    if (written && apart) {
      written = recorders[1]->blocking_write(right);
    }
    if (!written) {
      fail(written.error());
    }
  }

  void blocking_write_silence(std::size_t samples) {
    missing += samples;
    const std::size_t block = static_cast<std::size_t>(options.rate);
    for (std::size_t left = samples; left > 0 && !failed; left -= std::min(left, block)) {
      const std::vector<audio::Sample> silence(std::min(left, block));
      blocking_write(silence, silence);
    }
  }

  media::RecordingEnded blocking_finish() {
    for (const auto& recorder : recorders) {
      if (const auto finished = recorder->blocking_finish(); !finished) {
        fail(finished.error());
      }
    }
    media::RecordingEnded ended;
    ended.reason = failed ? media::RecordingEnded::Reason::Failed : media::RecordingEnded::Reason::Stopped;
    ended.paths = media::files_of(options);
    ended.frames = recorders.empty() ? 0 : recorders[0]->frames();
    ended.duration = audio::duration_of(ended.frames, options.rate);
    ended.missing = audio::duration_of(missing, options.rate);
    recorders.clear();
    return ended;
  }

  void fail(const base::Error& error) {
    if (!std::exchange(failed, true)) {
      // Refused only when the media loop has ended, and then nobody waits for the event.
      (void)media.post([handler = on_failed, error] { handler(error); });
    }
  }
};

FileRecording::FileRecording(EngineLoop& media, EngineLoop& files, const media::RecordingOptions& options, OnFailed on_failed)
    : files_loop_(files), files_(std::make_shared<Files>(media, options, std::move(on_failed))) {
  (void)files_loop_.post([file = files_] { file->blocking_create(); });
}

void FileRecording::write(std::vector<audio::Sample> left, std::vector<audio::Sample> right) {
  const std::size_t samples = left.size();
  if (files_->waiting >= kMaxWaiting) {
    missing_ += samples;
    return;
  }
  ++files_->waiting;
  const auto passed_on = files_loop_.post([file = files_, before = missing_, one = std::move(left), other = std::move(right)] {
    --file->waiting;
    file->blocking_write_silence(before);
    file->blocking_write(one, other);
  });
  if (passed_on) {
    missing_ = 0;
  } else {
    --files_->waiting;
    missing_ += samples;
  }
}

void FileRecording::finish(OnDone on_done) {
  (void)files_loop_.post([file = files_, before = missing_, done = std::move(on_done)] {
    file->blocking_write_silence(before);
    (void)file->media.post([done, ended = file->blocking_finish()] { done(ended); });
  });
}

}  // namespace callwright::net
