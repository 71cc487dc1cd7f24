#include "server/call_api/session.hpp"

#include "server/call_api/session_fixture.hpp"

namespace callwright::server::call_api {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST_F(CallApiSession, echoes_all_parameters_between_answer_and_end) {
  EXPECT_THAT(
      exchange(R"({"jsonrpc":"2.0","id":"e1","method":"Echo","params":{"n":1e3,"cmd_id":"my-id","a":{"z":[null],"b":"<"}}})"),
      ElementsAre(
          R"({"jsonrpc":"2.0","id":"e1","result":{"cmd_id":"my-id","event":"Started"}})",
          R"({"jsonrpc":"2.0","method":"Echo","params":{"cmd_id":"my-id","data":{"a":{"b":"\u003c","z":[null]},"cmd_id":"my-id","n":1e3},"event":"Reply"}})",
          R"({"jsonrpc":"2.0","method":"Echo","params":{"cmd_id":"my-id","event":"Ended"}})"));
}

TEST_F(CallApiSession, answers_before_the_first_event) {
  EXPECT_THAT(exchange(R"({"id":9,"method":"CallStart","params":{"caller":"sip:a@h","callee":"sip:b@h","cmd_id":"c1"}})"),
              ElementsAre(R"({"jsonrpc":"2.0","id":9,"result":{"cmd_id":"c1","event":"Started"}})"));
  run(engine_);
  ASSERT_THAT(control_.submitted, SizeIs(1));
  EXPECT_EQ(std::get<call::StartCall>(control_.submitted[0].command).call_id, "c1");
  EXPECT_THAT(reported(control_.submitted[0].id, Kind::Ended),
              ElementsAre(R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1","event":"Ended"}})"));
}

TEST_F(CallApiSession, hands_call_end_to_the_engine) {
  EXPECT_THAT(exchange(R"({"id":1,"method":"CallEnd","params":{"callid":"x@h","cmd_id":"e"}})"), SizeIs(1));
  settle();
  EXPECT_EQ(std::get<call::EndCall>(control_.submitted.at(0).command).call_id, "x@h");
  EXPECT_THAT(reported(control_.submitted[0].id, Kind::Failed, "404 Requested Dialog not found"),
              ElementsAre(R"({"jsonrpc":"2.0","method":"CallEnd","params":{"cmd_id":"e","data":"404 Requested Dialog not found","event":"Error"}})"));
}

TEST_F(CallApiSession, reports_one_failure_one_end_and_nothing_after_it) {
  const auto id = start_call("c1");
  EXPECT_THAT(reported(id, Kind::CallerAnswered), SizeIs(1));
  EXPECT_THAT(reported(id, Kind::Failed, "486"), SizeIs(1));
  EXPECT_THAT(reported(id, Kind::Failed, "487"), IsEmpty());
  EXPECT_THAT(reported(id, Kind::TransferPending), IsEmpty());
  EXPECT_THAT(reported(id, Kind::Ended), SizeIs(1));
  EXPECT_THAT(reported(id, Kind::Ended), IsEmpty());
  EXPECT_THAT(reported(id, Kind::Failed), IsEmpty());
  EXPECT_EQ(desk_.running(), 0U);
}

TEST_F(CallApiSession, answers_a_batch_with_one_array_before_all_events) {
  const auto sent =
      exchange(R"([{"id":1,"method":"Echo","params":{"cmd_id":"x"}},{"method":"Echo","params":{"cmd_id":"y"}},5,{"id":2,"method":"Nope","params":{}}])");
  ASSERT_THAT(sent, SizeIs(5));
  EXPECT_TRUE(sent[0].starts_with(R"([{"jsonrpc":"2.0","id":1,"result":{"cmd_id":"x","event":"Started"}},{"jsonrpc":"2.0","id":null,"error":{"code":-32600,)"))
      << sent[0];
  EXPECT_THAT(sent[0], HasSubstr(R"(,{"jsonrpc":"2.0","id":2,"error":{"code":-32601,)"));
  EXPECT_EQ(sent[0].back(), ']');
  EXPECT_THAT(sent[1], HasSubstr(R"("cmd_id":"x")"));
  EXPECT_THAT(sent[4], HasSubstr(R"("cmd_id":"y","event":"Ended")"));
}

TEST_F(CallApiSession, does_not_answer_notifications_but_reports_their_events) {
  EXPECT_THAT(exchange(R"({"method":"Echo","params":{"cmd_id":"x"}})"), ElementsAre(HasSubstr("Reply"), HasSubstr("Ended")));
  EXPECT_THAT(exchange(R"([{"method":"Echo","params":{"cmd_id":"x"}}])"), ElementsAre(HasSubstr("Reply"), HasSubstr("Ended")));
  EXPECT_THAT(exchange(R"({"method":"CallStart","params":{}})"), IsEmpty());
  EXPECT_THAT(exchange(R"({"method":"Nope"})"), IsEmpty());
  EXPECT_THAT(exchange(R"({"id":null,"method":"Nope"})"), ElementsAre(HasSubstr(R"("id":null,"error":{"code":-32601)")));
}

TEST_F(CallApiSession, refuses_a_cmd_id_that_is_in_use_until_its_command_ends) {
  const auto id = start_call("c1");
  for (const char* method : {"Echo", "CallEnd"}) {
    EXPECT_THAT(exchange(R"({"id":2,"params":{"cmd_id":"c1","callid":"z"},"method":")" + std::string(method) + "\"}"),
                ElementsAre(R"({"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"cmd_id c1 is already in use by a running command"}})"));
  }
  CollectingPeer other_peer;
  Session other(other_peer, desk_, feed_, random_);
  other.on_message(R"({"id":2,"method":"CallEnd","params":{"cmd_id":"c1","callid":"z"}})");
  EXPECT_THAT(other_peer.sent, ElementsAre(HasSubstr("already in use")));
  reported(id, Kind::Ended);
  EXPECT_THAT(exchange(R"({"id":2,"method":"Echo","params":{"cmd_id":"c1"}})"), SizeIs(3));
}

