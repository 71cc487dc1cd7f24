#include "sip/fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace callwright::sip {
namespace {

using ::testing::HasSubstr;

TEST(Parameters, are_found_by_name_in_any_case) {
  const Parameters parameters(";lr; Tag = abc ;q=\"a;\\\"b\" ;empty=;last=1");
  EXPECT_EQ(parameters.find("tag"), "abc");
  EXPECT_EQ(parameters.find("LR"), "");
  EXPECT_EQ(parameters.find("q"), "a;\\\"b");
  EXPECT_EQ(parameters.find("empty"), "");
  EXPECT_EQ(parameters.find("last"), "1");
  EXPECT_EQ(parameters.find("b"), std::nullopt);
  EXPECT_FALSE(Parameters().has("tag"));
}

TEST(NameAddr, takes_quoted_and_plain_display_names) {
  const auto quoted = NameAddr::parse(" \"A. \\\"G.\\\" <Bell>\" <sip:agb@bell.com;lr?X=y> ;tag=a48s").value();
  EXPECT_EQ(quoted.display_name, "A. \\\"G.\\\" <Bell>");
  EXPECT_EQ(quoted.uri, "sip:agb@bell.com;lr?X=y");
  EXPECT_EQ(quoted.tag(), "a48s");
  const auto plain = NameAddr::parse("Caller One<tel:+12015550123>").value();
  EXPECT_EQ(plain.display_name, "Caller One");
  EXPECT_EQ(plain.uri, "tel:+12015550123");
  EXPECT_EQ(plain.tag(), "");
  EXPECT_EQ(NameAddr::parse("<urn:x:y>")->display_name, "");
}

TEST(NameAddr, gives_parameters_to_the_header_without_brackets) {
  const auto bare = NameAddr::parse("sip:a@h;tag=1").value();
  EXPECT_EQ(bare.uri, "sip:a@h");
  EXPECT_EQ(bare.tag(), "1");
  EXPECT_EQ(NameAddr::parse("sip:a@h ; tag = 2")->tag(), "2");
  EXPECT_EQ(NameAddr::parse("<sip:a@h>;tag=;tag=2")->tag(), "") << "the first counts, as in a look-up by name";
  EXPECT_EQ(Via::parse("SIP/2.0/UDP h;branch=;branch=z9hG4bK2")->branch(), "");
}

TEST(NameAddr, knows_the_wildcard) {
  EXPECT_TRUE(NameAddr::parse(" * ")->wildcard);
  EXPECT_FALSE(NameAddr::parse("<sip:*@h>")->wildcard);
}

TEST(NameAddr, names_the_byte_that_is_wrong) {
  const std::vector<std::pair<std::string, int>> refused = {
      {"", 0},
      {"alice", 5},
      {"<>", 1},
      {"<sip:>", 5},
      {"<sip:a@h", 0},
      {"\"a <sip:b@c>", 0},
      {"\"a\" sip:b@c", 4},
      {"a\"b\" <sip:c@d>", 1},
      {"<sip:a b@c>", 6},
      {"<sip:a@b>x", 9},
      {"<sip:a@b>;;x", 10},
      {"<sip:a@b>;=1", 10},
      {"<sip:a@b>;x=\"1", 12},
      {"sip:a@b?X=y", 7},
      {"sip:a@b,c", 7},
      {"< sip:a@b>", 1},
      {"1:2", 0},
  };
  for (const auto& [text, position] : refused) {
    const auto parsed = NameAddr::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().detail, HasSubstr("at byte " + std::to_string(position) + ":")) << text;
  }
}

TEST(Via, takes_every_form_of_host) {
  const auto via = Via::parse("SIP/2.0/TCP [2001:db8::9:1]:5070;branch=z9hG4bKas3;received=2001:db8::2").value();
  EXPECT_EQ(via.transport, "TCP");
  EXPECT_EQ(via.host, "[2001:db8::9:1]");
  EXPECT_EQ(via.port, 5070);
  EXPECT_EQ(via.branch(), "z9hG4bKas3");
  EXPECT_EQ(via.parameters.find("received"), "2001:db8::2");
  const auto spaced = Via::parse("sip  / 2.0 /  UNKNOWN   192.0.2.2 : 99 ;  branch = 390skdjuw ;").value();
  EXPECT_EQ(spaced.transport, "UNKNOWN");
  EXPECT_EQ(spaced.host, "192.0.2.2");
  EXPECT_EQ(spaced.port, 99);
  EXPECT_EQ(spaced.branch(), "390skdjuw");
  EXPECT_EQ(Via::parse("SIP/2.0/UDP h")->port, 0);
  EXPECT_EQ(Via::parse("SIP/2.0/UDP h")->branch(), "");
}

TEST(Via, names_the_byte_that_is_wrong) {
  const std::vector<std::pair<std::string, int>> refused = {
      {"", 0},
      {"HTTP/2.0/UDP h", 4},
      {"SIP/1.0/UDP h", 4},
      {"SIP/2.0 h", 8},
      {"SIP/2.0/ h", 9 + 1},
      {"SIP/2.0/UDP", 11},
      {"SIP/2.0/UDP ", 12},
      {"SIP/2.0/UDP h:", 14},
      {"SIP/2.0/UDP h:99999", 14},
      {"SIP/2.0/UDP h x", 14},
      {"SIP/2.0/UDP h;;x", 14},
      {"SIP/2.0/UDP [::1", 16},
  };
  for (const auto& [text, position] : refused) {
    const auto parsed = Via::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().detail, HasSubstr("at byte " + std::to_string(position) + ":")) << text;
  }
}

TEST(CSeq, has_number_and_method) {
  const auto cseq = CSeq::parse("0009  NEWMETHOD ").value();
  EXPECT_EQ(cseq.number, 9U);
  EXPECT_EQ(cseq.method, Method::Unknown);
  EXPECT_EQ(cseq.method_text, "NEWMETHOD");
  EXPECT_EQ(CSeq::parse("2147483647 ACK")->method, Method::Ack);
  for (const std::string_view text : {"", "1", "INVITE", "1INVITE", "2147483648 ACK", "+1 ACK", "1 ACK x", "1 <", "1 "})
    EXPECT_FALSE(CSeq::parse(text)) << text;
}

TEST(TokenWithParameters, splits_at_the_first_semicolon) {
  const auto state = TokenWithParameters::parse(" terminated ; reason=noresource;retry-after=3");
  EXPECT_EQ(state.token, "terminated");
  EXPECT_EQ(state.parameters.find("reason"), "noresource");
  EXPECT_EQ(state.parameters.find("retry-after"), "3");
  EXPECT_EQ(TokenWithParameters::parse("refer").token, "refer");
  EXPECT_EQ(TokenWithParameters::parse("").token, "");
}

TEST(Number, is_digits_with_room_for_comment_and_parameters) {
  EXPECT_EQ(parse_number(" 3600 "), 3600U);
  EXPECT_EQ(parse_number("0068"), 68U);
  EXPECT_EQ(parse_number("4294967295"), 4294967295U);
  EXPECT_EQ(parse_number("18000;duration=3600"), 18000U);
  EXPECT_EQ(parse_number("120 (I'm in a meeting)"), 120U);
  for (const std::string_view text : {"", " ", "4294967296", "99999999999999999999999", "-1", "+1", "1 2", "0x10", "1.5", "; x"})
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(Case, is_ignored_in_letters_only) {
  EXPECT_TRUE(equals_ignoring_case("Content-ID", "cONTENT-id"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
}

}  // namespace
}  // namespace callwright::sip
