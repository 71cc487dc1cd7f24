#include "app/spoken_files.hpp"

#include "audio/file_source.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace callwright::app {
namespace {

TEST(SpokenFiles, can_be_played_as_any_sound_file) {
  SpokenFiles files;
  const auto path = files.blocking_file("good morning", speech::Voice::Man);
  ASSERT_TRUE(path);
  auto source = audio::FileSource::blocking_open(*path, {.rate = audio::kWideband});
  ASSERT_TRUE(source) << source.error().message();
  std::vector<audio::Sample> samples(5 * 16000);
  const std::size_t count = (*source)->read(samples);
  samples.resize(count);
  // Its noise is another one each time.
  const auto spoken = speech::FliteSynthesizer().blocking_speak("good morning", speech::Voice::Man);
  EXPECT_EQ(samples.size(), spoken->samples.size());
  EXPECT_NEAR(audio::level_dbov(samples), audio::level_dbov(spoken->samples), 0.5);
}

TEST(SpokenFiles, are_made_once_for_each_text_and_voice) {
  SpokenFiles files;
  const auto first = files.blocking_file("yes", speech::Voice::Man);
  const auto again = files.blocking_file("yes", speech::Voice::Man);
  const auto other = files.blocking_file("yes", speech::Voice::Woman);
  ASSERT_TRUE(first && again && other);
  EXPECT_EQ(*first, *again);
  EXPECT_NE(*first, *other);
}

TEST(SpokenFiles, are_gone_with_their_owner) {
  std::filesystem::path path;
  {
    SpokenFiles files;
    path = *files.blocking_file("yes", speech::Voice::Man);
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SpokenFiles, refuse_what_cannot_be_spoken) { EXPECT_FALSE(SpokenFiles().blocking_file("…", speech::Voice::Man)); }

}  // namespace
}  // namespace callwright::app
