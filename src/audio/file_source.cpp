#include "audio/file_source.hpp"

#include "audio/resampler.hpp"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace callwright::audio {

using base::Errc;
using base::Error;
using base::Result;

namespace {

/// The bytes of a file in memory, as libsndfile reads them.
class MemoryFile {
 public:
  explicit MemoryFile(std::vector<std::uint8_t> content) noexcept : content_(std::move(content)) {}

  static SF_VIRTUAL_IO callbacks() noexcept {
    return {[](void* self) noexcept { return static_cast<MemoryFile*>(self)->size(); },
            [](sf_count_t offset, int from, void* self) noexcept { return static_cast<MemoryFile*>(self)->seek(offset, from); },
            [](void* out, sf_count_t count, void* self) noexcept { return static_cast<MemoryFile*>(self)->read(out, count); },
            [](const void*, sf_count_t, void*) noexcept { return sf_count_t{0}; },
            [](void* self) noexcept { return static_cast<MemoryFile*>(self)->position_; }};
  }

 private:
  [[nodiscard]] sf_count_t size() const noexcept { return static_cast<sf_count_t>(content_.size()); }

  sf_count_t seek(sf_count_t offset, int from) noexcept {
    const sf_count_t base = from == SEEK_SET ? 0 : from == SEEK_CUR ? position_ : size();
    // What a broken header asks for may be anywhere; it must not overflow.
    const sf_count_t bounded = std::clamp(offset, -size(), size());
    position_ = std::clamp(base + bounded, sf_count_t{0}, size());
    return position_;
  }

  sf_count_t read(void* out, sf_count_t count) noexcept {
    const sf_count_t taken = std::clamp(count, sf_count_t{0}, size() - position_);
    std::copy_n(content_.data() + position_, taken, static_cast<std::uint8_t*>(out));
    position_ += taken;
    return taken;
  }

  std::vector<std::uint8_t> content_;
  sf_count_t position_ = 0;
};

/// Owns one SNDFILE; gives mono samples at the file's own rate.
class SoundFile final : public Source {
 public:
  /// Without `content`: a file on disk.
  SoundFile(const std::filesystem::path& path, std::optional<std::vector<std::uint8_t>> content) : info_(layout_of(path)) {
    if (!content) {
      handle_ = sf_open(path.c_str(), SFM_READ, &info_);
    } else {
      memory_ = std::make_unique<MemoryFile>(std::move(*content));
      SF_VIRTUAL_IO callbacks = MemoryFile::callbacks();
      handle_ = sf_open_virtual(&callbacks, SFM_READ, &info_, memory_.get());
    }
  }
  ~SoundFile() override {
    if (handle_ != nullptr) {
      sf_close(handle_);
    }
  }
  SoundFile(const SoundFile&) = delete;
  SoundFile& operator=(const SoundFile&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }
  [[nodiscard]] const SF_INFO& info() const noexcept { return info_; }
  void choose(Repeat repeat, std::optional<unsigned> channel) {
    repeat_ = repeat;
    channel_ = channel;
    buffer_.resize(kChunk * static_cast<std::size_t>(info_.channels));
  }

  /// Whether there is sound at all. Looks at the first chunk, which is played later.
  bool has_sound() {
    refill();
    return available_ > 0;
  }

  std::size_t read(std::span<Sample> out) override {
    std::size_t filled = 0;
    while (filled < out.size() && (used_ < available_ || next_chunk())) {
      const std::size_t count = std::min(out.size() - filled, available_ - used_);
      for (std::size_t i = 0; i < count; ++i) {
        out[filled++] = mixed(used_++);
      }
    }
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(filled), out.end(), Sample{0});
    return filled;
  }

 private:
  static constexpr std::size_t kChunk = 1024;  // Frames.

  /// Files without a header say by their name what they hold.
  static SF_INFO layout_of(const std::filesystem::path& path) {
    std::string extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
    SF_INFO info{};
    const bool mu_law = extension == ".ulaw" || extension == ".ul";
    if (mu_law || extension == ".alaw" || extension == ".al") {
      info.format = SF_FORMAT_RAW | (mu_law ? SF_FORMAT_ULAW : SF_FORMAT_ALAW);
      info.samplerate = static_cast<int>(kNarrowband);
      info.channels = 1;
    }
    return info;
  }

