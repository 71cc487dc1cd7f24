#include "net/file_recording.hpp"

#include "audio/wav.hpp"

#include <atomic>
#include <utility>

namespace callwright::net {
namespace {

constexpr std::size_t kChunk = 4000;  // Samples: half a second, so that a thousand recordings are two thousand writes a second.
constexpr std::size_t kMaxWaiting = 64;

}  // namespace

/// Used on the thread of the files, but for `waiting`.
struct FileRecording::File {
  EngineLoop& media;
  std::filesystem::path path;
  audio::SampleRate rate;
  OnFailed on_failed;
  std::unique_ptr<audio::WavRecorder> recorder;
  bool failed = false;
  std::atomic<std::size_t> waiting{0};  ///< Chunks passed on and not written yet.
  std::atomic<bool> dropped{false};

  File(EngineLoop& loop, std::filesystem::path name, audio::SampleRate samples, OnFailed handler)
      : media(loop), path(std::move(name)), rate(samples), on_failed(std::move(handler)) {}

  void blocking_create() {
    auto created = audio::WavRecorder::blocking_create(path, rate);
    if (created) {
      recorder = std::move(*created);
    } else {
      fail(created.error());
    }
  }

  void blocking_write(std::span<const audio::Sample> samples) {
    --waiting;
    if (recorder) {
      recorder->write(samples);
    }
  }

  void blocking_finish() {
    if (recorder) {
      if (const auto finished = recorder->blocking_finish(); !finished) {
        fail(finished.error());
      }
      recorder.reset();
    }
    if (dropped) {
      fail({base::Errc::LimitReached, "The recording " + path.string() + " has gaps: the disk was too slow for it."});
    }
  }

  void fail(const base::Error& error) {
    if (!std::exchange(failed, true)) {
      // Refused only when the media loop has ended, and then nobody waits for the event.
      (void)media.post([handler = on_failed, error] { handler(error); });
    }
  }
};

FileRecording::FileRecording(EngineLoop& media, EngineLoop& files, std::filesystem::path path, audio::SampleRate rate, OnFailed on_failed)
    : files_(files), file_(std::make_shared<File>(media, std::move(path), rate, std::move(on_failed))) {
  (void)files_.post([file = file_] { file->blocking_create(); });
}

void FileRecording::write(std::span<const audio::Sample> samples) {
  gathered_.insert(gathered_.end(), samples.begin(), samples.end());
  if (gathered_.size() >= kChunk) {
    pass_on();
  }
}

void FileRecording::pass_on() {
  auto samples = std::exchange(gathered_, {});
  gathered_.reserve(kChunk + kChunk / 4);
  if (samples.empty()) {
    return;
  }
  if (file_->waiting >= kMaxWaiting) {
    file_->dropped = true;
    return;
  }
  ++file_->waiting;
  if (!files_.post([file = file_, samples = std::move(samples)] { file->blocking_write(samples); })) {
    --file_->waiting;
    file_->dropped = true;
  }
}

void FileRecording::finish(OnDone on_done) {
  pass_on();
  (void)files_.post([file = file_, done = std::move(on_done)] {
    file->blocking_finish();
    (void)file->media.post(done);
  });
}

}  // namespace callwright::net
