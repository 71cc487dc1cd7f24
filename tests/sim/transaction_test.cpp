// Transactions alone (RFC 3261 §17, RFC 6026): a transaction layer on one side, a peer played by hand on the other.
#include "sim/raw_peer.hpp"
#include "sim/simulated_network.hpp"
#include "sim/wire_log.hpp"
#include "sip/transaction_layer.hpp"
#include "sip/writer.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::Method;
using ::testing::ElementsAre;
using Times = std::vector<std::chrono::milliseconds>;

class ClientUser final : public sip::ClientTransactionUser {
 public:
  void on_response(const sip::Message& response) override { events.push_back(std::to_string(response.status())); }
  void on_no_response(sip::NoResponse why) override { events.push_back(why == sip::NoResponse::TimedOut ? "timed out" : "transport error"); }
  void on_terminated() override { events.emplace_back("terminated"); }
  std::vector<std::string> events;
};

class ServerUser final : public sip::ServerTransactionUser {
 public:
  void on_cancel() override { events.emplace_back("cancel"); }
  void on_undelivered() override { events.emplace_back("undelivered"); }
  void on_terminated() override { events.emplace_back("terminated"); }
  std::vector<std::string> events;
};

class Transactions : public ::testing::Test, public sip::TransactionLayer::Core {
 protected:
  Transactions() {
    node.attach(layer);
    layer.set_core(*this);
    log.name(node, "a");
    log.name(peer.node, "b");
  }

  void on_request(sip::ServerTransaction& transaction, const sip::Message& /*request*/) override {
    transaction.attach(server_user);
    server = &transaction;
    ++requests;
    if (answer_at_once != 0) {
      transaction.respond({.status = answer_at_once});
    }
  }
  void on_ack(const sip::Message& /*ack*/) override { ++acks; }

  sip::ClientTransaction& send(Method method, sip::Transport transport = sip::Transport::Udp) {
    const sip::Flow flow{.transport = transport, .local = {}, .remote = peer.node.address(), .connection = {}};
    std::string text;
    sip::Writer writer(text);
    writer.request(method, "sip:bob@192.0.2.9");
    EXPECT_TRUE(layer.append_via(text, flow));
    writer.raw("Route: <sip:192.0.2.9;lr>\r\nFrom: <sip:alice@a>;tag=1\r\nTo: <sip:bob@b>\r\nCall-ID: one\r\n");
    writer.cseq(7, sip::to_string(method));
    writer.end();
    return layer.send_request(method, std::move(text), flow, client_user);
  }
  void receive(const RawPeer::Request& request) { peer.send(node, RawPeer::make_request(request)); }

  SimulatedNetwork network{1};
  RawPeer peer{network, "192.0.2.9:5060"};
  Node& node = network.add_node("192.0.2.1:5060");
  WireLog log{network};
  sip::TransactionLayer layer{network.timers(), network.random(), node, {.max_server_transactions = 3}};
  ClientUser client_user;
  ServerUser server_user;
  sip::ServerTransaction* server = nullptr;
  int requests = 0;
  int acks = 0;
  int answer_at_once = 0;
};

const RawPeer::Request kInvite{.method = "INVITE"};
const RawPeer::Request kOptions{.method = "OPTIONS"};

TEST_F(Transactions, invite_is_repeated_by_timer_a_until_timer_b) {
  send(Method::Invite);
  network.run_for(31999ms);
  EXPECT_EQ(log.times("a INVITE"), (Times{0ms, 500ms, 1500ms, 3500ms, 7500ms, 15500ms, 31500ms}));
  EXPECT_TRUE(client_user.events.empty());
  network.run_for(1ms);
  EXPECT_THAT(client_user.events, ElementsAre("terminated", "timed out"));
  EXPECT_EQ(layer.client_transactions(), 0U);
  EXPECT_EQ(network.timers().pending(), 0U);
}

