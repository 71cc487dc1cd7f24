#include "media/two_streams.hpp"

#include "audio/g711.hpp"
#include "audio/tone_source.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace callwright::media {
namespace {

using base::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

TEST_F(TwoStreams, hear_each_others_tone) {
  play(alice_, 440);
  play(bob_, 880, -10);
  start_both();
  run(seconds(1));
  const auto at_alice = events_of<ToneDetected>(kAlice);
  const auto at_bob = events_of<ToneDetected>(kBob);
  ASSERT_THAT(at_alice, SizeIs(1));
  ASSERT_THAT(at_bob, SizeIs(1));
  EXPECT_NEAR(at_alice[0].frequency_hz, 880, 2);
  EXPECT_NEAR(at_alice[0].level_dbov, -10, 0.5);
  EXPECT_NEAR(at_bob[0].frequency_hz, 440, 2);
  EXPECT_NEAR(at_bob[0].level_dbov, -20, 0.5);
  EXPECT_NEAR(seconds_of(at_bob[0].since_start), 0.030, 0.005);
  EXPECT_NEAR(seconds_of(events_of<FirstPacket>(kBob).at(0).since_start), 0.030, 0.001);
  EXPECT_NEAR(seconds_of(events_of<FirstAudio>(kBob).at(0).since_start), 0.030, 0.002);
}

TEST_F(TwoStreams, hear_each_others_tone_through_a_bad_network) {
  loss_ = 0.05;
  duplication_ = 0.05;
  jitter_ = milliseconds(35);
  play(alice_, 1000);
  play(bob_, 1400);
  start_both();
  run(seconds(60));
  ASSERT_THAT(events_of<ToneDetected>(kBob), SizeIs(1));
  EXPECT_NEAR(events_of<ToneDetected>(kBob)[0].frequency_hz, 1000, 5);
  ASSERT_THAT(events_of<ToneDetected>(kAlice), SizeIs(1));
  EXPECT_NEAR(events_of<ToneDetected>(kAlice)[0].frequency_hz, 1400, 5);
  const StreamStatistics statistics = bob_.statistics();
  EXPECT_NEAR(static_cast<double>(statistics.lost), 150, 50);
  EXPECT_NEAR(static_cast<double>(statistics.duplicates), 150, 50);
  EXPECT_NEAR(static_cast<double>(statistics.packets_received + statistics.lost), static_cast<double>(alice_.statistics().packets_sent), 5);
  EXPECT_GT(statistics.jitter, milliseconds(5));
  EXPECT_LT(static_cast<double>(statistics.late), 300);
}

TEST_F(TwoStreams, send_one_packet_of_20_ms_a_tick) {
  start_both();
  run(seconds(1));
  ASSERT_THAT(sent_[kAlice], SizeIs(50));
  for (std::size_t i = 0; i < 50; ++i) {
    const rtp::Packet& packet = sent_[kAlice][i];
    EXPECT_EQ(packet.marker, i == 0 ? rtp::Marker::Yes : rtp::Marker::No);
    EXPECT_EQ(packet.sequence, static_cast<std::uint16_t>(sent_[kAlice][0].sequence + i));
    EXPECT_EQ(static_cast<std::uint32_t>(packet.timestamp), static_cast<std::uint32_t>(sent_[kAlice][0].timestamp) + i * 160);
    EXPECT_EQ(sizes_[kAlice][i], 160U);
  }
  EXPECT_THAT(events_of<FirstAudio>(kBob), IsEmpty()) << "silence is no audio";
  EXPECT_THAT(events_of<FirstPacket>(kBob), SizeIs(1));
}

TEST_F(TwoStreams, send_packets_of_the_negotiated_length) {
  for (const int ptime : {10, 30, 60}) {
    sent_.clear();
    StreamParameters parameters = parameters_towards(2000);
    parameters.ptime = milliseconds(ptime);
    alice_.start(parameters, clock_.now());
    run(milliseconds(1200));
    EXPECT_THAT(sent_[kAlice], SizeIs(static_cast<std::size_t>(1200 / ptime)));
    EXPECT_EQ(sizes_[kAlice].back(), static_cast<std::size_t>(ptime * 8));
  }
}

TEST_F(TwoStreams, understand_packets_of_any_length_and_both_laws) {
  StreamParameters parameters = parameters_towards(2000);
  parameters.ptime = milliseconds(30);
  parameters.codec = audio::find_codec("PCMA", 8000);
  parameters.send_payload_type = sdp::PayloadType{8};
  play(alice_, 700);
  bob_.start(parameters_towards(1000), clock_.now());
  alice_.start(parameters, clock_.now());
  run(seconds(1));
  ASSERT_THAT(events_of<ToneDetected>(kBob), SizeIs(1));
  EXPECT_NEAR(events_of<ToneDetected>(kBob)[0].level_dbov, -20, 0.5);
}

TEST_F(TwoStreams, hold_and_resume) {
  play(alice_, 600);
  start_both();
  run(seconds(1));
  StreamParameters hold = parameters_towards(2000);
  hold.direction = sdp::Direction::RecvOnly;
  alice_.start(hold, clock_.now());
  sent_.clear();
  run(seconds(1));
  EXPECT_THAT(sent_[kAlice], IsEmpty());
  alice_.start(parameters_towards(2000), clock_.now());
  run(seconds(1));
  ASSERT_THAT(sent_[kAlice], SizeIs(50));
  EXPECT_EQ(sent_[kAlice][0].marker, rtp::Marker::Yes);
  EXPECT_THAT(events_of<ToneDetected>(kBob), SizeIs(2)) << "again after the pause";
  EXPECT_EQ(bob_.statistics().lost, 0U);
}

TEST_F(TwoStreams, keep_the_timestamp_running_while_they_pause) {
  start_both();
  run(seconds(1));
  const auto before = static_cast<std::uint32_t>(sent_[kAlice].back().timestamp);
  StreamParameters hold = parameters_towards(2000);
  hold.remote_rtp.ip = {};
  alice_.start(hold, clock_.now());
  run(seconds(1));
  alice_.start(parameters_towards(2000), clock_.now());
  run(milliseconds(20));
  EXPECT_THAT(sent_[kAlice], SizeIs(51));
  EXPECT_EQ(static_cast<std::uint32_t>(sent_[kAlice].back().timestamp), before + 51 * 160);
}

TEST_F(TwoStreams, play_nothing_that_they_do_not_want_to_hear) {
  play(alice_, 600);
  StreamParameters deaf = parameters_towards(1000);
  deaf.direction = sdp::Direction::SendOnly;
  alice_.start(parameters_towards(2000), clock_.now());
  bob_.start(deaf, clock_.now());
  run(seconds(1));
  EXPECT_THAT(events_of<FirstAudio>(kBob), IsEmpty());
  EXPECT_GT(bob_.statistics().packets_received, 40U);
}

TEST_F(TwoStreams, catch_up_after_a_short_stall_and_skip_a_long_one) {
  start_both();
  run(seconds(1));
  clock_.advance(milliseconds(80));
  run(milliseconds(20));
  EXPECT_THAT(sent_[kAlice], SizeIs(55));
  clock_.advance(seconds(1));
  run(milliseconds(20));
  EXPECT_THAT(sent_[kAlice], SizeIs(61)) << "six of 51 frames";
  const auto elapsed = static_cast<std::uint32_t>(sent_[kAlice].back().timestamp) - static_cast<std::uint32_t>(sent_[kAlice].front().timestamp);
  EXPECT_EQ(elapsed, (50U + 5 + 51 - 1) * 160) << "the timestamp went on";
  clock_.advance(std::chrono::hours(10));
  run(milliseconds(20));
  EXPECT_THAT(sent_[kAlice], SizeIs(62));
}

TEST_F(TwoStreams, exchange_reports_and_learn_the_round_trip) {
  loss_ = 0.1;
  start_both();
  run(seconds(60));
  const StreamStatistics statistics = alice_.statistics();
  ASSERT_TRUE(statistics.round_trip.has_value());
  EXPECT_NEAR(seconds_of(*statistics.round_trip), 0.060, 0.025) << "a report leaves on a tick";
  ASSERT_TRUE(statistics.remote_fraction_lost.has_value());
  EXPECT_NEAR(*statistics.remote_fraction_lost, 0.1, 0.08);
}

TEST_F(TwoStreams, say_goodbye) {
  start_both();
  run(seconds(1));
  alice_.end(clock_.now(), clock_.wall_now());
  run(seconds(1));
  EXPECT_THAT(events_of<RemoteBye>(kBob), SizeIs(1));
  EXPECT_THAT(sent_[kAlice], SizeIs(50));
  streams_.remove(kAlice);
  EXPECT_EQ(streams_.find(kAlice), nullptr);
  run(seconds(1));
  EXPECT_EQ(streams_.size(), 1U);
}

TEST_F(TwoStreams, are_deaf_before_they_start) {
  alice_.start(parameters_towards(2000), clock_.now());
  run(seconds(1));
  EXPECT_EQ(bob_.statistics(), StreamStatistics{});
  EXPECT_THAT(sent_[kBob], IsEmpty());
}

TEST_F(TwoStreams, count_what_they_cannot_use) {
  start_both();
  const rtp::Buffer garbage = {1, 2, 3};
  bob_.receive(Port::Rtp, kFromAlice, garbage, clock_.now());
  bob_.receive(Port::Rtcp, kFromAlice, garbage, clock_.now());
  base::DeterministicRandom random(3);
  rtp::Sender stranger(random);
  rtp::Buffer packet;
  stranger.send(rtp::PayloadType{97}, garbage, 160, packet);
  bob_.receive(Port::Rtp, kFromAlice, packet, clock_.now());
  EXPECT_EQ(bob_.statistics().refused, 3U);
  EXPECT_EQ(bob_.statistics().packets_received, 0U);
}

TEST_F(TwoStreams, follow_a_source_that_takes_over) {
  start_both();
  run(seconds(1));
  rtp::Sender other(random_);
  audio::ToneSource tone(1000, -20);
  const base::TimePoint change = clock_.now();
  for (int i = 0; i < 50; ++i) {
    std::array<audio::Sample, 160> samples;
    rtp::Buffer payload(samples.size());
    rtp::Buffer packet;
    tone.read(samples);
    audio::encode(audio::Encoding::Pcmu, samples, payload);
    other.send(rtp::PayloadType{0}, payload, 160, packet);
    bob_.receive(Port::Rtp, kFromAlice, packet, clock_.now());
    bob_.tick(clock_.now(), clock_.wall_now());
    clock_.advance(Stream::kFrame);
  }
  ASSERT_THAT(events_of<ToneDetected>(kBob), SizeIs(1));
  const Duration began = events_of<ToneDetected>(kBob)[0].since_start;
  EXPECT_NEAR(seconds_of(began), seconds_of(change - base::ManualClock().now()) + 0.020, 0.005) << "its first packet was on probation";
  EXPECT_EQ(bob_.statistics().lost, 0U);
  EXPECT_EQ(bob_.statistics().late, 0U);
}

struct ShortSource : audio::Source {
  std::size_t left = 400;
  std::size_t read(std::span<audio::Sample> out) override {
    const std::size_t count = std::min(left, out.size());
    std::fill(out.begin(), out.end(), audio::Sample{0});
    std::fill_n(out.begin(), count, audio::Sample{8000});
    left -= count;
    return count;
  }
};

TEST_F(TwoStreams, let_a_tap_hear_all_without_gaps) {
  HearingTap tap;
  bob_.add_tap(tap);
  start_both();
  run(seconds(2));
  EXPECT_EQ(tap.samples.size(), 16000U);
  bob_.remove_tap(tap);
  run(seconds(1));
  EXPECT_EQ(tap.samples.size(), 16000U);
}

TEST_F(TwoStreams, tell_when_their_source_has_ended) {
  alice_.set_source(std::make_unique<ShortSource>(), audio::kNarrowband);
  start_both();
  run(seconds(1));
  EXPECT_THAT(events_of<SourceEnded>(kAlice), SizeIs(1));
  EXPECT_THAT(sent_[kAlice], SizeIs(50)) << "silence follows";
}

TEST(MakeSource, refuses_what_cannot_be_played) {
  EXPECT_FALSE(blocking_make_source(Tone{0, -20}, audio::kNarrowband));
  EXPECT_FALSE(blocking_make_source(Tone{4000, -20}, audio::kNarrowband));
  EXPECT_FALSE(blocking_make_source(Tone{440, 1}, audio::kNarrowband));
  EXPECT_FALSE(blocking_make_source(Tone{std::nan(""), -20}, audio::kNarrowband));
  EXPECT_FALSE(blocking_make_source(SoundFile{"/nonexistent/sound.wav", Repeat::Once}, audio::kNarrowband));
  EXPECT_EQ(blocking_make_source(Silence{}, audio::kNarrowband).value(), nullptr);
}

}  // namespace
}  // namespace callwright::media
