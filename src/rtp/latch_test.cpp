#include "rtp/latch.hpp"

#include <gtest/gtest.h>

namespace callwright::rtp {
namespace {

using base::SocketAddress;
using std::chrono::milliseconds;

class LatchTo : public testing::Test {
 protected:
  LatchTo() { latch_.describe(kDescribed); }
  Origin receive(const SocketAddress& from, unsigned sequence, Ssrc ssrc = Ssrc{1}) {
    return latch_.receive(from, ssrc, static_cast<std::uint16_t>(sequence), now_ += milliseconds(20));
  }

  const SocketAddress kDescribed = SocketAddress::parse("10.0.0.5:4000").value();
  const SocketAddress kReal = SocketAddress::parse("192.0.2.9:61000").value();
  const SocketAddress kOther = SocketAddress::parse("192.0.2.66:4000").value();
  base::TimePoint now_{std::chrono::hours(1)};
  Latch latch_{{3, milliseconds(500)}};
};

TEST_F(LatchTo, sends_where_the_description_says) {
  EXPECT_EQ(latch_.remote(), kDescribed);
  EXPECT_FALSE(latch_.latched());
}

TEST_F(LatchTo, follows_three_packets_in_sequence_over_the_wrap) {
  EXPECT_EQ(receive(kReal, 65534), Origin::Candidate);
  EXPECT_EQ(receive(kReal, 65535), Origin::Candidate);
  EXPECT_EQ(latch_.remote(), kDescribed);
  EXPECT_EQ(receive(kReal, 0), Origin::Peer);
  EXPECT_EQ(latch_.remote(), kReal);
  EXPECT_EQ(latch_.changes(), 1U);
  EXPECT_EQ(latch_.strays(), 0U);
}

TEST_F(LatchTo, counts_anew_after_a_gap_another_source_or_another_address) {
  receive(kReal, 1);
  receive(kReal, 2);
  EXPECT_EQ(receive(kReal, 4), Origin::Candidate);
  EXPECT_EQ(receive(kReal, 5), Origin::Candidate);
  EXPECT_EQ(receive(kReal, 6, Ssrc{2}), Origin::Candidate);
  EXPECT_EQ(receive(kReal, 7, Ssrc{2}), Origin::Candidate);
  EXPECT_EQ(receive(kOther, 8, Ssrc{2}), Origin::Candidate);
  EXPECT_EQ(latch_.remote(), kDescribed);
}

TEST_F(LatchTo, a_partner_that_is_heard_is_not_taken_over) {
  EXPECT_EQ(receive(kDescribed, 1), Origin::Peer);
  for (unsigned i = 0; i < 100; ++i) {
    EXPECT_EQ(receive(kDescribed, i), Origin::Peer);
    EXPECT_EQ(receive(kOther, i), Origin::Stray);
  }
  EXPECT_EQ(latch_.remote(), kDescribed);
  EXPECT_EQ(latch_.strays(), 100U);
}

TEST_F(LatchTo, follows_another_address_after_silence_only) {
  for (const unsigned i : {1U, 2U, 3U}) {
    receive(kReal, i);
  }
  EXPECT_EQ(receive(kOther, 10), Origin::Stray);
  now_ += milliseconds(500);
  EXPECT_EQ(receive(kOther, 11), Origin::Candidate);
  EXPECT_EQ(receive(kReal, 4), Origin::Peer) << "it was not silent for good";
  now_ += milliseconds(500);
  for (const unsigned i : {12U, 13U, 14U}) {
    receive(kOther, i);
  }
  EXPECT_EQ(latch_.remote(), kOther);
  EXPECT_EQ(latch_.changes(), 2U);
}

TEST_F(LatchTo, a_new_description_begins_anew_and_the_same_one_does_not) {
  for (const unsigned i : {1U, 2U, 3U}) {
    receive(kReal, i);
  }
  latch_.describe(kDescribed);
  EXPECT_EQ(latch_.remote(), kReal);
  latch_.describe(kOther);
  EXPECT_EQ(latch_.remote(), kOther);
  EXPECT_FALSE(latch_.latched());
  EXPECT_EQ(receive(kReal, 4), Origin::Candidate);
}

}  // namespace
}  // namespace callwright::rtp
