// Forks, routes and strangers in INVITE sessions.
#include "sim/two_phones.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::InviteSession;
using ::testing::ElementsAre;

class SessionRoutes : public TwoPhones {};

TEST_F(SessionRoutes, second_answer_of_a_forked_call_is_dropped_with_ack_and_bye) {
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

TEST_F(SessionRoutes, fork_does_not_take_the_ack_of_a_call_whose_offer_is_unanswered) {
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

TEST_F(SessionRoutes, endless_forks_are_bounded) {
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

TEST_F(SessionRoutes, caller_sends_along_the_recorded_route_backwards) {
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

TEST_F(SessionRoutes, answerer_sends_along_the_recorded_route_as_it_stands) {
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

TEST_F(SessionRoutes, strict_router_gets_its_own_uri_as_request_uri) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.headers = "Record-Route: <sip:far.example;lr>, <sip:192.0.2.9>\r\nContact: <sip:peer@10.0.0.1>\r\n"});
  network.run_for(20ms);
  EXPECT_TRUE(peer.latest("ACK").starts_with("ACK sip:192.0.2.9 SIP/2.0"));
  EXPECT_THAT(headers_of(peer.latest("ACK"), "Route"), ElementsAre("<sip:far.example;lr>", "<sip:peer@10.0.0.1>"));
  expect_all_over();
}

TEST_F(SessionRoutes, options_and_unknown_things_are_answered_without_a_session) {
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
  EXPECT_EQ(header_of(peer.latest("420 INVITE"), "Unsupported"), "x-a, x-b");
  EXPECT_TRUE(bob.events().empty());
  expect_all_over();
}

TEST_F(SessionRoutes, requests_of_a_dialog_must_come_in_order) {
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

TEST_F(SessionRoutes, caller_that_says_bye_before_the_answer_ends_the_call) {
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

/// A peer at another address than its Contact names.
std::string contact_field(std::string_view uri) { return "Contact: <" + std::string(uri) + ">\r\n"; }

TEST_F(SessionRoutes, ack_goes_where_naptr_and_srv_records_of_the_contact_lead) {
  RawPeer peer(network, "192.0.2.9:5060");
  RawPeer first(network, "192.0.2.10:5070");
  RawPeer second(network, "192.0.2.11:5060");
  resolver.add_pointers("srv.sim", {{10, 50, "s", "SIP+D2T", "_sip._tcp.srv.sim"}});
  resolver.add_services("_sip._tcp.srv.sim", {{1, 0, 5070, "one.sim"}, {2, 0, 5060, "two.sim"}});
  resolver.add("one.sim", {first.node.address().ip});
  resolver.add("two.sim", {second.node.address().ip});
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  const std::string contact = contact_field("sip:bob@srv.sim");
  peer.reply(peer.latest("INVITE"), {.headers = contact});
  network.run_for(30ms);
  ASSERT_EQ(first.count("ACK"), 1U);
  EXPECT_TRUE(first.latest("ACK").starts_with("ACK sip:bob@srv.sim SIP/2.0\r\nVia: SIP/2.0/TCP "));
  EXPECT_EQ(first.flows.back().transport, sip::Transport::Tcp);
  EXPECT_EQ(peer.count("ACK") + second.count("ACK"), 0U);
  // The same to a 2xx that comes again, and the dialog's requests go there, too.
  peer.reply(peer.latest("INVITE"), {.headers = contact});
  network.run_for(30ms);
  EXPECT_EQ(first.count("ACK"), 2U);
  alice.session().end();
  network.run_for(30ms);
  EXPECT_EQ(first.count("BYE"), 1U);
  first.reply(first.latest("BYE"), {});
  expect_all_over();
}

TEST_F(SessionRoutes, ack_for_a_name_that_means_nothing_goes_where_the_invite_went) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  const std::string contact = contact_field("sip:bob@nowhere.sim");
  peer.reply(peer.latest("INVITE"), {.headers = contact});
  network.run_for(30ms);
  EXPECT_EQ(peer.count("ACK"), 1U);
  alice.session().end();
  network.run_for(1s);
  expect_all_over();
}

}  // namespace
}  // namespace callwright::simulation
