// Registrar and register client (RFC 3261 §10), each against a peer played by hand and then against each other.
#include "sim/raw_peer.hpp"
#include "sim/simulated_network.hpp"
#include "sim/wire_log.hpp"
#include "sip/register_client.hpp"
#include "sip/registrar.hpp"
#include "sip/user_agent.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

/// A user agent whose REGISTERs go to a registrar, after a digest challenge when there is a password.
class RegistrarHost final : public sip::UserAgent::Handler {
 public:
  RegistrarHost(SimulatedNetwork& network, sip::Resolver& resolver, std::string_view address)
      : node(network.add_node(address)),
        agent(network.timers(), network.random(), node, resolver, {}),
        registrar(network.timers(), network.random(),
                  {.bindings_per_user = 3,
                   .default_expires = std::chrono::seconds(100),
                   .minimum_expires = std::chrono::seconds(10),
                   .maximum_expires = std::chrono::seconds(200)}),
        digest("sim", network.clock(), network.random()) {
    node.attach(agent.transport_user());
    agent.set_handler(this);
  }
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override {
    if (!password.empty() && !authorized(request)) {
      const std::string challenge = "WWW-Authenticate: " + digest.challenge(sip::DigestAlgorithm::Sha256, false) + "\r\n";
      transaction.respond({.status = 401, .headers = challenge});
      return;
    }
    registrar.handle(transaction, request, "bob@sim");
  }
  [[nodiscard]] bool authorized(const sip::Message& request) {
    const auto answer = sip::DigestResponse::parse(request.header(sip::Header::Authorization).value_or(std::string_view{}));
    return answer && digest.verify(*answer, "REGISTER", sip::digest_ha1(answer->algorithm, "bob", "sim", password)) == sip::DigestServer::Verdict::Accepted;
  }

  Node& node;
  sip::UserAgent agent;
  sip::Registrar registrar;
  sip::DigestServer digest;
  std::string password;
};

class Registrations : public ::testing::Test {
 protected:
  /// Sends a REGISTER with these lines and returns the answer.
  std::string send(std::string_view headers, unsigned number, std::string_view call_id = "one") {
    const std::string via = "SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bK" + std::to_string(++branch);
    peer.send(host.node, RawPeer::make_request({.method = "REGISTER", .uri = "sip:sim", .via = via, .call_id = call_id, .cseq = number, .headers = headers}));
    network.run_for(20ms);
    return peer.received.back();
  }
  std::string send(std::string_view headers) { return send(headers, ++cseq); }
  static int status_of(const std::string& response) { return std::stoi(response.substr(8, 3)); }
  [[nodiscard]] std::vector<std::string> bound() const {
    std::vector<std::string> contacts;
    for (const sip::Binding& binding : host.registrar.lookup("bob@sim")) {
      contacts.push_back(binding.contact);
    }
    return contacts;
  }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  RegistrarHost host{network, resolver, "192.0.2.1:5060"};
  RawPeer peer{network, "192.0.2.9:5060"};
  unsigned cseq = 0;
  int branch = 0;
};