TEST_F(CallApiSession, refuses_politely_when_the_engine_takes_no_more) {
  engine_refuses_ = true;
  EXPECT_THAT(exchange(R"({"id":2,"method":"CallEnd","params":{"cmd_id":"c1","callid":"z"}})"),
              ElementsAre(R"({"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"server overloaded, try again"}})"));
  engine_refuses_ = false;
  EXPECT_THAT(exchange(R"({"id":2,"method":"CallEnd","params":{"cmd_id":"c1","callid":"z"}})"), ElementsAre(HasSubstr("Started")));
}

TEST_F(CallApiSession, sends_events_only_to_the_client_that_launched_the_command) {
  CollectingPeer other_peer;
  Session other(other_peer, desk_, feed_, random_);
  const auto id = start_call("c1");
  EXPECT_THAT(reported(id, Kind::CallerAnswered), SizeIs(1));
  EXPECT_THAT(other_peer.sent, IsEmpty());
}

TEST_F(CallApiSession, lets_commands_of_a_lost_client_finish_unheard) {
  const auto id = start_call("c1");
  session_.reset();
  settle();
  EXPECT_THAT(control_.cancelled, IsEmpty());
  peer_.take();
  EXPECT_THAT(reported(id, Kind::CallerAnswered), IsEmpty());
  EXPECT_EQ(desk_.running(), 1U);
  EXPECT_THAT(reported(id, Kind::Ended), IsEmpty());
  EXPECT_EQ(desk_.running(), 0U);
}

TEST_F(CallApiSession, sends_nothing_of_what_its_dialect_has_no_name_for) {
  session_ = std::make_unique<Session>(peer_, desk_, feed_, random_, Protocol{.dialect = &dialect_of_2020()});
  const auto id = start_call("c1");
  EXPECT_THAT(reported(id, Kind::TransferStart),
              ElementsAre(R"({"jsonrpc":"2.0","method":"Event","params":{"callid":"n1","cmd_id":"c1","data":"CALL_START"}})"));
  EXPECT_THAT(reported(id, Kind::TransferPending, "180 Ringing"), IsEmpty());
  EXPECT_THAT(reported(id, Kind::Failed, "486"), ElementsAre(R"({"jsonrpc":"2.0","method":"Error","params":{"cmd_id":"c1","error_msg":"486"}})"));
  EXPECT_THAT(reported(id, Kind::Ended), ElementsAre(R"({"jsonrpc":"2.0","method":"Ended","params":{"cmd_id":"c1"}})"));
}

