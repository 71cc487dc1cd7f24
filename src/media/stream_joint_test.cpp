#include "audio/g711.hpp"
#include "media/two_streams.hpp"

#include <cmath>

namespace callwright::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

constexpr StreamId kCarol{3};
constexpr StreamId kDave{4};

/// A call of two legs: alice ↔ bob, joined with carol ↔ dave. Alice and dave are the phones.
class JoinedStreams : public TwoStreams {
 protected:
  /// Keeps what carol says, as sound, before anybody's jitter buffer has touched it.
  void send(StreamId id, Port port, const base::SocketAddress& to, rtp::Bytes datagram) override {
    if (id == kCarol && port == Port::Rtp && sent_payload_type(datagram) == 0) {
      std::vector<audio::Sample> samples(datagram.size() - rtp::Packet::kFixedHeaderSize);
      audio::decode(audio::Encoding::Pcmu, datagram.subspan(rtp::Packet::kFixedHeaderSize), samples);
      said_by_carol_.insert(said_by_carol_.end(), samples.begin(), samples.end());
    }
    TwoStreams::send(id, port, to, datagram);
  }
  static int sent_payload_type(rtp::Bytes datagram) { return datagram[1] & 0x7f; }

  static StreamParameters with_codec(std::uint16_t port, const char* name, std::uint32_t clock_rate, std::uint8_t type) {
    StreamParameters parameters = parameters_towards(port);
    parameters.codec = audio::find_codec(name, clock_rate, clock_rate == 48000 ? 2 : 1);
    parameters.codec_options.rate = clock_rate == 48000 ? std::optional(audio::kWideband) : std::nullopt;
    parameters.send_payload_type = parameters.receive_payload_type = sdp::PayloadType{type};
    return parameters;
  }
  void start_left(const StreamParameters& parameters) { start_pair(alice_, 2000, bob_, 1000, parameters); }
  void start_right(const StreamParameters& parameters) { start_pair(carol_, 4000, dave_, 3000, parameters); }
  void start_pair(Stream& one, std::uint16_t to_other, Stream& other, std::uint16_t to_one, StreamParameters parameters) {
    const StreamParameters addressed = parameters_towards(to_other);
    parameters.remote_rtp = addressed.remote_rtp;
    parameters.remote_rtcp = addressed.remote_rtcp;
    one.start(parameters, clock_.now());
    const StreamParameters back = parameters_towards(to_one);
    parameters.remote_rtp = back.remote_rtp;
    parameters.remote_rtcp = back.remote_rtcp;
    other.start(parameters, clock_.now());
  }
  void start_all(const StreamParameters& left, const StreamParameters& right) {
    play(alice_, 440);
    play(dave_, 880);
    start_left(left);
    start_right(right);
    streams_.join(kBob, kCarol);
  }
  static StreamParameters pcmu() { return parameters_towards(0); }
  static StreamParameters with_events(std::uint8_t type) {
    StreamParameters parameters = pcmu();
    parameters.send_event_payload_type = parameters.receive_event_payload_type = sdp::PayloadType{type};
    return parameters;
  }

