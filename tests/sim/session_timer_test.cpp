// Session timers (RFC 4028): who refreshes, how, and when a call ends that nobody refreshed.
#include "sim/two_phones.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::InviteSession;
using sip::SessionPolicy;
using ::testing::ElementsAre;

class SessionTimers : public TwoPhones {
 protected:
  /// Bob is a peer played by hand; the call is made by alice and answered with these lines.
  void call_peer(std::string_view lines) {
    peer = std::make_unique<RawPeer>(network, "192.0.2.9:5060");
    alice.call("sip:192.0.2.9", "offer");
    network.run_for(20ms);
    const std::string headers = "Contact: <sip:peer@192.0.2.9>\r\n" + std::string(lines);
    peer->reply(peer->latest("INVITE"), {.headers = headers, .body = "answer"});
    network.run_for(20ms);
  }
  std::unique_ptr<RawPeer> peer;
};

TEST_F(SessionTimers, caller_refreshes_by_update_at_half_of_the_interval) {
  alice.call(bob.uri(), "offer");
  network.run_for(1s);
  EXPECT_EQ(log.find("a INVITE").header("Session-Expires"), "1800");
  EXPECT_THAT(log.find("a INVITE").header("Supported"), ::testing::HasSubstr("timer"));
  EXPECT_EQ(log.find("b 200 INVITE").header("Session-Expires"), "1800;refresher=uac");
  EXPECT_EQ(log.find("b 200 INVITE").header("Require"), "timer");
  EXPECT_EQ(alice.session().session_interval(), 1800s);
  log.clear();
  network.run_for(1h);
  EXPECT_THAT(log.flow(), ElementsAre("a UPDATE", "b 200 UPDATE", "a UPDATE", "b 200 UPDATE", "a UPDATE", "b 200 UPDATE", "a UPDATE", "b 200 UPDATE"));
  EXPECT_EQ(log.times("a UPDATE")[0], 900020ms);
  EXPECT_EQ(log.find("a UPDATE").header("Session-Expires"), "1800;refresher=uac");
  EXPECT_EQ(log.find("a UPDATE").body(), "");
  EXPECT_EQ(log.find("b 200 UPDATE").header("Session-Expires"), "1800;refresher=uac");
  EXPECT_THAT(alice.events(), ElementsAre("accepted answer"));
  EXPECT_THAT(bob.events(), ElementsAre("incoming offer", "confirmed"));
  expect_all_over();
}

TEST_F(SessionTimers, both_sides_hang_up_32_s_before_the_end_when_refreshes_are_lost) {
  establish();
  network.partition(alice.node, bob.node);
  network.run_for(2h);
  // Alice learns at the time-out of her UPDATE that nobody is there; bob when nobody has refreshed.
  EXPECT_EQ(log.times("a BYE").front(), 932020ms);
  EXPECT_EQ(log.times("b BYE").front(), 1768010ms);
  EXPECT_THAT(bob.events(), ElementsAre("ended network 408"));
  EXPECT_EQ(bob.last_end.reason, "Session expired");
  expect_all_over();
}

TEST_F(SessionTimers, a_third_of_a_short_interval_is_left_for_the_bye) {
  set_policies({.session_interval = SessionPolicy::Seconds(90)});
  establish();
  network.partition(alice.node, bob.node);
  network.run_for(5min);
  EXPECT_EQ(log.times("a BYE").front(), 60020ms) << "30 s before the end, before the UPDATE times out";
  EXPECT_EQ(log.times("b BYE").front(), 60010ms);
  expect_all_over();
}

