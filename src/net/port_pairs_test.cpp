#include "net/port_pairs.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace callwright::net {
namespace {

const base::IpAddress kLoopback = base::IpAddress::v4({127, 0, 0, 1});

class PortPairsTest : public testing::Test {
 protected:
  boost::asio::io_context context;
  base::DeterministicRandom random{1};
  PortPairs pairs{random};
};

TEST_F(PortPairsTest, binds_an_even_port_and_the_next) {
  const auto pair = pairs.bind(context, kLoopback, PortRange{});
  ASSERT_TRUE(pair.has_value());
  const auto rtp = pair->rtp.local_endpoint().port();
  EXPECT_EQ(rtp % 2, 0);
  EXPECT_EQ(pair->rtcp.local_endpoint().port(), rtp + 1);
  EXPECT_GE(rtp, 40'000);
  EXPECT_LE(rtp, 49'998);
}

TEST_F(PortPairsTest, gives_every_pair_once_then_says_that_all_are_taken) {
  // Below the ports that the kernel gives to others; what another program has of them is passed over.
  const PortRange range{19'001, 19'030};
  std::vector<PortPair> held;
  std::set<unsigned> ports;
  for (;;) {
    auto pair = pairs.bind(context, kLoopback, range);
    if (!pair) {
      EXPECT_EQ(pair.error().code, base::make_error_code(base::Errc::LimitReached));
      break;
    }
    const unsigned port = pair->rtp.local_endpoint().port();
    EXPECT_GE(port, 19'002U);
    EXPECT_LE(port, 19'030U);
    EXPECT_TRUE(ports.insert(port).second);
    held.push_back(std::move(*pair));
  }
  EXPECT_GE(ports.size(), 1U);
  EXPECT_LE(ports.size(), 15U);
}

TEST_F(PortPairsTest, lets_a_freed_port_rest_while_others_are_free) {
  std::vector<unsigned> ports;
  for (int round = 0; round < 10; ++round) {
    const auto pair = pairs.bind(context, kLoopback, PortRange{});
    ASSERT_TRUE(pair.has_value());
    ports.push_back(pair->rtp.local_endpoint().port());
  }
  EXPECT_EQ(std::set<unsigned>(ports.begin(), ports.end()).size(), 10U);
}

TEST_F(PortPairsTest, passes_over_a_pair_whose_second_port_is_taken) {
  auto first = pairs.bind(context, kLoopback, PortRange{});
  ASSERT_TRUE(first.has_value());
  const std::uint16_t port = first->rtp.local_endpoint().port();
  first->rtp.close();
  EXPECT_EQ(pairs.bind(context, kLoopback, PortRange{port, port}).error().code, base::make_error_code(base::Errc::LimitReached));
}

TEST_F(PortPairsTest, refuses_a_range_without_an_even_port) {
  EXPECT_EQ(pairs.bind(context, kLoopback, PortRange{45'001, 45'001}).error().code, base::make_error_code(base::Errc::InvalidArgument));
  EXPECT_EQ(pairs.bind(context, kLoopback, PortRange{0, 0}).error().code, base::make_error_code(base::Errc::InvalidArgument));
  EXPECT_EQ(pairs.bind(context, kLoopback, PortRange{45'010, 45'000}).error().code, base::make_error_code(base::Errc::InvalidArgument));
}

TEST_F(PortPairsTest, names_an_address_that_is_not_of_this_machine) {
  const auto pair = pairs.bind(context, base::IpAddress::v4({203, 0, 113, 1}), PortRange{});
  ASSERT_FALSE(pair.has_value());
  EXPECT_NE(pair.error().detail.find("203.0.113.1"), std::string::npos);
}

}  // namespace
}  // namespace callwright::net
