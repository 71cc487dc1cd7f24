// The documents that NOTIFYs carry.
#include "call/dialog_info.hpp"
#include "call/message_waiting.hpp"
#include "call/xml_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::call {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(StateBodies, xml_text_is_escaped) {
  std::string text;
  append_xml(text, "a<b>&\"c'\n\x01");
  EXPECT_EQ(text, "a&lt;b&gt;&amp;&quot;c&apos;??");
  text.clear();
  append_xml(text, "M\xc3\xbcller \xf0\x9f\x93\x9e \xfc \xef\xbf\xbe\xe2\x82");
  EXPECT_EQ(text, "M\xc3\xbcller \xf0\x9f\x93\x9e ? ???");
}

TEST(StateBodies, message_summary_counts) {
  EXPECT_EQ(message_summary({.fresh = 1, .old = 2, .urgent_fresh = 3, .urgent_old = 4}, "sip:a@x"),
            "Messages-Waiting: yes\r\nMessage-Account: sip:a@x\r\nVoice-Message: 1/2 (3/4)\r\n");
}

struct Dialogs : testing::Test {
  std::string full(std::string_view user) { return info.body({.resource = user, .entity = "sip:e@x", .changed = {}}); }
  std::vector<std::string> told;
  DialogInfo info{[this](const std::string& user, const std::string& id) { told.push_back(user + " " + id); },
                  [](const std::string& uri) { return uri.ends_with("@x") ? std::string(sip::user_of(uri)) : std::string(); },
                  [](const std::string& call_id) {
                    return sip::DialogName{call_id + "-of-the-leg", "their\"tag", "our<tag"};
                  }};
};

TEST_F(Dialogs, only_a_call_that_rings_at_the_user_is_named) {
  info.note("c", CallStarted{"sip:a@x", "sip:b@x"});
  EXPECT_THAT(full("b"), Not(HasSubstr("call-id")));
  info.note("c", CallRinging{});
  EXPECT_THAT(full("b"), HasSubstr("<dialog id=\"1\" call-id=\"c-of-the-leg\" local-tag=\"their&quot;tag\" remote-tag=\"our&lt;tag\" direction"));
  EXPECT_THAT(full("a"), Not(HasSubstr("call-id")));
  info.note("c", CallAnswered{});
  EXPECT_THAT(full("b"), Not(HasSubstr("call-id")));
}

TEST_F(Dialogs, hostile_uris_cannot_leave_their_element) {
  info.note("c", CallStarted{"sip:a@<evil>", "sip:b@x"});
  EXPECT_THAT(full("b"), Not(HasSubstr("<evil>")));
}

TEST_F(Dialogs, both_parties_are_told_once_for_each_step) {
  info.note("c", CallStarted{"sip:a@x", "sip:b@x"});
  info.note("c", CallRinging{});
  info.note("c", CallRinging{});
  info.note("unknown", CallAnswered{});
  info.note("c", CallEnded{});
  EXPECT_THAT(told, ElementsAre("a 1", "b 1", "a 1", "b 1", "a 1", "b 1"));
  EXPECT_EQ(info.calls(), 0U);
  EXPECT_THAT(full("a"), Not(HasSubstr("<dialog ")));
}

TEST_F(Dialogs, call_with_oneself_is_one) {
  info.note("c", CallStarted{"sip:a@x", "sip:a@x"});
  EXPECT_THAT(told, ElementsAre("a 1"));
  info.note("c", CallEnded{});
  EXPECT_EQ(info.calls(), 0U);
}

TEST_F(Dialogs, partial_state_has_only_what_changed) {
  info.note("c", CallStarted{"sip:a@x", "sip:b@x"});
  info.note("d", CallStarted{"sip:a@x", "sip:c@x"});
  const std::vector<std::string> changed{"2", "9"};
  const std::string body = info.body({.resource = "a", .entity = "sip:a@x", .version = 3, .changed = changed});
  EXPECT_THAT(body, HasSubstr("version=\"3\" state=\"partial\""));
  EXPECT_THAT(body, Not(HasSubstr("id=\"1\"")));
  EXPECT_THAT(body, HasSubstr("<dialog id=\"2\" direction=\"initiator\"><state>trying</state>"));
  EXPECT_THAT(body, HasSubstr("<dialog id=\"9\"><state>terminated</state></dialog>"));
}

TEST_F(Dialogs, replaced_party_leaves_and_the_newcomer_is_in_the_call) {
  info.note("c", CallStarted{"sip:a@x", "sip:b@x"});
  info.note("c", CallAnswered{});
  info.note("c", CallReplaced{.by = "d", .party = "sip:n@x", .side = CallReplaced::Side::Caller});
  EXPECT_THAT(full("a"), Not(HasSubstr("<dialog ")));
  EXPECT_THAT(full("n"), HasSubstr("direction=\"initiator\"><state>confirmed</state><remote><identity>sip:b@x<"));
  EXPECT_THAT(full("b"), HasSubstr("<identity>sip:n@x<"));
  info.note("d", CallEnded{});
  EXPECT_EQ(info.calls(), 0U);
}

}  // namespace
}  // namespace callwright::call