TEST_F(Transactions, other_request_is_repeated_by_timer_e_until_timer_f) {
  send(Method::Options);
  network.run_for(33s);
  EXPECT_EQ(log.times("a OPTIONS"), (Times{0ms, 500ms, 1500ms, 3500ms, 7500ms, 11500ms, 15500ms, 19500ms, 23500ms, 27500ms, 31500ms}));
  EXPECT_THAT(client_user.events, ElementsAre("terminated", "timed out"));
}

TEST_F(Transactions, provisional_ends_timers_a_and_b) {
  send(Method::Invite);
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.status = 180});
  network.run_for(10min);
  EXPECT_EQ(log.count("a INVITE"), 1U);
  EXPECT_THAT(client_user.events, ElementsAre("180"));
  EXPECT_EQ(layer.client_transactions(), 1U);
}

TEST_F(Transactions, provisional_slows_timer_e_but_not_timer_f) {
  send(Method::Options);
  network.run_for(600ms);
  peer.reply(peer.latest("OPTIONS"), {.status = 100});
  network.run_for(40s);
  EXPECT_EQ(log.times("a OPTIONS"), (Times{0ms, 500ms, 1500ms, 5500ms, 9500ms, 13500ms, 17500ms, 21500ms, 25500ms, 29500ms}));
  EXPECT_THAT(client_user.events, ElementsAre("100", "terminated", "timed out"));
}

TEST_F(Transactions, refusal_is_acknowledged_as_often_as_it_comes_during_timer_d) {
  send(Method::Invite);
  network.run_for(20ms);
  const std::string invite = peer.latest("INVITE");
  peer.reply(invite, {.status = 486});
  network.run_for(20ms);
  peer.reply(invite, {.status = 486});
  network.run_for(20ms);
  EXPECT_THAT(client_user.events, ElementsAre("486"));
  ASSERT_EQ(peer.count("ACK"), 2U);
  const std::string ack = peer.latest("ACK");
  EXPECT_EQ(headers_of(ack, "Via"), headers_of(invite, "Via"));
  EXPECT_EQ(header_of(ack, "CSeq"), "7 ACK");
  EXPECT_EQ(header_of(ack, "Route"), "<sip:192.0.2.9;lr>");
  EXPECT_EQ(header_of(ack, "From"), header_of(invite, "From"));
  EXPECT_EQ(header_of(ack, "To"), "<sip:bob@b>;tag=peer");
  EXPECT_TRUE(ack.starts_with("ACK sip:bob@192.0.2.9 SIP/2.0\r\n"));
  // Timer D runs from the first 486, at 30 ms.
  network.run_for(31969ms);
  EXPECT_EQ(layer.client_transactions(), 1U);
  network.run_for(1ms);
  EXPECT_EQ(layer.client_transactions(), 0U);
  EXPECT_THAT(client_user.events, ElementsAre("486", "terminated"));
}

TEST_F(Transactions, other_response_is_told_once_and_absorbed_during_timer_k) {
  send(Method::Options);
  network.run_for(20ms);
  peer.reply(peer.latest("OPTIONS"), {});
  network.run_for(20ms);
  peer.reply(peer.latest("OPTIONS"), {});
  network.run_for(4989ms);
  EXPECT_EQ(layer.client_transactions(), 1U);
  EXPECT_THAT(client_user.events, ElementsAre("200"));
  network.run_for(1ms);
  EXPECT_EQ(layer.client_transactions(), 0U);
  EXPECT_EQ(log.count("a OPTIONS"), 1U);
  EXPECT_EQ(layer.statistics().strays, 0U);
}

