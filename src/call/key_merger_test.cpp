#include "call/key_merger.hpp"

#include <gtest/gtest.h>

namespace callwright::call {
namespace {

using std::chrono::milliseconds;
using Way = KeyMerger::Way;

TEST(KeyMerger, counts_a_press_once_that_is_told_twice) {
  KeyMerger merger;
  const base::TimePoint start{};
  EXPECT_TRUE(merger.is_new('5', Way::Media, start));
  EXPECT_FALSE(merger.is_new('5', Way::Info, start + milliseconds(600)));
  EXPECT_TRUE(merger.is_new('5', Way::Info, start + milliseconds(700))) << "another press";
  EXPECT_FALSE(merger.is_new('5', Way::Media, start + milliseconds(800)));
}

TEST(KeyMerger, counts_the_same_key_as_often_as_it_is_pressed) {
  KeyMerger merger;
  const base::TimePoint start{};
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(merger.is_new('7', Way::Media, start + milliseconds(100 * i)));
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(merger.is_new('7', Way::Info, start + milliseconds(500 + 100 * i)));
  }
  EXPECT_TRUE(merger.is_new('8', Way::Info, start + milliseconds(900)));
}

TEST(KeyMerger, forgets_what_was_long_ago) {
  KeyMerger merger;
  const base::TimePoint start{};
  EXPECT_TRUE(merger.is_new('1', Way::Media, start));
  EXPECT_TRUE(merger.is_new('1', Way::Info, start + milliseconds(2001)));
}

}  // namespace
}  // namespace callwright::call