  /// Both phones hear the other one.
  void expect_tones() {
    ASSERT_THAT(events_of<ToneDetected>(kDave), SizeIs(1));
    EXPECT_NEAR(events_of<ToneDetected>(kDave)[0].frequency_hz, 440, 3);
    ASSERT_THAT(events_of<ToneDetected>(kAlice), SizeIs(1));
    EXPECT_NEAR(events_of<ToneDetected>(kAlice)[0].frequency_hz, 880, 3);
  }
  /// The packets of `id` follow each other without a gap in number or time, of one source.
  void expect_seamless(StreamId id, std::uint32_t ticks) {
    const auto& packets = sent_[id];
    for (std::size_t i = 1; i < packets.size(); ++i) {
      ASSERT_EQ(packets[i].ssrc, packets[0].ssrc) << i;
      ASSERT_EQ(packets[i].sequence, static_cast<std::uint16_t>(packets[i - 1].sequence + 1)) << i;
      ASSERT_EQ(static_cast<std::uint32_t>(packets[i].timestamp) - static_cast<std::uint32_t>(packets[i - 1].timestamp), ticks) << i;
    }
  }
  /// The longest run of samples softer than a sine of −20 dBov may be for so long: a hole.
  static std::size_t longest_hole(const std::vector<audio::Sample>& samples) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const audio::Sample sample : samples) {
      run = std::abs(sample) < 200 ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    return longest;
  }
  /// The largest step between neighbours: a click.
  static int largest_step(const std::vector<audio::Sample>& samples) {
    int largest = 0;
    for (std::size_t i = 1; i < samples.size(); ++i) {
      largest = std::max(largest, std::abs(samples[i] - samples[i - 1]));
    }
    return largest;
  }

  std::vector<audio::Sample> said_by_carol_;
  Stream& carol_ = streams_.add(kCarol, "", *this);
  Stream& dave_ = streams_.add(kDave, "", *this);
};

TEST_F(JoinedStreams, pass_packets_on_as_they_arrive) {
  start_all(pcmu(), pcmu());
  run(seconds(5));
  expect_tones();
  expect_seamless(kCarol, 160);
  // Alice's packets leave carol 30 ms later: there is no jitter buffer between.
  EXPECT_GE(carol_.statistics().packets_sent + 5, alice_.statistics().packets_sent);
  EXPECT_THAT(events_of<ToneDetected>(kBob), IsEmpty());
  EXPECT_NE(sent_[kCarol][10].ssrc, sent_[kAlice][10].ssrc);
  EXPECT_EQ(bob_.statistics().lost, 0U);
  EXPECT_EQ(dave_.statistics().lost, 0U);
}

TEST_F(JoinedStreams, keep_the_gaps_of_a_network_that_loses_packets) {
  start_all(pcmu(), pcmu());
  run(seconds(1));
  loss_ = 0.05;
  jitter_ = milliseconds(30);
  run(seconds(60));
  const StreamStatistics at_bob = bob_.statistics();
  EXPECT_NEAR(static_cast<double>(at_bob.lost), 150, 50);
  // What was lost on the first leg is missing on the second too, which loses as much itself.
  EXPECT_NEAR(static_cast<double>(dave_.statistics().lost), 300, 80);
  EXPECT_NEAR(static_cast<double>(carol_.statistics().packets_sent), static_cast<double>(at_bob.packets_received), 10);
  EXPECT_GT(carol_.statistics().remote_fraction_lost.value_or(0), 0.02);
}

TEST_F(JoinedStreams, translate_between_two_codecs) {
  start_all(with_codec(0, "opus", 48000, 111), with_codec(0, "PCMA", 8000, 8));
  run(seconds(3));
  expect_tones();
  EXPECT_THAT(sizes_[kCarol], Each(160U));
  EXPECT_GT(carol_.statistics().packets_sent, 140U);
}

TEST_F(JoinedStreams, follow_a_change_of_codec_in_mid_call_and_back) {
  start_all(pcmu(), pcmu());
  run(seconds(2));
  start_left(with_codec(0, "G722", 8000, 9));
  run(seconds(2));
  start_left(pcmu());
  run(seconds(2));
  ASSERT_THAT(events_of<ToneDetected>(kDave), SizeIs(1));
  EXPECT_NEAR(events_of<ToneDetected>(kDave)[0].frequency_hz, 440, 3);
  // Alice's own change of decoders is heard at her end.
  for (const ToneDetected& tone : events_of<ToneDetected>(kAlice)) {
    EXPECT_NEAR(tone.frequency_hz, 880, 5);
  }
  // What was under way in the old codec cannot be read any more; else packets follow each other.
  const auto& packets = sent_[kCarol];
  for (std::size_t i = 1; i < packets.size(); ++i) {
    ASSERT_EQ(packets[i].sequence, static_cast<std::uint16_t>(packets[i - 1].sequence + 1)) << i;
    ASSERT_LE(static_cast<std::uint32_t>(packets[i].timestamp) - static_cast<std::uint32_t>(packets[i - 1].timestamp), 800U) << i;
  }
  EXPECT_NEAR(static_cast<double>(carol_.statistics().packets_sent), 300, 12);
}

