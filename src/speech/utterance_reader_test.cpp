#include "speech/utterance_reader.hpp"

#include "speech/pocketsphinx_recognizer.hpp"
#include "speech/test_speech.hpp"

#include <algorithm>

namespace callwright::speech {
namespace {

constexpr double kThreshold = 1;
/// So much before the end of `within_silence` that somebody still waits.
constexpr std::size_t kPause = 16000;

PocketSphinxDecoder& free_speech() {
  static const auto kReader = PocketSphinxDecoder::blocking_make_reader(PocketSphinxFactory::kUsualModel);
  return **kReader;
}

struct Understood {
  std::vector<Utterance> partial;
  std::vector<Utterance> final;
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const Utterance& utterance : final) {
      all += (all.empty() ? "" : " ") + utterance.text;
    }
    return all;
  }
};

/// In pieces of 20 ms, as calls give it.
Understood understand(const Sound& sound, audio::SampleRate rate, const std::string& phrase = {}) {
  std::unique_ptr<PocketSphinxDecoder> spotter;
  if (!phrase.empty()) {
    auto made = PocketSphinxDecoder::blocking_make_spotter(PocketSphinxFactory::kUsualModel, phrase, kThreshold);
    spotter = std::move(*made);
  }
  UtteranceReader reader({.rate = rate, .phrase = phrase}, free_speech(), std::move(spotter));
  Understood all;
  const auto sort = [&all](std::vector<Utterance> utterances) {
    for (Utterance& utterance : utterances) {
      (utterance.kind == Utterance::Kind::Final ? all.final : all.partial).push_back(std::move(utterance));
    }
  };
  const std::size_t piece = audio::samples_in(std::chrono::milliseconds(20), rate);
  for (std::size_t at = 0; at < sound.size(); at += piece) {
    sort(reader.blocking_hear(std::span(sound).subspan(at, std::min(piece, sound.size() - at))));
  }
  sort(reader.blocking_finish());
  return all;
}

TEST(UtteranceReader, understands_either_voice_at_16_khz) {
  EXPECT_EQ(understand(recorded("speech_woman.flac"), audio::kWideband).text(),
            "good morning you have reached the service desk please tell me in a few words how i can help you today");
  EXPECT_EQ(understand(recorded("speech_man.flac"), audio::kWideband).text(), "i would like to change my reservation the number is four seven one");
}

TEST(UtteranceReader, understands_what_came_through_a_telephone) {
  const Sound narrow = through_telephone(recorded("speech_man.flac"));
  const std::string expected = "i would like to change my reservation";
  EXPECT_TRUE(understand(narrow, audio::kNarrowband).text().starts_with(expected));
  // Also where somebody made 16 or 48 kHz of it, as for Opus.
  EXPECT_TRUE(understand(converted(narrow, audio::kNarrowband, audio::kWideband), audio::kWideband).text().starts_with(expected));
  EXPECT_TRUE(understand(converted(narrow, audio::kNarrowband, audio::kFullband), audio::kFullband).text().starts_with(expected));
}

TEST(UtteranceReader, finds_a_phrase_while_somebody_goes_on_speaking) {
  for (const bool telephone : {false, true}) {
    const Sound wide = recorded("speech_man.flac");
    const Sound sound = telephone ? through_telephone(wide) : wide;
    const Understood understood = understand(sound, telephone ? audio::kNarrowband : audio::kWideband, "change my reservation");
    ASSERT_EQ(understood.partial.size(), 1U) << telephone;
    EXPECT_EQ(understood.partial.front().text, "change my reservation");
  }
}

TEST(UtteranceReader, does_not_find_what_was_not_said) {
  const Sound wide = recorded("speech_man.flac");
  const Sound narrow = through_telephone(wide);
  for (const char* const phrase : {"cancel my reservation please", "service department"}) {
    EXPECT_TRUE(understand(wide, audio::kWideband, phrase).partial.empty()) << phrase;
    EXPECT_TRUE(understand(narrow, audio::kNarrowband, phrase).partial.empty()) << phrase;
  }
}

TEST(UtteranceReader, tells_when_each_word_was_said) {
  const Understood understood = understand(recorded("speech_man.flac"), audio::kWideband);
  ASSERT_EQ(understood.final.size(), 1U);
  const std::vector<SpokenWord>& words = understood.final.front().words;
  ASSERT_FALSE(words.empty());
  // Half a second of silence lies before it.
  EXPECT_NEAR(static_cast<double>(words.front().begin.count()), 500, 200);
  for (std::size_t at = 1; at < words.size(); ++at) {
    EXPECT_LT(words[at - 1].begin, words[at - 1].end);
    EXPECT_LE(words[at - 1].end, words[at].begin);
  }
}

TEST(UtteranceReader, takes_a_pause_for_the_end_of_an_utterance) {
  Sound sound = spoken("good morning");
  const Sound next = spoken("see you tomorrow");
  sound.insert(sound.end(), next.begin(), next.end());
  const Understood understood = understand(sound, audio::kWideband);
  ASSERT_EQ(understood.final.size(), 2U);
  EXPECT_EQ(understood.final[0].text, "good morning");
  EXPECT_EQ(understood.final[1].text, "see you tomorrow");
  EXPECT_GT(understood.final[1].words.front().begin, understood.final[0].words.back().end + std::chrono::milliseconds(1000));
}

TEST(UtteranceReader, understands_what_was_not_over) {
  Sound sound = spoken("good morning");
  sound.resize(sound.size() - kPause);
  EXPECT_EQ(understand(sound, audio::kWideband).text(), "good morning");
}

TEST(UtteranceReader, does_not_wait_for_whoever_never_pauses) {
  Sound sound;
  const Sound one = recorded("speech_woman.flac");
  // Without the silence around it, twice: 11 s.
  for (int times = 0; times < 2; ++times) {
    sound.insert(sound.end(), one.begin() + 8000, one.end() - kPause);
  }
  const Understood understood = understand(sound, audio::kWideband);
  EXPECT_GE(understood.final.size(), 2U);
  EXPECT_NE(understood.text().find("help you today"), std::string::npos);
}

TEST(UtteranceReader, has_nothing_to_say_of_silence) {
  const Understood understood = understand(Sound(5 * 16000), audio::kWideband, "good morning");
  EXPECT_TRUE(understood.partial.empty());
  EXPECT_TRUE(understood.final.empty());
}

}  // namespace
}  // namespace callwright::speech