TEST_F(Transactions, every_2xx_is_passed_on_during_timer_m) {
  send(Method::Invite);
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {});
  network.run_for(1s);
  peer.reply(peer.latest("INVITE"), {});
  peer.reply(peer.latest("INVITE"), {.to_tag = "fork"});
  peer.reply(peer.latest("INVITE"), {.status = 486, .to_tag = "late"});
  peer.reply(peer.latest("INVITE"), {.status = 180, .to_tag = "late"});
  network.run_for(31s - 1ms);
  EXPECT_THAT(client_user.events, ElementsAre("200", "200", "200"));
  EXPECT_EQ(layer.client_transactions(), 1U);
  network.run_for(20ms);
  EXPECT_EQ(layer.client_transactions(), 0U);
  EXPECT_EQ(log.count("a ACK"), 0U);
  EXPECT_EQ(log.count("a INVITE"), 1U);
}

TEST_F(Transactions, stream_needs_no_repetition) {
  send(Method::Invite, sip::Transport::Tcp);
  network.run_for(20s);
  EXPECT_EQ(log.count("a INVITE"), 1U);
  peer.reply(peer.latest("INVITE"), {.status = 486});
  network.run_for(12ms);
  EXPECT_THAT(client_user.events, ElementsAre("486", "terminated"));
}

TEST_F(Transactions, transport_error_ends_what_waits_for_that_peer_only) {
  send(Method::Invite);
  RawPeer other(network, "192.0.2.10:5060");
  const sip::Flow elsewhere{.transport = sip::Transport::Udp, .local = {}, .remote = other.node.address(), .connection = {}};
  ClientUser other_user;
  layer.send_request(Method::Options, RawPeer::make_request(kOptions), elsewhere, other_user);
  layer.on_transport_error({.transport = sip::Transport::Udp, .local = {}, .remote = peer.node.address(), .connection = {}},
                           base::Error(base::Errc::Unreachable, "test"));
  EXPECT_THAT(client_user.events, ElementsAre("terminated", "transport error"));
  EXPECT_TRUE(other_user.events.empty());
  EXPECT_EQ(layer.client_transactions(), 1U);
}

TEST_F(Transactions, detached_transaction_finishes_by_itself) {
  send(Method::Invite).detach();
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.status = 180});
  network.run_for(20ms);
  // Nobody would ever give up a ringing call that nobody listens to.
  auto& ringing = send(Method::Invite);
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.status = 180});
  network.run_for(20ms);
  ringing.detach();
  network.run_for(32s);
  EXPECT_EQ(layer.client_transactions(), 0U);
  EXPECT_EQ(network.timers().pending(), 0U);
  EXPECT_THAT(client_user.events, ElementsAre("180"));
}

TEST_F(Transactions, unanswered_invite_gets_100_after_200_ms) {
  receive(kInvite);
  network.run_for(100ms);
  receive(kInvite);
  network.run_for(109ms);
  EXPECT_EQ(peer.received.size(), 0U);
  network.run_for(1ms);
  EXPECT_THAT(log.flow(), ElementsAre("b INVITE", "b INVITE", "a 100 INVITE"));
  EXPECT_EQ(log.find("a 100 INVITE").parameter("To", "tag"), "");
  EXPECT_EQ(requests, 1);
}

TEST_F(Transactions, answered_invite_gets_no_100) {
  answer_at_once = 180;
  receive(kInvite);
  network.run_for(1min);
  EXPECT_THAT(log.flow(), ElementsAre("b INVITE", "a 180 INVITE"));
}

TEST_F(Transactions, repeated_invite_gets_the_latest_provisional_again) {
  answer_at_once = 180;
  receive(kInvite);
  receive(kInvite);
  network.run_for(20ms);
  EXPECT_THAT(log.flow(), ElementsAre("b INVITE", "b INVITE", "a 180 INVITE", "a 180 INVITE"));
  EXPECT_EQ(log.find("a 180 INVITE", 0).text, log.find("a 180 INVITE", 1).text);
  EXPECT_EQ(requests, 1);
}

