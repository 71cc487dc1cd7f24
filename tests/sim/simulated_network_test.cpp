#include "sim/simulated_network.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;

/// Keeps what arrives, with the time since the first packet could have been sent.
class Receiver final : public sip::TransportUser {
 public:
  explicit Receiver(SimulatedNetwork& network) : network_(network), start_(network.clock().now()) {}
  void on_message(const sip::Flow& flow, std::string_view bytes) override {
    flows.push_back(flow);
    messages.emplace_back(bytes);
    times.push_back(network_.clock().now() - start_);
  }
  void on_transport_error(const sip::Flow& /*flow*/, const base::Error& /*error*/) override { ++errors; }

  std::vector<sip::Flow> flows;
  std::vector<std::string> messages;
  std::vector<base::Duration> times;
  int errors = 0;

 private:
  SimulatedNetwork& network_;
  base::TimePoint start_;
};

struct Pair {
  explicit Pair(std::uint64_t seed, NetworkSettings settings = {}) : network(seed, settings) {
    one.attach(at_one);
    other.attach(at_other);
  }
  void send(std::string_view text, sip::Transport transport = sip::Transport::Udp) {
    one.send({.transport = transport, .local = {}, .remote = other.address(), .connection = {}}, text);
  }
  SimulatedNetwork network;
  Node& one = network.add_node("192.0.2.1:5060");
  Node& other = network.add_node("192.0.2.2:5060");
  Receiver at_one{network};
  Receiver at_other{network};
};

TEST(SimulatedNetwork, delivers_after_the_delay_and_tells_where_from) {
  Pair pair(1);
  pair.send("hello");
  pair.network.run_for(9ms);
  EXPECT_TRUE(pair.at_other.messages.empty());
  pair.network.run_for(1ms);
  ASSERT_EQ(pair.at_other.messages, std::vector<std::string>{"hello"});
  EXPECT_EQ(pair.at_other.times.front(), 10ms);
  EXPECT_EQ(pair.at_other.flows.front().remote, pair.one.address());
  EXPECT_TRUE(pair.network.run_until_idle());
}

TEST(SimulatedNetwork, loses_and_repeats_as_often_as_told) {
  Pair pair(2, {.loss = 0.25, .duplication = 0.5});
  for (int i = 0; i < 4000; ++i) {
    pair.send("x");
  }
  ASSERT_TRUE(pair.network.run_until_idle());
  // 3000 datagrams survive, half of them twice; five standard deviations around that.
  EXPECT_NEAR(static_cast<double>(pair.at_other.messages.size()), 4500, 260);
}

TEST(SimulatedNetwork, reorders_datagrams_but_not_streams) {
  Pair pair(3, {.loss = 0.5, .reordering = 0.5});
  for (char c = 'a'; c <= 'z'; ++c) {
    pair.send(std::string(1, c), sip::Transport::Tcp);
  }
  ASSERT_TRUE(pair.network.run_until_idle());
  std::string stream;
  for (const std::string& text : pair.at_other.messages) {
    stream += text;
  }
  EXPECT_EQ(stream, "abcdefghijklmnopqrstuvwxyz");

  pair.network.settings().loss = 0;
  pair.at_other.messages.clear();
  for (char c = 'a'; c <= 'z'; ++c) {
    pair.send(std::string(1, c));
  }
  ASSERT_TRUE(pair.network.run_until_idle());
  std::string datagrams;
  for (const std::string& text : pair.at_other.messages) {
    datagrams += text;
  }
  EXPECT_EQ(datagrams.size(), 26U);
  EXPECT_NE(datagrams, "abcdefghijklmnopqrstuvwxyz");
}

TEST(SimulatedNetwork, same_seed_same_run) {
  const NetworkSettings settings{.loss = 0.2, .duplication = 0.2, .reordering = 0.2, .jitter = 5ms};
  const auto times = [&settings](std::uint64_t seed) {
    Pair pair(seed, settings);
    for (int i = 0; i < 50; ++i) {
      pair.send("x");
    }
    EXPECT_TRUE(pair.network.run_until_idle());
    return pair.at_other.times;
  };
  EXPECT_EQ(times(7), times(7));
  EXPECT_NE(times(7), times(8));
}

TEST(SimulatedNetwork, partition_cuts_both_ways_until_healed) {
  Pair pair(4);
  pair.network.partition(pair.other, pair.one);
  pair.send("lost");
  pair.send("refused", sip::Transport::Tcp);
  ASSERT_TRUE(pair.network.run_until_idle());
  EXPECT_TRUE(pair.at_other.messages.empty());
  EXPECT_EQ(pair.at_one.errors, 1);
  pair.network.heal(pair.one, pair.other);
  pair.send("arrives");
  ASSERT_TRUE(pair.network.run_until_idle());
  EXPECT_EQ(pair.at_other.messages, std::vector<std::string>{"arrives"});
}

TEST(SimulatedNetwork, tap_sees_lost_packets_and_filter_chooses_them) {
  Pair pair(5);
  std::vector<Packet::Fate> fates;
  pair.network.set_tap([&fates](const Packet& packet) { fates.push_back(packet.fate); });
  pair.network.set_filter([](const Packet& packet) { return packet.message == "drop"; });
  pair.send("drop");
  pair.send("keep");
  ASSERT_TRUE(pair.network.run_until_idle());
  EXPECT_EQ(fates, (std::vector{Packet::Fate::Lost, Packet::Fate::Delivered}));
  EXPECT_EQ(pair.at_other.messages, std::vector<std::string>{"keep"});
}

TEST(SimulatedNetwork, timers_fire_at_their_moment) {
  SimulatedNetwork network(6);
  struct Alarm {
    explicit Alarm(SimulatedNetwork& owner) : network(owner), timer(owner.timers(), base::Callback::to<&Alarm::ring>(*this)) {}
    void ring() { rang = network.clock().now(); }
    SimulatedNetwork& network;
    base::TimePoint rang;
    base::Timer timer;
  } alarm(network);
  const base::TimePoint start = network.clock().now();
  alarm.timer.start(32s);
  EXPECT_FALSE(network.run_until_idle(31s));
  EXPECT_TRUE(network.run_until_idle());
  EXPECT_EQ(alarm.rang - start, 32s);
}

}  // namespace
}  // namespace callwright::simulation