TEST_F(CallApiSession, starts_and_fails_what_lacks_a_parameter_where_errors_are_those_of_the_reference) {
  session_ = std::make_unique<Session>(peer_, desk_, feed_, random_, Protocol{.errors = &reference_errors()});
  EXPECT_THAT(exchange(R"({"id":1,"method":"CallStart","params":{"cmd_id":"c1"}})"),
              ElementsAre(R"({"jsonrpc":"2.0","id":1,"result":{"cmd_id":"c1","event":"Started"}})",
                          R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1","data":"caller not specified","event":"Error"}})",
                          R"({"jsonrpc":"2.0","method":"CallStart","params":{"cmd_id":"c1","event":"Ended"}})"));
  EXPECT_THAT(exchange(R"({"method":"CallEnd","params":{"cmd_id":"c1"}})"), ElementsAre(HasSubstr("callid not specified"), HasSubstr("Ended")));
  start_call("c1");
  EXPECT_THAT(exchange(R"({"id":2,"method":"CallStart","params":{"cmd_id":"c1"}})"),
              ElementsAre(R"({"jsonrpc":"2.0","id":2,"error":{"code":32000,"message":"cmd_id c1 is already in use by a running command"}})"));
  settle();
  EXPECT_THAT(control_.submitted, SizeIs(1));
}

TEST_F(CallApiSession, lists_calls_and_registrations_and_tells_of_one) {
  note({{}, "", "a", call::CallStarted{"sip:alice@x", "sip:bob@x"}});
  EXPECT_THAT(exchange(R"({"id":1,"method":"CallList","params":{"cmd_id":"c1"}})"),
              ElementsAre(HasSubstr("Started"),
                          HasSubstr(R"("data":{"calls":[{"callee":"sip:bob@x","caller":"sip:alice@x","callid":"a","state":"started"}],)"
                                    R"("feed":"run1","seq":1,"total":1},"event":"Reply")"),
                          HasSubstr("Ended")));
  EXPECT_THAT(exchange(R"({"id":1,"method":"CallInfo","params":{"callid":"a"}})"),
              ElementsAre(HasSubstr("Started"), HasSubstr(R"("state":"started")"), HasSubstr("Ended")));
  EXPECT_THAT(exchange(R"({"id":1,"method":"CallInfo","params":{"callid":"b"}})"),
              ElementsAre(HasSubstr("Started"), HasSubstr(R"("data":"404 Dialog not found","event":"Error")"), HasSubstr("Ended")));
  EXPECT_THAT(exchange(R"({"id":1,"method":"RegistrationList","params":{"limit":"5"}})"),
              ElementsAre(HasSubstr("Started"), HasSubstr(R"("registrations":[],"seq":1,"total":0)"), HasSubstr("Ended")));
  EXPECT_THAT(exchange(R"({"id":1,"method":"CallList","params":{"limit":0}})"), ElementsAre(HasSubstr("limit must be a whole number from 1 to 10000")));
}

TEST_F(CallApiSession, tells_how_the_media_of_a_call_are_while_it_is_up) {
  note({{}, "", "a", call::CallStarted{"sip:alice@x", "sip:bob@x"}});
  note({{}, "", "a", call::CallAnswered{"b"}});
  EXPECT_THAT(exchange(R"({"id":1,"method":"CallInfo","params":{"callid":"b","cmd_id":"i1"}})"), ElementsAre(HasSubstr("Started")));
  settle();
  ASSERT_THAT(control_.submitted, SizeIs(1));
  EXPECT_THAT(std::get<call::MeasureCall>(control_.submitted[0].command).call_ids, ElementsAre("a", "b"));
  const call::CommandId id = control_.submitted[0].id;
  call::LegQuality leg{"a", "sip:alice@x", "PCMU", {}};
  leg.statistics.packets_sent = 3;
  leg.statistics.packets_received = 4;
  leg.statistics.lost = 1;
  leg.statistics.jitter = std::chrono::microseconds(2500);
  leg.statistics.round_trip = std::chrono::milliseconds(12);
  leg.statistics.received_quality = media::Quality{.r_factor = 80, .mos = 4.02};
  control_.report_media(id, "a", {leg});
  control_.report(id, Kind::Ended);
  settle();
  EXPECT_THAT(peer_.take(),
              ElementsAre(AllOf(HasSubstr(R"("state":"up")"), HasSubstr(R"("event":"Reply")"),
                                HasSubstr(R"("media":[{"codec":"PCMU","jitter_ms":2.5,"leg":"a","live":true,"lost":1,"mos_received":4.02,"packets_received":4,)"
                                          R"("packets_sent":3,"party":"sip:alice@x","round_trip_ms":12.0}])")),
                          R"({"jsonrpc":"2.0","method":"CallInfo","params":{"cmd_id":"i1","event":"Ended"}})"));
}

