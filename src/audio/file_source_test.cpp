#include "audio/file_source.hpp"

#include "audio/g711.hpp"
#include "audio/tone_source.hpp"

#include <gmock/gmock.h>
#include <sndfile.h>

#include <unistd.h>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <string>

namespace callwright::audio {
namespace {

using Samples = std::vector<Sample>;
using testing::HasSubstr;

class FileSourceTest : public testing::Test {
 protected:
  FileSourceTest() : folder_(std::filesystem::temp_directory_path() / ("callwright-file-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~FileSourceTest() override { std::filesystem::remove_all(folder_); }

  /// Interleaved values in any format of libsndfile.
  std::filesystem::path written(const std::string& name, int format, int rate, int channels, const std::vector<float>& values) const {
    const auto path = folder_ / name;
    SF_INFO info{};
    info.format = format;
    info.samplerate = rate;
    info.channels = channels;
    SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
    EXPECT_NE(file, nullptr) << name << ": " << sf_strerror(nullptr);
    EXPECT_EQ(sf_write_float(file, values.data(), static_cast<sf_count_t>(values.size())), static_cast<sf_count_t>(values.size()));
    sf_close(file);
    return path;
  }

  std::filesystem::path bytes(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }

  std::filesystem::path folder_;
};

std::vector<float> tone(double frequency_hz, int rate, double seconds) {
  Samples samples(static_cast<std::size_t>(rate * seconds));
  ToneSource(frequency_hz, -10, SampleRate{static_cast<std::uint32_t>(rate)}).read(samples);
  std::vector<float> values(samples.size());
  std::ranges::transform(samples, values.begin(), [](Sample sample) { return static_cast<float>(sample) / 32768; });
  return values;
}

std::vector<float> ramp(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(i + 1) / 32768;
  }
  return values;
}

Samples expected_ramp(std::size_t count, std::size_t padded) {
  Samples samples(padded);
  std::iota(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count), Sample{1});
  return samples;
}

Samples all_of(Source& source) {
  Samples all;
  Samples frame(160);
  std::size_t count = frame.size();
  while (count == frame.size() && all.size() < 1'000'000) {
    count = source.read(frame);
    all.insert(all.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return all;
}

TEST_F(FileSourceTest, plays_every_format_at_its_own_level) {
  struct Case {
    std::string name;
    int format;
    int rate;
  };
  for (const Case& each : {Case{"a8.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 8000},
                           {"a16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 11025},
                           {"a24.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 44100},
                           {"a32.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_32, 48000},
                           {"float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 22050},
                           {"double.wav", SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 16000},
                           {"ulaw.wav", SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000},
                           {"alaw.wav", SF_FORMAT_WAV | SF_FORMAT_ALAW, 8000},
                           {"ulaw.au", SF_FORMAT_AU | SF_FORMAT_ULAW, 8000},
                           {"alaw.au", SF_FORMAT_AU | SF_FORMAT_ALAW, 8000},
                           {"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 32000},
                           {"vorbis.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100},
                           {"opus.ogg", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000},
                           {"a.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100},
                           {"raw.ulaw", SF_FORMAT_RAW | SF_FORMAT_ULAW, 8000},
                           {"RAW.AL", SF_FORMAT_RAW | SF_FORMAT_ALAW, 8000}}) {
    const auto path = written(each.name, each.format, each.rate, 1, tone(1000, each.rate, 1));
    for (const SampleRate rate : {kNarrowband, kWideband, kFullband}) {
      auto source = FileSource::blocking_open(path, {.rate = rate});
      ASSERT_TRUE(source) << source.error().detail;
      const Samples heard = all_of(**source);
      const auto second = static_cast<double>(rate);
      EXPECT_NEAR(static_cast<double>(heard.size()), second, second * 0.06) << each.name;
      EXPECT_NEAR(level_dbov(std::span(heard).subspan(heard.size() / 4, heard.size() / 2)), -10, 0.7) << each.name;
    }
  }
}

TEST_F(FileSourceTest, gives_16_bits_as_they_are) {
  auto source = FileSource::blocking_open(written("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, ramp(100)), {}).value();
  Samples out(160, 99);
  EXPECT_EQ(source->read(out), 100U);
  EXPECT_EQ(out, expected_ramp(100, 160));
  EXPECT_EQ(source->read(out), 0U);
  EXPECT_EQ(out, Samples(160));
}

TEST_F(FileSourceTest, does_not_make_a_quiet_float_file_loud) {
  std::vector<float> quiet = tone(1000, 8000, 1);
  std::ranges::for_each(quiet, [](float& value) { value *= 0.01F; });
  auto source = FileSource::blocking_open(written("quiet.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 1, quiet), {}).value();
  EXPECT_NEAR(level_dbov(all_of(*source)), -50, 0.1);
}

TEST_F(FileSourceTest, survives_floats_that_are_no_samples) {
  const std::vector<float> wild{std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1e30F, 2};
  auto source = FileSource::blocking_open(written("wild.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 1, wild), {}).value();
  EXPECT_EQ(all_of(*source), (Samples{0, 32767, -32768, 32767}));
}

TEST_F(FileSourceTest, mixes_stereo_or_plays_one_channel) {
  const auto path = written("stereo.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 2, {0.5F, -0.25F, 0.5F, -0.25F});
  EXPECT_EQ(all_of(*FileSource::blocking_open(path, {}).value()), (Samples{4096, 4096}));
  EXPECT_EQ(all_of(*FileSource::blocking_open(path, {.channel = 0}).value()), (Samples{16384, 16384}));
  EXPECT_EQ(all_of(*FileSource::blocking_open(path, {.channel = 1}).value()), (Samples{-8192, -8192}));
  const auto none = FileSource::blocking_open(path, {.channel = 2});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().detail, HasSubstr("choose one from 0 to 1"));
}

TEST_F(FileSourceTest, loops_without_a_gap) {
  auto source = FileSource::blocking_open(written("a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, ramp(100)), {.repeat = Repeat::Loop}).value();
  Samples out(3000);
  EXPECT_EQ(source->read(out), 3000U);
  for (std::size_t i = 0; i < out.size(); ++i) {
    ASSERT_EQ(out[i], static_cast<Sample>(i % 100 + 1));
  }
  auto mp3 =
      FileSource::blocking_open(written("a.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 1, tone(500, 44100, 0.2)), {.repeat = Repeat::Loop}).value();
  EXPECT_EQ(mp3->read(out), 3000U);
  EXPECT_EQ(mp3->read(out), 3000U);
  EXPECT_NEAR(level_dbov(out), -10, 1.5);
}

TEST_F(FileSourceTest, says_what_is_wrong_with_a_file) {
  const auto missing = FileSource::blocking_open(folder_ / "none.wav", {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, base::make_error_code(base::Errc::NotFound));
  EXPECT_FALSE(FileSource::blocking_open(folder_, {})) << "a folder";

  const auto text = FileSource::blocking_open(bytes("text.wav", "this is no sound"), {});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, base::make_error_code(base::Errc::Unsupported));
  EXPECT_THAT(text.error().detail, HasSubstr("Convert it to WAV"));

  EXPECT_FALSE(FileSource::blocking_open(bytes("nothing.wav", ""), {}));
  EXPECT_FALSE(FileSource::blocking_open(bytes("nothing.ulaw", ""), {}));
  const auto empty = FileSource::blocking_open(written("empty.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, {}), {});
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().detail, HasSubstr("holds no sound"));

  const auto slow = FileSource::blocking_open(written("slow.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 100, 1, ramp(10)), {});
  ASSERT_FALSE(slow);
  EXPECT_THAT(slow.error().detail, HasSubstr("has 100 Hz; convert it"));
  const auto many = FileSource::blocking_open(written("many.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 17, ramp(34)), {});
  ASSERT_FALSE(many);
  EXPECT_THAT(many.error().detail, HasSubstr("has 17 channels"));
}

TEST_F(FileSourceTest, plays_what_there_is_of_a_file_that_was_cut) {
  const auto path = written("cut.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, ramp(1000));
  std::filesystem::resize_file(path, 44 + 2 * 300);
  EXPECT_EQ(all_of(*FileSource::blocking_open(path, {}).value()), expected_ramp(300, 300));
}

TEST_F(FileSourceTest, plays_from_memory) {
  for (const auto& [name, format] : {std::pair<std::string, int>{"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
                                     {"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                                     {"a.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III}}) {
    std::ifstream file(written(name, format, 44100, 1, tone(700, 44100, 0.5)), std::ios::binary);
    const std::vector<std::uint8_t> content{std::istreambuf_iterator<char>(file), {}};
    auto source = FileSource::from_memory(content, name, {});
    ASSERT_TRUE(source) << source.error().detail;
    const Samples heard = all_of(**source);
    EXPECT_NEAR(level_dbov(std::span(heard).subspan(1000, 2000)), -10, 0.7) << name;
  }
  EXPECT_FALSE(FileSource::from_memory({1, 2, 3}, "a.wav", {}));
  const std::vector<std::uint8_t> silent(160, silence_byte(Encoding::Pcma));
  EXPECT_EQ(all_of(*FileSource::from_memory(silent, "a.alaw", {}).value()), Samples(160, 8));
}

}  // namespace
}  // namespace callwright::audio
