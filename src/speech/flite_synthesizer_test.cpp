#include "speech/flite_synthesizer.hpp"

#include "speech/test_speech.hpp"

namespace callwright::speech {
namespace {

TEST(FliteSynthesizer, speaks_with_either_voice) {
  const auto man = FliteSynthesizer().blocking_speak("Good morning", Voice::Man);
  const auto woman = FliteSynthesizer().blocking_speak("Good morning", Voice::Woman);
  ASSERT_TRUE(man && woman);
  for (const SpokenText& spoken : {*man, *woman}) {
    EXPECT_EQ(spoken.rate, audio::kWideband);
    EXPECT_GT(spoken.samples.size(), 16000U / 2);
    EXPECT_LT(spoken.samples.size(), 16000U * 3);
    EXPECT_GT(audio::level_dbov(spoken.samples), -35);
  }
  EXPECT_NE(man->samples, woman->samples);
}

TEST(FliteSynthesizer, takes_longer_for_more_words) {
  const auto one = FliteSynthesizer().blocking_speak("one", Voice::Man);
  const auto more = FliteSynthesizer().blocking_speak("one, two, three, four, 5, 6", Voice::Man);
  ASSERT_TRUE(one && more);
  EXPECT_GT(more->samples.size(), 3 * one->samples.size());
}

TEST(FliteSynthesizer, refuses_what_has_no_words_or_too_many) {
  for (const std::string& text : {std::string(), std::string("?! …"), std::string(FliteSynthesizer::kMaxText + 1, 'a')}) {
    const auto spoken = FliteSynthesizer().blocking_speak(text, Voice::Man);
    ASSERT_FALSE(spoken) << text;
    EXPECT_EQ(spoken.error().code, base::make_error_code(base::Errc::InvalidArgument));
  }
}

}  // namespace
}  // namespace callwright::speech