TEST_F(CallApiSession, tells_of_a_call_that_ended_while_it_was_measured) {
  note({{}, "", "a", call::CallStarted{"sip:alice@x", "sip:bob@x"}});
  note({{}, "", "a", call::CallAnswered{}});
  exchange(R"({"id":1,"method":"CallInfo","params":{"callid":"a"}})");
  settle();
  EXPECT_THAT(std::get<call::MeasureCall>(control_.submitted[0].command).call_ids, ElementsAre("a"));
  note({{}, "", "a", call::CallEnded{200, "BYE"}});
  control_.report_media(control_.submitted[0].id, "a", {});
  control_.report(control_.submitted[0].id, Kind::Ended);
  settle();
  EXPECT_THAT(peer_.take(), ElementsAre(AllOf(HasSubstr(R"("state":"ended")"), testing::Not(HasSubstr("media"))), HasSubstr("Ended")));
}

TEST_F(CallApiSession, tells_no_media_of_a_call_that_nobody_remembers) {
  note({{}, "", "a", call::CallStarted{"sip:alice@x", "sip:bob@x"}});
  note({{}, "", "a", call::CallAnswered{}});
  exchange(R"({"id":1,"method":"CallInfo","params":{"callid":"a"}})");
  settle();
  control_.report_media(control_.submitted[0].id, "forgotten", {});
  control_.report(control_.submitted[0].id, Kind::Ended);
  settle();
  EXPECT_THAT(peer_.take(), ElementsAre(HasSubstr(R"("data":"404 Dialog not found","event":"Error")"), HasSubstr("Ended")));
}

TEST_F(CallApiSession, reports_events_until_it_is_told_to_stop) {
  note({{}, "", "a", call::CallStarted{"sip:alice@x", "sip:bob@x"}});
  EXPECT_THAT(exchange(R"({"id":1,"method":"Subscribe","params":{"cmd_id":"s1","what":"calls","after":0}})"),
              ElementsAre(HasSubstr("Started"),
                          R"({"jsonrpc":"2.0","method":"Subscribe","params":{"cmd_id":"s1","data":{"feed":"run1","seq":1},"event":"Subscribed"}})",
                          HasSubstr(R"("event":"CallStarted")")));
  note({{}, "", "a", call::CallRinging{}});
  EXPECT_THAT(peer_.take(), ElementsAre(HasSubstr(R"("cmd_id":"s1","data":{"callee":"sip:bob@x","caller":"sip:alice@x","callid":"a","seq":2)")));
  EXPECT_THAT(exchange(R"({"id":2,"method":"Echo","params":{"cmd_id":"s1"}})"), ElementsAre(HasSubstr("s1 is already in use by a subscription")));
  EXPECT_THAT(exchange(R"({"id":3,"method":"Unsubscribe","params":{"cmd_id":"u1","target":"s1"}})"),
              ElementsAre(HasSubstr("Started"), R"({"jsonrpc":"2.0","method":"Subscribe","params":{"cmd_id":"s1","event":"Ended"}})",
                          R"({"jsonrpc":"2.0","method":"Unsubscribe","params":{"cmd_id":"u1","event":"Ended"}})"));
  note({{}, "", "a", call::CallEnded{}});
  EXPECT_THAT(peer_.take(), IsEmpty());
  EXPECT_THAT(exchange(R"({"id":4,"method":"Unsubscribe","params":{"target":"s1"}})"),
              ElementsAre(HasSubstr("Started"), HasSubstr("404 Subscription not found"), HasSubstr("Ended")));
}

