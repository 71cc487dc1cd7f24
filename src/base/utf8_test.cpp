#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace callwright::base {
namespace {

using std::string_literals::operator""s;

TEST(Utf8, takes_well_formed_text) {
  for (const std::string& text : {""s, "plain"s, "\xc3\xbc"s, "\xe2\x82\xac"s, "\xf0\x9f\x93\x9e"s, "\xed\x9f\xbf"s, "\xf4\x8f\xbf\xbf"s, "a\0b"s}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, refuses_what_is_not) {
  // Latin-1, a lone continuation, a cut character, overlong forms, a surrogate, above U+10FFFF.
  for (const char* const text : {"\xfc", "\x80", "a\xc3", "\xe2\x82", "\xc0\x80", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(Utf8, tells_the_length_of_a_character) {
  EXPECT_EQ(utf8_character(""), 0U);
  EXPECT_EQ(utf8_character("ab"), 1U);
  EXPECT_EQ(utf8_character("\xc3\xbc"
                           "b"),
            2U);
  EXPECT_EQ(utf8_character("\xe2\x82\xac!"), 3U);
  EXPECT_EQ(utf8_character("\xf0\x9f\x93\x9e"), 4U);
  EXPECT_EQ(utf8_character("\xf0\x9f\x93"), 0U);
}

}  // namespace
}  // namespace callwright::base
