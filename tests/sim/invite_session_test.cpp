// INVITE sessions, one behaviour a test, seen on the wire: two phones, or one phone and a peer played by hand. Nothing is lost here unless
// the test says so; each way takes 10 ms.
#include "sip/invite_session.hpp"

#include "sim/raw_peer.hpp"
#include "sim/recording_phone.hpp"
#include "sim/simulated_network.hpp"
#include "sim/wire_log.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::InviteSession;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using Times = std::vector<std::chrono::milliseconds>;

class Sessions : public ::testing::Test {
 protected:
  Sessions() {
    log.name(alice.node, "a");
    log.name(bob.node, "b");
    bob.on_incoming = [](InviteSession& session) { session.accept("answer").value(); };
  }

  /// Nothing may be left once the sessions are let go.
  void expect_all_over() {
    for (RecordingPhone* phone : {&alice, &bob}) {
      if (phone->has_session()) {
        phone->retire();
      }
    }
    EXPECT_TRUE(network.run_until_idle());
    EXPECT_TRUE(alice.nothing_left());
    EXPECT_TRUE(bob.nothing_left());
  }
  /// Alice and bob talk; the log begins there.
  void establish() {
    alice.call(bob.uri(), "offer");
    network.run_for(1s);
    ASSERT_EQ(alice.session().state(), InviteSession::State::Confirmed);
    ASSERT_EQ(bob.session().state(), InviteSession::State::Confirmed);
    log.clear();
    alice.clear_events();
    bob.clear_events();
  }
  void drop(std::string what, std::size_t times = std::numeric_limits<std::size_t>::max()) {
    network.set_filter([what = std::move(what), times](const Packet& packet) mutable { return what_is(packet.message) == what && times > 0 && times-- > 0; });
  }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  WireLog log{network};
  RecordingPhone alice{network, resolver, "192.0.2.1:5060"};
  RecordingPhone bob{network, resolver, "192.0.2.2:5060"};
};

