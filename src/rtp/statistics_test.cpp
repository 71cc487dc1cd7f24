#include "rtp/demultiplex.hpp"
#include "rtp/rtcp_session.hpp"

#include <gmock/gmock.h>

#include <string_view>

namespace callwright::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::DoubleNear;
using testing::ElementsAreArray;

/// '.' received, 'x' lost, 'd' discarded.
LossBursts bursts_of(std::string_view fates, unsigned repeat = 1) {
  LossBursts bursts;
  for (unsigned i = 0; i < repeat; ++i) {
    for (const char fate : fates) {
      bursts.take(fate == '.' ? Fate::Received : fate == 'x' ? Fate::Lost : Fate::Discarded);
    }
  }
  return bursts;
}

TEST(LossBursts, say_nothing_of_a_stream_without_loss) {
  const auto summary = bursts_of("..........", 10).summary();
  EXPECT_EQ(summary.loss_rate, 0);
  EXPECT_EQ(summary.burst_packets, 0);
  EXPECT_EQ(summary.gap_packets, 100);
  EXPECT_EQ(summary.burst_ratio, 1);
  EXPECT_EQ(LossBursts{}.summary().loss_rate, 0);
}

TEST(LossBursts, lone_losses_belong_to_a_gap) {
  const auto summary = bursts_of("x...................", 10).summary();
  EXPECT_EQ(summary.burst_packets, 0);
  EXPECT_DOUBLE_EQ(summary.gap_density, 0.05);
  EXPECT_DOUBLE_EQ(summary.loss_rate, 0.05);
}

TEST(LossBursts, losses_with_fewer_than_sixteen_packets_between_are_a_burst) {
  // The example of RFC 3611 §4.7.2: 1 is a gap, 9 of 19 in the burst are missing with what came too late.
  const auto summary = bursts_of("....................x..xd.x..x.................................").summary();
  EXPECT_EQ(summary.burst_packets, 10);
  EXPECT_DOUBLE_EQ(summary.burst_density, 0.5);
  EXPECT_EQ(summary.gap_density, 0);
  EXPECT_DOUBLE_EQ(summary.gap_packets, 53 / 2.0);
}

TEST(LossBursts, fifteen_packets_hold_a_burst_together_and_sixteen_do_not) {
  EXPECT_EQ(bursts_of("x...............x").summary().burst_packets, 17);
  EXPECT_EQ(bursts_of("x................x").summary().burst_packets, 0);
}

TEST(LossBursts, the_burst_ratio_of_runs_is_their_mean_length_beside_random_loss) {
  EXPECT_THAT(bursts_of("xxxx....................................", 100).summary().burst_ratio, DoubleNear(4 * 0.9, 1e-9));
  base::DeterministicRandom random(3);
  LossBursts bursts;
  for (int i = 0; i < 100000; ++i) {
    bursts.take(random.chance(0.1) ? Fate::Lost : Fate::Received);
  }
  EXPECT_THAT(bursts.summary().burst_ratio, DoubleNear(1, 0.03));
}

class ReceiverBursts : public testing::Test {
 protected:
  void receive(std::uint32_t number) {
    Packet packet;
    packet.ssrc = Ssrc{1};
    packet.sequence = static_cast<std::uint16_t>(number);
    packet.timestamp = Timestamp{number * 160};
    (void)receiver_.receive(packet, base::TimePoint(milliseconds(20) * number));
  }
  Receiver receiver_{8000};
};

TEST_F(ReceiverBursts, settle_when_a_packet_can_hardly_come_any_more) {
  receive(65500);
  for (std::uint32_t number = 65502; number < 65502 + 100; ++number) {
    receive(number);
    if (number == 65510) {
      receive(65501);
    }
    if (number == 65520) {
      receiver_.discard(receiver_.extended_sequence());
    }
  }
  EXPECT_EQ(receiver_.reordered(), 1U);
  EXPECT_EQ(receiver_.bursts().packets(), 51U);
  EXPECT_EQ(receiver_.bursts().summary().loss_rate, 0);
  EXPECT_DOUBLE_EQ(receiver_.bursts().summary().discard_rate, 1 / 51.0);
}