TEST_F(Transactions, refusal_is_repeated_by_timer_g_until_timer_h) {
  answer_at_once = 486;
  receive(kInvite);
  network.run_for(33s);
  EXPECT_EQ(log.times("a 486 INVITE"), (Times{10ms, 510ms, 1510ms, 3510ms, 7510ms, 11510ms, 15510ms, 19510ms, 23510ms, 27510ms, 31510ms}));
  EXPECT_THAT(server_user.events, ElementsAre("undelivered", "terminated"));
  EXPECT_EQ(layer.server_transactions(), 0U);
  EXPECT_EQ(network.timers().pending(), 0U);
}

TEST_F(Transactions, ack_ends_timer_g_and_timer_i_absorbs_more) {
  answer_at_once = 486;
  receive(kInvite);
  network.run_for(20ms);
  const RawPeer::Request ack{.method = "ACK", .to_tag = "any"};
  receive(ack);
  receive(ack);
  receive(kInvite);
  network.run_for(5009ms);
  EXPECT_EQ(layer.server_transactions(), 1U);
  network.run_for(1ms);
  EXPECT_EQ(layer.server_transactions(), 0U);
  EXPECT_EQ(log.count("a 486 INVITE"), 1U);
  EXPECT_EQ(acks, 0);
  EXPECT_EQ(requests, 1);
  EXPECT_THAT(server_user.events, ElementsAre("terminated"));
}