TEST_F(JoinedStreams, change_to_sound_and_back_without_a_hole_a_click_or_a_lost_packet) {
  start_all(pcmu(), pcmu());
  run(seconds(1));
  said_by_carol_.clear();
  HearingTap at_bob;
  for (int round = 0; round < 5; ++round) {
    run(milliseconds(500));
    bob_.add_tap(at_bob);
    run(milliseconds(500));
    bob_.remove_tap(at_bob);
  }
  run(seconds(1));
  EXPECT_NEAR(static_cast<double>(at_bob.samples.size()), 5 * 4000, 800);
  expect_seamless(kCarol, 160);
  EXPECT_EQ(dave_.statistics().lost, 0U);
  EXPECT_LT(longest_hole(said_by_carol_), 160U) << "20 ms";
  // A sine of 440 Hz and −20 dBov has an amplitude of 4634 and rises by no more than 1600 a sample at 8 kHz.
  EXPECT_LT(largest_step(said_by_carol_), 3200);
}

TEST_F(JoinedStreams, pass_keys_on_with_the_payload_type_of_the_other_side) {
  start_all(with_events(101), with_events(96));
  run(seconds(1));
  ASSERT_TRUE(alice_.press("12#", {}).has_value());
  run(seconds(2));
  const auto at_dave = events_of<KeyPressed>(kDave);
  ASSERT_THAT(at_dave, SizeIs(3));
  EXPECT_EQ(at_dave[0].key, '1');
  EXPECT_EQ(at_dave[2].key, '#');
  EXPECT_THAT(events_of<KeyPressed>(kBob), SizeIs(3));
  EXPECT_TRUE(std::any_of(sent_[kCarol].begin(), sent_[kCarol].end(), [](const rtp::Packet& packet) { return packet.payload_type == rtp::PayloadType{96}; }));
}

TEST_F(JoinedStreams, press_keys_in_the_sound_where_the_other_side_takes_no_events) {
  start_all(with_events(101), pcmu());
  alice_.set_source(nullptr, audio::kNarrowband);
  run(seconds(1));
  ASSERT_TRUE(alice_.press("5", {}).has_value());
  run(seconds(2));
  const auto at_dave = events_of<KeyPressed>(kDave);
  ASSERT_THAT(at_dave, SizeIs(1));
  EXPECT_EQ(at_dave[0].key, '5');
  EXPECT_EQ(at_dave[0].by, KeyPressed::By::Sound);
}

TEST_F(JoinedStreams, send_nothing_to_one_who_holds_and_go_on_afterwards) {
  start_all(pcmu(), pcmu());
  run(seconds(1));
  StreamParameters held = parameters_towards(4000);
  held.direction = sdp::Direction::RecvOnly;
  carol_.start(held, clock_.now());
  const std::uint64_t before = carol_.statistics().packets_sent;
  run(seconds(2));
  EXPECT_EQ(carol_.statistics().packets_sent, before);
  carol_.start(parameters_towards(4000), clock_.now());
  run(seconds(1));
  EXPECT_NEAR(static_cast<double>(carol_.statistics().packets_sent - before), 50, 3);
  EXPECT_NEAR(static_cast<double>(dave_.statistics().lost), 0, 1);
}