TEST_F(SessionTimers, answerer_refreshes_when_the_caller_wants_it_so) {
  RawPeer raw(network, "192.0.2.9:5060");
  raw.send(bob.node, RawPeer::make_request({.method = "INVITE",
                                            .headers = "Contact: <sip:raw@192.0.2.9>\r\nAllow: UPDATE\r\nSupported: timer\r\n"
                                                       "Session-Expires: 200;refresher=uas\r\n",
                                            .body = "offer"}));
  network.run_for(20ms);
  EXPECT_EQ(header_of(raw.latest("200 INVITE"), "Session-Expires"), "200;refresher=uas");
  EXPECT_EQ(header_of(raw.latest("200 INVITE"), "Require"), "");
  raw.send(bob.node, RawPeer::make_request({.method = "ACK", .via = "SIP/2.0/UDP h;branch=z9hG4bKa", .to_tag = bob.session().dialog().local_tag}));
  network.run_for(100s);
  ASSERT_EQ(raw.count("UPDATE"), 1U);
  EXPECT_EQ(header_of(raw.latest("UPDATE"), "Session-Expires"), "200;refresher=uac");
  raw.reply(raw.latest("UPDATE"), {.headers = "Session-Expires: 200;refresher=uac\r\n"});
  network.run_for(100100ms);
  EXPECT_EQ(raw.count("UPDATE"), 2U);
  expect_all_over();
}

TEST_F(SessionTimers, peer_without_update_is_refreshed_by_reinvite_with_the_same_description) {
  call_peer("Allow: INVITE, ACK, BYE\r\nSession-Expires: 100;refresher=uac\r\nRequire: timer\r\n");
  network.run_for(50s);
  ASSERT_EQ(peer->count("INVITE"), 2U);
  EXPECT_EQ(header_of(peer->latest("INVITE"), "Session-Expires"), "100;refresher=uac");
  EXPECT_TRUE(peer->latest("INVITE").ends_with("\r\noffer"));
  peer->reply(peer->latest("INVITE"), {.headers = "Contact: <sip:peer@192.0.2.9>\r\nSession-Expires: 100;refresher=uac\r\n", .body = "answer"});
  network.run_for(20ms);
  EXPECT_EQ(peer->count("ACK"), 2U);
  EXPECT_THAT(alice.events(), ElementsAre("accepted answer")) << "a refresh is no news";
  // The second refresh is never answered: BYE 32 s before the end.
  network.run_for(67900ms);
  EXPECT_EQ(peer->count("BYE"), 0U);
  network.run_for(200ms);
  EXPECT_EQ(peer->count("BYE"), 1U);
  EXPECT_EQ(alice.events().back(), "ended network 408");
  expect_all_over();
}

TEST_F(SessionTimers, peer_that_does_not_know_timers_gets_none) {
  call_peer({});
  EXPECT_EQ(alice.session().session_interval(), 0s);
  network.run_for(3h);
  EXPECT_EQ(peer->received.size(), 2U) << "INVITE and ACK";
  expect_all_over();
}

