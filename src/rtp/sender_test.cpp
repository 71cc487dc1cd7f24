#include "rtp/sender.hpp"

#include <gmock/gmock.h>

namespace callwright::rtp {
namespace {

constexpr PayloadType kPcma{8};

Packet sent(Sender& sender, Buffer& out) {
  static const Buffer kPayload(160, 0xd5);
  out.clear();
  sender.send(kPcma, kPayload, 160, out);
  return Packet::parse(out).value();
}

TEST(Sender, counts_sequence_and_timestamp_and_marks_the_first_packet) {
  base::DeterministicRandom random(1);
  Sender sender(random);
  Buffer one;
  Buffer two;
  const Timestamp begin = sender.timestamp();
  const Packet first = sent(sender, one);
  const Packet second = sent(sender, two);
  EXPECT_EQ(first.marker, Marker::Yes);
  EXPECT_EQ(second.marker, Marker::No);
  EXPECT_EQ(first.timestamp, begin);
  EXPECT_EQ(static_cast<std::uint32_t>(second.timestamp), static_cast<std::uint32_t>(begin) + 160);
  EXPECT_EQ(second.sequence, first.sequence + 1);
  EXPECT_EQ(first.ssrc, sender.ssrc());
  EXPECT_EQ(first.payload.size(), 160U);
  EXPECT_EQ(sender.packets(), 2U);
  EXPECT_EQ(sender.octets(), 320U);
}

TEST(Sender, lets_the_timestamp_run_in_silence_and_marks_what_follows) {
  base::DeterministicRandom random(1);
  Sender sender(random);
  Buffer one;
  Buffer two;
  const Packet before = sent(sender, one);
  sender.skip(800);
  const Packet after = sent(sender, two);
  EXPECT_EQ(static_cast<std::uint32_t>(after.timestamp), static_cast<std::uint32_t>(before.timestamp) + 960);
  EXPECT_EQ(after.sequence, before.sequence + 1);
  EXPECT_EQ(after.marker, Marker::Yes);
}

TEST(Sender, wraps_its_sequence_number) {
  base::DeterministicRandom random(1);
  Sender sender(random);
  Buffer out;
  std::uint16_t last = sent(sender, out).sequence;
  for (int i = 0; i < 70000; ++i) {
    const std::uint16_t next = sent(sender, out).sequence;
    ASSERT_EQ(next, static_cast<std::uint16_t>(last + 1));
    last = next;
  }
}

TEST(Sender, begins_elsewhere_each_time) {
  base::DeterministicRandom random(1);
  EXPECT_NE(Sender(random).ssrc(), Sender(random).ssrc());
  EXPECT_NE(Sender(random).timestamp(), Sender(random).timestamp());
}

}  // namespace
}  // namespace callwright::rtp