TEST_F(Sessions, offer_in_invite_answer_in_200) {
  bob.on_incoming = [](InviteSession& session) {
    session.provisional(180, {}).value();
    session.provisional(183, "early").value();
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

// Challenges

class ChallengedSessions : public Sessions {
 protected:
  ChallengedSessions() { bob.require_password("secret"); }
  InviteSession& call(std::string password) {
    InviteSession::CallerOptions options;
    options.uri = bob.uri();
    options.to = "<" + bob.uri() + ">";
    options.credentials = sip::Credentials{"alice", std::move(password)};
    return alice.call(std::move(options), "offer");
  }
};

TEST_F(ChallengedSessions, challenge_is_answered_with_new_cseq_and_branch) {
  call("secret");
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 401 INVITE", "a ACK", "a INVITE", "b 200 INVITE", "a ACK"));
  const WireMessage& first = log.find("a INVITE", 0);
  const WireMessage& second = log.find("a INVITE", 1);
  EXPECT_EQ(first.header("CSeq"), "1 INVITE");
  EXPECT_EQ(second.header("CSeq"), "2 INVITE");
  EXPECT_NE(first.parameter("Via", "branch"), second.parameter("Via", "branch"));
  EXPECT_EQ(first.header("Call-ID"), second.header("Call-ID"));
  EXPECT_EQ(first.header("From"), second.header("From"));
  EXPECT_EQ(second.header("To"), first.header("To"));
  EXPECT_EQ(second.body(), "offer");
  EXPECT_EQ(log.find("a ACK", 0).parameter("Via", "branch"), first.parameter("Via", "branch"));
  EXPECT_EQ(log.find("a ACK", 0).header("CSeq"), "1 ACK");
  EXPECT_EQ(log.find("a ACK", 1).header("CSeq"), "2 ACK");
  EXPECT_EQ(log.find("a ACK", 1).header("Authorization"), second.header("Authorization"));
  EXPECT_NE(second.header("Authorization"), "");
  expect_all_over();
}

TEST_F(ChallengedSessions, wrong_password_gives_up_after_the_second_challenge) {
  call("guess");
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 401 INVITE", "a ACK", "a INVITE", "b 401 INVITE", "a ACK"));
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 401"));
  EXPECT_TRUE(bob.events().empty());
  expect_all_over();
}

TEST_F(ChallengedSessions, without_credentials_a_challenge_is_a_refusal) {
  alice.call(bob.uri(), "offer");
  network.run_for(1s);
  EXPECT_EQ(log.count("a INVITE"), 1U);
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 401"));
  expect_all_over();
}

TEST_F(ChallengedSessions, stale_nonce_is_answered_once_more) {
  bob.find_stale(1);
  call("secret");
  network.run_for(1s);
  EXPECT_EQ(log.count("a INVITE"), 3U);
  EXPECT_THAT(alice.events(), ElementsAre("accepted answer"));
  const auto nonce = [this](std::size_t number) {
    const std::string value = log.find("a INVITE", number).header("Authorization");
    return value.substr(value.find("nonce="), 30);
  };
  EXPECT_NE(nonce(1), nonce(2));
  expect_all_over();
}

TEST_F(ChallengedSessions, nonces_that_are_stale_for_ever_are_given_up) {
  bob.find_stale(1000);
  call("secret");
  network.run_for(1s);
  EXPECT_LE(log.count("a INVITE"), 6U);
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 401"));
  expect_all_over();
}

TEST_F(ChallengedSessions, call_ended_before_the_challenge_is_not_repeated) {
  call("secret").end();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 401 INVITE", "a ACK"));
  EXPECT_THAT(alice.events(), ElementsAre("ended local 401"));
  expect_all_over();
}

TEST_F(ChallengedSessions, in_dialog_requests_answer_challenges_too) {
  bob.require_password("");
  RawPeer peer(network, "192.0.2.9:5060");
  InviteSession::CallerOptions options;
  options.uri = "sip:192.0.2.9";
  options.to = "<sip:192.0.2.9>";
  options.credentials = sip::Credentials{"alice", "secret"};
  alice.call(std::move(options), "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.headers = "Contact: <sip:peer@192.0.2.9>\r\n"});
  network.run_for(20ms);
  alice.session().end();
  network.run_for(20ms);
  peer.reply(peer.latest("BYE"), {.status = 407, .headers = "Proxy-Authenticate: Digest realm=\"p\", nonce=\"n\", qop=\"auth\", algorithm=MD5\r\n"});
  network.run_for(20ms);
  ASSERT_EQ(peer.count("BYE"), 2U);
  EXPECT_EQ(header_of(peer.latest("BYE"), "CSeq"), "3 BYE");
  EXPECT_NE(header_of(peer.latest("BYE"), "Proxy-Authorization"), "");
  peer.reply(peer.latest("BYE"), {});
  expect_all_over();
}

TEST_F(Sessions, proxy_and_answerer_may_both_challenge) {
  RawPeer peer(network, "192.0.2.9:5060");
  InviteSession::CallerOptions options;
  options.uri = "sip:192.0.2.9";
  options.to = "<sip:192.0.2.9>";
  options.credentials = sip::Credentials{"alice", "secret"};
  alice.call(std::move(options), "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.status = 407, .headers = "Proxy-Authenticate: Digest realm=\"proxy\", nonce=\"n1\", qop=\"auth\"\r\n"});
  network.run_for(20ms);
  // The first challenge offers what nobody knows before what everybody knows.
  peer.reply(peer.latest("INVITE"), {.status = 401,
                                     .headers = "WWW-Authenticate: Digest realm=\"far\", nonce=\"n2\", algorithm=SHA-512-256\r\n"
                                                "WWW-Authenticate: Digest realm=\"far\", nonce=\"n3\", algorithm=MD5, qop=\"auth\"\r\n"});
  network.run_for(20ms);
  ASSERT_EQ(peer.count("INVITE"), 3U);
  EXPECT_THAT(header_of(peer.latest("INVITE"), "Proxy-Authorization"), ::testing::HasSubstr("nonce=\"n1\""));
  EXPECT_THAT(header_of(peer.latest("INVITE"), "Authorization"), ::testing::HasSubstr("nonce=\"n3\""));
  peer.reply(peer.latest("INVITE"), {.status = 404});
  network.run_for(20ms);
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 404"));
  expect_all_over();
}

TEST_F(Sessions, cancel_of_a_repeated_invite_waits_for_its_own_provisional) {
  RawPeer peer(network, "192.0.2.9:5060");
  InviteSession::CallerOptions options;
  options.uri = "sip:192.0.2.9";
  options.to = "<sip:192.0.2.9>";
  options.credentials = sip::Credentials{"alice", "secret"};
  alice.call(std::move(options), "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.status = 100, .to_tag = {}});
  peer.reply(peer.latest("INVITE"), {.status = 401, .headers = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"});
  network.run_for(50ms);
  ASSERT_EQ(peer.count("INVITE"), 2U);
  alice.session().end();
  network.run_for(50ms);
  EXPECT_EQ(peer.count("CANCEL"), 0U) << "the second INVITE has had no response yet";
  peer.reply(peer.latest("INVITE"), {.status = 180});
  network.run_for(50ms);
  ASSERT_EQ(peer.count("CANCEL"), 1U);
  EXPECT_EQ(header_of(peer.latest("CANCEL"), "CSeq"), "2 CANCEL");
  peer.reply(peer.latest("CANCEL"), {});
  peer.reply(peer.latest("INVITE"), {.status = 487});
  network.run_for(50ms);
  EXPECT_EQ(alice.events().back(), "ended local 487");
  expect_all_over();
}

TEST_F(Sessions, cancelled_call_ends_64_t1_later_when_the_peer_falls_silent) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.status = 180});
  network.run_for(1min);
  alice.session().end();
  network.run_for(31999ms);
  EXPECT_THAT(alice.events(), ElementsAre("provisional 180"));
  network.run_for(2ms);
  EXPECT_EQ(alice.events().back(), "ended local 408");
  expect_all_over();
}

// Forks, routes, strangers

TEST_F(Sessions, second_answer_of_a_forked_call_is_dropped_with_ack_and_bye) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  const std::string invite = peer.latest("INVITE");
  peer.reply(invite, {.to_tag = "one", .headers = "Contact: <sip:one@192.0.2.9>\r\n"});
  network.run_for(20ms);
  const RawPeer::Reply other{.to_tag = "two", .headers = "Contact: <sip:two@192.0.2.9>\r\n"};
  peer.reply(invite, other);
  network.run_for(20ms);
  EXPECT_EQ(peer.count("ACK"), 2U);
  EXPECT_TRUE(peer.latest("ACK").starts_with("ACK sip:two@192.0.2.9 SIP/2.0"));
  EXPECT_EQ(header_of(peer.latest("ACK"), "CSeq"), "1 ACK");
  ASSERT_EQ(peer.count("BYE"), 1U);
  EXPECT_EQ(parameter_of(peer.latest("BYE"), "To", "tag"), "two");
  peer.reply(peer.latest("BYE"), {});
  // Its ACK was lost: it gets the ACK again, but no second BYE.
  peer.reply(invite, other);
  network.run_for(1s);
  EXPECT_EQ(peer.count("ACK"), 3U);
  EXPECT_EQ(peer.count("BYE"), 1U);
  EXPECT_THAT(alice.events(), ElementsAre("accepted"));
  EXPECT_EQ(alice.session().dialog().remote_tag, "one");
  alice.session().end();
  network.run_for(20ms);
  EXPECT_EQ(parameter_of(peer.latest("BYE"), "To", "tag"), "one");
  EXPECT_TRUE(peer.latest("BYE").starts_with("BYE sip:one@192.0.2.9 SIP/2.0"));
  peer.reply(peer.latest("BYE"), {});
  expect_all_over();
}

TEST_F(Sessions, fork_does_not_take_the_ack_of_a_call_whose_offer_is_unanswered) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "");
  network.run_for(20ms);
  const std::string invite = peer.latest("INVITE");
  peer.reply(invite, {.to_tag = "one", .headers = "Contact: <sip:one@192.0.2.9>\r\n", .body = "offer"});
  peer.reply(invite, {.to_tag = "two", .headers = "Contact: <sip:two@192.0.2.9>\r\n", .body = "offer"});
  network.run_for(20ms);
  ASSERT_TRUE(alice.session().acknowledge("answer"));
  network.run_for(20ms);
  EXPECT_TRUE(peer.latest("ACK").starts_with("ACK sip:one@192.0.2.9 SIP/2.0"));
  EXPECT_TRUE(peer.latest("ACK").ends_with("answer"));
  expect_all_over();
}

