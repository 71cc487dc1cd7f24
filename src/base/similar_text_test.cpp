#include "base/similar_text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace callwright::base {
namespace {

TEST(EditDistance, counts_changed_added_and_missing_letters) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("opus", "OPUS"), 0U);
  EXPECT_EQ(edit_distance("opus", "opsu"), 2U);
  EXPECT_EQ(edit_distance("listen", "listn"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

TEST(MostSimilar, finds_the_nearest_word_and_none_that_is_far) {
  const std::array<std::string_view, 3> words{"opus", "PCMU", "PCMA"};
  const auto nearest = [&](std::string_view word) { return most_similar(words.begin(), words.end(), word, 2, [](std::string_view text) { return text; }); };
  EXPECT_EQ(nearest("ops"), words.begin());
  EXPECT_EQ(nearest("pcma"), words.begin() + 2);
  EXPECT_EQ(nearest("telephone"), words.end());
  EXPECT_EQ(nearest(std::string(65, 'o')), words.end());
}

}  // namespace
}  // namespace callwright::base
