// Whether registered phones can be reached: those that are asked with OPTIONS, and those whose connection has broken.
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using Now = call::ContactChanged::Now;

ExchangeWorld::Options asking(base::Duration period) {
  ExchangeWorld::Options options;
  options.exchange.qualify = {.period = period, .misses = 2};
  return options;
}

sip::Reach reach_of(const ExchangeWorld& world, const std::string& user) { return world.exchange->registrar().lookup(user).at(0).reach; }

TEST(ExchangeReach, nobody_is_asked_unless_told_so) {
  ExchangeWorld world;
  world.add_phone("alice");
  world.run_for(10min);
  EXPECT_EQ(world.count("X", "alice", "OPTIONS"), 0U);
  world.expect_nothing_left();
}

TEST(ExchangeReach, a_phone_is_asked_once_in_a_period_and_its_round_trip_is_kept) {
  ExchangeWorld world(asking(10s));
  world.add_phone("alice");
  EXPECT_EQ(reach_of(world, "alice").round_trip_us, 0U);
  world.run_for(100s + 1s);
  EXPECT_NEAR(static_cast<double>(world.count("X", "alice", "OPTIONS")), 10, 1);
  EXPECT_EQ(reach_of(world, "alice").round_trip_us, 20'000U) << "10 ms each way";
  EXPECT_TRUE(world.events.contacts.empty());
  const SentMessage options = world.message("X", "alice", "OPTIONS");
  EXPECT_TRUE(options.text.starts_with("OPTIONS sip:alice@192.0.2.11:5060 SIP/2.0\r\n")) << options.text;
  world.expect_nothing_left();
}

TEST(ExchangeReach, many_phones_are_asked_one_after_the_other) {
  ExchangeWorld world(asking(10s));
  constexpr std::size_t kPhones = 50;
  for (std::size_t number = 0; number < kPhones; ++number) {
    world.add_phone("phone" + std::to_string(number));
  }
  world.run_for(10s);
  world.clear_wire();
  std::size_t before = 0;
  std::size_t most = 0;
  for (int step = 0; step < 100; ++step) {
    world.run_for(100ms);
    const std::size_t now = world.count("X", "", "OPTIONS");
    most = std::max(most, now - before);
    before = now;
  }
  EXPECT_NEAR(static_cast<double>(before), kPhones, 1);
  EXPECT_LE(most, 1U) << "in 100 ms, where each has 200 ms";
  world.expect_nothing_left();
}

TEST(ExchangeReach, a_silent_phone_is_not_rung_until_it_answers_again) {
  ExchangeWorld world(asking(10s));
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  world.partition("bob");
  world.run_for(35s);
  EXPECT_FALSE(reach_of(world, "bob").lost) << "one time-out is no proof";
  world.run_for(30s);
  EXPECT_TRUE(reach_of(world, "bob").lost);
  ASSERT_EQ(world.events.contacts.size(), 1U);
  EXPECT_EQ(world.events.contacts[0].user, "bob");
  EXPECT_EQ(world.events.contacts[0].contact, "sip:bob@192.0.2.12:5060");
  EXPECT_EQ(world.events.contacts[0].now, Now::Lost);
  alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "alice", "480 INVITE"), 1U);
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 0U);
  world.heal("bob");
  world.run_for(15s);
  ASSERT_EQ(world.events.contacts.size(), 2U);
  EXPECT_EQ(world.events.contacts[1].now, Now::Back);
  EXPECT_GT(world.events.contacts[1].round_trip, base::Duration::zero());
  alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 1U);
  alice.hang_up();
  world.run_for(60s);
  EXPECT_FALSE(reach_of(world, "bob").lost) << "late time-outs of former questions change nothing";
  world.expect_nothing_left();
}

TEST(ExchangeReach, the_other_phone_of_a_user_is_rung_alone) {
  ExchangeWorld world(asking(10s));
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  world.add_second_phone("bob");
  world.partition("bob");
  world.run_for(65s);
  alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 0U);
  EXPECT_EQ(world.count("X", "bob'", "INVITE"), 1U);
  alice.hang_up();
  world.heal("bob");
  world.expect_nothing_left();
}

