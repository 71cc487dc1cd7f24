// A phone notices that its flow to the registrar has failed, and makes a new one (RFC 5626 §4.4, §4.5).
#include "sim/recording_phone.hpp"
#include "sim/simulated_network.hpp"
#include "sim/wire_log.hpp"
#include "sip/register_client.hpp"
#include "sip/registrar.hpp"
#include "sip/stun.hpp"
#include "sip/user_agent.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class Host final : public sip::UserAgent::Handler {
 public:
  Host(SimulatedNetwork& network, sip::Resolver& resolver)
      : node(network.add_node("192.0.2.1:5060")),
        agent(network.timers(), network.random(), node, resolver, {}),
        registrar(network.timers(), network.random(), {.flow_timer = 60s}) {
    node.attach(agent.transport_user());
    agent.set_handler(this);
  }
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override {
    registrar.handle(transaction, request, std::string(sip::user_of(request.to().uri)));
  }
  void on_flow_failed(const sip::Flow& flow) override { registrar.on_flow_failed(flow); }

  Node& node;
  sip::UserAgent agent;
  sip::Registrar registrar;
};

class FlowFailures : public ::testing::Test, public sip::RegisterClient::Observer {
 protected:
  using KeepAlive = sip::RegisterClient::KeepAlive;

  FlowFailures() { log.name(phone.node, "a"); }

  void start(const std::string& transport, std::string instance = "urn:uuid:1", KeepAlive keep_alive = KeepAlive::WhenAgreed) {
    client = std::make_unique<sip::RegisterClient>(phone.agent,
                                                   sip::RegisterClient::Options{.address_of_record = "sip:bob@sim",
                                                                                .registrar = "sip:192.0.2.1:5060" + transport,
                                                                                .contact_user = "bob",
                                                                                .credentials = {},
                                                                                .expires = 600s,
                                                                                .retry_after = 10s,
                                                                                .instance = std::move(instance),
                                                                                .keep_alive = keep_alive},
                                                   *this);
    client->start();
    network.run_for(1s);
    ASSERT_THAT(events, ElementsAre("registered"));
  }
  void note(std::string event) {
    events.push_back(std::move(event));
    times.push_back(network.clock().now());
  }
  void on_registered(sip::RegisterClient& /*client*/, std::chrono::seconds /*expires*/) override { note("registered"); }
  void on_registration_failed(sip::RegisterClient& /*client*/, int status, std::string_view reason) override {
    note("failed " + std::to_string(status) + " " + std::string(reason));
  }
  void on_unregistered(sip::RegisterClient& /*client*/) override { note("unregistered"); }
  [[nodiscard]] std::vector<const WireMessage*> stun_requests() const {
    std::vector<const WireMessage*> found;
    for (const WireMessage& message : log.messages()) {
      if (message.sender == "a" && sip::is_stun(message.text)) {
        found.push_back(&message);
      }
    }
    return found;
  }
  [[nodiscard]] sip::ConnectionId connection() const { return host.registrar.lookup("bob").at(0).flow.connection; }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  WireLog log{network};
  Host host{network, resolver};
  RecordingPhone phone{network, resolver, "192.0.2.2:5060"};
  RecordingPhone other{network, resolver, "192.0.2.3:5060"};
  std::vector<std::string> events;
  std::vector<base::TimePoint> times;
  std::unique_ptr<sip::RegisterClient> client;
};

TEST_F(FlowFailures, a_missing_pong_makes_a_new_connection_and_calls_go_on) {
  other.on_incoming = [](sip::InviteSession& session) { static_cast<void>(session.accept("answer")); };
  start(";transport=tcp");
  phone.call(other.uri() + ";transport=tcp", "offer");
  network.run_for(200s);
  ASSERT_THAT(events, ElementsAre("registered")) << "all pings were answered";
  const sip::ConnectionId former = connection();
  host.node.answer_keep_alives(false);
  ASSERT_TRUE(network.run_until([this] { return events.size() == 2; }, 71s)) << "a ping within 60 s, and 10 s for its answer";
  EXPECT_EQ(events[1], "failed 503 The registrar does not answer keep-alives");
  host.node.answer_keep_alives(true);
  ASSERT_TRUE(network.run_until([this] { return events.size() == 3; }, 11s));
  EXPECT_EQ(events[2], "registered");
  EXPECT_GE(times[2] - times[1], 5s) << "the back-off";
  EXPECT_NE(connection(), former);
  EXPECT_EQ(host.registrar.bindings(), 1U);
  network.run_for(200s);
  EXPECT_EQ(events.size(), 3U);
  EXPECT_EQ(phone.session().state(), sip::InviteSession::State::Confirmed);
  phone.session().end();
  network.run_for(1s);
  EXPECT_EQ(other.events().back(), "ended remote 200");
}

