// INVITE sessions, one behaviour a test, seen on the wire: offer and answer, ACK, CANCEL, BYE, destinations.
#include "sim/two_phones.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::InviteSession;
using ::testing::ElementsAre;

class Sessions : public TwoPhones {};

TEST_F(Sessions, offer_in_invite_answer_in_200) {
  bob.on_incoming = [](InviteSession& session) {
    session.provisional(180, {}).value();
    session.provisional(183, "early", InviteSession::Delivery::WhenRequired).value();
    session.accept("answer").value();
  };
  alice.call(bob.uri(), "offer");
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 180 INVITE", "b 183 INVITE", "b 200 INVITE", "a ACK"));
  EXPECT_THAT(alice.events(), ElementsAre("provisional 180", "provisional 183 early", "accepted answer"));
  EXPECT_THAT(bob.events(), ElementsAre("incoming offer", "confirmed"));
  const WireMessage& invite = log.find("a INVITE");
  const WireMessage& ack = log.find("a ACK");
  EXPECT_EQ(ack.start_line(), "ACK sip:bob@192.0.2.2:5060 SIP/2.0");
  EXPECT_NE(ack.parameter("Via", "branch"), invite.parameter("Via", "branch"));
  EXPECT_EQ(ack.header("CSeq"), "1 ACK");
  EXPECT_EQ(ack.header("From"), invite.header("From"));
  EXPECT_EQ(ack.header("To"), log.find("b 200 INVITE").header("To"));
  EXPECT_EQ(ack.body(), "");
  log.clear();
  alice.session().end();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a BYE", "b 200 BYE"));
  EXPECT_EQ(log.find("a BYE").header("CSeq"), "2 BYE");
  EXPECT_EQ(alice.events().back(), "ended local 200");
  EXPECT_EQ(bob.events().back(), "ended remote 200");
  expect_all_over();
}

TEST_F(Sessions, offer_in_200_answer_in_ack) {
  alice.on_event = [](InviteSession& session) { static_cast<void>(session.acknowledge("answer")); };
  bob.on_incoming = [](InviteSession& session) { session.accept("offer").value(); };
  alice.call(bob.uri(), "");
  network.run_for(1s);
  EXPECT_THAT(alice.events(), ElementsAre("accepted offer"));
  EXPECT_THAT(bob.events(), ElementsAre("incoming", "confirmed answer"));
  EXPECT_EQ(log.find("a INVITE").body(), "");
  EXPECT_EQ(log.find("a ACK").body(), "answer");
  expect_all_over();
}

TEST_F(Sessions, late_answer_to_an_offer_in_200_waits_with_the_ack) {
  alice.call(bob.uri(), "");
  network.run_for(2s);
  EXPECT_EQ(log.count("a ACK"), 0U);
  EXPECT_EQ(log.times("b 200 INVITE"), (Times{10ms, 510ms, 1510ms}));
  EXPECT_EQ(alice.session().state(), InviteSession::State::Accepted);
  alice.session().acknowledge("answer").value();
  network.run_for(10s);
  EXPECT_EQ(log.count("b 200 INVITE"), 3U);
  EXPECT_EQ(bob.events().back(), "confirmed answer");
  EXPECT_FALSE(alice.session().acknowledge("again"));
  expect_all_over();
}

TEST_F(Sessions, 200_is_repeated_until_64_t1_and_then_bye) {
  drop("ACK");
  alice.call(bob.uri(), "offer");
  network.run_for(33s);
  EXPECT_EQ(log.times("b 200 INVITE"), (Times{10ms, 510ms, 1510ms, 3510ms, 7510ms, 11510ms, 15510ms, 19510ms, 23510ms, 27510ms, 31510ms}));
  EXPECT_EQ(log.times("b BYE"), (Times{32010ms}));
  EXPECT_EQ(bob.events().back(), "ended network 408");
  EXPECT_EQ(alice.events().back(), "ended remote 200");
  EXPECT_THAT(alice.events(), ElementsAre("accepted answer", "ended remote 200"));
  expect_all_over();
}

