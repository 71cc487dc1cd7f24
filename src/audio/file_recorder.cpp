#include "audio/file_recorder.hpp"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace callwright::audio {

using base::Errc;
using base::Error;
using base::Result;

namespace {

constexpr std::array kOpusRates{8000U, 12000U, 16000U, 24000U, 48000U};
constexpr double kPageMilliseconds = 200;  // What a page holds at most, and so what is lost of a second when the process is killed.

/// libsndfile's own words, as "System error : No space left on device.", without what it adds.
std::string reason_of(std::string text) {
  constexpr std::string_view kPrefix = "System error : ";
  if (text.starts_with(kPrefix)) {
    text.erase(0, kPrefix.size());
  }
  while (text.ends_with('.')) {
    text.pop_back();
  }
  return text;
}

/// "; 3 MB are free on its disk", or nothing where that cannot be known.
std::string free_space(const std::filesystem::path& path) {
  std::error_code error;
  const auto space = std::filesystem::space(path.has_parent_path() ? path.parent_path() : ".", error);
  return error ? std::string() : fmt::format(" {} MB are free on its disk.", space.available / 1'000'000);
}

}  // namespace

/// Owns one SNDFILE.
class FileRecorder::SoundFile {
 public:
  explicit SoundFile(const Options& options) {
    SF_INFO info{};
    info.samplerate = static_cast<int>(options.rate);
    info.channels = static_cast<int>(options.channels);
    info.format = options.format == FileFormat::Wav ? SF_FORMAT_WAV | SF_FORMAT_PCM_16 : SF_FORMAT_OGG | SF_FORMAT_OPUS;
    handle_ = sf_open(options.path.c_str(), SFM_WRITE, &info);
    if (handle_ != nullptr && options.format == FileFormat::OggOpus) {
      double latency = kPageMilliseconds;
      sf_command(handle_, SFC_SET_OGG_PAGE_LATENCY_MS, &latency, sizeof latency);
    }
  }
  ~SoundFile() { (void)close(); }
  SoundFile(const SoundFile&) = delete;
  SoundFile& operator=(const SoundFile&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }
  [[nodiscard]] std::string reason() const { return reason_of(sf_strerror(handle_)); }
  [[nodiscard]] bool failed() const noexcept { return sf_error(handle_) != SF_ERR_NO_ERROR; }

  /// How many samples were written; fewer than given: `reason` says why.
  std::size_t write(std::span<const Sample> samples) noexcept {
    const auto write_some = [this](std::span<const Sample> some) {
      return static_cast<std::size_t>(std::max<sf_count_t>(0, sf_write_short(handle_, some.data(), static_cast<sf_count_t>(some.size()))));
    };
    std::size_t written = write_some(samples);
    if (written < samples.size() && !failed()) {
      // A disk that fills up takes a part and says why only when it is asked again.
      written += write_some(samples.subspan(written));
    }
    return failed() ? std::min(written, samples.size() - 1) : written;
  }
  void update_header() noexcept { sf_command(handle_, SFC_UPDATE_HEADER_NOW, nullptr, 0); }
  bool close() noexcept { return handle_ == nullptr || sf_close(std::exchange(handle_, nullptr)) == 0; }

 private:
  SNDFILE* handle_ = nullptr;
};

Result<void> check_file_rate(FileFormat format, SampleRate rate) {
  const auto hertz = static_cast<unsigned>(rate);
  const bool possible = format == FileFormat::Wav ? hertz >= 8000 && hertz <= 48000 : std::ranges::find(kOpusRates, hertz) != kOpusRates.end();
  if (!possible) {
    return Error(Errc::InvalidArgument, fmt::format("A recording cannot have {} Hz; choose {}", hertz,
                                                    format == FileFormat::Wav ? "8000 to 48000" : "8000, 12000, 16000, 24000 or 48000 for Ogg"));
  }
  return base::ok();
}

FileRecorder::FileRecorder(Options options, std::unique_ptr<SoundFile> file) noexcept : options_(std::move(options)), file_(std::move(file)) {}
FileRecorder::~FileRecorder() = default;

Result<std::unique_ptr<FileRecorder>> FileRecorder::blocking_create(const Options& options) {
  if (const auto possible = check_file_rate(options.format, options.rate); !possible) {
    return possible.error();
  }
  auto file = std::make_unique<SoundFile>(options);
  if (file->is_open()) {
    file->update_header();
  }
  if (!file->is_open() || file->failed()) {
    return Error(Errc::Io, fmt::format("The recording {} cannot be written: {}. Check the folder and its disk.", options.path.string(), file->reason()));
  }
  return std::unique_ptr<FileRecorder>(new FileRecorder(options, std::move(file)));
}

Result<void> FileRecorder::blocking_write(std::span<const Sample> interleaved) {
  if (file_ == nullptr || interleaved.empty()) {
    return base::ok();
  }
  const std::uint64_t frame_bytes = std::uint64_t{options_.channels} * sizeof(Sample);
  const std::uint64_t room = options_.format == FileFormat::Wav ? std::min(options_.max_bytes, kLargestWav) / frame_bytes - frames_ : UINT64_MAX;
  const bool fits = interleaved.size() / options_.channels <= room;
  const auto samples = fits ? interleaved : interleaved.first(static_cast<std::size_t>(room) * options_.channels);
  const std::size_t written = samples.empty() ? 0 : file_->write(samples);
  frames_ += written / options_.channels;
  if (written < samples.size()) {
    return fail();
  }
  if (options_.format == FileFormat::Wav) {
    file_->update_header();
  }
  if (!fits) {
    file_.reset();
    return Error(Errc::LimitReached, fmt::format("The recording {} has reached {} MB, which is all that it may have. Record long calls as Ogg.",
                                                 options_.path.string(), options_.max_bytes / 1'000'000));
  }
  return base::ok();
}

Error FileRecorder::fail() {
  const std::string reason = file_->reason();
  file_.reset();
  return {Errc::Io,
          fmt::format("The recording {} ends here: {}. Free space or record elsewhere.{}", options_.path.string(), reason, free_space(options_.path))};
}

Result<void> FileRecorder::blocking_finish() {
  if (file_ != nullptr && !file_->close()) {
    file_.reset();
    return Error(Errc::Io, fmt::format("The end of the recording {} could not be written; check the space on its disk", options_.path.string()));
  }
  file_.reset();
  return base::ok();
}

}  // namespace callwright::audio