TEST_F(FlowFailures, a_registrar_that_takes_register_alone_is_tried_later_each_time) {
  start(";transport=tcp");
  host.node.answer_keep_alives(false);
  network.run_for(1h);
  std::vector<base::Duration> waits;
  for (std::size_t index = 1; index + 1 < events.size(); index += 2) {
    ASSERT_EQ(events[index], "failed 503 The registrar does not answer keep-alives");
    ASSERT_EQ(events[index + 1], "registered");
    waits.push_back(times[index + 1] - times[index]);
  }
  ASSERT_GE(waits.size(), 6U);
  for (std::size_t index = 0; index < 6; ++index) {
    // Half of the longest wait, and up to all of it (RFC 5626 §4.5).
    EXPECT_GE(waits[index], 5s * (1 << index)) << index;
    EXPECT_LE(waits[index], 10s * (1 << index) + 100ms) << index;
  }
}

TEST_F(FlowFailures, stun_keeps_a_flow_over_udp_and_finds_it_dead_after_seven_requests) {
  start("");
  network.run_for(300s);
  const std::size_t asked = stun_requests().size();
  EXPECT_GE(asked, 10U) << "every 24 to 29 s";
  EXPECT_LE(asked, 14U);
  EXPECT_THAT(events, ElementsAre("registered"));
  log.clear();
  host.node.answer_keep_alives(false);
  ASSERT_TRUE(network.run_until([this] { return events.size() == 2; }, 70s));
  EXPECT_EQ(events[1], "failed 503 The registrar does not answer keep-alives");
  const auto requests = stun_requests();
  ASSERT_EQ(requests.size(), 7U);
  EXPECT_EQ(requests.back()->text, requests.front()->text) << "one request, sent again";
  EXPECT_EQ(requests[6]->at - requests[0]->at, 31'500ms) << "0.5 + 1 + 2 + 4 + 8 + 16 s";
  host.node.answer_keep_alives(true);
  network.run_for(15s);
  EXPECT_TRUE(client->registered());
}

TEST_F(FlowFailures, a_lost_stun_request_is_no_failure) {
  int sent = 0;
  network.set_filter([&](const Packet& packet) { return sip::is_stun(packet.message) && packet.from == phone.node.address() && ++sent % 3 != 0; });
  start("");
  network.run_for(300s);
  EXPECT_THAT(events, ElementsAre("registered"));
  EXPECT_GT(sent, 20);
}

TEST_F(FlowFailures, a_changed_mapping_makes_a_new_flow) {
  host.node.see_all_as(base::SocketAddress::parse("203.0.113.7:40000").value());
  start("");
  network.run_for(100s);
  ASSERT_THAT(events, ElementsAre("registered"));
  host.node.see_all_as(base::SocketAddress::parse("203.0.113.7:40001").value());
  ASSERT_TRUE(network.run_until([this] { return events.size() == 2; }, 30s));
  EXPECT_EQ(events[1], "failed 503 The NAT has changed our address");
  network.run_for(100s);
  EXPECT_EQ(events.size(), 3U) << "and the new mapping is the one to compare with";
  EXPECT_TRUE(client->registered());
}

TEST_F(FlowFailures, an_answer_from_elsewhere_or_to_another_request_says_nothing) {
  host.node.answer_keep_alives(false);
  start("");
  ASSERT_FALSE(stun_requests().empty());
  const std::string asked = stun_requests().front()->text;
  const auto stranger = base::SocketAddress::parse("192.0.2.66:5060").value();
  network.inject(stranger, phone.node.address(), sip::answer_stun_keep_alive(asked, stranger));
  network.inject(host.node.address(), phone.node.address(), sip::answer_stun_keep_alive(sip::make_stun_keep_alive({}), stranger));
  ASSERT_TRUE(network.run_until([this] { return events.size() == 2; }, 40s));
  EXPECT_EQ(events[1], "failed 503 The registrar does not answer keep-alives");
}

TEST_F(FlowFailures, a_plain_registrar_gets_keep_alives_only_when_it_is_known_to_answer) {
  start("", "");
  network.run_for(100s);
  EXPECT_TRUE(stun_requests().empty());
  events.clear();
  start("", "", KeepAlive::Always);
  network.run_for(100s);
  EXPECT_GE(stun_requests().size(), 4U);
  host.node.answer_keep_alives(false);
  network.run_for(70s);
  EXPECT_EQ(events.at(1), "failed 503 The registrar does not answer keep-alives");
}

TEST_F(FlowFailures, keep_alives_end_with_the_registration) {
  for (const char* const transport : {"", ";transport=tcp"}) {
    events.clear();
    start(transport);
    client->stop();
    network.run_for(1s);
    EXPECT_EQ(events.back(), "unregistered");
    client.reset();
    EXPECT_TRUE(network.run_until_idle());
  }
}

}  // namespace
}  // namespace callwright::simulation
