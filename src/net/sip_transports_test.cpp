#include "net/sip_transports.hpp"

#include "net/recording_user.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;
using sip::Transport;

constexpr base::Duration kGuard = 20s;

base::SocketAddress address(const std::string& text) { return base::SocketAddress::parse(text).value(); }

class SipTransportsUdp : public testing::Test {
 protected:
  SipTransportsUdp() {
    near.set_user(&near_user);
    far.set_user(&far_user);
    near_address = near.listen(Transport::Udp, address("127.0.0.1:0")).value();
    far_address = far.listen(Transport::Udp, address("127.0.0.1:0")).value();
  }

  [[nodiscard]] sip::Flow to_far() const { return {Transport::Udp, near_address, far_address, {}}; }

  EngineLoop loop;
  RecordingUser near_user;
  RecordingUser far_user;
  SipTransports near{loop};
  SipTransports far{loop};
  base::SocketAddress near_address;
  base::SocketAddress far_address;
};

TEST_F(SipTransportsUdp, echoes_a_thousand_datagrams_sent_a_hundred_at_a_time) {
  constexpr std::size_t kCount = 1000;
  constexpr std::size_t kBatch = 100;  // As many as the smallest usual socket buffer holds for certain.
  std::size_t next = 0;
  const auto send_batch = [this, &next] {
    for (const std::size_t end = next + kBatch; next < end; ++next) {
      near.send(to_far(), "message " + std::to_string(next));
    }
  };
  far_user.react = [this](const sip::Flow& flow, std::string_view bytes) { far.send(flow, bytes); };
  near_user.react = [this, &next, &send_batch](const sip::Flow&, std::string_view) {
    if (near_user.received.size() == next && next < kCount) {
      send_batch();
    }
  };
  send_batch();
  ASSERT_TRUE(loop.run_until([this] { return near_user.received.size() == kCount; }, kGuard));
  for (std::size_t number = 0; number < kCount; ++number) {
    EXPECT_EQ(near_user.received[number].bytes, "message " + std::to_string(number));
    EXPECT_EQ(near_user.received[number].flow, to_far());
  }
  EXPECT_EQ(near.statistics().sent, kCount);
  EXPECT_EQ(near.statistics().received, kCount);
}

