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
  SoundFile(SNDFILE* handle, const SF_INFO& info) noexcept : handle_(handle), info_(info) {}
  ~SoundFile() { (void)close(); }
  SoundFile(const SoundFile&) = delete;
  SoundFile& operator=(const SoundFile&) = delete;

  [[nodiscard]] const SF_INFO& info() const noexcept { return info_; }

  std::size_t read(std::span<Sample> out) noexcept {
    const sf_count_t count = sf_readf_short(handle_, out.data(), static_cast<sf_count_t>(out.size()));
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  bool rewind() noexcept { return sf_seek(handle_, 0, SEEK_SET) == 0; }

  bool write(std::span<const Sample> samples) noexcept {
    return sf_writef_short(handle_, samples.data(), static_cast<sf_count_t>(samples.size())) == static_cast<sf_count_t>(samples.size());
  }

  bool close() noexcept { return handle_ == nullptr || sf_close(std::exchange(handle_, nullptr)) == 0; }

  /// Float files hold −1 … 1; without this they would be read as silence.
  void scale_floats() noexcept { sf_command(handle_, SFC_SET_SCALE_FLOAT_INT_READ, nullptr, SF_TRUE); }

 private:
  SNDFILE* handle_;
  SF_INFO info_;
};

}  // namespace detail

using detail::SoundFile;

WavSource::WavSource(std::unique_ptr<SoundFile> file, Repeat repeat) noexcept : file_(std::move(file)), repeat_(repeat) {}
WavSource::~WavSource() = default;

Result<std::unique_ptr<WavSource>> WavSource::blocking_open(const std::filesystem::path& path, Repeat repeat) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return Error(Errc::NotFound, fmt::format("There is no sound file {}; check the path", path.string()));
  }
  SF_INFO info{};
  SNDFILE* handle = sf_open(path.c_str(), SFM_READ, &info);
  if (handle == nullptr) {
    return Error(Errc::Unsupported, fmt::format("{} cannot be read as a sound file: {}", path.string(), sf_strerror(nullptr)));
  }
  auto file = std::make_unique<SoundFile>(handle, info);
  if (info.samplerate != static_cast<int>(kNarrowband) || info.channels != 1) {
    return Error(Errc::Unsupported,
                 fmt::format("{} has {} Hz and {} channels; convert it to 8000 Hz and 1 channel", path.string(), info.samplerate, info.channels));
  }
  file->scale_floats();
  return std::unique_ptr<WavSource>(new WavSource(std::move(file), repeat));
}

std::size_t WavSource::read(std::span<Sample> out) {
  std::size_t filled = file_->read(out);
  while (filled < out.size() && repeat_ == Repeat::Loop && file_->rewind()) {
    const std::size_t more = file_->read(out.subspan(filled));
    if (more == 0) {
      break;
    }
    filled += more;
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(filled), out.end(), Sample{0});
  return filled;
}

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
  return std::unique_ptr<WavRecorder>(new WavRecorder(std::make_unique<SoundFile>(handle, info), path));
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
