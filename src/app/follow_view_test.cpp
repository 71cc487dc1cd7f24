#include "app/follow_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::app {
namespace {

using testing::HasSubstr;

FollowedMessage event(const std::string& name, const std::string& data) {
  return FollowedMessage::parse(R"({"jsonrpc":"2.0","method":"Subscribe","params":{"cmd_id":"s","data":)" + data + R"(,"event":")" + name + "\"}}").value();
}

TEST(FollowedMessage, has_what_a_line_and_a_position_are_made_of) {
  const auto ended = event("CallEnded", R"({"callid":"x@h","seq":42})");
  EXPECT_EQ(ended.method, "Subscribe");
  EXPECT_EQ(ended.event, "CallEnded");
  EXPECT_EQ(ended.text("callid"), "x@h");
  EXPECT_EQ(ended.text("seq"), "") << "no text";
  EXPECT_EQ(ended.sequence(), 42U);
  const auto answer = FollowedMessage::parse(R"({"jsonrpc":"2.0","id":"f","result":{"cmd_id":"s","event":"Started"}})").value();
  EXPECT_EQ(answer.id, "\"f\"");
  EXPECT_EQ(answer.event, "Started");
  EXPECT_EQ(answer.sequence(), std::nullopt);
  EXPECT_EQ(FollowedMessage::parse(R"({"id":1,"error":{"code":-32003,"message":"forbidden"}})")->error, "forbidden");
  for (const char* const other : {"", "[]", "{}", "5", R"({"method":"x"})"}) {
    EXPECT_FALSE(FollowedMessage::parse(other)) << other;
  }
}

TEST(FollowedMessage, is_one_line_of_json_for_programs) {
  EXPECT_EQ(json_line(event("CallEnded", R"({"callid":"a\nb","seq":42})")), R"({"method":"Subscribe","event":"CallEnded","data":{"callid":"a\nb","seq":42}})");
  EXPECT_EQ(json_line(event("Ended", "null")), R"({"method":"Subscribe","event":"Ended"})");
}

TEST(FollowedMessage, is_a_line_for_people_that_cannot_steer_their_terminal) {
  const auto ended = event("CallEnded", R"({"callid":"x\u001b[2J","status":200,"time":"2026-03-01T12:03:10.000021Z"})");
  EXPECT_EQ(text_line(ended, Colours::Off), "12:03:10.000  CallEnded  callid=x?[2J  status=200");
  EXPECT_EQ(text_line(ended, Colours::On), "12:03:10.000  \x1b[2mCallEnded\x1b[0m  callid=x?[2J  status=200");
  EXPECT_EQ(text_line(event("Error", "\"404 Not Found\""), Colours::Off), "Error  404 Not Found");
  EXPECT_EQ(text_line(event("Ended", "null"), Colours::Off), "Ended");
  EXPECT_THAT(text_line(event("CallHeld", R"({"held":["caller"],"time":"soon"})"), Colours::Off), HasSubstr(R"(held=["caller"]  time=soon)"));
}

TEST(FeedPosition, begins_where_the_subscription_did_and_moves_with_the_events) {
  FeedPosition position;
  EXPECT_FALSE(position.known());
  position.note(event("Subscribed", R"({"feed":"run1","seq":41})"));
  EXPECT_TRUE(position.known());
  EXPECT_EQ(position.after(), 41U);
  position.note(event("CallStarted", R"({"seq":44})"));
  position.note(event("Missed", R"({"from":1,"to":9})"));
  EXPECT_EQ(position.after(), 44U);
  position.note(event("Subscribed", R"({"feed":"run1","seq":50})"));
  EXPECT_EQ(position.after(), 44U) << "what happened meanwhile is to come";
  EXPECT_EQ(position.feed(), "run1");
}

TEST(FeedPosition, begins_anew_with_another_run_of_the_server) {
  FeedPosition position("run1", 44);
  position.note(event("Subscribed", R"({"feed":"run2","seq":3})"));
  EXPECT_EQ(position.feed(), "run2");
  EXPECT_EQ(position.after(), 0U);
}

TEST(FeedPosition, takes_the_feed_that_there_is_when_it_knows_no_name) {
  FeedPosition position("", 7);
  position.note(event("Subscribed", R"({"feed":"run1","seq":41})"));
  EXPECT_EQ(position.feed(), "run1");
  EXPECT_EQ(position.after(), 7U);
}

}  // namespace
}  // namespace callwright::app