TEST_F(CallApiSession, ends_its_subscriptions_with_it_and_allows_no_more_than_a_hundred) {
  for (int i = 0; i < 100; ++i) {
    exchange(R"({"id":1,"method":"Subscribe","params":{}})");
  }
  EXPECT_EQ(feed_.readers(), 100U);
  EXPECT_THAT(exchange(R"({"id":1,"method":"Subscribe","params":{}})"), ElementsAre(HasSubstr("too many subscriptions on this connection")));
  session_.reset();
  EXPECT_EQ(feed_.readers(), 0U);
}

TEST_F(CallApiSession, reports_under_the_name_of_all_progress_in_the_dialect_of_2020) {
  session_ = std::make_unique<Session>(peer_, desk_, feed_, random_, Protocol{.dialect = &dialect_of_2020()});
  EXPECT_THAT(exchange(R"({"id":1,"method":"Subscribe","params":{"cmd_id":"s1"}})"),
              ElementsAre(HasSubstr(R"("status":"Started")"),
                          R"({"jsonrpc":"2.0","method":"Event","params":{"cmd_id":"s1","data":{"feed":"run1","seq":0},"event":"Subscribed"}})"));
}

TEST_F(CallApiSession, cancels_a_command_of_anybody) {
  const auto id = start_call("c1");
  CollectingPeer other_peer;
  Session other(other_peer, desk_, feed_, random_);
  other.on_message(R"({"id":2,"method":"CommandCancel","params":{"cmd_id":"x1","target":"c1"}})");
  EXPECT_THAT(other_peer.take(), ElementsAre(HasSubstr("Started"), R"({"jsonrpc":"2.0","method":"CommandCancel","params":{"cmd_id":"x1","event":"Ended"}})"));
  settle();
  EXPECT_THAT(control_.cancelled, ElementsAre(id));
  other.on_message(R"({"id":3,"method":"CommandCancel","params":{"target":"nothing"}})");
  EXPECT_THAT(other_peer.take(), ElementsAre(HasSubstr("Started"), HasSubstr(R"("data":"404 Command not found")"), HasSubstr("Ended")));
  other.on_message(R"({"id":4,"method":"Subscribe","params":{"cmd_id":"s1"}})");
  other_peer.take();
  other.on_message(R"({"id":5,"method":"CommandCancel","params":{"target":"s1"}})");
  EXPECT_THAT(other_peer.take(),
              ElementsAre(HasSubstr("Started"), HasSubstr(R"("method":"Subscribe","params":{"cmd_id":"s1","event":"Ended"})"), HasSubstr("Ended")));
}

TEST_F(CallApiSession, gives_a_command_up_at_its_deadline_and_says_so) {
  exchange(R"({"id":1,"method":"CallEnd","params":{"callid":"x@h","cmd_id":"slow","deadline":5}})");
  exchange(R"({"id":2,"method":"CallEnd","params":{"callid":"y@h","cmd_id":"fast","deadline":"5"}})");
  exchange(R"({"id":3,"method":"CallEnd","params":{"callid":"z@h","cmd_id":"patient"}})");
  settle();
  ASSERT_THAT(control_.submitted, SizeIs(3));
  clock_.advance(std::chrono::milliseconds(4990));
  timers_.advance();
  reported(control_.submitted[1].id, Kind::Ended);
  EXPECT_THAT(control_.cancelled, IsEmpty());
  clock_.advance(std::chrono::seconds(1000));
  timers_.advance();
  EXPECT_THAT(control_.cancelled, ElementsAre(control_.submitted[0].id));
  EXPECT_THAT(reported(control_.submitted[0].id, Kind::Failed, "the command was cancelled"),
              ElementsAre(HasSubstr(R"("data":"the command took longer than its deadline of 5 s","event":"Error")")));
  EXPECT_THAT(reported(control_.submitted[0].id, Kind::Ended), SizeIs(1));
  EXPECT_THAT(reported(control_.submitted[2].id, Kind::Failed, "486 Busy Here"), ElementsAre(HasSubstr(R"("data":"486 Busy Here")")));
  EXPECT_EQ(timers_.pending(), 0U);
}

