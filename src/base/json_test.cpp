#include "base/json.hpp"

#include <gtest/gtest.h>

namespace callwright::base {
namespace {

constexpr std::size_t kDepth = 32;

std::string round_trip(std::string_view text, MemberOrder order = MemberOrder::AsGiven) {
  const auto value = parse_json(text, kDepth);
  if (!value) {
    return "error: " + value.error().detail;
  }
  std::string out;
  append_json(out, *value, order);
  return out;
}

TEST(Json, keeps_numbers_as_they_were_written) {
  for (const char* number : {"0", "-0", "1.5", "1e3", "1E+3", "-2.50", "12345678901234567890", "123456789012345678901234567890", "0.1000000000000000055511"}) {
    EXPECT_EQ(round_trip(number), number);
    EXPECT_EQ(round_trip("[" + std::string(number) + "]"), "[" + std::string(number) + "]");
  }
}

TEST(Json, keeps_values_of_every_kind) {
  for (const char* text : {"null", "true", "false", "\"\"", "[]", "{}", R"([1,"a",null,[true],{"b":{}}])", R"({"z":1,"a":[2,3]})"}) {
    EXPECT_EQ(round_trip(text), text);
  }
}

TEST(Json, drops_blanks_between_tokens) { EXPECT_EQ(round_trip(" { \"a\" : [ 1 , 2 ] }\r\n\t"), R"({"a":[1,2]})"); }

TEST(Json, sorts_members_by_name_at_every_level_when_asked) {
  EXPECT_EQ(round_trip(R"({"b":{"d":1,"c":2},"a":[{"z":0,"y":0}]})", MemberOrder::Sorted), R"({"a":[{"y":0,"z":0}],"b":{"c":2,"d":1}})");
}

TEST(Json, lets_the_last_of_duplicate_members_win) {
  const auto value = parse_json(R"({"a":1,"b":2,"a":3})", kDepth);
  ASSERT_TRUE(value);
  EXPECT_EQ(std::get<Json::Number>(value->find("a")->value).text, "3");
  EXPECT_EQ(round_trip(R"({"a":1,"b":2,"a":3,"b":4,"a":5})", MemberOrder::Sorted), R"({"a":5,"b":4})");
}

TEST(Json, finds_members_by_exact_name_only) {
  const auto value = parse_json(R"({"Id":1})", kDepth);
  ASSERT_TRUE(value);
  EXPECT_NE(value->find("Id"), nullptr);
  EXPECT_EQ(value->find("id"), nullptr);
  EXPECT_EQ(Json{}.find("id"), nullptr);
}

TEST(Json, finds_members_in_any_letter_case_when_asked) {
  const auto value = parse_json(R"({"Id":1,"iD":2,"idx":3,"ID ":4,"\u0131d":5})", kDepth);
  ASSERT_TRUE(value);
  ASSERT_NE(value->find_any_case("id"), nullptr);
  EXPECT_EQ(std::get<Json::Number>(value->find_any_case("id")->value).text, "2");
  EXPECT_EQ(value->find_any_case("i"), nullptr);
  EXPECT_EQ(Json{}.find_any_case("id"), nullptr);
}

TEST(Json, escapes_what_is_unsafe_inside_html) { EXPECT_EQ(round_trip(R"("<a>&\u2028\u2029")"), R"("\u003ca\u003e\u0026\u2028\u2029")"); }

TEST(Json, escapes_quotes_and_control_characters) {
  EXPECT_EQ(round_trip(R"("\"\\\/\b\f\n\r\t\u0000\u001f\u007f")"), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\"");
}

TEST(Json, keeps_other_characters) {
  EXPECT_EQ(round_trip("\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x93\x9E\""), "\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x93\x9E\"");
  EXPECT_EQ(round_trip(R"("\ud83d\udcde")"), "\"\xF0\x9F\x93\x9E\"");
}

TEST(Json, writes_bytes_that_are_not_utf8_as_replacement_characters) {
  std::string out;
  append_json_string(out, std::string_view("a\xFF\xC3\xE2\x82z\xED\xA0\x80", 9));
  EXPECT_EQ(out, R"("a\ufffd\ufffd\ufffd\ufffdz\ufffd\ufffd\ufffd")");
}

TEST(Json, refuses_what_is_not_json) {
  for (const char* text : {"", " ", "not json", "{", "[1,]", "{\"a\"}", "{'a':1}", "01", "1.", "nul", "\"\\ud800\"", "\"\x01\"", "\"\xFF\"", "{} {}", "1 2",
                           "NaN", "\xEF\xBB\xBF{}", "// c\n1"}) {
    EXPECT_TRUE(round_trip(text).starts_with("error: ")) << text;
  }
}

TEST(Json, names_the_byte_of_the_error) {
  EXPECT_TRUE(round_trip("[1,2,x]").ends_with(" at byte 5")) << round_trip("[1,2,x]");
  EXPECT_TRUE(round_trip("{} x").ends_with(" at byte 3")) << round_trip("{} x");
}

TEST(Json, limits_the_depth) {
  const std::string deepest = std::string(kDepth, '[') + std::string(kDepth, ']');
  EXPECT_EQ(round_trip(deepest), deepest);
  EXPECT_TRUE(round_trip("[" + deepest + "]").starts_with("error: "));
  EXPECT_TRUE(round_trip(std::string(1'000'000, '[')).starts_with("error: "));
}

TEST(Json, takes_an_object_of_many_members_in_linear_time) {
  std::string text = "{";
  for (int number = 0; number < 20'000; ++number) {
    text += (number == 0 ? "\"m" : ",\"m") + std::to_string(number) + "\":0";
  }
  text += "}";
  EXPECT_EQ(round_trip(text, MemberOrder::Sorted).size(), text.size());
}

}  // namespace
}  // namespace callwright::base
