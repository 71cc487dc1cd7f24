#include "net/rtp_socket.hpp"

#include "net/endpoint.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace callwright::net {
namespace {

using boost::asio::ip::udp;
using namespace std::chrono_literals;

/// Sockets that receive, and one that sends to them.
class RtpPollerTest : public testing::Test {
 protected:
  struct Receiver final : RtpSocket::Owner {
    explicit Receiver(RtpPollerTest& test) : test_(test) {}
    void on_packet(media::Port /*port*/, const base::SocketAddress& remote, std::string_view bytes) override {
      EXPECT_EQ(remote, test_.sender_address());
      received.emplace_back(bytes);
      ++test_.received_;
    }
    RtpPollerTest& test_;
    base::SocketAddress address;
    std::optional<RtpSocket> socket;
    std::vector<std::string> received;
  };

  RtpPollerTest() { EXPECT_FALSE(open_and_bind<udp>(sender_, {base::IpAddress::v4({127, 0, 0, 1}), 0}, false)); }
  ~RtpPollerTest() override {
    for (const auto& receiver : receivers_) {
      receiver->socket.reset();
    }
  }

  void open(std::size_t count) {
    for (std::size_t number = 0; number < count; ++number) {
      udp::socket socket(loop_.context());
      ASSERT_FALSE(open_and_bind<udp>(socket, {base::IpAddress::v4({127, 0, 0, 1}), 0}, false));
      auto receiver = std::make_unique<Receiver>(*this);
      receiver->address = from_endpoint(socket.local_endpoint());
      receiver->socket.emplace(*poller_, std::move(socket), media::Port::Rtp, *receiver);
      receivers_.push_back(std::move(receiver));
    }
  }
  void send(Receiver& to, const std::string& bytes) { EXPECT_EQ(sender_.send_to(boost::asio::buffer(bytes), to_endpoint<udp>(to.address)), bytes.size()); }
  [[nodiscard]] base::SocketAddress sender_address() const { return from_endpoint(sender_.local_endpoint()); }
  [[nodiscard]] bool wait_for(std::size_t count) {
    return loop_.run_until([&] { return received_ >= count; }, 10s);
  }

  void look() {
    poller_->look();
    if (poller_->busy()) {
      looks_.start(2ms);
    }
  }

  EngineLoop loop_;
  base::Timer looks_{loop_.timers(), base::Callback::to<&RtpPollerTest::look>(*this)};
  std::shared_ptr<RtpPoller> poller_ = std::make_shared<RtpPoller>(loop_, base::Callback::to<&RtpPollerTest::look>(*this));
  udp::socket sender_{loop_.context()};
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::size_t received_ = 0;
};

TEST_F(RtpPollerTest, each_socket_gets_its_own_in_order_at_any_rate) {
  open(50);
  // From one datagram at a time to thousands in a second, and back.
  std::size_t rounds = 0;
  while (rounds < 40 || !poller_->busy()) {
    for (const auto& receiver : receivers_) {
      send(*receiver, std::to_string(rounds));
    }
    ASSERT_TRUE(wait_for(++rounds * receivers_.size()));
    ASSERT_LT(rounds, 10'000U);
  }
  ASSERT_TRUE(loop_.run_until([this] { return !poller_->busy(); }, 10s));
  for (std::size_t round = 0; round < 3; ++round) {
    send(*receivers_.front(), "late");
    ASSERT_TRUE(wait_for(rounds * receivers_.size() + round + 1));
  }
  for (const auto& receiver : receivers_) {
    ASSERT_GE(receiver->received.size(), rounds);
    for (std::size_t round = 0; round < rounds; ++round) {
      EXPECT_EQ(receiver->received[round], std::to_string(round));
    }
  }
}

TEST_F(RtpPollerTest, a_flood_at_one_socket_leaves_the_others_their_turn) {
  open(2);
  for (int number = 0; number < 100; ++number) {
    send(*receivers_[0], "flood");
  }
  send(*receivers_[1], "one");
  ASSERT_TRUE(loop_.run_until([&] { return !receivers_[1]->received.empty(); }, 10s));
  EXPECT_LT(receivers_[0]->received.size(), 100U);
  ASSERT_TRUE(wait_for(101));
}

TEST_F(RtpPollerTest, drops_what_is_longer_than_any_packet) {
  open(1);
  send(*receivers_[0], std::string(5000, 'x'));
  send(*receivers_[0], "packet");
  ASSERT_TRUE(wait_for(1));
  EXPECT_EQ(receivers_[0]->received, std::vector<std::string>{"packet"});
}

TEST_F(RtpPollerTest, forgets_a_socket_that_was_closed) {
  open(2);
  send(*receivers_[0], "into the void");
  receivers_[0]->socket.reset();
  send(*receivers_[1], "packet");
  ASSERT_TRUE(wait_for(1));
  EXPECT_TRUE(receivers_[0]->received.empty());
}

}  // namespace
}  // namespace callwright::net
