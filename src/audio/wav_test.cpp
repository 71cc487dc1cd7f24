#include "audio/wav.hpp"

#include "audio/file_source.hpp"

#include <gmock/gmock.h>

#include <unistd.h>
#include <numeric>
#include <vector>

namespace callwright::audio {
namespace {

using testing::HasSubstr;

class Wav : public testing::Test {
 protected:
  Wav() : folder_(std::filesystem::temp_directory_path() / ("callwright-wav-" + std::to_string(getpid()))) { std::filesystem::create_directories(folder_); }
  ~Wav() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path written(const std::vector<Sample>& samples, SampleRate rate = kNarrowband) {
    auto path = folder_ / "sound.wav";
    auto recorder = WavRecorder::blocking_create(path, rate).value();
    recorder->write(samples);
    EXPECT_TRUE(recorder->blocking_finish());
    return path;
  }

  static std::vector<Sample> ramp(std::size_t size) {
    std::vector<Sample> samples(size);
    std::iota(samples.begin(), samples.end(), Sample{-50});
    return samples;
  }

  std::filesystem::path folder_;
};

TEST_F(Wav, plays_what_was_recorded_then_silence) {
  auto source = FileSource::blocking_open(written(ramp(100)), {}).value();
  std::vector<Sample> out(160, 99);
  EXPECT_EQ(source->read(out), 100U);
  std::vector<Sample> expected = ramp(100);
  expected.resize(160);
  EXPECT_EQ(out, expected);
  EXPECT_EQ(source->read(out), 0U);
  EXPECT_EQ(out, std::vector<Sample>(160, 0));
}

TEST_F(Wav, cannot_record_where_there_is_no_folder) {
  const auto recorder = WavRecorder::blocking_create(folder_ / "no" / "such" / "folder.wav");
  ASSERT_FALSE(recorder);
  EXPECT_THAT(recorder.error().detail, HasSubstr("cannot be written"));
}

TEST_F(Wav, completes_the_file_without_finish) {
  {
    auto recorder = WavRecorder::blocking_create(folder_ / "sound.wav").value();
    recorder->write(ramp(70));
  }
  auto source = FileSource::blocking_open(folder_ / "sound.wav", {}).value();
  std::vector<Sample> out(160);
  EXPECT_EQ(source->read(out), 70U);
}

TEST_F(Wav, ignores_writes_after_finish) {
  auto recorder = WavRecorder::blocking_create(folder_ / "sound.wav").value();
  recorder->write(ramp(10));
  EXPECT_TRUE(recorder->blocking_finish());
  recorder->write(ramp(10));
  EXPECT_TRUE(recorder->blocking_finish());
}

}  // namespace
}  // namespace callwright::audio
