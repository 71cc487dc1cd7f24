#include "server/call_api/dialect.hpp"

#include <gtest/gtest.h>

namespace callwright::server::call_api {
namespace {

using Kind = call::CommandEvent::Kind;

std::string written(Kind kind) {
  call::CommandEvent event;
  event.kind = kind;
  event.call_id = "new@h";
  event.caller = "sip:a@h";
  event.callee = "sip:b@h";
  event.destination = "sip:d@h";
  event.extra = "180 Ringing";
  return event_notification("CallStart", "c1", event);
}

TEST(Dialect, answers_started_under_the_given_id) {
  EXPECT_EQ(started_answer("12345678901234567890", "c1"), R"({"jsonrpc":"2.0","id":12345678901234567890,"result":{"cmd_id":"c1","event":"Started"}})");
}

TEST(Dialect, answers_errors_with_code_and_message) {
  EXPECT_EQ(error_answer("null", {RpcCode::InvalidParams, "no <caller>"}),
            R"({"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"no \u003ccaller\u003e"}})");
}

TEST(Dialect, sorts_the_members_of_every_event_by_name) {
  const std::string head = R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1",)";
  EXPECT_EQ(written(Kind::CallerAnswered), head + R"("data":{"callee":"sip:b@h","caller":"sip:a@h"},"event":"CallerAnswered"}})");
  EXPECT_EQ(written(Kind::Transferring), head + R"("data":{"caller":"sip:a@h","destination":"sip:d@h"},"event":"Transferring"}})");
  EXPECT_EQ(written(Kind::TransferStart), head + R"("data":{"callee":"sip:b@h","caller":"sip:a@h","callid":"new@h"},"event":"TransferStart"}})");
  EXPECT_EQ(written(Kind::TransferPending),
            head + R"("data":{"callee":"sip:b@h","caller":"sip:a@h","callid":"new@h","extra":"180 Ringing"},"event":"TransferPending"}})");
  EXPECT_EQ(written(Kind::CalleeAnswered), head + R"("data":{"callee":"sip:b@h","caller":"sip:a@h","callid":"new@h"},"event":"CalleeAnswered"}})");
}

TEST(Dialect, gives_errors_a_string_and_the_end_nothing) {
  EXPECT_EQ(written(Kind::Failed), R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1","data":"180 Ringing","event":"Error"}})");
  EXPECT_EQ(written(Kind::Ended), R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1","event":"Ended"}})");
}

TEST(Dialect, escapes_what_a_phone_put_into_its_texts) {
  call::CommandEvent event;
  event.kind = Kind::Failed;
  event.extra = "486 \"Busy\"\r\n<&>\xFF";
  EXPECT_EQ(event_notification("CallStart", "c\"1", event),
            R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c\"1","data":"486 \"Busy\"\r\n\u003c\u0026\u003e\ufffd","event":"Error"}})");
}

}  // namespace
}  // namespace callwright::server::call_api
