#include "server/call_api/dialect.hpp"

#include <gtest/gtest.h>

namespace callwright::server::call_api {
namespace {

using Kind = call::CommandEvent::Kind;

call::CommandEvent event_of(Kind kind) {
  call::CommandEvent event;
  event.kind = kind;
  event.call_id = "new@h";
  event.caller = "sip:a@h";
  event.callee = "sip:b@h";
  event.destination = "sip:d@h";
  event.extra = "180 Ringing";
  return event;
}

/// As StartCall tells it.
call::CommandEvent event_of_start(Kind kind) {
  call::CommandEvent event = event_of(kind);
  if (kind != Kind::Transferring) {
    event.destination.clear();
  }
  return event;
}

std::string written(Kind kind) { return current_dialect().event("CallStart", "c1", event_of_start(kind)); }
std::string written_in_2020(Kind kind) { return dialect_of_2020().event("CallStart", "c1", event_of_start(kind)); }

TEST(Dialect, has_two_names) {
  EXPECT_EQ(find_dialect("current"), &current_dialect());
  EXPECT_EQ(find_dialect("2020"), &dialect_of_2020());
  for (const char* name : {"", "Current", "2021", "2020 "}) {
    EXPECT_EQ(find_dialect(name), nullptr) << name;
  }
}

TEST(Dialect, answers_errors_with_code_and_message) {
  EXPECT_EQ(error_answer("null", -32602, "no <caller>"), R"({"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"no \u003ccaller\u003e"}})");
}

TEST(CurrentDialect, answers_started_under_the_given_id) {
  EXPECT_EQ(current_dialect().started("12345678901234567890", "c\"1"),
            R"({"jsonrpc":"2.0","id":12345678901234567890,"result":{"cmd_id":"c\"1","event":"Started"}})");
}

TEST(CurrentDialect, replies_under_the_name_of_the_command) {
  EXPECT_EQ(current_dialect().reply("Echo", "c1", R"({"n":5})"),
            R"({"jsonrpc":"2.0","method":"Echo","params":{"cmd_id":"c1","data":{"n":5},"event":"Reply"}})");
}

TEST(Dialect, tells_the_features_of_a_user_as_a_reply) {
  call::CommandEvent event;
  event.kind = Kind::Features;
  event.features = std::make_shared<const call::UserFeatures>(call::UserFeatures{.forward = {.busy = "carol"}});
  const std::string data =
      R"("data":{"do_not_disturb":false,"find_me":[],"forward":{"after_s":20,"busy":"carol"},"screening":{"incoming":{"allow":[],"deny":[]},)"
      R"("outgoing":{"allow":[],"deny":[]}}})";
  EXPECT_EQ(current_dialect().event("UserFeatures", "f1", event),
            R"({"jsonrpc":"2.0","method":"UserFeatures","params":{"cmd_id":"f1",)" + data + R"(,"event":"Reply"}})");
  EXPECT_EQ(dialect_of_2020().event("UserFeatures", "f1", event), R"({"jsonrpc":"2.0","method":"Event","params":{"cmd_id":"f1",)" + data + "}}");
}

TEST(Dialect, tells_of_a_parked_party_where_it_is) {
  call::CommandEvent event;
  event.kind = Kind::Parked;
  event.call_id = "a@h";
  event.extra = "701";
  EXPECT_EQ(current_dialect().event("CallPark", "p1", event),
            R"({"jsonrpc":"2.0","method":"CallPark","params":{"cmd_id":"p1","data":{"callid":"a@h","slot":"701"},"event":"Parked"}})");
  EXPECT_EQ(dialect_of_2020().event("CallPark", "p1", event), "");
}

TEST(Dialect, tells_of_hold_which_leg_it_is) {
  call::CommandEvent event;
  event.kind = Kind::CallHoldSuccessful;
  event.leg = "caller";
  EXPECT_EQ(current_dialect().event("CallHold", "h1", event),
            R"({"jsonrpc":"2.0","method":"CallHold","params":{"cmd_id":"h1","data":{"leg":"caller"},"event":"CallHoldSuccessful"}})");
  EXPECT_EQ(dialect_of_2020().event("CallHold", "h1", event),
            R"({"jsonrpc":"2.0","method":"Event","params":{"cmd_id":"h1","data":"CALL_HOLD","leg":"caller"}})");
  event.kind = Kind::CallUnholding;
  event.leg.clear();
  EXPECT_EQ(current_dialect().event("CallUnhold", "h1", event), R"({"jsonrpc":"2.0","method":"CallUnhold","params":{"cmd_id":"h1","event":"CallUnholding"}})");
  EXPECT_EQ(dialect_of_2020().event("CallUnhold", "h1", event), "");
}

TEST(CurrentDialect, sorts_the_members_of_every_event_by_name) {
  const std::string head = R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1",)";
  EXPECT_EQ(written(Kind::CallerAnswered), head + R"("data":{"callee":"sip:b@h","caller":"sip:a@h"},"event":"CallerAnswered"}})");
  EXPECT_EQ(written(Kind::Transferring), head + R"("data":{"caller":"sip:a@h","destination":"sip:d@h"},"event":"Transferring"}})");
  EXPECT_EQ(written(Kind::TransferStart), head + R"("data":{"callee":"sip:b@h","caller":"sip:a@h","callid":"new@h"},"event":"TransferStart"}})");
  EXPECT_EQ(written(Kind::TransferPending),
            head + R"("data":{"callee":"sip:b@h","caller":"sip:a@h","callid":"new@h","extra":"180 Ringing"},"event":"TransferPending"}})");
  EXPECT_EQ(written(Kind::CalleeAnswered), head + R"("data":{"callee":"sip:b@h","caller":"sip:a@h","callid":"new@h"},"event":"CalleeAnswered"}})");
}