TEST_F(SipTransportsUdp, carries_a_message_of_the_largest_size_whole) {
  const std::string large(65'507, 'x');
  near.send(to_far(), large);
  ASSERT_TRUE(loop.run_until([this] { return !far_user.received.empty(); }, kGuard));
  EXPECT_EQ(far_user.received[0].bytes, large);
}

TEST_F(SipTransportsUdp, reports_a_datagram_that_is_too_large_and_goes_on) {
  near.send(to_far(), std::string(65'508, 'x'));
  near.send(to_far(), "next");
  EXPECT_TRUE(near_user.failed.empty());
  ASSERT_TRUE(loop.run_until([this] { return !far_user.received.empty() && !near_user.failed.empty(); }, kGuard));
  EXPECT_EQ(near_user.failed[0].flow, to_far());
  EXPECT_EQ(far_user.received[0].bytes, "next");
}

TEST_F(SipTransportsUdp, reports_the_remote_whose_port_nobody_listens_on) {
  base::SocketAddress closed;
  {
    SipTransports gone(loop);
    closed = gone.listen(Transport::Udp, address("127.0.0.1:0")).value();
  }
  near.send({Transport::Udp, near_address, closed, {}}, "into the void");
  near.send(to_far(), "to a listener");
  ASSERT_TRUE(loop.run_until([this] { return !near_user.failed.empty() && !far_user.received.empty(); }, kGuard));
  EXPECT_EQ(near_user.failed[0].flow, (sip::Flow{Transport::Udp, near_address, closed, {}}));
  near.send(to_far(), "still works");
  EXPECT_TRUE(loop.run_until([this] { return far_user.received.size() == 2; }, kGuard));
  EXPECT_EQ(near_user.failed.size(), 1U);
}

TEST_F(SipTransportsUdp, reports_an_address_family_without_a_listener) {
  near.send({Transport::Udp, {}, address("[::1]:5060"), {}}, "six");
  ASSERT_TRUE(loop.run_until([this] { return !near_user.failed.empty(); }, kGuard));
  EXPECT_EQ(near_user.failed[0].error.code, base::make_error_code(base::Errc::Unreachable));
  EXPECT_FALSE(near.local_address(Transport::Udp, address("[::1]:5060")).has_value());
}

TEST_F(SipTransportsUdp, chooses_the_listener_when_the_flow_names_none) {
  near.send({Transport::Udp, {}, far_address, {}}, "choose");
  ASSERT_TRUE(loop.run_until([this] { return !far_user.received.empty(); }, kGuard));
  EXPECT_EQ(far_user.received[0].flow.remote, near_address);
}

TEST_F(SipTransportsUdp, names_the_routed_address_for_a_wildcard_listener) {
  const auto wildcard = far.listen(Transport::Tcp, address("0.0.0.0:0")).value();
  const auto told = far.local_address(Transport::Tcp, near_address);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(*told, (base::SocketAddress{near_address.ip, wildcard.port}));
  EXPECT_EQ(near.local_address(Transport::Udp, far_address), near_address);
  EXPECT_FALSE(near.local_address(Transport::Tcp, far_address).has_value());
}

TEST_F(SipTransportsUdp, refuses_a_port_that_is_taken_and_says_so) {
  const auto second = far.listen(Transport::Udp, near_address);
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().detail.find(near_address.to_string()), std::string::npos);
}

TEST_F(SipTransportsUdp, receives_over_ipv6) {
  const auto six_near = near.listen(Transport::Udp, address("[::1]:0")).value();
  const auto six_far = far.listen(Transport::Udp, address("[::1]:0")).value();
  near.send({Transport::Udp, {}, six_far, {}}, "six");
  ASSERT_TRUE(loop.run_until([this] { return !far_user.received.empty(); }, kGuard));
  EXPECT_EQ(far_user.received[0].flow, (sip::Flow{Transport::Udp, six_far, six_near, {}}));
}

class RecordingTrace final : public sip::TraceSink {
 public:
  void on_trace(Direction direction, const sip::Flow& flow, std::string_view message) override {
    lines.push_back((direction == Direction::Sent ? "> " : "< ") + flow.remote.to_string() + " " + std::string(message));
  }
  std::vector<std::string> lines;
};

TEST_F(SipTransportsUdp, keeps_keep_alives_from_the_engine) {
  for (const std::string& bytes : {std::string(), std::string("\r\n\r\n"), std::string(4, '\0'), std::string("a message")}) {
    near.send(to_far(), bytes);
  }
  ASSERT_TRUE(loop.run_until([this] { return !far_user.received.empty(); }, kGuard));
  EXPECT_EQ(far_user.received.size(), 1U);
  EXPECT_EQ(far_user.received[0].bytes, "a message");
}

TEST_F(SipTransportsUdp, traces_what_is_sent_and_received) {
  RecordingTrace trace;
  near.set_trace(&trace);
  far_user.react = [this](const sip::Flow& flow, std::string_view) { far.send(flow, "pong"); };
  near.send(to_far(), "ping");
  ASSERT_TRUE(loop.run_until([this] { return !near_user.received.empty(); }, kGuard));
  EXPECT_EQ(trace.lines, (std::vector{"> " + far_address.to_string() + " ping", "< " + far_address.to_string() + " pong"}));
}

TEST(SourceAddresses, stays_bounded) {
  const base::ManualClock clock;
  SourceAddresses sources(clock);
  for (std::size_t number = 0; number < SourceAddresses::kMaxRemembered + 10; ++number) {
    const auto high = static_cast<std::uint8_t>(number >> 8);
    const auto low = static_cast<std::uint8_t>(number & 0xff);
    (void)sources.toward(base::IpAddress::v4({127, 1, high, low}));
  }
  EXPECT_LE(sources.remembered(), SourceAddresses::kMaxRemembered);
  EXPECT_EQ(sources.toward(base::IpAddress::v4({127, 0, 0, 1})), base::IpAddress::v4({127, 0, 0, 1}));
}

}  // namespace
}  // namespace callwright::net
