// Whether registered phones can be reached: those that are asked with OPTIONS, and those whose connection has broken.
#include "sim/exchange_world.hpp"
#include "sim/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

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
  const WireMessage options = world.message("X", "alice", "OPTIONS");
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
class ConnectedPhone {
 public:
  ConnectedPhone(ExchangeWorld& world, sip::Transport transport, std::string contact)
      : world_(world), transport_(transport), contact_(std::move(contact)), peer(world.network, "192.0.2.200:5060") {
    world.exchange->accounts().add("bob", "right");
    send_register({});
    const auto challenge = sip::DigestChallenge::parse(header_of(peer.received.back(), "WWW-Authenticate"));
    sip::DigestClient client({"bob", "right"}, world.network.random());
    send_register("Authorization: " + client.authorize(challenge.value(), "REGISTER", "sip:bob@192.0.2.1") + "\r\n");
    EXPECT_TRUE(peer.received.back().starts_with("SIP/2.0 200 ")) << peer.received.back();
  }
  /// The connection breaks.
  void cut() {
    const sip::Flow flow{transport_, world_.node.address(), peer.node.address(), peer.flows.back().connection};
    world_.user_agent.transport_user().on_transport_error(flow, base::Error(base::Errc::Unreachable, "closed"));
  }

 private:
  void send_register(const std::string& headers) {
    const std::string via = "SIP/2.0/" + std::string(to_string(transport_)) + " 192.0.2.200:5060;branch=z9hG4bKreg" + std::to_string(++cseq_);
    peer.send(world_.node,
              RawPeer::make_request({.method = "REGISTER",
                                     .uri = "sip:bob@192.0.2.1",
                                     .via = via,
                                     .call_id = "register",
                                     .cseq = cseq_,
                                     .headers = headers + "Contact: <" + contact_ + ">\r\nExpires: 60\r\n"}),
              transport_);
    world_.run_for(100ms);
  }

  ExchangeWorld& world_;
  sip::Transport transport_;
  std::string contact_;
  unsigned cseq_ = 0;

 public:
  RawPeer peer;
};

TEST(ExchangeReach, a_call_that_rings_at_a_closed_websocket_ends_at_once) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  ConnectedPhone bob(world, sip::Transport::Ws, "sip:bob@a1b2c3.invalid;transport=ws");
  alice.call("bob");
  world.run_for(100ms);
  bob.peer.reply(bob.peer.latest("INVITE"), {.status = 180, .headers = "Contact: <sip:bob@a1b2c3.invalid;transport=ws>\r\n"});
  world.run_for(100ms);
  ASSERT_EQ(world.count("X", "alice", "180 INVITE"), 1U);
  bob.cut();
  world.run_for(100ms);
  EXPECT_EQ(world.count("X", "alice", "500 INVITE"), 1U);
  EXPECT_EQ(world.exchange->registrar().lookup("bob").size(), 0U);
  alice.call("bob");
  world.run_for(100ms);
  EXPECT_EQ(world.count("X", "alice", "404 INVITE"), 1U) << "nobody is rung";
  EXPECT_EQ(bob.peer.count("INVITE"), 1U);
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
  ASSERT_EQ(bob.peer.count("INVITE"), 1U);
  EXPECT_EQ(bob.peer.flows.back().transport, sip::Transport::Tcp);
  bob.peer.reply(bob.peer.latest("INVITE"), {.status = 486});
  world.run_for(100ms);
  EXPECT_EQ(world.count("X", "alice", "486 INVITE"), 1U);
  world.run_for(60s);
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
