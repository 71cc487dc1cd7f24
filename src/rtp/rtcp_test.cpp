#include "rtp/rtcp_session.hpp"

#include <gmock/gmock.h>

namespace callwright::rtp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAreArray;

SenderReport sample_report() {
  SenderReport report{Ssrc{0x01020304}, NtpTime{0x1122334455667788}, Timestamp{0x0a0b0c0d}, 7, 1120, {}};
  report.blocks.push_back({{Ssrc{0xcafebabe}, 64, -2, 0x00010005, 42}, 0x33445566, 0x00010000});
  return report;
}

const Buffer kSampleReport = {
    0x81, 200,  0,    12,                            // one block, 13 words
    0x01, 0x02, 0x03, 0x04,                          //
    0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,  //
    0x0a, 0x0b, 0x0c, 0x0d,                          //
    0,    0,    0,    7,    0,    0,    0x04, 0x60,  //
    0xca, 0xfe, 0xba, 0xbe,                          //
    0x40, 0xff, 0xff, 0xfe,                          // a quarter lost, -2 in all
    0,    1,    0,    5,    0,    0,    0,    42,    //
    0x33, 0x44, 0x55, 0x66, 0,    1,    0,    0,     //
};

Buffer compound() {
  Buffer out;
  write_rtcp(sample_report(), out);
  write_rtcp(SourceDescription{Ssrc{0x01020304}, "alice@host"}, out);
  write_rtcp(Bye{{Ssrc{0x01020304}}, "done"}, out);
  return out;
}

TEST(Rtcp, writes_a_sender_report_byte_for_byte) {
  Buffer out;
  write_rtcp(sample_report(), out);
  EXPECT_THAT(out, ElementsAreArray(kSampleReport));
}

TEST(Rtcp, reads_back_a_compound) {
  const auto packets = parse_rtcp(compound());
  ASSERT_TRUE(packets) << packets.error().detail;
  ASSERT_EQ(packets->size(), 3U);
  const auto& report = std::get<SenderReport>(packets->at(0));
  EXPECT_EQ(report.ntp, NtpTime{0x1122334455667788});
  EXPECT_EQ(report.packets, 7U);
  EXPECT_EQ(report.octets, 1120U);
  ASSERT_EQ(report.blocks.size(), 1U);
  EXPECT_EQ(report.blocks[0].reception.ssrc, Ssrc{0xcafebabe});
  EXPECT_EQ(report.blocks[0].reception.cumulative_lost, -2);
  EXPECT_EQ(report.blocks[0].reception.fraction_lost, 64);
  EXPECT_EQ(report.blocks[0].last_sr, 0x33445566U);
  EXPECT_EQ(std::get<SourceDescription>(packets->at(1)).cname, "alice@host");
  EXPECT_EQ(std::get<Bye>(packets->at(2)).reason, "done");
}

TEST(Rtcp, ends_an_sdes_chunk_on_a_word_for_every_length_of_cname) {
  for (std::size_t length = 0; length <= 255; ++length) {
    Buffer out;
    write_rtcp(SourceDescription{Ssrc{1}, std::string(length, 'x')}, out);
    write_rtcp(ReceiverReport{Ssrc{2}, {}}, out);
    ASSERT_EQ(out.size() % 4, 0U);
    const auto packets = parse_rtcp(out);
    ASSERT_TRUE(packets) << length << packets.error().detail;
    ASSERT_EQ(packets->size(), 2U);
    EXPECT_EQ(std::get<SourceDescription>(packets->at(0)).cname.size(), length);
  }
}

TEST(Rtcp, refuses_every_cut_within_a_packet) {
  const Buffer whole = compound();
  const std::size_t ends[] = {52, 52 + 24, whole.size()};
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(parse_rtcp(cut).has_value(), std::find(std::begin(ends), std::end(ends), size) != std::end(ends)) << size;
  }
}

