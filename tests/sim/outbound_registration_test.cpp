// Registration with Path (RFC 3327), Service-Route (RFC 3608), flows (RFC 5626) and GRUUs (RFC 5627), both sides.
#include "sim/raw_peer.hpp"
#include "sim/simulated_network.hpp"
#include "sim/wire_log.hpp"
#include "sip/register_client.hpp"
#include "sip/registrar.hpp"
#include "sip/user_agent.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kInstance = "<urn:uuid:00000000-0000-1000-8000-000A95A0E128>";

class Host final : public sip::UserAgent::Handler {
 public:
  Host(SimulatedNetwork& network, sip::Resolver& resolver)
      : node(network.add_node("192.0.2.1:5060")),
        agent(network.timers(), network.random(), node, resolver, {}),
        registrar(network.timers(), network.random(), {.bindings = 4, .flow_timer = 60s, .service_route = {"<sip:edge.sim;lr>"}}),
        digest(std::in_place, "sim", network.clock(), network.random()) {
    node.attach(agent.transport_user());
    agent.set_handler(this);
  }
  void on_request(sip::ServerTransaction& transaction, const sip::Message& request) override {
    std::string info;
    if (protect && !authorized(request, info)) {
      const std::string challenge = "WWW-Authenticate: " + digest->challenge(sip::DigestAlgorithm::Sha256, false) + "\r\n";
      transaction.respond({.status = 401, .headers = challenge});
      return;
    }
    registrar.handle(transaction, request, std::string(sip::user_of(request.to().uri)), info);
  }
  void on_flow_failed(const sip::Flow& flow) override { registrar.on_flow_failed(flow); }
  [[nodiscard]] bool authorized(const sip::Message& request, std::string& info) {
    const auto answer = sip::DigestResponse::parse(request.header(sip::Header::Authorization).value_or(std::string_view{}));
    if (!answer || digest->verify(*answer, "REGISTER", sip::digest_ha1(answer->algorithm, "bob", "sim", "secret")) != sip::DigestServer::Verdict::Accepted) {
      return false;
    }
    info = digest->next_nonce(*answer);
    return true;
  }

  Node& node;
  sip::UserAgent agent;
  sip::Registrar registrar;
  std::optional<sip::DigestServer> digest;
  bool protect = false;
};

class OutboundRegistrations : public ::testing::Test {
 protected:
  std::string send(const std::string& headers, std::string_view call_id = "one", sip::Transport transport = sip::Transport::Udp) {
    const std::string via = "SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bK" + std::to_string(++cseq);
    peer.send(host.node, RawPeer::make_request({.method = "REGISTER", .uri = "sip:bob@sim", .via = via, .call_id = call_id, .cseq = cseq, .headers = headers}),
              transport);
    network.run_for(30ms);
    return peer.received.back();
  }
  static int status_of(const std::string& response) { return std::stoi(response.substr(8, 3)); }
  static std::string contact(const std::string& uri, int reg_id = 0, std::string_view instance = kInstance) {
    return "Supported: path, outbound, gruu\r\nContact: <" + uri + ">;+sip.instance=\"" + std::string(instance) + "\"" +
           (reg_id != 0 ? ";reg-id=" + std::to_string(reg_id) : std::string()) + "\r\n";
  }
  [[nodiscard]] std::vector<std::string> bound() const { return uris(host.registrar.lookup("bob")); }
  [[nodiscard]] std::vector<std::string> reached(const std::string& gruu) const {
    const auto uri = sip::UriView::parse(gruu).value();
    return uris(host.registrar.lookup_gruu(uri, sip::unescape(uri.user)));
  }
  static std::vector<std::string> uris(const std::vector<sip::Binding>& bindings) {
    std::vector<std::string> contacts;
    for (const sip::Binding& binding : bindings) {
      contacts.push_back(binding.contact);
    }
    return contacts;
  }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  Host host{network, resolver};
  RawPeer peer{network, "192.0.2.9:5060"};
  unsigned cseq = 0;
};

TEST_F(OutboundRegistrations, contacts_come_by_q) {
  const std::string answer = send("Contact: <sip:low@h>;q=0.25, <sip:high@h>, <sip:middle@h>;q=0.5\r\n");
  EXPECT_THAT(bound(), ElementsAre("sip:high@h", "sip:middle@h", "sip:low@h"));
  EXPECT_THAT(headers_of(answer, "Contact"), ::testing::Contains(HasSubstr(";q=0.250")));
}

