#include "sip/match_key.hpp"

#include <gtest/gtest.h>

#include <string>

namespace callwright::sip {
namespace {

TEST(MatchKey, is_the_same_for_the_same_text) {
  base::DeterministicRandom random(1);
  const MatchKeyMaker make(random);
  EXPECT_EQ(make("z9hG4bK776|192.0.2.1:5060|I"), make(std::string("z9hG4bK776|192.0.2.1:5060|") + "I"));
}

TEST(MatchKey, differs_for_every_other_text) {
  base::DeterministicRandom random(1);
  const MatchKeyMaker make(random);
  MatchSet seen;
  std::string text;
  for (int number = 0; number < 100'000; ++number) {
    text = "z9hG4bK-1-" + std::to_string(number) + "-0|127.0.0.1:5061|A";
    EXPECT_TRUE(seen.insert(make(text)).second) << text;
  }
}

TEST(MatchKey, cannot_be_predicted_from_another_maker) {
  base::DeterministicRandom random(1);
  const MatchKeyMaker one(random);
  const MatchKeyMaker other(random);
  EXPECT_NE(one("z9hG4bK776"), other("z9hG4bK776"));
}

}  // namespace
}  // namespace callwright::sip