TEST_F(Sessions, endless_forks_are_bounded) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  for (int i = 0; i < 200; ++i) {
    const std::string tag = "fork" + std::to_string(i);
    peer.reply(peer.latest("INVITE"), {.to_tag = tag, .headers = "Contact: <sip:x@192.0.2.9>\r\n"});
  }
  network.run_for(100ms);
  EXPECT_LE(peer.count("BYE"), 16U);
  EXPECT_GE(peer.count("BYE"), 4U);
  expect_all_over();
}

TEST_F(Sessions, caller_sends_along_the_recorded_route_backwards) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.headers = "Record-Route: <sip:far.example;lr>\r\nRecord-Route: <sip:192.0.2.9;lr>\r\nContact: <sip:peer@10.0.0.1>\r\n"});
  network.run_for(20ms);
  alice.session().end();
  network.run_for(20ms);
  for (const char* what : {"ACK", "BYE"}) {
    EXPECT_TRUE(peer.latest(what).starts_with(std::string(what) + " sip:peer@10.0.0.1 SIP/2.0")) << peer.latest(what);
    EXPECT_THAT(headers_of(peer.latest(what), "Route"), ElementsAre("<sip:192.0.2.9;lr>", "<sip:far.example;lr>"));
  }
  expect_all_over();
}