/// A phone played by hand that registers over a connection.
class ConnectedPhone final : private sip::TransportUser {
 public:
  ConnectedPhone(ExchangeWorld& world, sip::Transport transport, std::string contact)
      : world_(world), transport_(transport), contact_(std::move(contact)), node_(world.network.add_node("192.0.2.200:5060")) {
    node_.attach(*this);
    world.exchange->accounts().add("bob", "right");
    send_register({});
    const auto challenge = sip::DigestChallenge::parse(field(received.back(), "WWW-Authenticate"));
    sip::DigestClient client({"bob", "right"}, world.network.random());
    send_register("Authorization: " + client.authorize(challenge.value(), "REGISTER", "sip:192.0.2.1") + "\r\n");
    EXPECT_TRUE(received.back().starts_with("SIP/2.0 200 ")) << received.back();
  }
  /// The connection breaks.
  void cut() {
    const sip::Flow flow{transport_, world_.node.address(), node_.address(), flow_.connection};
    world_.user_agent.transport_user().on_transport_error(flow, base::Error(base::Errc::Unreachable, "closed"));
  }
  /// Answers the INVITE that has come.
  void answer(const std::string& status) {
    const std::string& invite = invites.at(0);
    std::string text = "SIP/2.0 " + status + "\r\nTo: " + field(invite, "To") + ";tag=bob\r\nContact: <" + contact_ + ">\r\nContent-Length: 0\r\n";
    for (const char* const name : {"Via", "From", "Call-ID", "CSeq"}) {
      text.append(name).append(": ").append(field(invite, name)).append("\r\n");
    }
    node_.send(flow_, text + "\r\n");
    world_.run_for(100ms);
  }
  std::vector<std::string> received;
  std::vector<std::string> invites;

 private:
  void on_message(const sip::Flow& flow, std::string_view bytes) override {
    flow_ = flow;
    EXPECT_EQ(flow.transport, transport_);
    received.emplace_back(bytes);
    if (bytes.starts_with("INVITE ")) {
      invites.emplace_back(bytes);
    }
  }
  void on_transport_error(const sip::Flow& /*flow*/, const base::Error& /*error*/) override {}
  static std::string field(const std::string& message, const std::string& name) {
    const std::size_t at = message.find("\r\n" + name + ": ");
    const std::size_t value = at + name.size() + 4;
    return at == std::string::npos ? std::string() : message.substr(value, message.find("\r\n", value) - value);
  }
  void send_register(const std::string& headers) {
    const std::string number = std::to_string(++cseq_);
    const std::string text = "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/" + std::string(to_string(transport_)) + " 192.0.2.200:5060;branch=z9hG4bKreg" +
                             number +
                             "\r\nMax-Forwards: 70\r\nFrom: <sip:bob@192.0.2.1>;tag=1\r\nTo: <sip:bob@192.0.2.1>\r\nCall-ID: register\r\nCSeq: " + number +
                             " REGISTER\r\nContact: <" + contact_ + ">\r\nExpires: 60\r\n" + headers + "Content-Length: 0\r\n\r\n";
    node_.send({transport_, node_.address(), world_.node.address(), {}}, text);
    world_.run_for(100ms);
  }

  ExchangeWorld& world_;
  sip::Transport transport_;
  std::string contact_;
  Node& node_;
  sip::Flow flow_;
  unsigned cseq_ = 0;
};

TEST(ExchangeReach, a_call_that_rings_at_a_closed_websocket_ends_at_once) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  ConnectedPhone bob(world, sip::Transport::Ws, "sip:bob@a1b2c3.invalid;transport=ws");
  alice.call("bob");
  world.run_for(100ms);
  bob.answer("180 Ringing");
  ASSERT_EQ(world.count("X", "alice", "180 INVITE"), 1U);
  bob.cut();
  world.run_for(100ms);
  EXPECT_EQ(world.count("X", "alice", "500 INVITE"), 1U);
  EXPECT_EQ(world.exchange->registrar().lookup("bob").size(), 0U);
  alice.call("bob");
  world.run_for(100ms);
  EXPECT_EQ(world.count("X", "alice", "404 INVITE"), 1U) << "nobody is rung";
  EXPECT_EQ(bob.invites.size(), 1U);
  world.expect_nothing_left();
}

TEST(ExchangeReach, a_phone_with_an_address_of_its_own_is_connected_to_again) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  ConnectedPhone bob(world, sip::Transport::Tcp, "sip:bob@192.0.2.200;transport=tcp");
  bob.cut();
  EXPECT_EQ(world.exchange->registrar().lookup("bob").size(), 1U);
  alice.call("bob");
  world.run_for(100ms);
  ASSERT_EQ(bob.invites.size(), 1U);
  bob.answer("486 Busy Here");
  EXPECT_EQ(world.count("X", "alice", "486 INVITE"), 1U);
  world.run_for(60s);
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
