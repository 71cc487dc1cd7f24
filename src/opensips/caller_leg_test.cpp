#include "opensips/caller_leg.hpp"

#include "base/json_values.hpp"
#include "opensips/datagram.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::opensips {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::HasSubstr;

const CallerLegPlan kPlan{.caller = "sip:alice@p", .callee = "sip:bob@p", .call_id = "c1", .proxy = "sip:192.0.2.1:5070;transport=udp", .session = 42};

std::string get(const Json::Object& params, std::string_view name) { return std::string(text_of(Json{params}.find(name))); }

Json result_of(std::string_view status, const std::string& message) { return Json{Json::Object{parameter("Status", status), parameter("Message", message)}}; }

const std::string kAnswer =
    "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP p;branch=z9hG4bK1\r\nRecord-Route: <sip:near;lr>,<sip:middle;lr>\r\nrecord-route: <sip:far;lr>\r\n"
    "f: \"Bob\" <sip:bob@p>;tag=ours\r\nt: <sip:alice@p>;tag=theirs\r\ni: c1\r\nCSeq: 1 INVITE\r\nm: <sip:alice@192.0.2.9:5062>\r\n"
    "Allow: INVITE, BYE\r\nc: application/sdp\r\n\r\nv=0\r\n";

TEST(CallerLeg, invites_the_caller_through_the_proxy_with_an_offer_without_media) {
  const Json::Object params = invite_params(kPlan);
  EXPECT_EQ(get(params, "method"), "INVITE");
  EXPECT_EQ(get(params, "ruri"), "sip:alice@p");
  EXPECT_EQ(get(params, "next_hop"), kPlan.proxy);
  EXPECT_EQ(get(params, "headers"),
            "From: <sip:bob@p>\r\nTo: <sip:alice@p>\r\nContact: <sip:callwright@192.0.2.1:5070;transport=udp>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n"
            "Content-Type: application/sdp\r\n");
  EXPECT_THAT(get(params, "body"), HasSubstr("o=callwright 42 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\n"));
}

TEST(CallerLeg, reads_the_dialog_out_of_the_answer_in_any_spelling) {
  for (const std::string& message : {kAnswer, kAnswer.substr(kAnswer.find('\n') + 1)}) {
    const InviteAnswer answer = read_invite_answer(result_of("200 OK", message));
    EXPECT_EQ(answer.status, 200);
    ASSERT_TRUE(answer.dialog);
    EXPECT_EQ(answer.dialog->target, "sip:alice@192.0.2.9:5062");
    EXPECT_THAT(answer.dialog->routes, ElementsAre("<sip:far;lr>", "<sip:middle;lr>", "<sip:near;lr>"));
    EXPECT_EQ(answer.dialog->sdp, "v=0\r\n");
    EXPECT_FALSE(answer.dialog->knows_refer);
    EXPECT_EQ(get(in_dialog_params(kPlan, *answer.dialog, "BYE", 11, {}), "headers"),
              "From: \"Bob\" <sip:bob@p>;tag=ours\r\nTo: <sip:alice@p>;tag=theirs\r\nCall-ID: c1\r\nCSeq: 11 BYE\r\n"
              "Route: <sip:far;lr>\r\nRoute: <sip:middle;lr>\r\nRoute: <sip:near;lr>\r\n");
  }
}

TEST(CallerLeg, takes_other_answers_for_what_they_are) {
  EXPECT_EQ(read_invite_answer(result_of("486 Busy Here", "")).text, "486 Busy Here");
  EXPECT_EQ(read_invite_answer(result_of("202 Accepted", "garbage")).status, 202);
  EXPECT_FALSE(read_invite_answer(result_of("202 Accepted", "garbage")).dialog);
  EXPECT_EQ(read_invite_answer(base::json_text("Accepted")).status, 0);
  EXPECT_EQ(read_invite_answer(result_of("9999", "")).status, 0);
  EXPECT_EQ(read_invite_answer(Json{}).status, 0);
}

TEST(CallerLeg, passes_session_descriptions_on) {
  EXPECT_EQ(as_offer("v=0\na=recvonly\r\na=sendrecv\r\na=inactive"), "v=0\r\na=sendrecv\r\na=sendrecv\r\na=sendrecv\r\n");
  EXPECT_EQ(as_next_offer("v=0\r\no=b 1 1 IN IP4 192.0.2.7\r\ns=-\r\n", kPlan), "v=0\r\no=callwright 42 2 IN IP4 0.0.0.0\r\ns=-\r\n");
}

TEST(CallerLeg, finds_the_state_of_a_dialog) {
  const auto state = [](std::string_view text) { return dialog_state(base::parse_json(text, 16).value()); };
  EXPECT_EQ(state(R"({"Dialogs":[{"ID":"1","state":4}]})"), 4);
  EXPECT_EQ(state(R"({"Dialogs":[{"ID":"1","state":"3"}]})"), 3);
  EXPECT_EQ(state(R"({"Dialog":{"state":2}})"), 2);
  EXPECT_EQ(state(R"([{"state":1}])"), 1);
  for (const std::string_view text : {R"({"Dialogs":[]})", R"({"Dialogs":[{"state":"up"}]})", "[]", "\"OK\"", R"({"Dialogs":[7]})"}) {
    EXPECT_EQ(state(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace callwright::opensips