TEST_F(Sessions, lost_ack_is_sent_again_for_a_repeated_200) {
  drop("ACK", 1);
  alice.call(bob.uri(), "offer");
  network.run_for(10s);
  EXPECT_EQ(log.times("b 200 INVITE"), (Times{10ms, 510ms}));
  ASSERT_EQ(log.count("a ACK"), 2U);
  EXPECT_EQ(log.find("a ACK", 0).text, log.find("a ACK", 1).text);
  EXPECT_THAT(alice.events(), ElementsAre("accepted answer"));
  EXPECT_THAT(bob.events(), ElementsAre("incoming offer", "confirmed"));
  expect_all_over();
}

TEST_F(Sessions, refusal_ends_both_sides_with_its_status) {
  bob.on_incoming = [](InviteSession& session) { session.reject(486, "Busy Bee", "Retry-After: 9\r\n").value(); };
  alice.call(bob.uri(), "offer");
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 486 INVITE", "a ACK"));
  EXPECT_EQ(log.find("b 486 INVITE").start_line(), "SIP/2.0 486 Busy Bee");
  EXPECT_EQ(log.find("b 486 INVITE").header("Retry-After"), "9");
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 486"));
  EXPECT_THAT(bob.events(), ElementsAre("incoming offer", "ended local 486"));
  EXPECT_EQ(alice.agent.dialogs(), 0U);
  expect_all_over();
}

