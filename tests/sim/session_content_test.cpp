// INFO, MESSAGE and OPTIONS within a call, Reason, and where requests of a dialog and the ACK of a 2xx go.
#include "sim/two_phones.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::InviteSession;
using ::testing::ElementsAre;

class InCall : public TwoPhones {};

TEST_F(InCall, info_and_message_carry_their_bodies) {
  establish();
  alice.session().send_content(sip::Method::Info, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n").value();
  bob.session().send_content(sip::Method::Message, "text/plain", "hello").value();
  network.run_for(100ms);
  EXPECT_THAT(bob.events(), ElementsAre("INFO application/dtmf-relay Signal=5\r\nDuration=160\r\n", "content_result MESSAGE 200"));
  EXPECT_THAT(alice.events(), ElementsAre("MESSAGE text/plain hello", "content_result INFO 200"));
  bob.content_status = 415;
  alice.session().send_content(sip::Method::Message, "text/x", "?").value();
  network.run_for(100ms);
  EXPECT_EQ(log.find("b 415 MESSAGE").header("Accept"), "application/sdp");
  EXPECT_EQ(alice.events().back(), "content_result MESSAGE 415");
  EXPECT_FALSE(alice.session().send_content(sip::Method::Refer, "a/b", "x"));
  expect_all_over();
}

TEST_F(InCall, other_methods_leave_the_session_as_it_is) {
  establish();
  alice.session().send_content(sip::Method::Unknown, "text/plain", "bar", 0, "X-Mark: one\r\n", "FOO").value();
  alice.session().send_content(sip::Method::Options, {}, {}).value();
  alice.session().send_content(sip::Method::Publish, {}, {}).value();
  alice.session().send_content(sip::Method::Notify, {}, {}).value();
  network.run_for(100ms);
  const WireMessage& foo = log.find("a FOO");
  EXPECT_EQ(foo.start_line(), "FOO sip:bob@192.0.2.2:5060 SIP/2.0");
  EXPECT_THAT(foo.header("CSeq"), ::testing::EndsWith(" FOO"));
  EXPECT_EQ(foo.header("X-Mark"), "one");
  EXPECT_THAT(log.find("b 405 FOO").header("Allow"), ::testing::HasSubstr("BYE"));
  EXPECT_EQ(log.count("b 200 OPTIONS"), 1U);
  EXPECT_EQ(log.count("b 405 PUBLISH"), 1U);
  EXPECT_EQ(log.find("a NOTIFY").header("Contact"), "<sip:alice@192.0.2.1:5060>");
  for (const sip::Method method : {sip::Method::Invite, sip::Method::Ack, sip::Method::Bye, sip::Method::Cancel, sip::Method::Prack, sip::Method::Subscribe}) {
    EXPECT_FALSE(alice.session().send_content(method, {}, {}));
  }
  for (const std::string_view name : {"", "TWO WORDS", "A\r\nB"}) {
    EXPECT_FALSE(alice.session().send_content(sip::Method::Unknown, {}, {}, 0, {}, name)) << name;
  }
  EXPECT_EQ(alice.session().state(), InviteSession::State::Confirmed);
  EXPECT_EQ(bob.session().state(), InviteSession::State::Confirmed);
  expect_all_over();
}

TEST_F(InCall, contents_under_way_are_bounded) {
  establish();
  network.partition(alice.node, bob.node);
  for (int i = 0; i < 16; ++i) {
    EXPECT_TRUE(alice.session().send_content(sip::Method::Info, "a/b", "x"));
  }
  EXPECT_EQ(alice.session().send_content(sip::Method::Info, "a/b", "x").error().code, base::make_error_code(base::Errc::LimitReached));
  expect_all_over();
}

TEST_F(InCall, options_are_answered_as_an_invite_would_be_and_info_packages_are_not_known) {
  establish();
  const auto send = [this](std::string_view method, unsigned cseq, std::string_view lines) {
    const std::string via = "SIP/2.0/UDP h;rport;branch=z9hG4bK" + std::to_string(cseq);
    network.inject(alice.node.address(), bob.node.address(),
                   RawPeer::make_request({.method = method,
                                          .via = via,
                                          .from_tag = alice.session().dialog().local_tag,
                                          .to_tag = bob.session().dialog().local_tag,
                                          .call_id = alice.session().call_id(),
                                          .cseq = cseq,
                                          .headers = lines}));
  };
  send("OPTIONS", 10, {});
  send("INFO", 11, "Info-Package: foo\r\n");
  network.run_for(20ms);
  EXPECT_THAT(log.find("b 200 OPTIONS").header("Allow"), ::testing::HasSubstr("UPDATE"));
  EXPECT_EQ(log.find("b 200 OPTIONS").header("Supported"), "100rel, timer, norefersub, 199");
  EXPECT_EQ(log.find("b 200 OPTIONS").header("Accept"), "application/sdp");
  EXPECT_EQ(log.count("b 469 INFO"), 1U);
  expect_all_over();
}

TEST_F(InCall, reason_goes_with_bye_both_ways) {
  establish();
  alice.session().end(480, sip::Reason{"Q.850", 16, "Normal \"clearing\""});
  network.run_for(100ms);
  EXPECT_EQ(log.find("a BYE").header("Reason"), "Q.850;cause=16;text=\"Normal \\\"clearing\\\"\"");
  for (const RecordingPhone* phone : {&alice, &bob}) {
    ASSERT_TRUE(phone->last_end.cause);
    EXPECT_EQ(phone->last_end.cause->cause, 16);
    EXPECT_EQ(phone->last_end.cause->text, "Normal \"clearing\"");
  }
  expect_all_over();
}

TEST_F(InCall, reason_goes_with_cancel_both_ways) {
  bob.on_incoming = [](InviteSession& session) { session.provisional(180, {}).value(); };
  alice.call(bob.uri(), "offer");
  network.run_for(100ms);
  alice.session().end(480, sip::Reason{"SIP", 200, "Call completed elsewhere"});
  network.run_for(100ms);
  EXPECT_EQ(log.find("a CANCEL").header("Reason"), "SIP;cause=200;text=\"Call completed elsewhere\"");
  for (const RecordingPhone* phone : {&alice, &bob}) {
    ASSERT_TRUE(phone->last_end.cause);
    EXPECT_EQ(phone->last_end.cause->cause, 200);
  }
  expect_all_over();
}

TEST_F(InCall, reason_of_a_refusal_is_told) {
  bob.on_incoming = [](InviteSession& session) { session.end(486, sip::Reason{"Q.850", 17, {}}); };
  alice.call(bob.uri(), "offer");
  network.run_for(100ms);
  ASSERT_TRUE(alice.last_end.cause);
  EXPECT_EQ(alice.last_end.cause->cause, 17);
  EXPECT_FALSE(alice.last_end.cause->text.size());
  expect_all_over();
}

TEST_F(InCall, reason_that_would_break_the_message_is_left_out) {
  establish();
  alice.session().end(480, sip::Reason{"SIP", 200, "x\r\nEvil: y"});
  network.run_for(100ms);
  EXPECT_EQ(log.find("a BYE").header("Reason"), "");
  EXPECT_EQ(log.find("a BYE").header("Evil"), "");
  expect_all_over();
}

// Where requests go

class InDialogRoutes : public TwoPhones {
 protected:
  /// Alice calls the peer, which answers with these lines.
  void call(const std::string& target, const std::string& lines) {
    alice.call(target, "offer");
    network.run_for(20ms);
    peer.reply(peer.latest("INVITE"), {.headers = lines, .body = "answer"});
    network.run_for(20ms);
  }
  RawPeer peer{network, "192.0.2.9:5060"};
  RawPeer other{network, "192.0.2.8:5060"};
};

TEST_F(InDialogRoutes, flow_before_the_invite_is_nothing) {
  InviteSession::CallerOptions options;
  options.uri = bob.uri();
  RecordingPhone& phone = alice;
  class Nobody final : public sip::InviteSessionObserver {
    void on_ended(InviteSession& /*session*/, const sip::SessionEnd& /*end*/) override {}
  } nobody;
  auto session = phone.agent.call(std::move(options), nobody);
  EXPECT_EQ(session->flow(), sip::Flow{});
  phone.agent.retire(std::move(session));
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(InDialogRoutes, ack_looks_up_the_name_of_its_target) {
  resolver.add("phones.example", {base::IpAddress::v4({192, 0, 2, 8})});
  call("sip:192.0.2.9", "Contact: <sip:peer@phones.example>\r\n");
  EXPECT_EQ(peer.count("ACK"), 0U);
  ASSERT_EQ(other.count("ACK"), 1U);
  EXPECT_TRUE(other.latest("ACK").starts_with("ACK sip:peer@phones.example SIP/2.0"));
  peer.reply(peer.latest("INVITE"), {.headers = "Contact: <sip:peer@phones.example>\r\n", .body = "answer"});
  network.run_for(20ms);
  EXPECT_EQ(other.count("ACK"), 2U) << "a repeated 2xx gets it again";
  expect_all_over();
}

TEST_F(InDialogRoutes, ack_waits_for_a_slow_resolver_and_goes_once) {
  resolver.add("phones.example", {base::IpAddress::v4({192, 0, 2, 8})});
  resolver.hold();
  call("sip:192.0.2.9", "Contact: <sip:peer@phones.example>\r\n");
  peer.reply(peer.latest("INVITE"), {.headers = "Contact: <sip:peer@phones.example>\r\n", .body = "answer"});
  network.run_for(1s);
  EXPECT_EQ(other.count("ACK"), 0U);
  resolver.release();
  network.run_for(20ms);
  EXPECT_EQ(other.count("ACK"), 1U);
  expect_all_over();
}

TEST_F(InDialogRoutes, session_that_ends_before_the_name_is_known_is_forgotten_safely) {
  resolver.hold();
  call("sip:192.0.2.9", "Contact: <sip:peer@phones.example>\r\n");
  alice.retire();
  network.run_for(1min);
  EXPECT_EQ(alice.agent.retired(), 1U) << "the BYE waits for the name too";
  resolver.release();
  EXPECT_TRUE(network.run_until_idle());
  EXPECT_TRUE(alice.nothing_left());
}

TEST_F(InDialogRoutes, ack_of_an_unknown_name_goes_where_the_invite_went) {
  call("sip:192.0.2.9", "Contact: <sip:peer@nowhere.example>\r\n");
  EXPECT_EQ(peer.count("ACK"), 1U);
  expect_all_over();
}

TEST_F(InDialogRoutes, invalid_contact_is_reached_over_the_flow) {
  call("sip:192.0.2.9", "Contact: <sip:x7k@df7jal23ls0d.invalid;transport=ws>\r\n");
  alice.session().end();
  network.run_for(20ms);
  EXPECT_EQ(peer.count("ACK"), 1U);
  ASSERT_EQ(peer.count("BYE"), 1U);
  EXPECT_TRUE(peer.latest("BYE").starts_with("BYE sip:x7k@df7jal23ls0d.invalid;transport=ws SIP/2.0"));
  expect_all_over();
}

TEST_F(InDialogRoutes, answerer_reaches_an_invalid_contact_over_the_flow) {
  const std::string lines = "Contact: <sip:x7k@DF7JAL.INVALID>\r\n";
  peer.send(bob.node, RawPeer::make_request({.method = "INVITE", .headers = lines, .body = "offer"}));
  network.run_for(20ms);
  peer.send(bob.node, RawPeer::make_request({.method = "ACK", .via = "SIP/2.0/UDP h;branch=z9hG4bKa", .to_tag = bob.session().dialog().local_tag}));
  network.run_for(20ms);
  bob.session().end();
  network.run_for(20ms);
  EXPECT_EQ(peer.count("BYE"), 1U);
  expect_all_over();
}

TEST_F(InDialogRoutes, dialog_over_a_stream_stays_on_it) {
  call("sip:192.0.2.9;transport=tcp", "Contact: <sip:peer@10.1.2.3>\r\n");
  alice.session().end();
  network.run_for(20ms);
  ASSERT_EQ(peer.count("BYE"), 1U);
  EXPECT_EQ(peer.flows.back().transport, sip::Transport::Tcp);
  EXPECT_TRUE(peer.latest("BYE").starts_with("BYE sip:peer@10.1.2.3 SIP/2.0"));
  expect_all_over();
}

TEST_F(InDialogRoutes, dialog_over_datagrams_goes_to_its_contact) {
  call("sip:192.0.2.9", "Contact: <sip:peer@192.0.2.8>\r\n");
  alice.session().end();
  network.run_for(20ms);
  EXPECT_EQ(other.count("ACK"), 1U);
  EXPECT_EQ(other.count("BYE"), 1U);
  EXPECT_EQ(peer.count("BYE"), 0U);
  expect_all_over();
}

}  // namespace
}  // namespace callwright::simulation
