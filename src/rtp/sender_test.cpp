#include "rtp/sender.hpp"

#include <gmock/gmock.h>

#include <optional>

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

class ForwardingSender : public testing::Test {
 protected:
  /// What goes out for a packet of another source; nothing when it is refused.
  std::optional<Packet> pass(std::uint16_t sequence, std::uint32_t timestamp, Marker marker = Marker::No) {
    static const Buffer kPayload(160, 0xd5);
    Packet packet;
    packet.sequence = sequence;
    packet.timestamp = Timestamp{timestamp};
    packet.marker = marker;
    packet.ssrc = Ssrc{77};
    packet.payload = kPayload;
    bytes.clear();
    return sender.forward(packet, kPcma, now, 8000, bytes) ? std::optional(Packet::parse(bytes).value()) : std::nullopt;
  }
  static std::uint32_t number(Timestamp timestamp) { return static_cast<std::uint32_t>(timestamp); }

  base::DeterministicRandom random{1};
  Sender sender{random};
  Buffer bytes;
  base::TimePoint now{std::chrono::seconds(100)};
};

TEST_F(ForwardingSender, goes_on_behind_what_was_sent_and_keeps_gaps_order_and_marker) {
  const Packet before = sent(sender, bytes);
  sender.begin_forwarding(std::nullopt);
  const Packet first = pass(65'534, 0xffff'ff00U).value();
  EXPECT_EQ(first.ssrc, sender.ssrc());
  EXPECT_EQ(first.sequence, before.sequence + 1);
  EXPECT_EQ(number(first.timestamp), number(before.timestamp) + 160);
  // 65 535 is lost for now; both numbers wrap.
  const Packet third = pass(0, 0xffff'ff00U + 320, Marker::Yes).value();
  EXPECT_EQ(third.sequence, first.sequence + 2);
  EXPECT_EQ(number(third.timestamp), number(first.timestamp) + 320);
  EXPECT_EQ(third.marker, Marker::Yes);
  EXPECT_EQ(pass(65'535, 0xffff'ff00U + 160)->sequence, first.sequence + 1);
  EXPECT_FALSE(pass(65'533, 0xffff'fe60U).has_value()) << "its number was used already";
  sender.end_forwarding(now + std::chrono::milliseconds(20), 8000);
  const Packet after = sent(sender, bytes);
  EXPECT_EQ(after.sequence, third.sequence + 1);
  EXPECT_EQ(number(after.timestamp), number(third.timestamp) + 160);
  EXPECT_EQ(sender.packets(), 5U);
}

TEST_F(ForwardingSender, lets_the_time_of_a_silence_pass_where_another_source_follows) {
  sender.begin_forwarding(std::nullopt);
  const Packet first = pass(10, 1000).value();
  now += std::chrono::seconds(2);
  sender.begin_forwarding(std::nullopt);
  const Packet other = pass(40'000, 5).value();
  EXPECT_EQ(other.sequence, first.sequence + 1);
  EXPECT_EQ(number(other.timestamp), number(first.timestamp) + 16'000);
}

TEST_F(ForwardingSender, leaves_room_for_what_is_missing_at_the_beginning) {
  const Packet before = sent(sender, bytes);
  sender.begin_forwarding(Timestamp{1000});
  EXPECT_EQ(number(pass(11, 1160)->timestamp), number(before.timestamp) + 320);
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
