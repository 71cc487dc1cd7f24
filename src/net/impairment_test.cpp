#include "net/impairment.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace callwright::net {
namespace {

using testing::ElementsAre;

class ImpairedNetwork : public testing::Test {
 protected:
  std::vector<std::string> carried(const Impairment::Options& options, int count) {
    Impairment impairment(timers_, options, behind_);
    for (int number = 0; number < count; ++number) {
      impairment.carry_out(std::to_string(number), [this](std::string_view datagram) { arrived_.emplace_back(datagram); });
    }
    clock_.advance(std::chrono::seconds(1));
    timers_.advance();
    return arrived_;
  }

  base::ManualClock clock_;
  base::Timers timers_{clock_};
  Impairment::Behind behind_ = std::make_shared<std::unordered_set<base::SocketAddress>>();
  std::vector<std::string> arrived_;
};

TEST_F(ImpairedNetwork, lets_all_pass_when_nothing_is_wrong_with_it) { EXPECT_THAT(carried({}, 3), ElementsAre("0", "1", "2")); }

TEST_F(ImpairedNetwork, loses_about_as_many_as_told) {
  const auto left = carried({.loss = 0.25}, 4000).size();
  EXPECT_NEAR(static_cast<double>(left), 3000, 150);
}

TEST_F(ImpairedNetwork, doubles_all_when_told) { EXPECT_THAT(carried({.duplicate = 1}, 2), ElementsAre("0", "0", "1", "1")); }

TEST_F(ImpairedNetwork, delays_each_by_the_same_time_without_jitter) {
  Impairment impairment(timers_, {.delay = std::chrono::milliseconds(40)}, behind_);
  impairment.carry_out("late", [this](std::string_view datagram) { arrived_.emplace_back(datagram); });
  clock_.advance(std::chrono::milliseconds(30));
  timers_.advance();
  EXPECT_TRUE(arrived_.empty());
  clock_.advance(std::chrono::milliseconds(12));
  timers_.advance();
  EXPECT_THAT(arrived_, ElementsAre("late"));
}

TEST_F(ImpairedNetwork, sends_nothing_more_once_it_is_gone) {
  {
    Impairment(timers_, {.delay = std::chrono::milliseconds(5)}, behind_).carry_out("never", [this](std::string_view datagram) {
      arrived_.emplace_back(datagram);
    });
  }
  clock_.advance(std::chrono::seconds(1));
  timers_.advance();
  EXPECT_TRUE(arrived_.empty());
}

TEST_F(ImpairedNetwork, is_passed_once_on_the_way_in_too) {
  const base::SocketAddress near{base::IpAddress::v4({127, 0, 0, 1}), 5070};
  const base::SocketAddress far{base::IpAddress::v4({127, 0, 0, 1}), 5060};
  Impairment impairment(timers_, {.loss = 1}, behind_);
  const auto take = [this](std::string_view datagram) { arrived_.emplace_back(datagram); };
  {
    Impairment other(timers_, {.loss = 1}, behind_);
    other.add(near);
    impairment.carry_in(near, "was carried out there", take);
    impairment.carry_in(far, "lost", take);
  }
  impairment.carry_in(near, "lost, since nobody is there behind the network any more", take);
  EXPECT_THAT(arrived_, ElementsAre("was carried out there"));
}

TEST(ImpairmentOptions, are_read_from_text) {
  const auto options = Impairment::Options::parse("loss=5%,delay=40ms,jitter=10ms,duplicate=0.5%");
  ASSERT_TRUE(options);
  EXPECT_DOUBLE_EQ(options->loss, 0.05);
  EXPECT_DOUBLE_EQ(options->duplicate, 0.005);
  EXPECT_EQ(options->delay, std::chrono::milliseconds(40));
  EXPECT_EQ(options->jitter, std::chrono::milliseconds(10));
}

TEST(ImpairmentOptions, say_what_is_wrong) {
  for (const char* const text : {"loss", "loss=5", "loss=101%", "delay=-1ms", "delay=1h", "speed=3ms", "jitter=20000ms"}) {
    EXPECT_FALSE(Impairment::Options::parse(text)) << text;
  }
}

}  // namespace
}  // namespace callwright::net
