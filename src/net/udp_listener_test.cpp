#include "net/udp_listener.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace callwright::net {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kGuard = 20s;

/// Keeps what arrives, and sends it back when it is told to.
class Recorder final : public UdpListener::Owner {
 public:
  explicit Recorder(EngineLoop& loop) : listener(std::make_shared<UdpListener>(loop, static_cast<UdpListener::Owner&>(*this))) {
    address = listener->open(base::SocketAddress::parse("127.0.0.1:0").value(), 0).value();
  }
  ~Recorder() { listener->close(); }

  void on_datagram(const UdpListener& /*listener*/, const base::SocketAddress& remote, std::string_view bytes) override {
    received.emplace_back(bytes);
    if (echoes) {
      listener->send(remote, bytes);
    }
  }
  void on_datagram_error(const UdpListener& /*listener*/, const base::SocketAddress& /*remote*/, const base::Error& error) override {
    ADD_FAILURE() << error.message();
  }

  std::shared_ptr<UdpListener> listener;
  base::SocketAddress address;
  std::vector<std::string> received;
  bool echoes = false;
};

/// Sends numbered datagrams from a timer, ten every millisecond: far more than makes a listener look instead of wait.
class Flood {
 public:
  Flood(EngineLoop& loop, Recorder& from, const base::SocketAddress& to, std::size_t count)
      : from_(from), to_(to), count_(count), timer_(loop.timers(), base::Callback::to<&Flood::on_timer>(*this)) {
    timer_.start(1ms);
  }

 private:
  void on_timer() {
    for (int datagram = 0; datagram < 10 && sent_ < count_; ++datagram) {
      from_.listener->send(to_, std::to_string(sent_++));
    }
    if (sent_ < count_) {
      timer_.start(1ms);
    }
  }

  Recorder& from_;
  base::SocketAddress to_;
  std::size_t count_;
  std::size_t sent_ = 0;
  base::Timer timer_;
};

TEST(UdpListenerUnderLoad, loses_nothing_and_keeps_the_order) {
  constexpr std::size_t kCount = 2000;
  EngineLoop loop;
  Recorder near(loop);
  Recorder far(loop);
  far.echoes = true;
  const Flood flood(loop, near, far.address, kCount);
  ASSERT_TRUE(loop.run_until([&] { return near.received.size() == kCount; }, kGuard))
      << far.received.size() << " of them came, " << near.received.size() << " came back";
  for (std::size_t number = 0; number < kCount; ++number) {
    ASSERT_EQ(near.received[number], std::to_string(number));
  }
}

TEST(UdpListenerUnderLoad, waits_for_single_datagrams_again_afterwards) {
  constexpr std::size_t kCount = 1000;
  EngineLoop loop;
  Recorder near(loop);
  Recorder far(loop);
  const Flood flood(loop, near, far.address, kCount);
  ASSERT_TRUE(loop.run_until([&] { return far.received.size() == kCount; }, kGuard));
  // Its rate falls to nothing in the next windows, and nothing wakes the loop then but the socket.
  ASSERT_TRUE(loop.run_until([&loop] { return !loop.timers().next_wakeup().has_value(); }, kGuard)) << "somebody still looks";
  far.echoes = true;
  near.listener->send(far.address, "afterwards");
  ASSERT_TRUE(loop.run_until([&] { return !near.received.empty(); }, kGuard));
  EXPECT_EQ(near.received.front(), "afterwards");
}

TEST(UdpListenerUnderLoad, timers_wait_for_whoever_looks_anyway) {
  EngineLoop loop;
  base::TimePoint fired{};
  struct Noting {
    EngineLoop& loop;
    base::TimePoint& fired;
    void on_timer() { fired = loop.clock().now(); }
  } noting{loop, fired};
  base::Timer timer(loop.timers(), base::Callback::to<&Noting::on_timer>(noting));
  const base::TimePoint until = loop.clock().now() + 30ms;
  timer.start(2ms);
  loop.hold_timers(until);
  ASSERT_TRUE(loop.run_until([&] { return fired != base::TimePoint{}; }, kGuard));
  EXPECT_GE(fired, until);
}

}  // namespace
}  // namespace callwright::net