TEST_F(SessionTimers, late_answer_to_an_early_update_says_nothing_of_them) {
  peer = std::make_unique<RawPeer>(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  const std::string invite = peer->latest("INVITE");
  const std::string contact = "Contact: <sip:peer@192.0.2.9>\r\nAllow: UPDATE\r\n";
  peer->reply(invite, {.status = 183, .to_tag = "one", .headers = contact + "Require: 100rel\r\nRSeq: 7\r\n", .body = "answer"});
  network.run_for(20ms);
  peer->reply(peer->latest("PRACK"), {});
  alice.session().update("another offer").value();
  network.run_for(20ms);
  const std::string update = peer->latest("UPDATE");
  peer->reply(invite, {.status = 200, .to_tag = "one", .headers = contact + "Require: timer\r\nSession-Expires: 300;refresher=uac\r\n"});
  network.run_for(20ms);
  EXPECT_EQ(alice.session().session_interval(), 300s);
  peer->reply(update, {.headers = contact, .body = "another answer"});
  network.run_for(20ms);
  EXPECT_EQ(alice.session().session_interval(), 300s);
  network.run_for(150s);
  EXPECT_NE(peer->latest("UPDATE"), update) << "refreshed at half of the interval";
  expect_all_over();
}

TEST_F(SessionTimers, always_refreshes_callers_that_do_not_know_timers) {
  set_policies({.timers = SessionPolicy::Timers::Always});
  RawPeer raw(network, "192.0.2.9:5060");
  raw.send(bob.node, RawPeer::make_request({.method = "INVITE", .headers = "Contact: <sip:raw@192.0.2.9>\r\n", .body = "offer"}));
  network.run_for(20ms);
  EXPECT_EQ(header_of(raw.latest("200 INVITE"), "Session-Expires"), "1800;refresher=uas");
  raw.send(bob.node, RawPeer::make_request({.method = "ACK", .via = "SIP/2.0/UDP h;branch=z9hG4bKa", .to_tag = bob.session().dialog().local_tag}));
  network.run_for(15min);
  ASSERT_EQ(raw.count("INVITE"), 1U);
  EXPECT_TRUE(raw.latest("INVITE").ends_with("\r\nanswer"));
  expect_all_over();
}

TEST_F(SessionTimers, interval_below_the_minimum_is_refused_and_tried_again_larger) {
  alice.agent.set_session_policy({.session_interval = SessionPolicy::Seconds(120)});
  bob.agent.set_session_policy({.min_interval = SessionPolicy::Seconds(600)});
  alice.call(bob.uri(), "offer");
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 422 INVITE", "a ACK", "a INVITE", "b 200 INVITE", "a ACK"));
  EXPECT_EQ(log.find("b 422 INVITE").header("Min-SE"), "600");
  EXPECT_EQ(log.find("a INVITE", 1).header("Session-Expires"), "600");
  EXPECT_EQ(log.find("a INVITE", 1).header("Min-SE"), "600");
  EXPECT_EQ(log.find("a INVITE", 1).header("CSeq"), "2 INVITE");
  EXPECT_EQ(log.find("a INVITE", 1).header("Call-ID"), log.find("a INVITE", 0).header("Call-ID"));
  EXPECT_EQ(log.find("a INVITE", 1).body(), "offer");
  EXPECT_THAT(bob.events(), ElementsAre("incoming offer", "confirmed"));
  EXPECT_EQ(alice.session().session_interval(), 600s);
  expect_all_over();
}

TEST_F(SessionTimers, endless_422_ends_the_call) {
  peer = std::make_unique<RawPeer>(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  for (int i = 0; i < 10; ++i) {
    network.run_for(20ms);
    peer->reply(peer->latest("INVITE"), {.status = 422, .headers = "Min-SE: 4294967295\r\n"});
  }
  network.run_for(20ms);
  EXPECT_EQ(peer->count("INVITE"), 4U);
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 422"));
  expect_all_over();
}

TEST_F(SessionTimers, reinvite_restarts_the_timer) {
  bob.on_event = [this](InviteSession& session) {
    if (bob.events().back().starts_with("reinvite")) {
      session.accept_reinvite("new answer").value();
    }
  };
  establish();
  network.run_for(800s);
  alice.session().reinvite("new offer").value();
  network.run_for(800s);
  EXPECT_EQ(log.count("a UPDATE"), 0U);
  network.run_for(101s);
  EXPECT_EQ(log.count("a UPDATE"), 1U);
  expect_all_over();
}

TEST_F(SessionTimers, off_means_that_nothing_is_said_of_them) {
  set_policies({.timers = SessionPolicy::Timers::Off});
  establish();
  EXPECT_EQ(alice.session().session_interval(), 0s);
  alice.session().end();
  network.run_for(1s);
  RawPeer raw(network, "192.0.2.9:5060");
  raw.send(bob.node, RawPeer::make_request({.method = "INVITE", .call_id = "x", .headers = "Require: timer\r\n", .body = "offer"}));
  network.run_for(20ms);
  EXPECT_EQ(header_of(raw.latest("420 INVITE"), "Unsupported"), "timer");
  expect_all_over();
}

}  // namespace
}  // namespace callwright::simulation