TEST_F(JoinedStreams, pass_on_between_an_encrypted_and_a_plain_leg) {
  const auto key = [](std::uint8_t filling) {
    sdp::Crypto made;
    made.key_and_salt.assign(30, filling);
    return made;
  };
  sdp::CryptoAgreement keys;
  keys.local = key('a');
  keys.remote = key('b');
  play(alice_, 440);
  play(dave_, 880);
  StreamParameters at_alice = parameters_towards(2000);
  at_alice.security = keys;
  StreamParameters at_bob = parameters_towards(1000);
  std::swap(keys.local, keys.remote);
  at_bob.security = keys;
  alice_.start(at_alice, clock_.now());
  bob_.start(at_bob, clock_.now());
  start_right(pcmu());
  streams_.join(kBob, kCarol);
  run(seconds(2));
  expect_tones();
  EXPECT_THAT(sizes_[kAlice], Each(170U)) << "with the tag of authentication";
  EXPECT_THAT(sizes_[kCarol], Each(160U));
}

TEST_F(JoinedStreams, say_an_announcement_in_place_of_the_other_side) {
  start_all(pcmu(), pcmu());
  run(seconds(1));
  carol_.set_source(blocking_make_source(Tone{1500, -20}, carol_.rate()).value(), carol_.rate());
  run(seconds(1));
  ASSERT_THAT(events_of<ToneDetected>(kDave), SizeIs(2));
  EXPECT_NEAR(events_of<ToneDetected>(kDave)[1].frequency_hz, 1500, 5);
  carol_.set_source(nullptr, carol_.rate());
  run(seconds(1));
  ASSERT_THAT(events_of<ToneDetected>(kDave), SizeIs(3));
  EXPECT_NEAR(events_of<ToneDetected>(kDave)[2].frequency_hz, 440, 3);
  EXPECT_THAT(events_of<ToneDetected>(kAlice), SizeIs(1)) << "the other direction is not disturbed";
  expect_seamless(kCarol, 160);
}

TEST_F(JoinedStreams, listen_when_told_to) {
  start_all(pcmu(), pcmu());
  run(seconds(1));
  EXPECT_THAT(events_of<ToneDetected>(kBob), IsEmpty());
  bob_.set_listening(Listening::Always);
  run(seconds(1));
  ASSERT_THAT(events_of<ToneDetected>(kBob), SizeIs(1));
  EXPECT_NEAR(events_of<ToneDetected>(kBob)[0].frequency_hz, 440, 3);
  expect_seamless(kCarol, 160);
}

TEST_F(JoinedStreams, follow_a_new_source_of_packets) {
  start_all(pcmu(), pcmu());
  run(seconds(1));
  streams_.remove(kAlice);
  Stream& another = streams_.add(kAlice, "", *this);
  play(another, 600);
  another.start(parameters_towards(2000), clock_.now());
  run(seconds(2));
  const auto at_dave = events_of<ToneDetected>(kDave);
  ASSERT_THAT(at_dave, SizeIs(2));
  EXPECT_NEAR(at_dave[1].frequency_hz, 600, 3);
  for (const rtp::Packet& packet : sent_[kCarol]) {
    ASSERT_EQ(packet.ssrc, sent_[kCarol][0].ssrc);
  }
  EXPECT_LE(dave_.statistics().lost, 1U);
}

TEST_F(JoinedStreams, are_silent_towards_each_other_once_parted) {
  start_all(pcmu(), pcmu());
  run(seconds(1));
  streams_.part(kCarol);
  run(milliseconds(200));
  HearingTap at_dave;
  dave_.add_tap(at_dave);
  run(seconds(1));
  EXPECT_LT(audio::level_dbov(at_dave.samples), -60);
  expect_seamless(kCarol, 160);
  EXPECT_THAT(events_of<ToneDetected>(kBob), SizeIs(1)) << "alone again, it listens";
}

TEST_F(JoinedStreams, leave_a_partner_that_ends) {
  start_all(pcmu(), pcmu());
  run(seconds(1));
  bob_.end(clock_.now(), clock_.wall_now());
  streams_.remove(kBob);
  run(seconds(1));
  expect_seamless(kCarol, 160);
  EXPECT_GT(carol_.statistics().packets_sent, 90U) << "silence goes on";
}

}  // namespace
}  // namespace callwright::media