TEST_F(Sessions, answerer_sends_along_the_recorded_route_as_it_stands) {
  RawPeer peer(network, "192.0.2.9:5060");
  peer.send(bob.node, RawPeer::make_request({.method = "INVITE",
                                             .headers = "Record-Route: <sip:192.0.2.9;lr>, <sip:far.example;lr>\r\nContact: <sip:peer@10.0.0.1>\r\n",
                                             .body = "offer"}));
  network.run_for(20ms);
  EXPECT_THAT(headers_of(peer.latest("200 INVITE"), "Record-Route"), ElementsAre("<sip:192.0.2.9;lr>", "<sip:far.example;lr>"));
  peer.send(bob.node, RawPeer::make_request({.method = "ACK", .via = "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa", .to_tag = bob.session().dialog().local_tag}));
  network.run_for(20ms);
  bob.session().end();
  network.run_for(20ms);
  EXPECT_TRUE(peer.latest("BYE").starts_with("BYE sip:peer@10.0.0.1 SIP/2.0"));
  EXPECT_THAT(headers_of(peer.latest("BYE"), "Route"), ElementsAre("<sip:192.0.2.9;lr>", "<sip:far.example;lr>"));
  expect_all_over();
}

TEST_F(Sessions, strict_router_gets_its_own_uri_as_request_uri) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.headers = "Record-Route: <sip:far.example;lr>, <sip:192.0.2.9>\r\nContact: <sip:peer@10.0.0.1>\r\n"});
  network.run_for(20ms);
  EXPECT_TRUE(peer.latest("ACK").starts_with("ACK sip:192.0.2.9 SIP/2.0"));
  EXPECT_THAT(headers_of(peer.latest("ACK"), "Route"), ElementsAre("<sip:far.example;lr>", "<sip:peer@10.0.0.1>"));
  expect_all_over();
}

TEST_F(Sessions, options_and_unknown_things_are_answered_without_a_session) {
  RawPeer peer(network, "192.0.2.9:5060");
  peer.send(bob.node, RawPeer::make_request({.call_id = "1"}));
  peer.send(bob.node, RawPeer::make_request({.method = "BYE", .via = "SIP/2.0/UDP h;branch=z9hG4bK2;rport", .to_tag = "none", .call_id = "2"}));
  peer.send(bob.node, RawPeer::make_request({.method = "INVITE", .via = "SIP/2.0/UDP h;branch=z9hG4bK3;rport", .to_tag = "none", .call_id = "3"}));
  peer.send(bob.node, RawPeer::make_request({.method = "CANCEL", .via = "SIP/2.0/UDP h;branch=z9hG4bK4;rport", .call_id = "4"}));
  peer.send(bob.node,
            RawPeer::make_request(
                {.method = "INVITE", .via = "SIP/2.0/UDP h;branch=z9hG4bK5;rport", .call_id = "5", .headers = "Require: 100rel, x-a\r\nRequire: x-b\r\n"}));
  peer.send(bob.node, RawPeer::make_request({.method = "ACK", .via = "SIP/2.0/UDP h;branch=z9hG4bK6;rport", .to_tag = "none", .call_id = "6"}));
  network.run_for(20ms);
  EXPECT_THAT(header_of(peer.latest("200 OPTIONS"), "Allow"), ::testing::HasSubstr("INVITE"));
  EXPECT_EQ(peer.count("481 BYE"), 1U);
  EXPECT_EQ(peer.count("481 INVITE"), 1U);
  EXPECT_EQ(peer.count("481 CANCEL"), 1U);
  EXPECT_EQ(header_of(peer.latest("420 INVITE"), "Unsupported"), "100rel, x-a, x-b");
  EXPECT_TRUE(bob.events().empty());
  expect_all_over();
}

