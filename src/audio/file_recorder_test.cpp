#include "audio/file_recorder.hpp"

#include "audio/file_source.hpp"
#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <fstream>
#include <numeric>
#include <vector>

namespace callwright::audio {
namespace {

using testing::HasSubstr;

class FileRecorderTest : public testing::Test {
 protected:
  FileRecorderTest() : folder_(std::filesystem::temp_directory_path() / ("callwright-recorder-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~FileRecorderTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] FileRecorder::Options options(FileFormat format = FileFormat::Wav) const {
    FileRecorder::Options made;
    made.path = folder_ / (format == FileFormat::Wav ? "sound.wav" : "sound.ogg");
    made.format = format;
    return made;
  }

  static std::vector<Sample> ramp(std::size_t size) {
    std::vector<Sample> samples(size);
    std::iota(samples.begin(), samples.end(), Sample{-50});
    return samples;
  }
  static std::vector<Sample> second_of_noise() {
    std::vector<Sample> samples(8000);
    std::uint32_t state = 1;
    for (Sample& sample : samples) {
      state = state * 1664525 + 1013904223;
      sample = static_cast<Sample>(static_cast<std::int32_t>(state >> 18) - 8192);
    }
    return samples;
  }
  /// Of the whole file, at its own rate.
  static std::size_t length(const std::filesystem::path& path, std::optional<unsigned> channel = {}) {
    FileOptions how;
    how.channel = channel;
    auto source = FileSource::blocking_open(path, how).value();
    std::vector<Sample> out(800);
    std::size_t total = 0;
    for (std::size_t count = out.size(); count == out.size(); total += count) {
      count = source->read(out);
    }
    return total;
  }
  /// Read without libsndfile: where the header says that the sound ends.
  static std::uint64_t end_by_header(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<char> bytes(44);
    file.read(bytes.data(), 44);
    EXPECT_EQ(std::string(bytes.data(), 4), "RIFF");
    EXPECT_EQ(std::string(bytes.data() + 36, 4), "data");
    const auto number_at = [&bytes](std::size_t at) {
      std::uint64_t value = 0;
      for (std::size_t i = 4; i-- > 0;) {
        value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
      }
      return value;
    };
    EXPECT_EQ(number_at(4), number_at(40) + 36);
    return 44 + number_at(40);
  }

  std::filesystem::path folder_;
};

TEST_F(FileRecorderTest, writes_what_can_be_played) {
  auto recorder = FileRecorder::blocking_create(options()).value();
  EXPECT_TRUE(recorder->blocking_write(ramp(100)));
  EXPECT_TRUE(recorder->blocking_finish());
  EXPECT_EQ(recorder->frames(), 100U);
  auto source = FileSource::blocking_open(options().path, {}).value();
  std::vector<Sample> out(160, 99);
  EXPECT_EQ(source->read(out), 100U);
  std::vector<Sample> expected = ramp(100);
  expected.resize(160);
  EXPECT_EQ(out, expected);
}

TEST_F(FileRecorderTest, keeps_channels_apart) {
  auto stereo = options();
  stereo.channels = 2;
  auto recorder = FileRecorder::blocking_create(stereo).value();
  EXPECT_TRUE(recorder->blocking_write(std::vector<Sample>{1, -1, 2, -2, 3, -3}));
  recorder.reset();
  FileOptions right;
  right.channel = 1;
  auto source = FileSource::blocking_open(stereo.path, right).value();
  std::vector<Sample> out(3);
  EXPECT_EQ(source->read(out), 3U);
  EXPECT_EQ(out, (std::vector<Sample>{-1, -2, -3}));
}

TEST_F(FileRecorderTest, writes_ogg_opus) {
  auto ogg = options(FileFormat::OggOpus);
  auto recorder = FileRecorder::blocking_create(ogg).value();
  std::vector<Sample> sine(8000);
  ToneSource(1000, -20).read(sine);
  for (int second = 0; second < 3; ++second) {
    EXPECT_TRUE(recorder->blocking_write(sine));
  }
  EXPECT_TRUE(recorder->blocking_finish());
  EXPECT_EQ(length(ogg.path), 24000U);
  EXPECT_LT(std::filesystem::file_size(ogg.path), 48000U / 2) << "half of what WAV takes";
  std::vector<Sample> heard(16000);
  FileSource::blocking_open(ogg.path, {}).value()->read(heard);
  EXPECT_NEAR(level_dbov(heard), -20, 1);
}

TEST_F(FileRecorderTest, cannot_record_where_there_is_no_folder) {
  auto nowhere = options();
  nowhere.path = folder_ / "no" / "such" / "folder.wav";
  const auto recorder = FileRecorder::blocking_create(nowhere);
  ASSERT_FALSE(recorder);
  EXPECT_THAT(recorder.error().detail, HasSubstr("cannot be written: No such file or directory"));
}

TEST_F(FileRecorderTest, takes_the_rates_that_a_format_has) {
  auto wrong = options(FileFormat::OggOpus);
  wrong.rate = SampleRate{44100};
  const auto recorder = FileRecorder::blocking_create(wrong);
  ASSERT_FALSE(recorder);
  EXPECT_THAT(recorder.error().detail, HasSubstr("choose 8000, 12000, 16000, 24000 or 48000"));
  EXPECT_TRUE(check_file_rate(FileFormat::Wav, SampleRate{44100}));
  EXPECT_FALSE(check_file_rate(FileFormat::Wav, SampleRate{0}));
}

TEST_F(FileRecorderTest, has_a_header_that_counts_all_after_every_write) {
  auto recorder = FileRecorder::blocking_create(options()).value();
  EXPECT_EQ(end_by_header(options().path), 44U);
  for (std::uint64_t second = 1; second <= 3; ++second) {
    EXPECT_TRUE(recorder->blocking_write(second_of_noise()));
    EXPECT_EQ(end_by_header(options().path), 44 + second * 16000);
    EXPECT_EQ(length(options().path), second * 8000);
  }
}

/// A process of its own records until it is killed with `after` seconds on disk.
void kill_while_recording(const FileRecorder::Options& options, const std::vector<Sample>& second, int after) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto recorder = FileRecorder::blocking_create(options);
    while (recorder && (*recorder)->blocking_write(second) && write(pipe_ends[1], "s", 1) == 1) {
    }
    _exit(1);
  }
  close(pipe_ends[1]);
  char byte = 0;
  for (int i = 0; i < after; ++i) {
    ASSERT_EQ(read(pipe_ends[0], &byte, 1), 1);
  }
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  close(pipe_ends[0]);
}

TEST_F(FileRecorderTest, leaves_a_wav_file_that_can_be_read_when_its_process_is_killed) {
  kill_while_recording(options(), second_of_noise(), 5);
  EXPECT_GE(length(options().path), 5 * 8000U);
  EXPECT_LE(end_by_header(options().path), std::filesystem::file_size(options().path));
}

TEST_F(FileRecorderTest, leaves_an_ogg_file_that_can_be_read_when_its_process_is_killed) {
  const auto ogg = options(FileFormat::OggOpus);
  kill_while_recording(ogg, second_of_noise(), 5);
  EXPECT_GE(length(ogg.path), 5 * 8000U - 8000U / 2) << "a page or two may be missing";
}

TEST_F(FileRecorderTest, ends_at_what_a_wav_file_may_have) {
  auto small = options();
  small.max_bytes = 20000;
  auto recorder = FileRecorder::blocking_create(small).value();
  EXPECT_TRUE(recorder->blocking_write(second_of_noise()));
  const auto second = recorder->blocking_write(second_of_noise());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::make_error_code(base::Errc::LimitReached));
  EXPECT_TRUE(recorder->blocking_write(second_of_noise())) << "nothing happens any more";
  EXPECT_EQ(recorder->frames(), 10000U);
  EXPECT_EQ(length(small.path), 10000U);
}