TEST_F(ReceiverBursts, count_what_was_jumped_over) {
  receive(0);
  receive(1001);
  for (std::uint32_t number = 1002; number < 1101; ++number) {
    receive(number);
  }
  EXPECT_EQ(receiver_.bursts().packets(), 1050U);
  EXPECT_DOUBLE_EQ(receiver_.bursts().summary().loss_rate, 1000 / 1050.0);
}

ExtendedReport sample_report() {
  ExtendedReport report;
  report.ssrc = Ssrc{0x01020304};
  report.reference_time = 0x1122334455667788;
  report.dlrr.push_back({Ssrc{5}, 6, 7});
  VoipMetrics metrics;
  metrics.ssrc = Ssrc{0xcafebabe};
  metrics.loss_rate = 12;
  metrics.burst_duration = 0x1234;
  metrics.r_factor = 93;
  metrics.mos_lq = 43;
  metrics.jitter_absolute_maximum = 200;
  report.voip.push_back(metrics);
  return report;
}

TEST(ExtendedReport, is_written_byte_for_byte) {
  Buffer out;
  write_rtcp(sample_report(), out);
  EXPECT_THAT(out, ElementsAreArray({
                       0x80, 207, 0, 17,  1,    2,    3,    4,                                               //
                       4,    0,   0, 2,   0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,                    //
                       5,    0,   0, 3,   0,    0,    0,    5,    0,    0,    0,    6,    0,    0,    0, 7,  //
                       7,    0,   0, 8,   0xca, 0xfe, 0xba, 0xbe, 12,   0,    0,    0,    0x12, 0x34, 0, 0,  //
                       0,    0,   0, 0,   127,  127,  127,  16,   93,   127,  43,   127,  0,    0,    0, 0,  //
                       0,    0,   0, 200,
                   }));
}

TEST(ExtendedReport, is_read_back_alone_and_in_a_compound) {
  Buffer alone;
  write_rtcp(sample_report(), alone);
  const auto reduced = parse_rtcp(alone);
  ASSERT_TRUE(reduced) << reduced.error().detail;
  EXPECT_EQ(std::get<ExtendedReport>(reduced->front()), sample_report());
  Buffer compound;
  write_rtcp(ReceiverReport{Ssrc{1}, {}}, compound);
  compound.insert(compound.end(), alone.begin(), alone.end());
  EXPECT_EQ(parse_rtcp(compound)->size(), 2U);
}

TEST(ExtendedReport, passes_over_other_blocks_and_refuses_lengths_that_lie) {
  EXPECT_TRUE(parse_rtcp(Buffer{0x80, 207, 0, 3, 0, 0, 0, 1, 99, 0, 0, 1, 1, 2, 3, 4}));
  EXPECT_FALSE(parse_rtcp(Buffer{0x80, 207, 0, 0})) << "no SSRC";
  EXPECT_FALSE(parse_rtcp(Buffer{0x80, 207, 0, 2, 0, 0, 0, 1, 99, 0, 0, 1})) << "a block that is not there";
  EXPECT_FALSE(parse_rtcp(Buffer{0x80, 207, 0, 3, 0, 0, 0, 1, 4, 0, 0, 1, 1, 2, 3, 4})) << "half a reference time";
  EXPECT_FALSE(parse_rtcp(Buffer{0x80, 207, 0, 3, 0, 0, 0, 1, 5, 0, 0, 1, 1, 2, 3, 4})) << "a third of an answer";
  EXPECT_FALSE(parse_rtcp(Buffer{0x80, 207, 0, 3, 0, 0, 0, 1, 7, 0, 0, 1, 1, 2, 3, 4})) << "an eighth of the metrics";
}

class ExtendedSessions : public testing::Test {
 protected:
  struct End {
    explicit End(std::uint64_t seed) : random(seed), sender(random), session("a@b", random) {}
    base::DeterministicRandom random;
    Sender sender;
    Receiver receiver{8000};
    RtcpSession session;
  };
  void report(End& from, End& to) {
    Buffer out;
    from.session.report(from.sender, from.receiver, now_, base::WallTime(now_.time_since_epoch()), out);
    now_ += milliseconds(30);
    ASSERT_TRUE(to.session.receive(out, to.sender, to.receiver, now_));
  }
  base::TimePoint now_{std::chrono::hours(1)};
  End alice_{1};
  End bob_{2};
};

