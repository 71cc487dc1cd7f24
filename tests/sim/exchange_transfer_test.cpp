// Attended transfer (RFC 5589 §7) through the exchange, and INVITEs that replace one of its calls (RFC 3891).
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kCarol = "sip:carol@192.0.2.1";

struct Transfers : ExchangeWorld, testing::Test {
  /// Alice talks to bob (leg 0) and has carol on the other line (leg 1).
  void connect() {
    alice.call("bob");
    run_for(2s);
    alice.call("carol");
    run_for(2s);
    ASSERT_TRUE(alice.leg(0).confirmed());
    ASSERT_TRUE(alice.leg(1).confirmed());
    clear_wire();
  }
  /// Bob's own INVITE with Replaces, as if alice had told him on the phone.
  PhoneLeg& replace_consultation(std::string_view sdp) {
    const auto name = alice.leg(1).session()->name_at_peer().to_string();
    return bob.dial(std::string(kCarol) + "?Replaces=" + sip::escape_header_value(name), sdp);
  }

  ScriptedPhone& alice = add_phone("alice");
  ScriptedPhone& bob = add_phone("bob");
  ScriptedPhone& carol = add_phone("carol");
};

TEST_F(Transfers, attended_transfer_joins_the_two_others) {
  connect();
  alice.leg(0).refer(kCarol, alice.leg(1));
  run_for(2s);
  const std::string replaces = message("X", "bob", "REFER").header("Refer-To");
  EXPECT_EQ(replaces, message("alice", "X", "REFER").header("Refer-To")) << "bob calls us, who know the dialog by that name";
  EXPECT_THAT(message("bob", "X", "INVITE", 1).header("Replaces"), HasSubstr(alice.leg(1).call_id()));
  EXPECT_THAT(ladder("X", "carol"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK")) << "carol gets bob's offer as a re-INVITE";
  EXPECT_EQ(message("X", "carol", "INVITE").body(), bob.sdp());
  ASSERT_EQ(bob.legs(), 2U);
  EXPECT_EQ(bob.leg(1).hears(), "carol");
  EXPECT_EQ(carol.leg(0).hears(), "bob");
  EXPECT_TRUE(alice.leg(1).ended()) << "carol's place beside her is bob's now";
  EXPECT_THAT(alice.leg(0).log(), testing::Contains("NOTIFY 200 OK"));
  EXPECT_FALSE(bob.leg(1).ended());
  alice.leg(0).hang_up();
  run_for(1s);
  EXPECT_TRUE(bob.leg(0).ended());
  EXPECT_EQ(exchange->calls(), 1U);
  EXPECT_FALSE(carol.leg(0).ended());
  carol.hang_up();
  run_for(1s);
  EXPECT_TRUE(bob.leg(1).ended());
  expect_nothing_left();
}

TEST_F(Transfers, works_for_the_called_side_of_the_consultation_too) {
  alice.call("bob");
  run_for(2s);
  carol.call("alice");
  run_for(2s);
  ASSERT_TRUE(alice.leg(1).confirmed());
  alice.leg(0).refer(kCarol, alice.leg(1));
  run_for(2s);
  EXPECT_EQ(bob.leg(1).hears(), "carol");
  EXPECT_EQ(carol.leg(0).hears(), "bob");
  EXPECT_TRUE(alice.leg(1).ended());
  alice.hang_up();
  bob.hang_up();
  run_for(1s);
  EXPECT_EQ(carol.active(), 0U);
  expect_nothing_left();
}

TEST_F(Transfers, newcomer_without_offer_gets_that_of_the_side_that_stays) {
  connect();
  PhoneLeg& call = replace_consultation({});
  run_for(2s);
  EXPECT_TRUE(call.confirmed());
  EXPECT_EQ(call.hears(), "carol");
  EXPECT_EQ(carol.leg(0).hears(), "bob");
  EXPECT_EQ(message("X", "carol", "INVITE").body(), "");
  alice.hang_up();
  bob.hang_up();
  expect_nothing_left();
}

TEST_F(Transfers, refused_reinvite_leaves_the_calls_as_they_were) {
  connect();
  carol.script.reinvite = 488;
  alice.leg(0).refer(kCarol, alice.leg(1));
  run_for(2s);
  EXPECT_TRUE(bob.leg(1).ended());
  EXPECT_EQ(bob.leg(1).end_status(), 488);
  EXPECT_THAT(alice.leg(0).log(), testing::Contains("NOTIFY 488 Not Acceptable Here"));
  EXPECT_EQ(alice.active(), 2U);
  EXPECT_EQ(exchange->calls(), 2U);
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Transfers, side_that_hangs_up_meanwhile_is_replaced_all_the_same) {
  connect();
  drop("carol", "X", "200 INVITE");
  PhoneLeg& call = replace_consultation(bob.sdp());
  run_for(300ms);
  alice.leg(1).hang_up();
  run_for(100ms);
  EXPECT_FALSE(carol.leg(0).ended());
  stop_dropping();
  run_for(3s);
  EXPECT_TRUE(call.confirmed());
  EXPECT_EQ(carol.leg(0).hears(), "bob");
  alice.hang_up();
  bob.hang_up();
  expect_nothing_left();
}

TEST_F(Transfers, cancelled_replacement_puts_the_two_together_again) {
  connect();
  drop("carol", "X", "200 INVITE");
  PhoneLeg& call = replace_consultation(bob.sdp());
  run_for(300ms);
  EXPECT_EQ(carol.leg(0).hears(), "bob");
  call.hang_up();
  run_for(100ms);
  EXPECT_EQ(call.end_status(), 487);
  stop_dropping();
  run_for(3s);
  EXPECT_EQ(carol.leg(0).hears(), "alice");
  EXPECT_EQ(alice.leg(1).hears(), "carol");
  EXPECT_EQ(alice.active(), 2U);
  EXPECT_EQ(carol.active(), 1U);
  alice.hang_up();
  run_for(1s);
  EXPECT_EQ(carol.active(), 0U);
  expect_nothing_left();
}

TEST_F(Transfers, side_that_stays_hanging_up_ends_it_for_all) {
  connect();
  drop("carol", "X", "200 INVITE");
  PhoneLeg& call = replace_consultation(bob.sdp());
  run_for(300ms);
  carol.leg(0).hang_up();
  run_for(2s);
  EXPECT_TRUE(call.ended());
  EXPECT_TRUE(alice.leg(1).ended());
  stop_dropping();
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Transfers, replacing_needs_an_account_and_a_dialog_that_exists) {
  connect();
  ScriptedPhone& mallory = add_stranger("mallory");
  const std::string name = alice.leg(1).session()->name_at_peer().to_string();
  mallory.dial(std::string(kCarol) + "?Replaces=" + sip::escape_header_value(name), mallory.sdp());
  bob.dial(std::string(kCarol) + "?Replaces=" + sip::escape_header_value("nobody;to-tag=a;from-tag=b"), bob.sdp());
  run_for(2s);
  EXPECT_EQ(mallory.leg(0).end_status(), 403);
  EXPECT_EQ(bob.leg(1).end_status(), 481);
  EXPECT_EQ(count("X", "carol", "INVITE"), 0U);
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Transfers, info_and_message_pass_both_ways) {
  connect();
  ASSERT_TRUE(alice.leg(0).session()->send_content(sip::Method::Info, "application/dtmf-relay", "Signal=5\r\n"));
  ASSERT_TRUE(bob.leg(0).session()->send_content(sip::Method::Message, "text/plain;charset=utf-8", "hello"));
  run_for(1s);
  EXPECT_EQ(bob.leg(0).log().back(), "INFO Signal=5\r\n");
  EXPECT_EQ(alice.leg(0).log().back(), "MESSAGE hello");
  EXPECT_EQ(message("X", "bob", "INFO").header("Content-Type"), "application/dtmf-relay");
  EXPECT_EQ(message("X", "alice", "MESSAGE").header("Content-Type"), "text/plain;charset=utf-8");
  EXPECT_EQ(count("X", "alice", "200 INFO"), 1U);
  EXPECT_EQ(count("X", "bob", "200 MESSAGE"), 1U);
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Transfers, sender_of_info_and_message_hears_what_the_other_side_makes_of_it) {
  connect();
  const std::pair<int, int> relayed[] = {{202, 202}, {415, 415}, {488, 488}, {302, 480}, {401, 403}, {600, 600}};
  for (const auto& [theirs, ours] : relayed) {
    clear_wire();
    bob.script.content = theirs;
    ASSERT_TRUE(alice.leg(0).session()->send_content(sip::Method::Message, "text/plain", "hello"));
    run_for(1s);
    EXPECT_EQ(count("bob", "X", std::to_string(theirs) + " MESSAGE"), 1U);
    EXPECT_EQ(count("X", "alice", std::to_string(ours) + " MESSAGE"), 1U) << theirs;
  }
  bob.script.content = 200;
  ASSERT_TRUE(alice.leg(0).session()->send_content(sip::Method::Info, "application/dtmf-relay", "Signal=5\r\n"));
  ASSERT_TRUE(alice.leg(0).session()->send_content(sip::Method::Info, "application/dtmf-relay", "Signal=6\r\n"));
  run_for(1s);
  EXPECT_EQ(count("X", "alice", "200 INFO"), 2U);
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Transfers, content_that_the_other_side_does_not_answer_gets_504_in_time) {
  connect();
  drop("X", "bob", "INFO");
  ASSERT_TRUE(alice.leg(0).session()->send_content(sip::Method::Info, "application/dtmf-relay", "Signal=5\r\n"));
  run_for(23s);
  EXPECT_EQ(count("X", "alice", "504 INFO"), 0U);
  run_for(2s);
  EXPECT_EQ(count("X", "alice", "504 INFO"), 1U) << "before alice gives up, 32 s after she asked";
  stop_dropping();
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Transfers, content_that_waits_when_the_call_ends_gets_487) {
  connect();
  drop("X", "bob", "INFO");
  ASSERT_TRUE(alice.leg(0).session()->send_content(sip::Method::Info, "application/dtmf-relay", "Signal=5\r\n"));
  run_for(300ms);
  bob.leg(0).hang_up();
  run_for(1s);
  EXPECT_EQ(count("X", "alice", "487 INFO"), 1U);
  stop_dropping();
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Transfers, join_is_refused_with_a_reason) {
  connect();
  sip::UserAgent& host = add_host("dave");
  exchange->accounts().add("dave", "secret of dave");
  struct Observer final : sip::InviteSessionObserver {
    void on_ended(sip::InviteSession& /*session*/, const sip::SessionEnd& ended) override { end = ended; }
    sip::SessionEnd end;
  } observer;
  sip::InviteSession::CallerOptions options;
  options.uri = kCarol;
  options.from = "<sip:dave@192.0.2.1>";
  options.to = "<sip:carol@192.0.2.1>";
  options.credentials = sip::Credentials{"dave", "secret of dave"};
  options.headers = "Join: " + alice.leg(1).session()->name_at_peer().to_string() + "\r\n";
  auto session = host.call(std::move(options), observer);
  ASSERT_TRUE(session->invite(bob.sdp()));
  run_for(1s);
  EXPECT_EQ(observer.end.status, 488);
  EXPECT_EQ(observer.end.reason, "Join Not Supported");
  host.retire(std::move(session));
  alice.hang_up();
  expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