TEST_F(Registrations, binding_is_added_listed_and_expires) {
  const std::string answer = send("Contact: <sip:bob@192.0.2.9>;expires=60\r\n");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_THAT(headers_of(answer, "Contact"), ElementsAre("<sip:bob@192.0.2.9>;expires=60"));
  EXPECT_THAT(bound(), ElementsAre("sip:bob@192.0.2.9"));
  EXPECT_EQ(host.registrar.lookup("bob@sim").front().flow.remote, peer.node.address());
  EXPECT_TRUE(host.registrar.lookup("alice@sim").empty());
  network.run_for(20s);
  EXPECT_EQ(header_of(send(""), "Contact"), "<sip:bob@192.0.2.9>;expires=40");
  network.run_for(39s + 900ms);
  EXPECT_EQ(host.registrar.bindings(), 1U);
  network.run_for(200ms);
  EXPECT_EQ(host.registrar.bindings(), 0U);
  EXPECT_TRUE(bound().empty());
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(Registrations, query_binds_nothing_and_leaves_nothing) {
  EXPECT_EQ(status_of(send("")), 200);
  EXPECT_EQ(header_of(peer.received.back(), "Contact"), "");
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(Registrations, refresh_keeps_one_binding_and_the_latest_comes_first) {
  send("Contact: <sip:bob@192.0.2.9>\r\n");
  send("Contact: <sip:bob@192.0.2.10>\r\n");
  EXPECT_THAT(bound(), ElementsAre("sip:bob@192.0.2.10", "sip:bob@192.0.2.9"));
  network.run_for(90s);
  send("Contact: <sip:bob@192.0.2.9:5060>, <sip:bob@192.0.2.9>\r\n");
  network.run_for(50s);
  EXPECT_THAT(bound(), ::testing::Contains("sip:bob@192.0.2.9"));
  EXPECT_THAT(bound(), ::testing::Not(::testing::Contains("sip:bob@192.0.2.10")));
}

TEST_F(Registrations, lifetime_comes_from_contact_then_expires_then_default_and_is_capped) {
  const std::string answer = send("Expires: 50\r\nContact: <sip:a@h>;expires=20\r\nContact: <sip:b@h>\r\nContact: <sip:c@h>;expires=9999\r\n");
  EXPECT_THAT(headers_of(answer, "Contact"), UnorderedElementsAre("<sip:a@h>;expires=20", "<sip:b@h>;expires=50", "<sip:c@h>;expires=200"));
  send("Contact: *\r\nExpires: 0\r\n");
  EXPECT_EQ(header_of(send("Contact: <sip:d@h>\r\n"), "Contact"), "<sip:d@h>;expires=100");
}

TEST_F(Registrations, binding_is_removed_with_zero) {
  send("Contact: <sip:a@h>, <sip:b@h>\r\n");
  const std::string answer = send("Contact: <sip:a@h>;expires=0\r\n");
  EXPECT_THAT(headers_of(answer, "Contact"), ElementsAre("<sip:b@h>;expires=100"));
  EXPECT_EQ(status_of(send("Contact: <sip:never@h>;expires=0\r\n")), 200);
  EXPECT_THAT(bound(), ElementsAre("sip:b@h"));
}

TEST_F(Registrations, wildcard_removes_all_and_stands_alone) {
  send("Contact: <sip:a@h>, <sip:b@h>\r\n");
  EXPECT_EQ(status_of(send("Contact: *\r\n")), 400);
  EXPECT_EQ(status_of(send("Contact: *\r\nExpires: 10\r\n")), 400);
  EXPECT_EQ(status_of(send("Contact: *\r\nContact: <sip:a@h>\r\nExpires: 0\r\n")), 400);
  EXPECT_EQ(bound().size(), 2U);
  EXPECT_EQ(status_of(send("Contact: *\r\nExpires: 0\r\n")), 200);
  EXPECT_TRUE(bound().empty());
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(Registrations, too_brief_is_423_and_changes_nothing) {
  const std::string answer = send("Contact: <sip:a@h>;expires=60, <sip:b@h>;expires=9\r\n");
  EXPECT_EQ(status_of(answer), 423);
  EXPECT_EQ(header_of(answer, "Min-Expires"), "10");
  EXPECT_TRUE(bound().empty());
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(Registrations, too_many_bindings_are_refused_as_a_whole) {
  send("Contact: <sip:a@h>, <sip:b@h>\r\n");
  EXPECT_EQ(status_of(send("Contact: <sip:c@h>, <sip:d@h>\r\n")), 403);
  EXPECT_EQ(bound().size(), 2U);
  // The place of one that goes is free.
  EXPECT_EQ(status_of(send("Contact: <sip:a@h>;expires=0, <sip:c@h>, <sip:d@h>\r\n")), 200);
  EXPECT_THAT(bound(), UnorderedElementsAre("sip:b@h", "sip:c@h", "sip:d@h"));
}

TEST_F(Registrations, old_request_of_the_same_call_is_out_of_order) {
  send("Contact: <sip:a@h>\r\n", 5);
  EXPECT_EQ(status_of(send("Contact: <sip:a@h>;expires=0\r\n", 4)), 500);
  EXPECT_EQ(bound().size(), 1U);
  EXPECT_EQ(status_of(send("Contact: <sip:a@h>;expires=0\r\n", 1, "another")), 200);
  EXPECT_TRUE(bound().empty());
}

TEST_F(Registrations, bad_contact_is_400) {
  EXPECT_EQ(status_of(send("Contact: <sip:>\r\n")), 400);
  EXPECT_EQ(status_of(send("Contact: <sip:a@h\r\n")), 400);
  EXPECT_TRUE(bound().empty());
}

// The client

class RegisterClients : public ::testing::Test, public sip::RegisterClient::Observer {
 protected:
  RegisterClients() {
    node.attach(agent.transport_user());
    log.name(node, "a");
  }
  sip::RegisterClient& make(const Node& registrar, std::chrono::seconds expires, std::string password = "secret") {
    client = std::make_unique<sip::RegisterClient>(agent,
                                                   sip::RegisterClient::Options{.address_of_record = "sip:bob@sim",
                                                                                .registrar = "sip:" + registrar.address().to_string(),
                                                                                .contact_user = "bob",
                                                                                .credentials = {"bob", std::move(password)},
                                                                                .expires = expires,
                                                                                .retry_after = 5s},
                                                   *this);
    return *client;
  }
  void on_registered(sip::RegisterClient& /*client*/, std::chrono::seconds expires) override {
    events.push_back("registered " + std::to_string(expires.count()));
  }
  void on_registration_failed(sip::RegisterClient& /*client*/, int status, std::string_view /*reason*/) override {
    events.push_back("failed " + std::to_string(status));
  }
  void on_unregistered(sip::RegisterClient& /*client*/) override { events.emplace_back("unregistered"); }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  WireLog log{network};
  Node& node = network.add_node("192.0.2.2:5060");
  sip::UserAgent agent{network.timers(), network.random(), node, resolver, {}};
  RegistrarHost host{network, resolver, "192.0.2.1:5060"};
  RawPeer peer{network, "192.0.2.9:5060"};
  std::vector<std::string> events;
  std::unique_ptr<sip::RegisterClient> client;
};

TEST_F(RegisterClients, registers_with_digest_refreshes_in_time_and_stops) {
  host.password = "secret";
  make(host.node, 60s).start();
  network.run_for(1s);
  EXPECT_THAT(events, ElementsAre("registered 60"));
  EXPECT_TRUE(client->registered());
  EXPECT_EQ(host.registrar.lookup("bob@sim").front().contact, "sip:bob@192.0.2.2:5060");
  EXPECT_EQ(log.find("a REGISTER", 0).header("Call-ID"), log.find("a REGISTER", 1).header("Call-ID"));
  EXPECT_EQ(log.find("a REGISTER", 1).header("CSeq"), "2 REGISTER");
  for (int i = 0; i < 100; ++i) {
    network.run_for(10s);
    ASSERT_EQ(host.registrar.bindings(), 1U) << "after " << i << " times ten seconds";
  }
  // Nearly half of the lifetime passes between two refreshes; a nonce serves for five minutes.
  EXPECT_NEAR(static_cast<double>(log.count("a REGISTER")), 1000.0 / 28.5 + 1000.0 / 300, 4);
  client->stop();
  network.run_for(1s);
  EXPECT_EQ(events.back(), "unregistered");
  EXPECT_EQ(host.registrar.bindings(), 0U);
  EXPECT_FALSE(client->registered());
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(RegisterClients, long_lifetime_is_refreshed_32_s_before_its_end_or_somewhat_earlier) {
  make(host.node, 200s).start();
  network.run_for(151s);
  EXPECT_EQ(log.count("a REGISTER"), 1U);
  network.run_for(18s);
  EXPECT_EQ(log.count("a REGISTER"), 2U);
}

TEST_F(RegisterClients, wrong_password_is_told_and_not_tried_again) {
  host.password = "secret";
  make(host.node, 60s, "guess").start();
  network.run_for(10min);
  EXPECT_THAT(events, ElementsAre("failed 401"));
  EXPECT_EQ(log.count("a REGISTER"), 2U);
  EXPECT_EQ(network.timers().pending(), 0U);
}

TEST_F(RegisterClients, too_brief_is_asked_again_with_what_the_registrar_wants) {
  make(host.node, 5s).start();
  network.run_for(1s);
  EXPECT_THAT(events, ElementsAre("registered 10"));
  EXPECT_EQ(log.count("a REGISTER"), 2U);
}

TEST_F(RegisterClients, silence_is_tried_again_until_the_registrar_is_back) {
  network.partition(node, host.node);
  make(host.node, 60s).start();
  network.run_for(33s);
  EXPECT_THAT(events, ElementsAre("failed 408"));
  network.run_for(37s);
  EXPECT_THAT(events, ElementsAre("failed 408", "failed 408"));
  network.heal(node, host.node);
  network.run_for(10s);
  EXPECT_EQ(events.back(), "registered 60");
}

TEST_F(RegisterClients, registrar_that_vanishes_is_noticed_by_the_next_refresh) {
  make(host.node, 60s).start();
  network.run_for(1s);
  network.partition(node, host.node);
  network.run_for(62s);
  EXPECT_FALSE(client->registered());
  network.heal(node, host.node);
  network.run_for(10s);
  EXPECT_TRUE(client->registered());
  EXPECT_THAT(events, ElementsAre("registered 60", "failed 408", "registered 60"));
}

TEST_F(RegisterClients, overloaded_registrar_says_when_to_come_back) {
  make(peer.node, 60s).start();
  network.run_for(20ms);
  peer.reply(peer.latest("REGISTER"), {.status = 503, .headers = "Retry-After: 30 (busy)\r\n"});
  network.run_for(20ms);
  EXPECT_THAT(events, ElementsAre("failed 503"));
  network.run_for(29s);
  EXPECT_EQ(log.count("a REGISTER"), 1U);
  network.run_for(1100ms);
  EXPECT_EQ(log.count("a REGISTER"), 2U);
}

TEST_F(RegisterClients, own_lifetime_is_found_among_the_bindings_of_others) {
  make(peer.node, 60s).start();
  network.run_for(20ms);
  peer.reply(peer.latest("REGISTER"), {.headers = "Contact: <sip:bob@10.0.0.1>;expires=9, <sip:bob@192.0.2.2:5060>;expires=40\r\n"});
  network.run_for(20ms);
  EXPECT_THAT(events, ElementsAre("registered 40"));
}

TEST_F(RegisterClients, tiny_and_huge_grants_do_not_hurt) {
  make(peer.node, 60s).start();
  network.run_for(20ms);
  peer.reply(peer.latest("REGISTER"), {.headers = "Contact: <sip:bob@192.0.2.2:5060>;expires=0\r\n"});
  network.run_for(900ms);
  EXPECT_EQ(log.count("a REGISTER"), 1U);
  network.run_for(200ms);
  EXPECT_EQ(log.count("a REGISTER"), 2U);
  peer.reply(peer.latest("REGISTER"), {.headers = "Contact: <sip:bob@192.0.2.2:5060>;expires=4294967295\r\n"});
  network.run_for(24h + 1min);
  EXPECT_GE(log.count("a REGISTER"), 3U);
}

TEST_F(RegisterClients, stop_is_over_even_when_nobody_answers) {
  make(host.node, 60s).start();
  network.run_for(1s);
  network.partition(node, host.node);
  client->stop();
  network.run_for(33s);
  EXPECT_EQ(events.back(), "unregistered");
  EXPECT_EQ(network.run_until_idle(10min), true);
}

TEST_F(RegisterClients, destroyed_in_mid_request) {
  make(host.node, 60s).start();
  client.reset();
  network.run_for(40s);
  EXPECT_TRUE(events.empty());
  EXPECT_EQ(agent.transactions().client_transactions(), 0U);
}

}  // namespace
}  // namespace callwright::simulation