TEST_F(ExtendedSessions, measure_the_round_trip_without_sending_a_packet) {
  alice_.session.send_extended_reports();
  bob_.session.send_extended_reports();
  report(alice_, bob_);
  now_ += seconds(3);
  report(bob_, alice_);
  ASSERT_TRUE(alice_.session.round_trip());
  EXPECT_NEAR(std::chrono::duration<double>(*alice_.session.round_trip()).count(), 0.060, 0.0001);
  EXPECT_FALSE(alice_.session.remote()) << "nobody told of loss";
}

TEST_F(ExtendedSessions, tell_each_other_how_it_sounds) {
  Buffer out;
  alice_.sender.send(PayloadType{0}, Buffer(160), 160, out);
  bob_.receiver.receive(Packet::parse(out).value(), now_);
  bob_.session.send_extended_reports();
  VoipMetrics metrics;
  metrics.mos_lq = 41;
  bob_.session.set_voip_metrics(metrics);
  EXPECT_EQ(alice_.session.remote_voip_metrics(), nullptr);
  report(bob_, alice_);
  ASSERT_NE(alice_.session.remote_voip_metrics(), nullptr);
  EXPECT_EQ(alice_.session.remote_voip_metrics()->mos_lq, 41);
  EXPECT_EQ(alice_.session.remote_voip_metrics()->ssrc, alice_.sender.ssrc());
}

TEST_F(ExtendedSessions, send_none_unless_told_to) {
  Buffer out;
  alice_.session.report(alice_.sender, alice_.receiver, now_, base::WallTime(now_.time_since_epoch()), out);
  const auto packets = parse_rtcp(out).value();
  EXPECT_EQ(packets.size(), 2U);
}

TEST_F(ExtendedSessions, a_sender_report_pairs_both_clocks_at_the_same_instant) {
  Buffer out;
  alice_.sender.send(PayloadType{0}, Buffer(160), 160, out);
  alice_.sender.pair(Timestamp{0xfffffff0}, now_ + milliseconds(20), 8000);
  out.clear();
  alice_.session.report(alice_.sender, alice_.receiver, now_ + milliseconds(5), base::WallTime{}, out);
  const auto packets = parse_rtcp(out).value();
  EXPECT_EQ(std::get<SenderReport>(packets.front()).timestamp, Timestamp{0xfffffff0 - 120});
  EXPECT_EQ(alice_.sender.timestamp_at(now_ + milliseconds(25)), Timestamp{24});
}

TEST(Demultiplex, tells_kinds_apart_by_the_first_byte) {
  for (unsigned first = 0; first < 256; ++first) {
    const DatagramKind expected = first < 4                     ? DatagramKind::Stun
                                  : first >= 20 && first < 64   ? DatagramKind::Dtls
                                  : first >= 128 && first < 192 ? DatagramKind::Rtp
                                                                : DatagramKind::Other;
    EXPECT_EQ(kind_of(Buffer{static_cast<std::uint8_t>(first), 0}), expected) << first;
  }
  EXPECT_EQ(kind_of({}), DatagramKind::Other);
}

TEST(Demultiplex, tells_rtcp_by_its_packet_type) {
  for (unsigned second = 0; second < 256; ++second) {
    const bool rtcp = second >= 192 && second <= 223;
    EXPECT_EQ(kind_of(Buffer{0x80, static_cast<std::uint8_t>(second)}), rtcp ? DatagramKind::Rtcp : DatagramKind::Rtp) << second;
  }
  EXPECT_TRUE(may_be_multiplexed(PayloadType{0}));
  EXPECT_TRUE(may_be_multiplexed(PayloadType{96}));
  EXPECT_FALSE(may_be_multiplexed(PayloadType{64}));
  EXPECT_FALSE(may_be_multiplexed(PayloadType{95}));
}

}  // namespace
}  // namespace callwright::rtp