TEST_F(OutboundRegistrations, path_is_kept_and_told) {
  const std::string answer = send("Supported: path\r\nPath: <sip:p1@edge.sim;lr>, <sip:p2@core.sim;lr>\r\nContact: <sip:bob@10.0.0.1>\r\n");
  EXPECT_THAT(headers_of(answer, "Path"), ElementsAre("<sip:p1@edge.sim;lr>", "<sip:p2@core.sim;lr>"));
  EXPECT_EQ(header_of(answer, "Service-Route"), "<sip:edge.sim;lr>");
  EXPECT_THAT(host.registrar.lookup("bob").front().details->path, ElementsAre("<sip:p1@edge.sim;lr>", "<sip:p2@core.sim;lr>"));
  EXPECT_EQ(status_of(send("Path: <sip:broken\r\nContact: <sip:bob@10.0.0.1>\r\n")), 400);
}

TEST_F(OutboundRegistrations, binding_of_a_flow_is_known_by_instance_and_number) {
  const std::string answer = send(contact("sip:bob@10.0.0.1:1111", 1));
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(header_of(answer, "Require"), "outbound");
  EXPECT_EQ(header_of(answer, "Flow-Timer"), "60");
  EXPECT_THAT(header_of(answer, "Contact"), HasSubstr(";reg-id=1"));
  send(contact("sip:bob@10.0.0.1:2222", 1), "after-restart");
  EXPECT_THAT(bound(), ElementsAre("sip:bob@10.0.0.1:2222"));
  send(contact("sip:bob@10.0.0.1:3333", 2));
  EXPECT_EQ(host.registrar.bindings(), 2U);
  EXPECT_THAT(bound(), ElementsAre("sip:bob@10.0.0.1:3333")) << "both flows lead to one phone, which is to ring once";
  send(contact("sip:bob@10.0.0.1:3333", 2).insert(0, "Expires: 0\r\n"));
  EXPECT_THAT(bound(), ElementsAre("sip:bob@10.0.0.1:2222"));
}

TEST_F(OutboundRegistrations, proxy_that_keeps_no_flow_is_439) {
  const std::string second_via = "Via: SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKx\r\n";
  const std::string answer = send(second_via + contact("sip:bob@10.0.0.1", 1));
  EXPECT_EQ(status_of(answer), 439);
  EXPECT_EQ(host.registrar.bindings(), 0U);
  EXPECT_EQ(status_of(send(second_via + "Path: <sip:edge.sim;lr;ob>\r\n" + contact("sip:bob@10.0.0.1", 1))), 200);
  EXPECT_EQ(status_of(send(contact("sip:bob@10.0.0.1", 1) + "Contact: <sip:b@h>;+sip.instance=\"<urn:x:1>\";reg-id=2\r\n")), 400);
}