TEST(CurrentDialect, tells_the_destination_of_a_transfer) {
  const auto transferred = [](Kind kind) {
    call::CommandEvent event = event_of(kind);
    event.caller.clear();
    event.callee.clear();
    return current_dialect().event("CallBlindTransfer", "c1", event);
  };
  const std::string head = R"({"jsonrpc":"2.0","method":"CallBlindTransfer","params":{"cmd_id":"c1",)";
  EXPECT_EQ(transferred(Kind::Transferring), head + R"("data":{"destination":"sip:d@h"},"event":"Transferring"}})");
  EXPECT_EQ(transferred(Kind::TransferStart), head + R"("data":{"callid":"new@h","destination":"sip:d@h"},"event":"TransferStart"}})");
  EXPECT_EQ(transferred(Kind::TransferPending),
            head + R"("data":{"callid":"new@h","destination":"sip:d@h","extra":"180 Ringing"},"event":"TransferPending"}})");
  EXPECT_EQ(transferred(Kind::TransferSuccessful), head + R"("data":{"callid":"new@h","destination":"sip:d@h"},"event":"TransferSuccessful"}})");
  EXPECT_EQ(dialect_of_2020().event("CallBlindTransfer", "c1", event_of(Kind::TransferSuccessful)), "") << "CALL_START was the last";
}

TEST(CurrentDialect, leaves_out_what_is_not_known) {
  call::CommandEvent event;
  event.kind = Kind::TransferPending;
  event.call_id = "new@h";
  EXPECT_EQ(current_dialect().event("CallStart", "c1", event),
            R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1","data":{"callid":"new@h"},"event":"TransferPending"}})");
  event = {};
  event.kind = Kind::Transferring;
  EXPECT_EQ(current_dialect().event("CallStart", "c1", event), R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1","event":"Transferring"}})");
}

TEST(CurrentDialect, gives_errors_a_string_and_the_end_nothing) {
  EXPECT_EQ(written(Kind::Failed), R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1","data":"180 Ringing","event":"Error"}})");
  EXPECT_EQ(written(Kind::Ended), R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1","event":"Ended"}})");
}

TEST(CurrentDialect, escapes_what_a_phone_put_into_its_texts) {
  call::CommandEvent event;
  event.kind = Kind::Failed;
  event.extra = "486 \"Busy\"\r\n<&>\xFF";
  EXPECT_EQ(current_dialect().event("CallStart", "c\"1", event),
            R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c\"1","data":"486 \"Busy\"\r\n\u003c\u0026\u003e\ufffd","event":"Error"}})");
}

TEST(DialectOf2020, answers_started_as_a_status) {
  EXPECT_EQ(dialect_of_2020().started("7", "c\"1"), R"({"jsonrpc":"2.0","id":7,"result":{"cmd_id":"c\"1","status":"Started"}})");
}

TEST(DialectOf2020, replies_with_an_event) {
  EXPECT_EQ(dialect_of_2020().reply("Echo", "c1", R"({"n":5})"), R"({"jsonrpc":"2.0","method":"Event","params":{"cmd_id":"c1","data":{"n":5}}})");
}

TEST(DialectOf2020, puts_what_a_client_needs_beside_the_name) {
  const std::string head = R"({"jsonrpc":"2.0","method":"Event","params":{)";
  EXPECT_EQ(written_in_2020(Kind::CallerAnswered), head + R"("callee":"sip:b@h","caller":"sip:a@h","cmd_id":"c1","data":"CALL_ANSWER"}})");
  EXPECT_EQ(written_in_2020(Kind::Transferring), head + R"("caller":"sip:a@h","cmd_id":"c1","data":"TRANSFER_ACCEPT","destination":"sip:d@h"}})");
  EXPECT_EQ(written_in_2020(Kind::TransferStart), head + R"("callee":"sip:b@h","caller":"sip:a@h","callid":"new@h","cmd_id":"c1","data":"CALL_START"}})");
  EXPECT_EQ(written_in_2020(Kind::CalleeAnswered), head + R"("callee":"sip:b@h","caller":"sip:a@h","callid":"new@h","cmd_id":"c1","data":"CALL_ANSWER"}})");
}

TEST(DialectOf2020, has_methods_of_their_own_for_error_and_end) {
  EXPECT_EQ(written_in_2020(Kind::Failed), R"({"jsonrpc":"2.0","method":"Error","params":{"cmd_id":"c1","error_msg":"180 Ringing"}})");
  EXPECT_EQ(written_in_2020(Kind::Ended), R"({"jsonrpc":"2.0","method":"Ended","params":{"cmd_id":"c1"}})");
}

TEST(DialectOf2020, has_no_name_for_progress_of_a_transfer) { EXPECT_EQ(written_in_2020(Kind::TransferPending), ""); }

}  // namespace
}  // namespace callwright::server::call_api
