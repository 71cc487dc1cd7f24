#include "app/call_view.hpp"

#include <gtest/gtest.h>

namespace callwright::app {
namespace {

TEST(CallView, writes_parameters_as_strings_and_escapes_them) {
  EXPECT_EQ(make_request("1", "Echo", {CallParameter::text("a", "x\"y"), CallParameter::text("b", "2")}),
            R"({"jsonrpc":"2.0","id":1,"method":"Echo","params":{"a":"x\"y","b":"2"}})");
  EXPECT_EQ(make_request("1", "Echo", {}), R"({"jsonrpc":"2.0","id":1,"method":"Echo","params":{}})");
}

TEST(CallView, takes_parameters_as_text_or_as_json) {
  const auto request = [](std::string_view argument) { return make_request("1", "Echo", {CallParameter::parse(argument).value()}); };
  EXPECT_EQ(request("a=b=c"), R"({"jsonrpc":"2.0","id":1,"method":"Echo","params":{"a":"b=c"}})");
  EXPECT_EQ(request("a="), R"({"jsonrpc":"2.0","id":1,"method":"Echo","params":{"a":""}})");
  EXPECT_EQ(request(R"(a:={"b":[1,true]})"), R"({"jsonrpc":"2.0","id":1,"method":"Echo","params":{"a":{"b":[1,true]}}})");
  for (const char* const bad : {"", "a", "=b", ":=1"}) {
    EXPECT_EQ(CallParameter::parse(bad).error().message(), "\"" + std::string(bad) + "\" is not key=value or key:=json");
  }
  EXPECT_TRUE(CallParameter::parse("a:=b").error().message().starts_with("what follows \"a:=\" is not JSON: "));
}

TEST(CallView, asks_for_the_dialect_that_it_reads) {
  EXPECT_EQ(in_current_dialect("ws://h:1/call-api"), "ws://h:1/call-api?dialect=current");
  EXPECT_EQ(in_current_dialect("ws://h:1/call-api?a=b"), "ws://h:1/call-api?a=b&dialect=current");
}

TEST(CallView, reads_an_answer) {
  const CallMessage message = read_message(R"({"jsonrpc":"2.0","id":1,"result":{"cmd_id":"x","event":"Started"}})");
  EXPECT_EQ(message.kind, CallMessage::Kind::Answer);
  EXPECT_EQ(message.event, "Started");
  EXPECT_EQ(message.summary, "Started  cmd_id=x");
}

TEST(CallView, reads_an_event_with_its_call) {
  const CallMessage message =
      read_message(R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"x","data":{"callid":"c1","extra":"180 Ringing"},"event":"TransferPending"}})");
  EXPECT_EQ(message.kind, CallMessage::Kind::Notification);
  EXPECT_EQ(message.call_id, "c1");
  EXPECT_EQ(message.summary, "TransferPending  callid=c1  extra=180 Ringing");
}

TEST(CallView, reads_an_error_event_and_an_error_answer) {
  EXPECT_EQ(read_message(R"({"method":"CallStart","params":{"cmd_id":"x","data":"486 Busy Here","event":"Error"}})").summary, "Error  486 Busy Here");
  const CallMessage answer = read_message(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}})");
  EXPECT_EQ(answer.kind, CallMessage::Kind::ErrorAnswer);
  EXPECT_EQ(answer.summary, "error -32601: no");
}

TEST(CallView, shows_what_it_cannot_read) {
  const CallMessage message = read_message("not json");
  EXPECT_EQ(message.kind, CallMessage::Kind::Unreadable);
  EXPECT_EQ(message.summary, "not json");
}

}  // namespace
}  // namespace callwright::app