TEST_F(CallApiSession, a_deadline_is_a_number_of_seconds) {
  for (const char* const deadline : {"0", "86401", "-1", "1.5", R"("soon")", "null"}) {
    EXPECT_THAT(exchange(R"({"id":1,"method":"CallEnd","params":{"callid":"x@h","deadline":)" + std::string(deadline) + "}}"),
                ElementsAre(AllOf(HasSubstr("-32602"), HasSubstr("deadline"))))
        << deadline;
  }
  EXPECT_THAT(exchange(R"({"id":1,"method":"Echo","params":{"deadline":"soon"}})"), SizeIs(3)) << "what never waits has none";
}

TEST_F(CallApiSession, does_not_let_one_message_ask_for_everything_many_times) {
  for (int i = 0; i < 2000; ++i) {
    note({{}, "", "call-" + std::to_string(i), call::CallStarted{"sip:" + std::string(600, 'a') + "@x", "sip:bob@x"}});
  }
  std::string batch = "[";
  for (int i = 0; i < 10; ++i) {
    batch += R"({"id":1,"method":"CallList","params":{"limit":2000}},)";
  }
  const auto messages = exchange(batch + R"({"id":1,"method":"Echo","params":{}}])");
  EXPECT_THAT(messages, SizeIs(5)) << "one list, one echo, and their ends";
  EXPECT_THAT(messages.front(), HasSubstr("this message has asked for too much at once"));
}

TEST_F(CallApiSession, describes_itself) {
  EXPECT_THAT(exchange(R"({"jsonrpc":"2.0","id":7,"method":"rpc.discover"})"),
              ElementsAre(testing::StartsWith(R"({"jsonrpc":"2.0","id":7,"result":{"openrpc":"1.3.2",)")));
}

class CancellingSession : public CallApiSession {
 protected:
  CancellingSession() : CallApiSession({.on_disconnect = OnDisconnect::Cancel, .max_commands_per_client = 2, .max_events_in_transit = 3}) {}
};

TEST_F(CancellingSession, cancels_the_commands_of_a_lost_client_and_no_others) {
  CollectingPeer other_peer;
  Session other(other_peer, desk_, feed_, random_);
  const auto first = start_call("c1");
  const auto second = start_call("c2");
  other.on_message(R"({"id":2,"method":"CallEnd","params":{"callid":"z"}})");
  session_.reset();
  settle();
  EXPECT_THAT(control_.cancelled, testing::UnorderedElementsAre(first, second));
}

TEST_F(CancellingSession, repeats_cancels_that_the_engine_refused) {
  const auto id = start_call("c1");
  engine_refuses_ = true;
  session_.reset();
  settle();
  EXPECT_THAT(control_.cancelled, IsEmpty());
  engine_refuses_ = false;
  reported(id, Kind::CallerAnswered);
  settle();
  EXPECT_THAT(control_.cancelled, ElementsAre(id));
}

TEST_F(CancellingSession, limits_the_commands_in_flight_of_one_client) {
  const auto first = start_call("c1");
  start_call("c2");
  EXPECT_THAT(exchange(R"({"id":2,"method":"CallEnd","params":{"callid":"z"}})"),
              ElementsAre(HasSubstr(R"("code":-32000,"message":"too many commands in flight)")));
  reported(first, Kind::Ended);
  EXPECT_THAT(exchange(R"({"id":2,"method":"CallEnd","params":{"callid":"z"}})"), ElementsAre(HasSubstr("Started")));
}

TEST_F(CancellingSession, drops_progress_but_never_the_end_when_the_web_thread_is_behind) {
  const auto id = start_call("c1");
  peer_.take();
  for (int count = 0; count < 10; ++count) {
    control_.report(id, Kind::TransferPending, "180 Ringing");
  }
  control_.report(id, Kind::Failed, "486");
  control_.report(id, Kind::Ended);
  settle();
  EXPECT_THAT(peer_.take(), ElementsAre(HasSubstr("Pending"), HasSubstr("Pending"), HasSubstr("Pending"), HasSubstr("Error"), HasSubstr("Ended")));
}

}  // namespace
}  // namespace callwright::server::call_api
