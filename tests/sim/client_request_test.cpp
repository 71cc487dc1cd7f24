// A request on its way to one of several servers (RFC 3263 §4.3), through redirections (RFC 3261 §8.1.3.4) and challenges (§22).
#include "sip/client_request.hpp"
#include "sim/raw_peer.hpp"
#include "sim/simulated_network.hpp"
#include "sim/wire_log.hpp"
#include "sip/user_agent.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ClientRequests : public ::testing::Test, public sip::ClientRequest::User {
 protected:
  ClientRequests() {
    node.attach(agent.transport_user());
    log.name(node, "a");
    log.name(one.node, "one");
    log.name(two.node, "two");
    log.name(three.node, "three");
    for (const auto& [host, address] : {std::pair{"one.sim", "192.0.2.11"}, {"two.sim", "192.0.2.12"}, {"three.sim", "192.0.2.13"}}) {
      resolver.add(host, {base::IpAddress::parse(address).value()});
    }
    serve("_sip._udp.sim");
    serve("_sip._tcp.sim");
  }
  void serve(const std::string& service) { resolver.add_services(service, {{1, 0, 5060, "one.sim"}, {2, 0, 5060, "two.sim"}, {3, 0, 5060, "three.sim"}}); }

  sip::ClientRequest& send(std::string uri, sip::RedirectPolicy redirects = sip::RedirectPolicy::Off, sip::Method method = sip::Method::Options,
                           std::string headers = {}) {
    sip::OutgoingRequest options;
    options.headers = std::move(headers);
    options.method = method;
    options.uri = std::move(uri);
    options.parties = sip::party_lines("<sip:alice@sim>", "1", "<sip:bob@sim>", {}, "call");
    options.redirects = redirects;
    sip::ClientRequest::User& user = *this;
    request = std::make_unique<sip::ClientRequest>(agent, std::move(options), cseq, &digest, user);
    request->send();
    return *request;
  }
  void on_response(sip::ClientRequest& /*request*/, const sip::Message& response) override { outcome.push_back(std::to_string(response.status())); }
  void on_failure(sip::ClientRequest& /*request*/, int status, std::string_view /*reason*/) override {
    outcome.push_back("no answer " + std::to_string(status));
  }
  void run() { network.run_for(50ms); }
  /// Answers the latest request that this peer got.
  void answer(RawPeer& peer, int status, std::string_view headers = {}) {
    ASSERT_FALSE(peer.received.empty());
    peer.reply(peer.received.back(), {.status = status, .headers = headers});
    run();
  }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  WireLog log{network};
  Node& node = network.add_node("192.0.2.1:5060");
  RawPeer one{network, "192.0.2.11:5060"};
  RawPeer two{network, "192.0.2.12:5060"};
  RawPeer three{network, "192.0.2.13:5060"};
  sip::UserAgent agent{network.timers(), network.random(), node, resolver, {}};
  sip::DigestClient digest{{"alice", "secret"}, network.random()};
  std::uint32_t cseq = 0;
  std::vector<std::string> outcome;
  std::unique_ptr<sip::ClientRequest> request;
};

TEST_F(ClientRequests, next_server_after_silence_and_the_dead_one_last_for_a_while) {
  network.partition(node, one.node);
  send("sip:bob@sim;transport=udp");
  network.run_for(31s);
  EXPECT_THAT(two.received, IsEmpty());
  network.run_for(1200ms);
  ASSERT_EQ(two.count("OPTIONS"), 1U);
  EXPECT_NE(parameter_of(two.received[0], "Via", "branch"), log.find("a OPTIONS", 0).parameter("Via", "branch"));
  EXPECT_EQ(header_of(two.received[0], "Call-ID"), "call");
  answer(two, 200);
  EXPECT_THAT(outcome, ElementsAre("200"));

  network.heal(node, one.node);
  send("sip:bob@sim;transport=udp");
  run();
  EXPECT_EQ(two.count("OPTIONS"), 2U) << "the dead server comes last";
  answer(two, 200);
  network.run_for(61s);
  send("sip:bob@sim;transport=udp");
  run();
  EXPECT_EQ(one.count("OPTIONS"), 1U) << "but not for ever";
  answer(one, 200);
  EXPECT_TRUE(network.run_until_idle());
  EXPECT_EQ(agent.transactions().client_transactions(), 0U);
}

TEST_F(ClientRequests, next_server_at_once_when_one_refuses_the_connection) {
  network.partition(node, one.node);
  network.partition(node, two.node);
  send("sip:bob@sim;transport=tcp");
  network.run_for(1s);
  ASSERT_EQ(three.count("OPTIONS"), 1U);
  answer(three, 200);
  EXPECT_THAT(outcome, ElementsAre("200"));
}

