#include "audio/wav.hpp"

#include <fmt/core.h>
#include <sndfile.h>

#include <utility>

namespace callwright::audio {

using base::Errc;
using base::Error;
using base::Result;

namespace detail {

/// Owns one SNDFILE.
class SoundFile {
 public:
  explicit SoundFile(SNDFILE* handle) noexcept : handle_(handle) {}
  ~SoundFile() { (void)close(); }
  SoundFile(const SoundFile&) = delete;
  SoundFile& operator=(const SoundFile&) = delete;

  bool write(std::span<const Sample> samples) noexcept {
    return sf_writef_short(handle_, samples.data(), static_cast<sf_count_t>(samples.size())) == static_cast<sf_count_t>(samples.size());
  }

  bool close() noexcept { return handle_ == nullptr || sf_close(std::exchange(handle_, nullptr)) == 0; }

 private:
  SNDFILE* handle_;
};

}  // namespace detail

using detail::SoundFile;

WavRecorder::WavRecorder(std::unique_ptr<SoundFile> file, std::filesystem::path path) noexcept : file_(std::move(file)), path_(std::move(path)) {}
WavRecorder::~WavRecorder() = default;

Result<std::unique_ptr<WavRecorder>> WavRecorder::blocking_create(const std::filesystem::path& path, SampleRate rate) {
  SF_INFO info{};
  info.samplerate = static_cast<int>(rate);
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  SNDFILE* handle = sf_open(path.c_str(), SFM_WRITE, &info);
  if (handle == nullptr) {
    return Error(Errc::Io, fmt::format("The recording {} cannot be written: {}", path.string(), sf_strerror(nullptr)));
  }
  return std::unique_ptr<WavRecorder>(new WavRecorder(std::make_unique<SoundFile>(handle), path));
}

void WavRecorder::write(std::span<const Sample> samples) {
  if (file_ && !failed_) {
    failed_ = !file_->write(samples);
  }
}

Result<void> WavRecorder::blocking_finish() {
  if (file_) {
    failed_ = !file_->close() || failed_;
    file_.reset();
  }
  if (failed_) {
    return Error(Errc::Io, fmt::format("The recording {} is incomplete; check the space on its disk", path_.string()));
  }
  return base::ok();
}

}  // namespace callwright::audio
