#include "rtp/receiver.hpp"

#include <gmock/gmock.h>

namespace callwright::rtp {
namespace {

using std::chrono::milliseconds;

/// Packets of 20 ms that arrive on time unless a test says otherwise.
class ReceiverOf20Ms : public testing::Test {
 protected:
  Reception receive(std::uint32_t number, milliseconds late = milliseconds(0), Ssrc ssrc = Ssrc{1}) {
    Packet packet;
    packet.ssrc = ssrc;
    packet.sequence = static_cast<std::uint16_t>(number);
    packet.timestamp = Timestamp{number * 160};
    packet.payload = payload_;
    return receiver_.receive(packet, start_ + milliseconds(20) * number + late);
  }

  const Buffer payload_ = Buffer(160);
  const base::TimePoint start_{std::chrono::hours(1)};
  Receiver receiver_{8000};
};

TEST_F(ReceiverOf20Ms, knows_nothing_before_the_first_packet) {
  EXPECT_EQ(receiver_.ssrc(), std::nullopt);
  EXPECT_FALSE(receiver_.report().has_value());
  EXPECT_EQ(receiver_.lost(), 0U);
}

TEST_F(ReceiverOf20Ms, counts_loss_and_reports_the_fraction_of_each_interval) {
  for (std::uint32_t number = 0; number < 100; ++number) {
    if (number % 4 != 1) {
      EXPECT_EQ(receive(number), Reception::Accepted);
    }
  }
  EXPECT_EQ(receiver_.packets(), 75U);
  EXPECT_EQ(receiver_.octets(), 75U * 160);
  EXPECT_EQ(receiver_.lost(), 25U);
  auto report = receiver_.report();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->fraction_lost, 64);
  EXPECT_EQ(report->cumulative_lost, 25);
  EXPECT_EQ(report->highest_sequence, 99U);
  for (std::uint32_t number = 100; number < 110; ++number) {
    receive(number);
  }
  report = receiver_.report();
  EXPECT_EQ(report->fraction_lost, 0);
  EXPECT_EQ(report->cumulative_lost, 25);
}

TEST_F(ReceiverOf20Ms, accepts_reordered_packets_once) {
  receive(10);
  receive(12);
  EXPECT_EQ(receive(11), Reception::Accepted);
  EXPECT_EQ(receive(11), Reception::Duplicate);
  EXPECT_EQ(receive(12), Reception::Duplicate);
  EXPECT_EQ(receive(9), Reception::Accepted) << "it was overtaken by the first";
  EXPECT_EQ(receiver_.lost(), 0U);
  EXPECT_EQ(receiver_.duplicates(), 2U);
  EXPECT_EQ(receiver_.packets(), 4U);
}

TEST_F(ReceiverOf20Ms, does_not_let_duplicates_hide_loss) {
  receive(0);
  receive(0);
  receive(2);
  EXPECT_EQ(receiver_.lost(), 1U);
}

TEST_F(ReceiverOf20Ms, extends_the_sequence_number_over_wraps) {
  for (std::uint32_t number = 65530; number < 65546; ++number) {
    ASSERT_EQ(receive(number), Reception::Accepted);
    ASSERT_EQ(receiver_.extended_sequence(), 65536U + number);
  }
  EXPECT_EQ(receiver_.report()->highest_sequence, 65545U);
  EXPECT_EQ(receiver_.lost(), 0U);
}

TEST_F(ReceiverOf20Ms, remembers_nothing_of_numbers_a_window_ago) {
  for (std::uint32_t number = 0; number < 1000; ++number) {
    ASSERT_EQ(receive(number), Reception::Accepted) << number;
  }
}

TEST_F(ReceiverOf20Ms, follows_a_jump_only_when_the_next_packet_confirms_it) {
  receive(0);
  EXPECT_EQ(receive(20000), Reception::Probation);
  EXPECT_EQ(receive(1), Reception::Accepted);
  EXPECT_EQ(receive(20001), Reception::Probation);
  EXPECT_EQ(receive(20002), Reception::NewSource);
  EXPECT_EQ(receive(20003), Reception::Accepted);
  EXPECT_EQ(receiver_.lost(), 0U);
}

TEST_F(ReceiverOf20Ms, follows_another_source_after_two_packets_and_keeps_the_totals) {
  receive(0);
  receive(2);
  EXPECT_EQ(receive(500, {}, Ssrc{2}), Reception::Probation);
  EXPECT_EQ(receiver_.ssrc(), Ssrc{1});
  EXPECT_EQ(receive(501, {}, Ssrc{2}), Reception::NewSource);
  EXPECT_EQ(receiver_.ssrc(), Ssrc{2});
  receive(503, {}, Ssrc{2});
  EXPECT_EQ(receiver_.lost(), 2U);
  EXPECT_EQ(receiver_.packets(), 4U);
  EXPECT_EQ(receiver_.report()->cumulative_lost, 1);
}

TEST_F(ReceiverOf20Ms, has_no_jitter_when_packets_come_as_they_were_sent) {
  for (std::uint32_t number = 0; number < 50; ++number) {
    receive(number);
  }
  EXPECT_EQ(receiver_.jitter(), base::Duration::zero());
}

TEST_F(ReceiverOf20Ms, has_no_jitter_from_packets_that_share_a_time_as_those_of_an_event_do) {
  Packet packet;
  packet.ssrc = Ssrc{1};
  const auto arrive = [&](std::uint16_t number, std::uint32_t frame_of_timestamp) {
    packet.sequence = number;
    packet.timestamp = Timestamp{frame_of_timestamp * 160};
    receiver_.receive(packet, start_ + milliseconds(20) * number);
  };
  for (std::uint16_t number = 0; number < 10; ++number) {
    arrive(number, number);
  }
  for (std::uint16_t number = 10; number < 20; ++number) {
    arrive(number, 10);
  }
  arrive(20, 20);
  EXPECT_EQ(receiver_.packets(), 21U);
  EXPECT_EQ(receiver_.jitter(), base::Duration::zero());
}

TEST_F(ReceiverOf20Ms, measures_jitter_as_rfc_3550_a_8) {
  receive(0);
  receive(1, milliseconds(16));
  EXPECT_EQ(receiver_.report()->jitter, 8U) << "16 ms are 128 ticks, a sixteenth of that";
  EXPECT_EQ(receiver_.jitter(), milliseconds(1));
  for (std::uint32_t number = 2; number < 500; ++number) {
    receive(number, milliseconds(number % 2 == 0 ? 0 : 8));
  }
  EXPECT_NEAR(std::chrono::duration<double>(receiver_.jitter()).count(), 0.008, 0.0001);
}

}  // namespace
}  // namespace callwright::rtp