  void refill() {
    // As float, because libsndfile scales some formats oddly when asked for integers: float files by their loudest sample.
    const sf_count_t count = sf_readf_float(handle_, buffer_.data(), static_cast<sf_count_t>(kChunk));
    available_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    used_ = 0;
  }

  bool next_chunk() {
    refill();
    if (available_ == 0 && repeat_ == Repeat::Loop && sf_seek(handle_, 0, SEEK_SET) == 0) {
      refill();
    }
    return available_ > 0;
  }

  [[nodiscard]] Sample mixed(std::size_t frame) const noexcept {
    const auto channels = static_cast<std::size_t>(info_.channels);
    const float* values = buffer_.data() + frame * channels;
    float value = 0;
    if (channel_) {
      value = values[*channel_];
    } else {
      for (std::size_t i = 0; i < channels; ++i) {
        value += values[i];
      }
      value /= static_cast<float>(channels);
    }
    // A file of floats may hold anything, also what is no number.
    return std::isnan(value) ? Sample{0} : static_cast<Sample>(std::lrint(std::clamp(value * 32768.0F, -32768.0F, 32767.0F)));
  }

  SF_INFO info_;
  std::unique_ptr<MemoryFile> memory_;
  SNDFILE* handle_ = nullptr;
  Repeat repeat_ = Repeat::Once;
  std::optional<unsigned> channel_;
  std::vector<float> buffer_;
  std::size_t available_ = 0;  ///< Frames in `buffer_`.
  std::size_t used_ = 0;
};

/// Null when it can be played.
std::optional<Error> check(const SF_INFO& info, const std::filesystem::path& path, const FileOptions& options) {
  if (info.channels < 1 || info.channels > static_cast<int>(FileSource::kMaxChannels)) {
    return Error(Errc::Unsupported, fmt::format("{} has {} channels; convert it to 1 to {}", path.string(), info.channels, FileSource::kMaxChannels));
  }
  if (info.samplerate < static_cast<int>(kLowestRate) || info.samplerate > static_cast<int>(kHighestRate)) {
    return Error(Errc::Unsupported, fmt::format("{} has {} Hz; convert it to {} to {} Hz", path.string(), info.samplerate, static_cast<int>(kLowestRate),
                                                static_cast<int>(kHighestRate)));
  }
  if (options.channel && *options.channel >= static_cast<unsigned>(info.channels)) {
    return Error(Errc::Unsupported,
                 fmt::format("{} has no channel {}; choose one from 0 to {}, or none for their mean", path.string(), *options.channel, info.channels - 1));
  }
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<FileSource>> FileSource::blocking_open(const std::filesystem::path& path, const FileOptions& options) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return Error(Errc::NotFound, fmt::format("There is no sound file {}; check the path", path.string()));
  }
  return open(path, std::nullopt, options);
}

Result<std::unique_ptr<FileSource>> FileSource::from_memory(std::vector<std::uint8_t> content, const std::filesystem::path& name, const FileOptions& options) {
  return open(name, std::move(content), options);
}

Result<std::unique_ptr<FileSource>> FileSource::open(const std::filesystem::path& path, std::optional<std::vector<std::uint8_t>> content,
                                                     const FileOptions& options) {
  auto file = std::make_unique<SoundFile>(path, std::move(content));
  if (!file->is_open()) {
    return Error(Errc::Unsupported,
                 fmt::format("{} cannot be read as a sound file: {} Convert it to WAV, FLAC, Ogg or MP3", path.string(), sf_strerror(nullptr)));
  }
  if (const auto problem = check(file->info(), path, options)) {
    return *problem;
  }
  file->choose(options.repeat, options.channel);
  if (!file->has_sound()) {
    return Error(Errc::InvalidArgument, fmt::format("{} holds no sound; give another file", path.string()));
  }
  const SampleRate rate{static_cast<std::uint32_t>(file->info().samplerate)};
  std::unique_ptr<Source> samples = std::move(file);
  if (rate != options.rate) {
    samples = std::make_unique<ResamplingSource>(std::move(samples), rate, options.rate);
  }
  return std::unique_ptr<FileSource>(new FileSource(std::move(samples)));
}

}  // namespace callwright::audio