TEST(Rtcp, refuses_lengths_that_lie) {
  const auto refused = [](Buffer bytes) { return !parse_rtcp(bytes); };
  EXPECT_TRUE(refused({0x82, 200, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) << "2 blocks announced";
  EXPECT_TRUE(refused({0x80, 201, 0, 0})) << "RR without SSRC";
  EXPECT_TRUE(refused({0x82, 203, 0, 1, 0, 0, 0, 1})) << "BYE of 2 sources";
  EXPECT_TRUE(refused({0x81, 203, 0, 2, 0, 0, 0, 1, 9, 'a', 'b', 'c'})) << "reason of 9 bytes";
  EXPECT_TRUE(refused({0x81, 202, 0, 2, 0, 0, 0, 1, 1, 9, 'a', 'b'})) << "item of 9 bytes";
  EXPECT_TRUE(refused({0x81, 202, 0, 2, 0, 0, 0, 1, 1, 2, 'a', 'b', 0x81, 202, 0, 0})) << "no chunk";
  EXPECT_TRUE(refused({0xa0, 201, 0, 1, 0, 0, 0, 9})) << "padding of 9 bytes";
  EXPECT_TRUE(refused({0x40, 201, 0, 1, 0, 0, 0, 9})) << "version 1";
}

TEST(Rtcp, skips_what_it_does_not_know) {
  const auto packets = parse_rtcp(Buffer{0x80, 206, 0, 1, 1, 2, 3, 4});
  ASSERT_TRUE(packets);
  EXPECT_EQ(std::get<OtherRtcp>(packets->at(0)).type, 206);
}

TEST(NtpTime, counts_from_1900) {
  const NtpTime time = NtpTime::from(base::WallTime(milliseconds(1500)));
  EXPECT_EQ(time.value, (2'208'988'801ULL << 32) + (1ULL << 31));
  EXPECT_EQ(time.middle(), static_cast<std::uint32_t>(time.value >> 16));
}

TEST(RtcpInterval, spreads_around_five_seconds) {
  base::DeterministicRandom random(1);
  base::Duration least = seconds(100);
  base::Duration most{};
  for (int i = 0; i < 1000; ++i) {
    const base::Duration interval = rtcp_interval(random, Interval::Regular);
    least = std::min(least, interval);
    most = std::max(most, interval);
    EXPECT_LE(rtcp_interval(random, Interval::First), milliseconds(3100));
  }
  EXPECT_GE(least, milliseconds(2050));
  EXPECT_LE(least, milliseconds(2150));
  EXPECT_LE(most, milliseconds(6160));
  EXPECT_GE(most, milliseconds(6050));
}

/// Two ends with 30 ms between them.
class TwoRtcpSessions : public testing::Test {
 protected:
  struct End {
    explicit End(std::string cname, std::uint64_t seed) : random(seed), sender(random), session(std::move(cname), random) {}
    base::DeterministicRandom random;
    Sender sender;
    Receiver receiver{8000};
    RtcpSession session;
  };

  void speak(End& from, End& to, int packets) {
    for (int i = 0; i < packets; ++i) {
      Buffer out;
      from.sender.send(PayloadType{0}, Buffer(160), 160, out);
      to.receiver.receive(Packet::parse(out).value(), now_);
      now_ += milliseconds(20);
    }
  }

  RtcpSession::Received report(End& from, End& to) {
    Buffer out;
    from.session.report(from.sender, from.receiver, now_, wall(), out);
    now_ += milliseconds(30);
    return to.session.receive(out, to.sender, to.receiver, now_).value();
  }

  base::WallTime wall() const { return base::WallTime(now_.time_since_epoch()); }

  base::TimePoint now_{std::chrono::hours(1)};
  End alice_{"alice@a", 1};
  End bob_{"bob@b", 2};
};

TEST_F(TwoRtcpSessions, measure_the_round_trip) {
  speak(alice_, bob_, 50);
  report(alice_, bob_);
  now_ += seconds(2);
  report(bob_, alice_);
  ASSERT_TRUE(alice_.session.remote());
  ASSERT_TRUE(alice_.session.remote()->round_trip);
  EXPECT_NEAR(std::chrono::duration<double>(*alice_.session.remote()->round_trip).count(), 0.060, 0.0001);
  EXPECT_EQ(alice_.session.remote_cname(), "bob@b");
}

TEST_F(TwoRtcpSessions, tell_each_other_of_loss) {
  speak(alice_, bob_, 10);
  Buffer gone;
  for (int i = 0; i < 10; ++i) {
    alice_.sender.send(PayloadType{0}, Buffer(160), 160, gone);
  }
  speak(alice_, bob_, 20);
  report(bob_, alice_);
  ASSERT_TRUE(alice_.session.remote());
  EXPECT_NEAR(alice_.session.remote()->fraction_lost, 0.25, 0.01);
  EXPECT_EQ(alice_.session.remote()->round_trip, std::nullopt) << "no sender report went before";
}

TEST_F(TwoRtcpSessions, send_receiver_reports_while_they_send_no_packets) {
  Buffer out;
  alice_.session.report(alice_.sender, alice_.receiver, now_, wall(), out);
  EXPECT_TRUE(std::holds_alternative<ReceiverReport>(parse_rtcp(out)->front()));
  speak(alice_, bob_, 1);
  for (const bool sends : {true, true, false}) {
    out.clear();
    alice_.session.report(alice_.sender, alice_.receiver, now_, wall(), out);
    EXPECT_EQ(std::holds_alternative<SenderReport>(parse_rtcp(out)->front()), sends);
  }
}

TEST_F(TwoRtcpSessions, notice_a_bye_of_their_partner_only) {
  speak(alice_, bob_, 2);
  Buffer stranger;
  write_rtcp(Bye{{Ssrc{12345}}, {}}, stranger);
  EXPECT_EQ(bob_.session.receive(stranger, bob_.sender, bob_.receiver, now_).value(), RtcpSession::Received::Nothing);
  Buffer bye;
  alice_.session.bye(alice_.sender, alice_.receiver, now_, wall(), bye);
  EXPECT_EQ(bob_.session.receive(bye, bob_.sender, bob_.receiver, now_).value(), RtcpSession::Received::Bye);
}

TEST_F(TwoRtcpSessions, are_due_after_their_interval) {
  EXPECT_FALSE(alice_.session.due(now_ + std::chrono::hours(1)));
  alice_.session.start(now_);
  EXPECT_FALSE(alice_.session.due(now_ + seconds(1)));
  EXPECT_TRUE(alice_.session.due(now_ + milliseconds(3100)));
  report(alice_, bob_);
  EXPECT_FALSE(alice_.session.due(now_ + seconds(2)));
  EXPECT_TRUE(alice_.session.due(now_ + seconds(7)));
}

}  // namespace
}  // namespace callwright::rtp
