#include "server/query.hpp"

#include <gtest/gtest.h>

namespace callwright::server {
namespace {

TEST(Query, has_the_last_value_of_a_name) {
  EXPECT_EQ(query_value("a=1&b=2&a=3", "a"), "3");
  EXPECT_EQ(query_value("a=1&b=2=3", "b"), "2=3");
  EXPECT_EQ(query_value("a&b=", "a"), "");
  EXPECT_EQ(query_value("a&b=", "b"), "");
  EXPECT_EQ(query_value("aa=1&&=2", "a"), std::nullopt);
  EXPECT_EQ(query_value("", "a"), std::nullopt);
}

TEST(Query, shows_no_tokens) {
  EXPECT_EQ(without_token_values("ws://h:1/call-api?token=SECRET"), "ws://h:1/call-api?token=***");
  EXPECT_EQ(without_token_values("/call-api?a=token=&token=S?token=S&b=1&token=S"), "/call-api?a=token=&token=***?token=***&b=1&token=***");
  EXPECT_EQ(without_token_values("?token="), "?token=***");
  EXPECT_EQ(without_token_values("ws://h/x?dialect=2020"), "ws://h/x?dialect=2020");
  EXPECT_EQ(without_token_values(""), "");
}

TEST(Query, takes_escapes_out_of_a_path) {
  EXPECT_EQ(unescaped("/run/main%20office%2Fa"), "/run/main office/a");
  EXPECT_EQ(unescaped("/run/%C3%BC"), "/run/\xC3\xBC");
  EXPECT_FALSE(unescaped("/run/%0a"));
  EXPECT_FALSE(unescaped("/run/%"));
  EXPECT_FALSE(unescaped("/run/%4"));
  EXPECT_FALSE(unescaped("/run/%zz"));
  EXPECT_FALSE(unescaped("/run/%+1"));
}

}  // namespace
}  // namespace callwright::server