TEST_F(Sessions, cancel_waits_for_a_provisional_response) {
  bob.on_incoming = nullptr;
  alice.call(bob.uri(), "offer").end();
  network.run_for(10s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 100 INVITE", "a CANCEL", "b 200 CANCEL", "b 487 INVITE", "a ACK"));
  EXPECT_EQ(log.times("a CANCEL"), (Times{220ms}));
  const WireMessage& invite = log.find("a INVITE");
  const WireMessage& cancel = log.find("a CANCEL");
  for (const char* same : {"Via", "From", "To", "Call-ID"}) {
    EXPECT_EQ(cancel.header(same), invite.header(same)) << same;
  }
  EXPECT_EQ(cancel.header("CSeq"), "1 CANCEL");
  EXPECT_EQ(log.find("b 200 CANCEL").parameter("To", "tag"), log.find("b 487 INVITE").parameter("To", "tag"));
  EXPECT_THAT(alice.events(), ElementsAre("ended local 487"));
  EXPECT_THAT(bob.events(), ElementsAre("incoming offer", "ended remote 487"));
  expect_all_over();
}

TEST_F(Sessions, cancel_is_never_sent_when_nothing_is_heard) {
  drop("INVITE");
  alice.call(bob.uri(), "offer").end();
  network.run_for(33s);
  EXPECT_EQ(log.count("a CANCEL"), 0U);
  EXPECT_THAT(alice.events(), ElementsAre("ended local 408"));
  expect_all_over();
}

TEST_F(Sessions, answer_that_crosses_cancel_is_acknowledged_and_ended) {
  bob.on_incoming = [](InviteSession& session) { session.provisional(180, {}).value(); };
  alice.call(bob.uri(), "offer");
  network.run_for(50ms);
  bob.session().accept("answer").value();
  alice.session().end();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 180 INVITE", "b 200 INVITE", "a CANCEL", "a ACK", "a BYE", "b 200 CANCEL", "b 200 BYE"));
  EXPECT_THAT(alice.events(), ElementsAre("provisional 180", "ended local 200"));
  EXPECT_THAT(bob.events(), ElementsAre("incoming offer", "confirmed", "ended remote 200"));
  expect_all_over();
}

TEST_F(Sessions, answerer_that_stops_ringing_refuses) {
  bob.on_incoming = [](InviteSession& session) { session.end(); };
  alice.call(bob.uri(), "offer");
  network.run_for(1s);
  EXPECT_EQ(alice.events().back(), "ended remote 480");
  EXPECT_EQ(bob.events().back(), "ended local 480");
  expect_all_over();
}

TEST_F(Sessions, answerer_hangs_up_only_after_the_ack) {
  bob.on_incoming = [](InviteSession& session) {
    session.accept("answer").value();
    session.end();
  };
  alice.call(bob.uri(), "offer");
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 200 INVITE", "a ACK", "b BYE", "a 200 BYE"));
  EXPECT_EQ(bob.events().back(), "ended local 200");
  expect_all_over();
}

TEST_F(Sessions, byes_that_cross_end_both_sides_well) {
  establish();
  alice.session().end();
  bob.session().end();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a BYE", "b BYE", "b 200 BYE", "a 200 BYE"));
  EXPECT_THAT(alice.events(), ElementsAre("ended local 200"));
  EXPECT_THAT(bob.events(), ElementsAre("ended local 200"));
  expect_all_over();
}

TEST_F(Sessions, operations_are_refused_in_the_wrong_state) {
  bob.on_incoming = nullptr;
  InviteSession& session = alice.call(bob.uri(), "offer");
  network.run_for(1s);
  EXPECT_FALSE(session.invite("again"));
  EXPECT_FALSE(session.acknowledge("nothing"));
  EXPECT_FALSE(session.accept("caller"));
  EXPECT_FALSE(session.reject(486));
  EXPECT_FALSE(session.reinvite("early"));
  EXPECT_FALSE(session.refer("sip:x@y", ""));
  EXPECT_FALSE(session.accept_refer());
  EXPECT_FALSE(session.notify_refer(200));
  EXPECT_FALSE(bob.session().reject(200));
  EXPECT_FALSE(bob.session().provisional(100, ""));
  EXPECT_EQ(session.accept("caller").error().code, base::make_error_code(base::Errc::WrongState));
  bob.session().reject(486).value();
  EXPECT_FALSE(bob.session().accept("late"));
  expect_all_over();
}

// Destinations

TEST_F(Sessions, name_is_looked_up) {
  resolver.add("phones.example", {base::IpAddress::v4({192, 0, 2, 2})});
  alice.call("sip:bob@phones.example", "offer");
  network.run_for(1s);
  EXPECT_EQ(alice.events().back(), "accepted answer");
  expect_all_over();
}

TEST_F(Sessions, unknown_name_is_a_failure_told_later) {
  alice.call("sip:bob@nowhere.example", "offer");
  EXPECT_TRUE(alice.events().empty());
  network.run_for(1s);
  EXPECT_THAT(alice.events(), ElementsAre("ended network 478"));
  EXPECT_TRUE(log.flow().empty());
  expect_all_over();
}

TEST_F(Sessions, call_ended_during_the_look_up_is_never_sent) {
  resolver.add("phones.example", {base::IpAddress::v4({192, 0, 2, 2})});
  resolver.hold();
  alice.call("sip:bob@phones.example", "offer").end();
  network.run_for(1s);
  EXPECT_THAT(alice.events(), ElementsAre("ended local 487"));
  alice.retire();
  network.run_for(1s);
  resolver.release();
  EXPECT_TRUE(network.run_until_idle());
  EXPECT_TRUE(log.flow().empty());
  EXPECT_TRUE(alice.nothing_left());
}

TEST_F(Sessions, broken_connection_is_a_network_failure) {
  network.partition(alice.node, bob.node);
  alice.call(bob.uri() + ";transport=tcp", "offer");
  network.run_for(1s);
  EXPECT_THAT(alice.events(), ElementsAre("ended network 503"));
  expect_all_over();
}

TEST_F(Sessions, call_over_tcp) {
  alice.call(bob.uri() + ";transport=tcp", "offer");
  network.run_for(1s);
  alice.session().end();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 200 INVITE", "a ACK", "a BYE", "b 200 BYE"));
  EXPECT_EQ(log.find("b 200 INVITE").header("Contact"), "<sip:bob@192.0.2.2:5060;transport=tcp>");
  EXPECT_TRUE(log.find("a BYE").header("Via").starts_with("SIP/2.0/TCP"));
  expect_all_over();
}

}  // namespace
}  // namespace callwright::simulation