TEST_F(ClientRequests, last_failure_is_told_when_no_server_is_left) {
  for (const RawPeer* peer : {&one, &two, &three}) {
    network.partition(node, peer->node);
  }
  send("sip:bob@sim;transport=tcp");
  network.run_for(1s);
  EXPECT_THAT(outcome, ElementsAre("no answer 503"));
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(ClientRequests, server_that_is_overloaded_is_left_alone_as_long_as_it_asks) {
  send("sip:bob@sim;transport=udp");
  run();
  answer(one, 503, "Retry-After: 20\r\n");
  answer(two, 200);
  EXPECT_THAT(outcome, ElementsAre("200"));
  network.run_for(15s);
  send("sip:bob@sim;transport=udp");
  run();
  answer(two, 200);
  network.run_for(6s);
  send("sip:bob@sim;transport=udp");
  run();
  EXPECT_EQ(one.count("OPTIONS"), 2U);
  answer(one, 503);
  answer(two, 503);
  answer(three, 503);
  EXPECT_THAT(outcome, ElementsAre("200", "200", "503"));
}

TEST_F(ClientRequests, challenge_is_answered_where_it_came_from) {
  send("sip:bob@sim;transport=udp");
  run();
  answer(one, 503);
  answer(two, 401, "WWW-Authenticate: Digest realm=\"sim\", nonce=\"n\", qop=\"auth\"\r\n");
  ASSERT_EQ(two.count("OPTIONS"), 2U);
  EXPECT_NE(header_of(two.received[1], "Authorization"), "");
  answer(two, 200);
  EXPECT_THAT(outcome, ElementsAre("200"));
}

TEST_F(ClientRequests, challenges_of_a_proxy_and_of_two_realms_are_all_answered) {
  send("sip:bob@192.0.2.11");
  run();
  answer(one, 407, "Proxy-Authenticate: Digest realm=\"p\", nonce=\"1\", qop=\"auth\"\r\n");
  answer(one, 401, "WWW-Authenticate: Digest realm=\"a\", nonce=\"2\", qop=\"auth\"\r\n");
  answer(one, 401, "WWW-Authenticate: Digest realm=\"a\", nonce=\"3\", qop=\"auth\", stale=true\r\n");
  ASSERT_EQ(one.count("OPTIONS"), 4U);
  EXPECT_EQ(headers_of(one.received[3], "Proxy-Authorization").size(), 1U);
  EXPECT_THAT(headers_of(one.received[3], "Authorization"), ElementsAre(::testing::HasSubstr("nonce=\"3\"")));
  EXPECT_EQ(header_of(one.received[3], "CSeq"), "4 OPTIONS");
  answer(one, 401, "WWW-Authenticate: Digest realm=\"a\", nonce=\"4\", qop=\"auth\"\r\n");
  EXPECT_THAT(outcome, ElementsAre("401")) << "the password is wrong: asking again would not help";
}

TEST_F(ClientRequests, several_challenges_in_one_response_are_answered_together) {
  send("sip:bob@192.0.2.11");
  run();
  answer(one, 407,
         "Proxy-Authenticate: Digest realm=\"p\", nonce=\"1\", algorithm=SHA-256, qop=\"auth\"\r\nProxy-Authenticate: Digest realm=\"p\", nonce=\"1\", "
         "qop=\"auth\"\r\n"
         "Proxy-Authenticate: Digest realm=\"q\", nonce=\"2\", qop=\"auth\"\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"3\", qop=\"auth\"\r\n");
  ASSERT_EQ(one.count("OPTIONS"), 2U);
  EXPECT_THAT(headers_of(one.received[1], "Proxy-Authorization"), ElementsAre(::testing::HasSubstr("SHA-256"), ::testing::HasSubstr("realm=\"q\"")));
  EXPECT_EQ(headers_of(one.received[1], "Authorization").size(), 1U);
  answer(one, 200);
  EXPECT_THAT(outcome, ElementsAre("200"));
}

TEST_F(ClientRequests, cancelled_invite_goes_nowhere_else) {
  sip::ClientRequest& invite = send("sip:bob@sim;transport=udp", sip::RedirectPolicy::All, sip::Method::Invite);
  run();
  answer(one, 180);
  invite.cancel();
  run();
  ASSERT_EQ(one.count("CANCEL"), 1U);
  one.reply(one.latest("INVITE"), {.status = 503});
  run();
  EXPECT_THAT(outcome, ElementsAre("180", "503"));
  EXPECT_EQ(two.count("INVITE"), 0U);
}

TEST_F(ClientRequests, cancelled_while_the_name_is_looked_up) {
  resolver.hold();
  sip::ClientRequest& invite = send("sip:bob@sim:5060", sip::RedirectPolicy::Off, sip::Method::Invite);
  invite.cancel();
  resolver.release();
  run();
  EXPECT_THAT(outcome, ElementsAre("no answer 487"));
  EXPECT_THAT(log.messages(), IsEmpty());
}

TEST_F(ClientRequests, redirection_is_told_unless_asked_to_follow) {
  send("sip:bob@192.0.2.11");
  run();
  answer(one, 302, "Contact: <sip:bob@192.0.2.12>\r\n");
  EXPECT_THAT(outcome, ElementsAre("302"));
  EXPECT_THAT(two.received, IsEmpty());
}

TEST_F(ClientRequests, redirection_is_followed_by_q_and_to_the_next_where_one_refuses) {
  send("sip:bob@192.0.2.11", sip::RedirectPolicy::All);
  run();
  answer(one, 302, "Contact: <sip:bob@192.0.2.13>;q=0.1, <sip:robert@192.0.2.12>;q=0.7\r\n");
  ASSERT_EQ(two.count("OPTIONS"), 1U);
  EXPECT_TRUE(two.received[0].starts_with("OPTIONS sip:robert@192.0.2.12 SIP/2.0"));
  EXPECT_EQ(header_of(two.received[0], "To"), "<sip:bob@sim>");
  answer(two, 486);
  ASSERT_EQ(three.count("OPTIONS"), 1U);
  answer(three, 200);
  EXPECT_THAT(outcome, ElementsAre("200"));
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(ClientRequests, redirection_in_a_circle_ends) {
  send("sip:bob@192.0.2.11", sip::RedirectPolicy::All);
  run();
  answer(one, 302, "Contact: <sip:bob@192.0.2.12>\r\n");
  answer(two, 302, "Contact: <sip:bob@192.0.2.11>\r\n");
  EXPECT_THAT(outcome, ElementsAre("302"));
}

TEST_F(ClientRequests, refusal_everywhere_ends_a_redirection) {
  send("sip:bob@192.0.2.11", sip::RedirectPolicy::All);
  run();
  answer(one, 300, "Contact: <sip:bob@192.0.2.12>, <sip:bob@192.0.2.13>\r\n");
  answer(two, 603);
  EXPECT_THAT(outcome, ElementsAre("603"));
  EXPECT_THAT(three.received, IsEmpty());
}

TEST_F(ClientRequests, redirection_to_nowhere_is_478) {
  send("sip:bob@192.0.2.11", sip::RedirectPolicy::All);
  run();
  answer(one, 302, "Contact: <sip:bob@nowhere.sim>, <sip:bob@192.0.2.12>;q=0.5\r\n");
  run();
  answer(two, 302, "Contact: <sip:bob@nobody.sim>\r\n");
  run();
  EXPECT_THAT(outcome, ElementsAre("no answer 478"));
}

/// As long as makes the request too long for a datagram.
const std::string kLongHeader = "Subject: " + std::string(1300, 'x') + "\r\n";

TEST_F(ClientRequests, too_long_for_a_datagram_goes_over_tcp) {
  send("sip:bob@192.0.2.11", sip::RedirectPolicy::Off, sip::Method::Options, kLongHeader);
  run();
  ASSERT_EQ(one.received.size(), 1U);
  EXPECT_EQ(one.flows[0].transport, sip::Transport::Tcp);
  EXPECT_THAT(header_of(one.received[0], "Via"), ::testing::StartsWith("SIP/2.0/TCP "));
  EXPECT_EQ(cseq, 1U);
  answer(one, 200);
  EXPECT_THAT(outcome, ElementsAre("200"));
}

TEST_F(ClientRequests, too_long_for_a_datagram_goes_over_udp_when_tcp_is_refused) {
  network.set_filter([](const Packet& packet) { return packet.transport == sip::Transport::Tcp; });
  for (int round = 0; round < 2; ++round) {
    one.received.clear();
    one.flows.clear();
    send("sip:bob@192.0.2.11", sip::RedirectPolicy::Off, sip::Method::Options, kLongHeader);
    run();
    ASSERT_EQ(one.received.size(), 1U) << round;
    EXPECT_EQ(one.flows[0].transport, sip::Transport::Udp);
    EXPECT_THAT(header_of(one.received[0], "Via"), ::testing::StartsWith("SIP/2.0/UDP "));
    answer(one, 200);
  }
  EXPECT_THAT(outcome, ElementsAre("200", "200"));
}

TEST_F(ClientRequests, short_enough_for_a_datagram_stays_with_udp) {
  send("sip:bob@192.0.2.11");
  run();
  ASSERT_EQ(one.flows.size(), 1U);
  EXPECT_EQ(one.flows[0].transport, sip::Transport::Udp);
}

TEST_F(ClientRequests, too_long_for_a_datagram_does_not_go_back_and_forth) {
  send("sip:bob@192.0.2.11", sip::RedirectPolicy::Off, sip::Method::Options, kLongHeader);
  run();
  for (std::size_t count = 1; count <= 2; ++count) {
    ASSERT_EQ(one.received.size(), count);
    answer(one, 503, "Retry-After: 0\r\n");
  }
  EXPECT_EQ(one.received.size(), 2U);
  EXPECT_THAT(outcome, ElementsAre("503"));
}

}  // namespace
}  // namespace callwright::simulation
