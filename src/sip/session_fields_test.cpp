#include "sip/session_fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::sip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string with(std::string_view lines) {
  return std::string(
             "INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n")
      .append(lines)
      .append("Content-Length: 0\r\n\r\n");
}

TEST(SessionExpires, reads_interval_and_refresher) {
  EXPECT_EQ(SessionExpires::parse("1800")->interval.count(), 1800);
  EXPECT_EQ(SessionExpires::parse("1800")->refresher, SessionExpires::Refresher::Unspecified);
  EXPECT_EQ(SessionExpires::parse(" 90 ; refresher=UAS")->refresher, SessionExpires::Refresher::Uas);
  EXPECT_EQ(SessionExpires::parse("4294967295;refresher=uac;x")->interval.count(), 4294967295);
  for (const char* bad : {"", ";refresher=uac", "x", "-1", "4294967296", "1 2"}) {
    EXPECT_FALSE(SessionExpires::parse(bad)) << bad;
  }
  EXPECT_EQ((SessionExpires{std::chrono::seconds(600), SessionExpires::Refresher::Uac}.to_string()), "600;refresher=uac");
}

TEST(RAck, reads_three_parts) {
  const auto rack = RAck::parse(" 776656  1 INVITE ");
  ASSERT_TRUE(rack);
  EXPECT_EQ(rack->rseq, 776656U);
  EXPECT_EQ(rack->cseq, 1U);
  EXPECT_EQ(rack->method, Method::Invite);
  for (const char* bad : {"", "1", "1 1", "0 1 INVITE", "x 1 INVITE", "1 x INVITE", "4294967296 1 INVITE"}) {
    EXPECT_FALSE(RAck::parse(bad)) << bad;
  }
}

TEST(DialogName, reads_replaces) {
  const auto name = DialogName::parse("425928@bobster.example;to-tag=7743;from-tag=6472;early-only");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->call_id, "425928@bobster.example");
  EXPECT_EQ(name->local_tag, "7743");
  EXPECT_EQ(name->remote_tag, "6472");
  EXPECT_EQ(name->stage, DialogName::Stage::EarlyOnly);
  EXPECT_EQ(name->to_string(), "425928@bobster.example;to-tag=7743;from-tag=6472;early-only");
  EXPECT_EQ(DialogName::parse_target(name->to_target_string())->remote_tag, "6472");
  const std::string endless = std::string(2000, 'x') + ";to-tag=1;from-tag=2";
  for (const std::string& bad :
       {std::string(), std::string("a"), std::string("a;to-tag=1"), std::string(";to-tag=1;from-tag=2"), std::string("a;to-tag=;from-tag=2"),
        std::string("a;to-tag=1;from-tag=2\r\nX: y"), std::string("a b;to-tag=1;from-tag=2"), std::string("a;to-tag=1;from-tag=\"B, C\""), endless}) {
    EXPECT_FALSE(DialogName::parse(bad)) << bad;
  }
}

TEST(Reason, goes_both_ways) {
  const auto reason = Reason::parse("Q.850 ;cause=16 ;text=\"Terminated \\\"here\\\"\"");
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->protocol, "Q.850");
  EXPECT_EQ(reason->cause, 16);
  EXPECT_EQ(reason->text, "Terminated \"here\"");
  EXPECT_EQ(reason->to_string(), "Q.850;cause=16;text=\"Terminated \\\"here\\\"\"");
  EXPECT_EQ(Reason::parse("SIP;cause=99999999999")->cause, 0);
  EXPECT_FALSE(Reason::parse(";cause=1"));
  EXPECT_FALSE(Reason::parse("SIP;text=\"" + std::string(1013, 'a') + '\\')) << "longer once it is escaped";
  const std::string text = with("Reason: ;x\r\nReason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n");
  Message message;
  ASSERT_TRUE(message.parse(text));
  EXPECT_EQ(reason_of(message)->cause, 200);
}

TEST(Privacy, lists_what_is_asked_for) {
  const std::string text = with("Privacy: id;CRITICAL\r\nPrivacy: header, history\r\n");
  Message message;
  ASSERT_TRUE(message.parse(text));
  const Privacy privacy = Privacy::of(message);
  EXPECT_TRUE(privacy.id && privacy.critical && privacy.header && privacy.history);
  EXPECT_FALSE(privacy.user || privacy.session || privacy.none);
  EXPECT_EQ(privacy.to_string(), "header;id;history;critical");
  EXPECT_EQ(Privacy{}.to_string(), "");
}

TEST(Diversion, and_history_are_read_in_order) {
  const std::string text = with(
      "Diversion: \"B, of C\" <sip:b@h>;reason=user-busy;counter=2, nonsense\r\nDiversion: <sip:c@h>;reason=\"x\"\r\n"
      "History-Info: <sip:b@h?Reason=SIP%3Bcause%3D302>;index=1, <sip:c@h>;index=1.1;rc=1\r\nHistory-Info: <sip:d@h>\r\n"
      "P-Asserted-Identity: \"A\" <sip:a@h>, <tel:+1201>\r\nP-Asserted-Identity: <sip:third@h>\r\n");
  Message message;
  ASSERT_TRUE(message.parse(text)) << message.error().reason;
  const auto diversions = diversions_of(message);
  ASSERT_EQ(diversions.size(), 2U);
  EXPECT_EQ(diversions[0].to_string(), "<sip:b@h>;reason=user-busy;counter=2");
  EXPECT_EQ(diversions[1].reason, "x");
  const auto history = history_of(message);
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].to_string(), "<sip:b@h?Reason=SIP%3Bcause%3D302>;index=1");
  EXPECT_EQ(history[1].index, "1.1");
  EXPECT_THAT(asserted_identities_of(message), ElementsAre("sip:a@h", "tel:+1201"));
}

TEST(AssertedIdentities, are_one_sip_and_one_tel_uri_at_most) {
  const std::string text = with("P-Asserted-Identity: <sip:a@h>, <sip:b@h>\r\nP-Asserted-Identity: <TEL:+1201>, <tel:+1202>\r\n");
  Message message;
  ASSERT_TRUE(message.parse(text)) << message.error().reason;
  EXPECT_THAT(asserted_identities_of(message), ElementsAre("sip:a@h", "TEL:+1201"));
}

TEST(AppendHeader, leaves_out_what_would_break_the_message) {
  std::string lines;
  append_header(lines, "Reason", "SIP;cause=200");
  append_header(lines, "Reason", "SIP\r\nX: y");
  append_header(lines, "Reason", "");
  EXPECT_EQ(lines, "Reason: SIP;cause=200\r\n");
}

}  // namespace
}  // namespace callwright::sip