TEST_F(OutboundRegistrations, binding_that_leads_nowhere_else_ends_with_its_flow) {
  send(contact("sip:bob@192.0.2.9;transport=tcp", 1), "one", sip::Transport::Tcp);
  send("Contact: <sip:translated@10.0.0.1;transport=tcp>\r\n", "two", sip::Transport::Tcp);
  send("Supported: path\r\nPath: <sip:edge.sim;lr>\r\nContact: <sip:behind@10.0.0.1>\r\n", "three", sip::Transport::Tcp);
  send("Contact: <sip:plain@192.0.2.9;transport=tcp>\r\n", "four", sip::Transport::Tcp);
  EXPECT_EQ(host.registrar.bindings(), 4U);
  const sip::Flow flow = host.registrar.lookup("bob").back().flow;
  EXPECT_TRUE(host.registrar.find("bob", "sip:plain@192.0.2.9;transport=tcp")->flow.connection);
  host.agent.transport_user().on_transport_error(flow, base::Error(base::Errc::Unreachable, "closed"));
  EXPECT_THAT(bound(), ElementsAre("sip:plain@192.0.2.9;transport=tcp", "sip:behind@10.0.0.1"));
  EXPECT_FALSE(host.registrar.find("bob", "sip:plain@192.0.2.9;transport=tcp")->flow.connection) << "the Contact can be connected to";
  host.agent.transport_user().on_transport_error(flow, base::Error(base::Errc::Unreachable, "closed"));
  EXPECT_EQ(host.registrar.bindings(), 2U);
  send("Contact: *\r\nExpires: 0\r\n");
  EXPECT_EQ(host.registrar.bindings(), 0U);
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(OutboundRegistrations, gruus_lead_to_the_one_phone) {
  send("Contact: <sip:other@10.0.0.2>\r\n", "another");
  const std::string first = send(contact("sip:bob@10.0.0.1"));
  const auto contacts = headers_of(first, "Contact");
  const auto mine = sip::NameAddr::parse(contacts.at(1)).value();
  const std::string open(mine.parameters.find("pub-gruu").value_or(""));
  const std::string secret(mine.parameters.find("temp-gruu").value_or(""));
  EXPECT_THAT(open, HasSubstr(";gr=urn:uuid:00000000-0000-1000-8000-000A95A0E128"));
  EXPECT_THAT(secret, Not(HasSubstr("bob")));
  EXPECT_THAT(reached(open), ElementsAre("sip:bob@10.0.0.1"));
  EXPECT_THAT(reached(secret), ElementsAre("sip:bob@10.0.0.1"));
  EXPECT_THAT(bound(), ElementsAre("sip:bob@10.0.0.1", "sip:other@10.0.0.2"));

  const auto again = headers_of(send(contact("sip:bob@10.0.0.1:7000", 0)), "Contact");
  const std::string newer(sip::NameAddr::parse(again.back())->parameters.find("temp-gruu").value_or(""));
  EXPECT_NE(newer, secret);
  EXPECT_THAT(reached(secret), Not(IsEmpty())) << "temporary GRUUs live as long as the registration";
  std::string forged = newer;
  forged[forged.find('.') + 5] = forged[forged.find('.') + 5] == '0' ? '1' : '0';
  EXPECT_THAT(reached(forged), IsEmpty());
  EXPECT_THAT(reached("sip:bob@192.0.2.9;gr=urn:uuid:nobody"), IsEmpty());

  send(contact("sip:bob@10.0.0.1:7000"), "after-restart");
  EXPECT_THAT(reached(secret), IsEmpty()) << "a new Call-ID ends those of before";
  EXPECT_THAT(reached(open), Not(IsEmpty()));
  send("Contact: *\r\nExpires: 0\r\n", "the-end");
  EXPECT_THAT(reached(open), IsEmpty());
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(OutboundRegistrations, no_gruu_without_being_asked_for) {
  const std::string answer = send("Contact: <sip:bob@h>;+sip.instance=\"<urn:uuid:1>\"\r\n");
  EXPECT_THAT(header_of(answer, "Contact"), Not(HasSubstr("gruu")));
  EXPECT_THAT(header_of(answer, "Contact"), HasSubstr("+sip.instance=\"<urn:uuid:1>\""));
  EXPECT_THAT(header_of(send("Supported: gruu\r\nContact: <sip:bob@h>;+sip.instance=\"no\\\"instance\"\r\n"), "Contact"), Not(HasSubstr("instance")));
}

TEST_F(OutboundRegistrations, more_bindings_than_the_limit_are_503) {
  send("Contact: <sip:a@h>, <sip:b@h>, <sip:c@h>, <sip:d@h>\r\n");
  const std::string answer = send("Contact: <sip:e@h>\r\n");
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_EQ(header_of(answer, "Retry-After"), "60");
  EXPECT_EQ(status_of(send("Contact: <sip:a@h>\r\n")), 200) << "a refresh needs no room";
}

TEST_F(OutboundRegistrations, huge_values_are_refused) {
  EXPECT_EQ(status_of(send("Contact: <sip:a@h;x=" + std::string(1500, 'y') + ">\r\n")), 400);
  EXPECT_EQ(status_of(send("Contact: <sip:a@h>\r\n", std::string(300, 'c'))), 400);
  EXPECT_EQ(host.registrar.bindings(), 0U);
}

// The client

class OutboundClients : public OutboundRegistrations, public sip::RegisterClient::Observer {
 protected:
  OutboundClients() {
    node.attach(agent.transport_user());
    log.name(node, "a");
  }
  sip::RegisterClient& start(std::string instance, std::string_view transport = ";transport=tcp") {
    client = std::make_unique<sip::RegisterClient>(agent,
                                                   sip::RegisterClient::Options{.address_of_record = "sip:bob@sim",
                                                                                .registrar = "sip:192.0.2.1:5060" + std::string(transport),
                                                                                .contact_user = "bob",
                                                                                .credentials = {"bob", "secret"},
                                                                                .expires = 600s,
                                                                                .retry_after = 10s,
                                                                                .instance = std::move(instance)},
                                                   *this);
    client->start();
    network.run_for(1s);
    return *client;
  }
  void on_registered(sip::RegisterClient& /*client*/, std::chrono::seconds expires) override {
    events.push_back("registered " + std::to_string(expires.count()));
  }
  void on_registration_failed(sip::RegisterClient& /*client*/, int status, std::string_view /*reason*/) override {
    events.push_back("failed " + std::to_string(status));
  }
  void on_unregistered(sip::RegisterClient& /*client*/) override { events.emplace_back("unregistered"); }
  [[nodiscard]] std::size_t pings() const {
    return static_cast<std::size_t>(
        std::count_if(log.messages().begin(), log.messages().end(), [](const WireMessage& message) { return message.text == "\r\n\r\n"; }));
  }

  WireLog log{network};
  Node& node = network.add_node("192.0.2.2:5060");
  sip::UserAgent agent{network.timers(), network.random(), node, resolver, {}};
  std::vector<std::string> events;
  std::unique_ptr<sip::RegisterClient> client;
};

TEST_F(OutboundClients, learns_gruus_and_service_route) {
  start("urn:uuid:1");
  EXPECT_THAT(events, ElementsAre("registered 600"));
  EXPECT_EQ(client->public_gruu(), "sip:bob@sim;gr=urn:uuid:1");
  EXPECT_THAT(client->temporary_gruu(), HasSubstr("sip:tgruu."));
  EXPECT_THAT(client->service_route(), ElementsAre("<sip:edge.sim;lr>"));
  EXPECT_EQ(agent.contact({}, client->public_gruu()), "<sip:bob@sim;gr=urn:uuid:1>");
  EXPECT_THAT(reached(client->temporary_gruu()), ElementsAre(HasSubstr("192.0.2.2")));
}

TEST_F(OutboundClients, keeps_its_flow_alive_and_stops_when_told) {
  start("urn:uuid:1");
  network.run_for(500s);
  EXPECT_GE(pings(), 8U);
  EXPECT_LE(pings(), 11U) << "every 48 to 60 s";
  client->stop();
  network.run_for(1s);
  EXPECT_EQ(events.back(), "unregistered");
  EXPECT_EQ(host.registrar.bindings(), 0U);
  EXPECT_TRUE(network.run_until_idle());
}

TEST_F(OutboundClients, comes_back_when_its_flow_breaks_later_each_time) {
  start("urn:uuid:1");
  network.partition(node, host.node);
  network.run_for(70s);
  EXPECT_THAT(events, ::testing::Contains("failed 503"));
  EXPECT_FALSE(client->registered());
  network.run_for(10min);
  // After 5–10 s, 10–20 s, 20–40 s, 40–80 s, 80–160 s, 160–320 s.
  EXPECT_GE(std::count(events.begin(), events.end(), "failed 503"), 5);
  EXPECT_LE(std::count(events.begin(), events.end(), "failed 503"), 9);
  network.heal(node, host.node);
  network.run_for(15min);
  EXPECT_TRUE(client->registered());
  EXPECT_EQ(host.registrar.bindings(), 1U);
}

TEST_F(OutboundClients, without_instance_neither_asks_nor_pings) {
  start("");
  network.run_for(500s);
  EXPECT_EQ(pings(), 0U);
  EXPECT_EQ(log.find("a REGISTER").header("Supported"), "");
  EXPECT_EQ(client->public_gruu(), "");
  EXPECT_THAT(client->service_route(), ElementsAre("<sip:edge.sim;lr>"));
}

TEST_F(OutboundClients, one_challenge_serves_for_all_refreshes) {
  host.protect = true;
  start("", "");
  EXPECT_EQ(log.count("a REGISTER"), 2U);
  client->stop();
  network.run_for(1s);
  EXPECT_EQ(log.count("a REGISTER"), 3U);
  EXPECT_THAT(log.find("a REGISTER", 2).header("Authorization"), HasSubstr("nc=00000002"));
  // Nonces live for five minutes: the refresh after ten is told that its one is stale.
  client->start();
  network.run_for(1s);
  EXPECT_EQ(log.count("a REGISTER"), 4U);
  network.run_for(590s);
  EXPECT_EQ(log.count("a REGISTER"), 6U);
  EXPECT_THAT(events, ElementsAre("registered 600", "unregistered", "registered 600", "registered 600"));
}

TEST_F(OutboundClients, wrong_password_is_no_endless_loop_when_a_nonce_is_known) {
  host.protect = true;
  start("", "");
  host.digest.emplace("sim", network.clock(), network.random());
  network.run_for(590s);
  EXPECT_EQ(log.count("a REGISTER"), 4U) << "the registrar has started anew: one more challenge";
  EXPECT_THAT(events, ElementsAre("registered 600", "registered 600"));
}

}  // namespace
}  // namespace callwright::simulation
