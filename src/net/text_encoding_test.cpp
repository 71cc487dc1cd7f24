#include "net/text_encoding.hpp"

#include <gtest/gtest.h>

#include <string>

namespace callwright::net {
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

}  // namespace
}  // namespace callwright::net