TEST_F(FileRecorderTest, says_that_the_disk_is_full) {
  for (const FileFormat format : {FileFormat::Wav, FileFormat::OggOpus}) {
    auto full = options(format);
    full.path = "/dev/full";
    const auto recorder = FileRecorder::blocking_create(full);
    ASSERT_FALSE(recorder);
    EXPECT_THAT(recorder.error().detail, HasSubstr("No space left on device"));
  }
}

/// From here to its end no file of this process grows beyond so many bytes.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limited{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limited);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(FileRecorderTest, leaves_what_there_was_room_for) {
  for (const FileFormat format : {FileFormat::Wav, FileFormat::OggOpus}) {
    auto recorder = FileRecorder::blocking_create(options(format)).value();
    const auto second = second_of_noise();
    base::Result<void> written = base::ok();
    {
      const FileSizeLimit limit(40'000);
      for (int i = 0; i < 100 && written; ++i) {
        written = recorder->blocking_write(second);
      }
    }
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().detail, HasSubstr("File too large"));
    EXPECT_THAT(written.error().detail, HasSubstr("MB are free"));
    EXPECT_TRUE(recorder->blocking_finish());
    EXPECT_GE(length(options(format).path), 16000U);
  }
  EXPECT_EQ(end_by_header(options().path), 40'000U);
}

}  // namespace
}  // namespace callwright::audio