TEST_F(Sessions, requests_of_a_dialog_must_come_in_order) {
  RawPeer peer(network, "192.0.2.9:5060");
  peer.send(bob.node, RawPeer::make_request({.method = "INVITE", .cseq = 5, .body = "offer"}));
  network.run_for(20ms);
  const std::string tag = bob.session().dialog().local_tag;
  peer.send(bob.node, RawPeer::make_request({.method = "ACK", .via = "SIP/2.0/UDP h;branch=z9hG4bK1;rport", .to_tag = tag, .cseq = 5}));
  peer.send(bob.node, RawPeer::make_request({.method = "OPTIONS", .via = "SIP/2.0/UDP h;branch=z9hG4bK2;rport", .to_tag = tag, .cseq = 9}));
  peer.send(bob.node, RawPeer::make_request({.method = "OPTIONS", .via = "SIP/2.0/UDP h;branch=z9hG4bK3;rport", .to_tag = tag, .cseq = 8}));
  peer.send(bob.node, RawPeer::make_request({.method = "PUBLISH", .via = "SIP/2.0/UDP h;branch=z9hG4bK4;rport", .to_tag = tag, .cseq = 10}));
  network.run_for(20ms);
  EXPECT_EQ(peer.count("200 OPTIONS"), 1U);
  EXPECT_EQ(peer.count("500 OPTIONS"), 1U);
  EXPECT_EQ(peer.count("405 PUBLISH"), 1U);
  // A stranger that knows the tag but has another is not in this dialog.
  peer.send(bob.node,
            RawPeer::make_request({.method = "BYE", .via = "SIP/2.0/UDP h;branch=z9hG4bK5;rport", .from_tag = "stranger", .to_tag = tag, .cseq = 11}));
  network.run_for(20ms);
  EXPECT_EQ(peer.count("481 BYE"), 1U);
  EXPECT_EQ(bob.session().state(), InviteSession::State::Confirmed);
  expect_all_over();
}

TEST_F(Sessions, caller_that_says_bye_before_the_answer_ends_the_call) {
  bob.on_incoming = [](InviteSession& session) { session.provisional(180, {}).value(); };
  RawPeer peer(network, "192.0.2.9:5060");
  peer.send(bob.node, RawPeer::make_request({.method = "INVITE", .body = "offer"}));
  network.run_for(20ms);
  peer.send(bob.node,
            RawPeer::make_request({.method = "BYE", .via = "SIP/2.0/UDP h;branch=z9hG4bK2;rport", .to_tag = bob.session().dialog().local_tag, .cseq = 2}));
  network.run_for(20ms);
  EXPECT_EQ(peer.count("200 BYE"), 1U);
  EXPECT_EQ(peer.count("487 INVITE"), 1U);
  EXPECT_EQ(bob.events().back(), "ended remote 200");
  expect_all_over();
}

// Sessions that are let go

TEST_F(Sessions, retired_session_ends_its_call_and_says_nothing) {
  establish();
  bob.retire();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("b BYE", "a 200 BYE"));
  EXPECT_TRUE(bob.events().empty());
  EXPECT_EQ(bob.agent.retired(), 0U);
  expect_all_over();
}

TEST_F(Sessions, retired_caller_cancels) {
  bob.on_incoming = [](InviteSession& session) { session.provisional(180, {}).value(); };
  alice.call(bob.uri(), "offer");
  network.run_for(1s);
  alice.retire();
  EXPECT_EQ(alice.agent.retired(), 1U);
  network.run_for(1s);
  EXPECT_EQ(bob.events().back(), "ended remote 487");
  EXPECT_EQ(alice.agent.retired(), 0U);
  expect_all_over();
}

TEST_F(Sessions, every_callback_may_retire_the_session) {
  for (int victim = 0; victim < 8; ++victim) {
    RecordingPhone& phone = victim % 2 == 0 ? alice : bob;
    int left = victim / 2;
    phone.on_event = [&phone, &left](InviteSession&) {
      if (left-- == 0 && phone.has_session()) {
        phone.retire();
      }
    };
    bob.on_incoming = [this](InviteSession& session) {
      if (bob.has_session()) {
        session.provisional(180, {}).value();
        session.accept("answer").value();
      }
    };
    alice.call(bob.uri(), "offer");
    network.run_for(1s);
    for (RecordingPhone* each : {&alice, &bob}) {
      if (each->has_session()) {
        each->session().end();
      }
    }
    alice.on_event = bob.on_event = nullptr;
    expect_all_over();
  }
}

TEST(UserAgents, destroyed_with_sessions_that_are_not_over) {
  SimulatedNetwork network(1);
  FakeResolver resolver;
  auto alice = std::make_unique<RecordingPhone>(network, resolver, "192.0.2.1:5060");
  RecordingPhone bob(network, resolver, "192.0.2.2:5060");
  alice->call(bob.uri(), "offer");
  network.run_for(1s);
  alice->retire();
  EXPECT_EQ(alice->agent.retired(), 1U);
  alice->node.detach();
  alice.reset();
  bob.retire();
  EXPECT_TRUE(network.run_until_idle());
  EXPECT_TRUE(bob.nothing_left());
}

}  // namespace
}  // namespace callwright::simulation
