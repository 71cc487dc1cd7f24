#include "speech/pocketsphinx_recognizer.hpp"

#include "speech/test_speech.hpp"

#include <chrono>
#include <iterator>
#include <thread>
#include <utility>

namespace callwright::speech {
namespace {

constexpr std::chrono::seconds kGuard{40};

/// Everything up to the end.
Recognizer::Heard all_of(Recognizer& recognizer) {
  Recognizer::Heard all;
  for (const auto begin = std::chrono::steady_clock::now(); !all.ended && std::chrono::steady_clock::now() < begin + kGuard; std::this_thread::yield()) {
    Recognizer::Heard heard = recognizer.read();
    std::move(heard.utterances.begin(), heard.utterances.end(), std::back_inserter(all.utterances));
    all.ended = heard.ended;
    all.error = std::move(heard.error);
  }
  EXPECT_TRUE(all.ended);
  return all;
}

TEST(PocketSphinxRecognizer, tells_the_phrase_and_then_all_that_was_said) {
  PocketSphinxFactory factory;
  ASSERT_TRUE(factory.blocking_check());
  const auto recognizer = factory.start({.rate = audio::kNarrowband, .phrase = "change my reservation"});
  ASSERT_TRUE(recognizer);
  (*recognizer)->write(through_telephone(recorded("speech_man.flac")));
  (*recognizer)->finish();
  const Recognizer::Heard heard = all_of(**recognizer);
  ASSERT_EQ(heard.utterances.size(), 2U);
  EXPECT_EQ(heard.utterances[0].kind, Utterance::Kind::Partial);
  EXPECT_EQ(heard.utterances[0].text, "change my reservation");
  EXPECT_EQ(heard.utterances[1].kind, Utterance::Kind::Final);
  EXPECT_FALSE(heard.error);
}

TEST(PocketSphinxRecognizer, ends_without_a_word_where_nothing_was_said) {
  PocketSphinxFactory factory;
  const auto recognizer = factory.start({});
  ASSERT_TRUE(recognizer);
  (*recognizer)->finish();
  EXPECT_TRUE(all_of(**recognizer).utterances.empty());
}

TEST(PocketSphinxRecognizer, says_which_word_is_in_no_dictionary) {
  PocketSphinxFactory factory;
  const auto recognizer = factory.start({.rate = audio::kWideband, .phrase = "good morning zyxomma"});
  ASSERT_TRUE(recognizer);
  const Recognizer::Heard heard = all_of(**recognizer);
  ASSERT_TRUE(heard.error);
  EXPECT_EQ(heard.error->code, base::make_error_code(base::Errc::InvalidArgument));
  EXPECT_NE(heard.error->message().find("\"zyxomma\" is not in the dictionary"), std::string::npos);
}

TEST(PocketSphinxRecognizer, does_not_look_for_words_that_are_too_short_by_themselves) {
  PocketSphinxFactory factory;
  const auto recognizer = factory.start({.rate = audio::kWideband, .phrase = "no"});
  ASSERT_TRUE(recognizer);
  (*recognizer)->write(spoken("no"));
  (*recognizer)->finish();
  const Recognizer::Heard heard = all_of(**recognizer);
  ASSERT_EQ(heard.utterances.size(), 1U);
  EXPECT_EQ(heard.utterances[0].kind, Utterance::Kind::Final);
  EXPECT_EQ(heard.utterances[0].text, "no");
}

TEST(PocketSphinxRecognizer, does_not_take_one_number_for_another) {
  PocketSphinxFactory factory;
  const auto recognizer = factory.start({.rate = audio::kNarrowband, .phrase = "the number is four seven nine"});
  ASSERT_TRUE(recognizer);
  (*recognizer)->write(through_telephone(recorded("speech_man.flac")));
  (*recognizer)->finish();
  const Recognizer::Heard heard = all_of(**recognizer);
  ASSERT_EQ(heard.utterances.size(), 1U);
  EXPECT_EQ(heard.utterances[0].kind, Utterance::Kind::Final);
  EXPECT_TRUE(heard.utterances[0].text.ends_with("number is four seven one")) << heard.utterances[0].text;
}

TEST(PocketSphinxRecognizer, keeps_voices_apart) {
  PocketSphinxFactory factory;
  const auto one = factory.start({});
  const auto other = factory.start({});
  ASSERT_TRUE(one && other);
  const Sound morning = spoken("good morning");
  const Sound tomorrow = spoken("see you tomorrow");
  for (std::size_t at = 0; at < std::max(morning.size(), tomorrow.size()); at += 320) {
    const auto piece = [at](const Sound& sound) {
      return std::span(sound).subspan(std::min(at, sound.size()), std::min<std::size_t>(320, sound.size() - std::min(at, sound.size())));
    };
    (*one)->write(piece(morning));
    (*other)->write(piece(tomorrow));
  }
  (*one)->finish();
  (*other)->finish();
  const Recognizer::Heard first = all_of(**one);
  const Recognizer::Heard second = all_of(**other);
  ASSERT_EQ(first.utterances.size(), 1U);
  ASSERT_EQ(second.utterances.size(), 1U);
  EXPECT_EQ(first.utterances[0].text, "good morning");
  EXPECT_EQ(second.utterances[0].text, "see you tomorrow");
}

TEST(PocketSphinxRecognizer, has_a_limit_and_gives_places_back) {
  PocketSphinxFactory factory;
  std::vector<std::unique_ptr<Recognizer>> recognizers;
  for (std::size_t count = 0; count < PocketSphinxFactory::kMaxRecognizers; ++count) {
    auto recognizer = factory.start({});
    ASSERT_TRUE(recognizer);
    recognizers.push_back(std::move(*recognizer));
  }
  const auto refused = factory.start({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::make_error_code(base::Errc::LimitReached));
  // One that is dropped in the middle of something.
  recognizers.back()->write(spoken("good morning"));
  recognizers.pop_back();
  auto next = factory.start({});
  for (const auto begin = std::chrono::steady_clock::now(); !next && std::chrono::steady_clock::now() < begin + kGuard; std::this_thread::yield()) {
    next = factory.start({});
  }
  ASSERT_TRUE(next);
  (*next)->finish();
  EXPECT_TRUE(all_of(**next).utterances.empty());
}

TEST(PocketSphinxRecognizer, says_which_package_brings_the_model) {
  PocketSphinxFactory factory("/nowhere");
  const auto possible = factory.blocking_check();
  ASSERT_FALSE(possible);
  EXPECT_NE(possible.error().message().find("pocketsphinx-en-us"), std::string::npos);
  const auto recognizer = factory.start({});
  ASSERT_TRUE(recognizer);
  EXPECT_TRUE(all_of(**recognizer).error);
}

}  // namespace
}  // namespace callwright::speech