TEST_F(Transactions, accepted_invite_absorbs_repetitions_during_timer_l) {
  answer_at_once = 200;
  receive(kInvite);
  network.run_for(20ms);
  receive(kInvite);
  receive({.method = "ACK", .via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKack", .to_tag = "any"});
  network.run_for(31989ms);
  EXPECT_EQ(log.count("a 200 INVITE"), 1U);
  EXPECT_EQ(acks, 1);
  EXPECT_EQ(layer.server_transactions(), 1U);
  network.run_for(1ms);
  EXPECT_EQ(layer.server_transactions(), 0U);
}

TEST_F(Transactions, other_request_gets_the_same_answer_during_timer_j) {
  answer_at_once = 200;
  receive(kOptions);
  network.run_for(20s);
  receive(kOptions);
  network.run_for(12009ms);
  ASSERT_EQ(log.count("a 200 OPTIONS"), 2U);
  EXPECT_EQ(log.find("a 200 OPTIONS", 0).text, log.find("a 200 OPTIONS", 1).text);
  EXPECT_EQ(layer.server_transactions(), 1U);
  network.run_for(1ms);
  EXPECT_EQ(layer.server_transactions(), 0U);
  EXPECT_EQ(requests, 1);
}

TEST_F(Transactions, unanswered_other_request_is_forgotten) {
  receive(kOptions);
  network.run_for(33s);
  EXPECT_EQ(layer.server_transactions(), 0U);
  EXPECT_THAT(server_user.events, ElementsAre("terminated"));
}

TEST_F(Transactions, final_response_is_final) {
  receive(kInvite);
  network.run_for(20ms);
  server->respond({.status = 486});
  server->respond({.status = 200});
  server->respond({.status = 180});
  network.run_for(20ms);
  EXPECT_THAT(log.flow(), ElementsAre("b INVITE", "a 486 INVITE"));
}

TEST_F(Transactions, response_goes_to_the_source_and_says_so) {
  answer_at_once = 200;
  receive({.via = "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKnat;rport;x=1"});
  network.run_for(20ms);
  EXPECT_EQ(header_of(peer.latest("200 OPTIONS"), "Via"), "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bKnat;rport=5060;x=1;received=192.0.2.9");
}

TEST_F(Transactions, without_rport_the_response_goes_to_the_port_of_the_via) {
  answer_at_once = 200;
  RawPeer listener(network, "192.0.2.9:5070");
  receive({.via = "SIP/2.0/UDP phone.example:5070;branch=z9hG4bKold"});
  network.run_for(20ms);
  EXPECT_EQ(header_of(listener.latest("200 OPTIONS"), "Via"), "SIP/2.0/UDP phone.example:5070;branch=z9hG4bKold;received=192.0.2.9");
  EXPECT_TRUE(peer.received.empty());
}

TEST_F(Transactions, response_keeps_all_vias_and_gets_one_tag) {
  answer_at_once = 180;
  receive({.method = "INVITE",
           .headers = "Via: SIP/2.0/UDP proxy.example;branch=z9hG4bK2, SIP/2.0/UDP far.example;branch=z9hG4bK3\r\nRecord-Route: <sip:proxy.example;lr>\r\n"});
  network.run_for(20ms);
  server->respond({.status = 200});
  network.run_for(20ms);
  const std::string ringing = peer.latest("180 INVITE");
  EXPECT_EQ(headers_of(ringing, "Via").size(), 3U);
  EXPECT_EQ(header_of(ringing, "Record-Route"), "<sip:proxy.example;lr>");
  EXPECT_NE(parameter_of(ringing, "To", "tag"), "");
  EXPECT_EQ(header_of(ringing, "To"), header_of(peer.latest("200 INVITE"), "To"));
}

TEST_F(Transactions, same_request_by_another_way_is_merged) {
  answer_at_once = 180;
  receive(kInvite);
  receive({.method = "INVITE", .via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKway2"});
  network.run_for(20ms);
  EXPECT_THAT(log.flow(), ElementsAre("b INVITE", "b INVITE", "a 180 INVITE", "a 482 INVITE"));
  EXPECT_EQ(requests, 1);
  EXPECT_EQ(layer.statistics().merged, 1U);
  // Another CSeq, as after a challenge, is another request.
  receive({.method = "INVITE", .via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKway3", .cseq = 2});
  network.run_for(20ms);
  EXPECT_EQ(requests, 2);
}

TEST_F(Transactions, new_requests_are_refused_at_the_limit_with_retry_after) {
  answer_at_once = 200;
  receive({.via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1", .call_id = "1"});
  receive({.via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK2", .call_id = "2"});
  receive({.via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK3", .call_id = "3"});
  receive({.via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK4", .call_id = "4"});
  // In a dialog, work that was begun is finished.
  receive({.method = "BYE", .via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK5", .to_tag = "in"});
  network.run_for(20ms);
  EXPECT_EQ(requests, 4);
  EXPECT_EQ(header_of(peer.latest("503 OPTIONS"), "Retry-After"), "5");
  EXPECT_EQ(header_of(peer.latest("503 OPTIONS"), "Call-ID"), "4");
  EXPECT_EQ(layer.statistics().refused, 1U);
  // And there is room again.
  network.run_for(33s);
  receive({.via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK4", .call_id = "4"});
  network.run_for(20ms);
  EXPECT_EQ(requests, 5);
}

TEST_F(Transactions, malformed_request_is_answered_when_it_can_be) {
  peer.send(node,
            "OPTIONS sip:bob@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKbad\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 "
            "OPTIONS\r\n"
            "Content-Length: 99\r\n\r\nshort");
  peer.send(node, "rubbish");
  peer.send(node, "");
  network.run_for(20ms);
  EXPECT_EQ(peer.received.size(), 1U);
  EXPECT_EQ(peer.count("400 OPTIONS"), 1U);
  EXPECT_EQ(requests, 0);
  EXPECT_EQ(layer.server_transactions(), 0U);
  EXPECT_EQ(network.timers().pending(), 0U);
}

TEST_F(Transactions, phone_of_rfc_2543_is_known_by_what_it_sends) {
  answer_at_once = 180;
  const RawPeer::Request old{.method = "INVITE", .via = "SIP/2.0/UDP 192.0.2.9:5060"};
  receive(old);
  receive(old);
  network.run_for(20ms);
  EXPECT_EQ(requests, 1);
  receive({.method = "INVITE", .via = "SIP/2.0/UDP 192.0.2.9:5060", .call_id = "another"});
  network.run_for(20ms);
  EXPECT_EQ(requests, 2);
}

}  // namespace
}  // namespace callwright::simulation
