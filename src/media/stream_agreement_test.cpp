// What offer and answer may agree on: each codec, each kind of encryption, keys, ports and addresses.
#include "media/two_streams.hpp"

#include "base/random.hpp"

namespace callwright::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

struct CodecCase {
  const char* name;
  std::uint32_t clock_rate;
  std::uint32_t channels;
};

class StreamsOfCodec : public TwoStreams, public testing::WithParamInterface<CodecCase> {
 protected:
  StreamParameters towards(std::uint16_t port) const {
    StreamParameters parameters = parameters_towards(port);
    parameters.codec = audio::find_codec(GetParam().name, GetParam().clock_rate, GetParam().channels);
    parameters.send_payload_type = parameters.receive_payload_type = sdp::PayloadType{100};
    parameters.send_event_payload_type = parameters.receive_event_payload_type = sdp::PayloadType{101};
    return parameters;
  }
};

TEST_P(StreamsOfCodec, hear_each_others_tone) {
  alice_.start(towards(2000), clock_.now());
  bob_.start(towards(1000), clock_.now());
  play(alice_, 440);
  play(bob_, 1000);
  run(seconds(2));
  ASSERT_THAT(events_of<ToneDetected>(kBob), SizeIs(1));
  EXPECT_NEAR(events_of<ToneDetected>(kBob)[0].frequency_hz, 440, 5);
  EXPECT_NEAR(events_of<ToneDetected>(kBob)[0].level_dbov, -20, 1.5);
  ASSERT_THAT(events_of<ToneDetected>(kAlice), SizeIs(1));
  EXPECT_NEAR(events_of<ToneDetected>(kAlice)[0].frequency_hz, 1000, 5);
}

TEST_P(StreamsOfCodec, bear_loss) {
  loss_ = 0.05;
  jitter_ = milliseconds(30);
  alice_.start(towards(2000), clock_.now());
  bob_.start(towards(1000), clock_.now());
  play(alice_, 440);
  play(bob_, 1000);
  run(seconds(60));
  EXPECT_THAT(events_of<ToneDetected>(kBob), SizeIs(1)) << "it never stopped";
  const StreamStatistics statistics = bob_.statistics();
  EXPECT_GT(statistics.concealed, seconds(1));
  ASSERT_TRUE(statistics.received_quality.has_value());
  EXPECT_GT(statistics.received_quality->mos, 2.5);
  EXPECT_LT(statistics.received_quality->mos, 4.3);
  ASSERT_TRUE(statistics.sent_quality.has_value());
}

TEST_P(StreamsOfCodec, press_keys_once_each) {
  loss_ = 0.05;
  jitter_ = milliseconds(20);
  alice_.start(towards(2000), clock_.now());
  bob_.start(towards(1000), clock_.now());
  ASSERT_TRUE(alice_.press("1234567890*#ABCD55", {}));
  run(seconds(5));
  std::string keys;
  for (const KeyPressed& press : events_of<KeyPressed>(kBob)) {
    keys += press.key;
    EXPECT_EQ(press.by, KeyPressed::By::Event);
    EXPECT_NEAR(std::chrono::duration<double>(press.duration).count(), 0.1, 0.03);
  }
  EXPECT_EQ(keys, "1234567890*#ABCD55");
}

TEST_P(StreamsOfCodec, go_on_when_another_one_takes_over) {
  alice_.start(towards(2000), clock_.now());
  bob_.start(towards(1000), clock_.now());
  play(alice_, 440);
  run(seconds(1));
  alice_.start(parameters_towards(2000), clock_.now());
  bob_.start(parameters_towards(1000), clock_.now());
  run(seconds(1));
  alice_.start(towards(2000), clock_.now());
  bob_.start(towards(1000), clock_.now());
  run(seconds(1));
  for (const ToneDetected& tone : events_of<ToneDetected>(kBob)) {
    EXPECT_NEAR(tone.frequency_hz, 440, 5);
    EXPECT_NEAR(tone.level_dbov, -20, 1.5);
  }
  EXPECT_FALSE(events_of<ToneDetected>(kBob).empty());
  EXPECT_THAT(events_of<StreamFailed>(kBob), IsEmpty());
  EXPECT_LE(bob_.statistics().refused, 4U) << "no more than was under way, two packets each time";
}

INSTANTIATE_TEST_SUITE_P(Codecs, StreamsOfCodec,
                         testing::Values(CodecCase{"PCMU", 8000, 1}, CodecCase{"PCMA", 8000, 1}, CodecCase{"G722", 8000, 1}, CodecCase{"opus", 48000, 2},
                                         CodecCase{"L16", 8000, 1}, CodecCase{"L16", 16000, 1}, CodecCase{"L16", 48000, 1}),
                         [](const auto& test) { return test.param.name + std::to_string(test.param.clock_rate); });

class EncryptedStreams : public TwoStreams {
 protected:
  void agree(const sdp::CryptoSuite suite) {
    base::DeterministicRandom random(5);
    const std::array suites{suite};
    const sdp::Crypto alices = sdp::make_crypto_offer(suites, random).front();
    const sdp::Crypto bobs = sdp::make_crypto_offer(suites, random).front();
    start_with(sdp::CryptoAgreement{alices, bobs}, sdp::CryptoAgreement{bobs, alices});
  }

  void start_with(const StreamSecurity& alices, const StreamSecurity& bobs) {
    StreamParameters towards_bob = parameters_towards(2000);
    StreamParameters towards_alice = parameters_towards(1000);
    towards_bob.security = alices;
    towards_alice.security = bobs;
    alice_.start(towards_bob, clock_.now());
    bob_.start(towards_alice, clock_.now());
    play(alice_, 440);
    play(bob_, 1000);
  }

  void expect_both_hear() {
    ASSERT_THAT(events_of<ToneDetected>(kBob), SizeIs(1));
    EXPECT_NEAR(events_of<ToneDetected>(kBob)[0].frequency_hz, 440, 5);
    ASSERT_THAT(events_of<ToneDetected>(kAlice), SizeIs(1));
    EXPECT_NEAR(events_of<ToneDetected>(kAlice)[0].frequency_hz, 1000, 5);
    EXPECT_THAT(events_of<Protected>(kAlice), SizeIs(1));
    EXPECT_THAT(events_of<Protected>(kBob), SizeIs(1));
    EXPECT_EQ(bob_.statistics().unauthentic, 0U);
  }

  /// What lay on the wire: PCMU of silence would be 0xff.
  [[nodiscard]] bool saw_plain_silence() const {
    return std::any_of(seen_.begin(), seen_.end(),
                       [](const rtp::Buffer& datagram) { return datagram.size() > 100 && std::count(datagram.begin() + 12, datagram.end(), 0xff) > 100; });
  }

  void send(StreamId id, Port port, const base::SocketAddress& to, rtp::Bytes datagram) override {
    seen_.emplace_back(datagram.begin(), datagram.end());
    TwoStreams::send(id, port, to, datagram);
  }

  std::vector<rtp::Buffer> seen_;
};

class StreamsWithKeysInTheDescription : public EncryptedStreams, public testing::WithParamInterface<sdp::CryptoSuite> {};

TEST_P(StreamsWithKeysInTheDescription, hear_each_other) {
  agree(GetParam());
  run(seconds(10));
  expect_both_hear();
  ASSERT_TRUE(alice_.statistics().round_trip.has_value()) << "RTCP is encrypted as well";
}

INSTANTIATE_TEST_SUITE_P(Suites, StreamsWithKeysInTheDescription, testing::ValuesIn(sdp::kUsualSuites), [](const auto& test) {
  std::string name(sdp::to_string(test.param));
  return name;
});

TEST_F(EncryptedStreams, change_the_key_of_one_direction_after_the_numbers_wrapped) {
  base::DeterministicRandom random(5);
  const std::array suites{sdp::CryptoSuite::AesCm128HmacSha1Tag80};
  const sdp::Crypto alices = sdp::make_crypto_offer(suites, random).front();
  const sdp::Crypto bobs = sdp::make_crypto_offer(suites, random).front();
  const sdp::Crypto new_key = sdp::make_crypto_offer(suites, random).front();
  start_with(sdp::CryptoAgreement{alices, bobs}, sdp::CryptoAgreement{bobs, alices});
  run(std::chrono::minutes(23));
  ASSERT_EQ(bob_.statistics().unauthentic, 0U);
  start_with(sdp::CryptoAgreement{alices, new_key}, sdp::CryptoAgreement{new_key, alices});
  run(seconds(2));
  EXPECT_EQ(bob_.statistics().unauthentic, 0U) << "the roll-over counter of the key that stayed is the same";
  EXPECT_LE(alice_.statistics().unauthentic, 2U) << "no more than was under way";
}

TEST_F(EncryptedStreams, refuse_another_key) {
  base::DeterministicRandom random(5);
  const auto keys = sdp::make_crypto_offer(std::array{sdp::CryptoSuite::AesCm128HmacSha1Tag80}, random).front();
  const auto others = sdp::make_crypto_offer(std::array{sdp::CryptoSuite::AesCm128HmacSha1Tag80}, random).front();
  start_with(sdp::CryptoAgreement{keys, keys}, sdp::CryptoAgreement{others, others});
  run(seconds(1));
  EXPECT_THAT(events_of<FirstPacket>(kBob), IsEmpty());
  EXPECT_GT(bob_.statistics().unauthentic, 40U);
}

TEST_F(EncryptedStreams, refuse_plain_packets) {
  base::DeterministicRandom random(5);
  const auto keys = sdp::make_crypto_offer(std::array{sdp::CryptoSuite::AesCm128HmacSha1Tag80}, random).front();
  start_with(std::monostate{}, sdp::CryptoAgreement{keys, keys});
  run(seconds(1));
  EXPECT_THAT(events_of<FirstPacket>(kBob), IsEmpty());
  EXPECT_GT(bob_.statistics().unauthentic, 40U);
}

TEST_F(EncryptedStreams, shake_hands_by_dtls) {
  const rtp::Fingerprint& ours = identity_.fingerprint();
  start_with(DtlsParameters{rtp::DtlsRole::Active, ours}, DtlsParameters{rtp::DtlsRole::Passive, ours});
  run(seconds(10));
  expect_both_hear();
  EXPECT_FALSE(saw_plain_silence());
  ASSERT_TRUE(alice_.statistics().round_trip.has_value());
}

/// As baresip does it, which shakes hands on each of its ports for itself.
TEST_F(EncryptedStreams, take_no_handshake_of_the_rtcp_port_for_that_of_rtp) {
  const DtlsParameters active{rtp::DtlsRole::Active, identity_.fingerprint()};
  const DtlsParameters passive{rtp::DtlsRole::Passive, identity_.fingerprint()};
  StreamParameters towards_alice = parameters_towards(1000);
  towards_alice.security = passive;
  bob_.start(towards_alice, clock_.now());
  auto for_rtcp = rtp::DtlsTransport::make(identity_, rtp::DtlsRole::Active, identity_.fingerprint()).value();
  std::vector<rtp::Buffer> hello;
  for_rtcp.start(hello);
  ASSERT_THAT(hello, SizeIs(1));
  bob_.receive(Port::Rtcp, {kFromAlice.ip, 1001}, hello.front(), clock_.now());
  start_with(active, passive);
  run(seconds(10));
  expect_both_hear();
}

TEST_F(EncryptedStreams, keep_their_association_in_a_new_agreement_with_the_same_certificate) {
  const rtp::Fingerprint& ours = identity_.fingerprint();
  start_with(DtlsParameters{rtp::DtlsRole::Active, ours}, DtlsParameters{rtp::DtlsRole::Passive, ours});
  run(seconds(1));
  const auto lost = bob_.statistics().lost;
  start_with(DtlsParameters{rtp::DtlsRole::Active, ours}, DtlsParameters{rtp::DtlsRole::Passive, ours});
  run(seconds(1));
  EXPECT_THAT(events_of<Protected>(kBob), SizeIs(1));
  EXPECT_EQ(bob_.statistics().lost, lost);
  EXPECT_EQ(bob_.statistics().unauthentic, 0U);
}

TEST_F(EncryptedStreams, send_nothing_before_the_handshake_is_over) {
  StreamParameters parameters = parameters_towards(2000);
  parameters.security = DtlsParameters{rtp::DtlsRole::Active, identity_.fingerprint()};
  alice_.start(parameters, clock_.now());
  run(seconds(1));
  EXPECT_FALSE(saw_plain_silence());
  EXPECT_THAT(sent_[kAlice], IsEmpty());
  EXPECT_THAT(events_of<Protected>(kAlice), IsEmpty());
}

TEST_F(EncryptedStreams, say_why_a_certificate_is_not_accepted) {
  const rtp::DtlsIdentity other = rtp::DtlsIdentity::make(base::WallTime(std::chrono::hours(24 * 365 * 50))).value();
  start_with(DtlsParameters{rtp::DtlsRole::Active, other.fingerprint()}, DtlsParameters{rtp::DtlsRole::Passive, identity_.fingerprint()});
  run(seconds(1));
  ASSERT_THAT(events_of<StreamFailed>(kAlice), SizeIs(1));
  EXPECT_THAT(events_of<StreamFailed>(kAlice)[0].error.message(), testing::HasSubstr("fingerprint"));
  EXPECT_THAT(sent_[kAlice], IsEmpty());
}

TEST_F(TwoStreams, press_keys_in_the_sound_where_no_events_were_agreed_on) {
  start_both();
  ASSERT_TRUE(alice_.press("159#", {milliseconds(100), milliseconds(100)}));
  run(seconds(2));
  std::string keys;
  for (const KeyPressed& press : events_of<KeyPressed>(kBob)) {
    keys += press.key;
    EXPECT_EQ(press.by, KeyPressed::By::Sound);
  }
  EXPECT_EQ(keys, "159#");
}

TEST_F(TwoStreams, refuse_keys_that_do_not_exist_and_before_they_start) {
  EXPECT_FALSE(alice_.press("1", {}));
  start_both();
  EXPECT_FALSE(alice_.press("1x", {}));
}

TEST_F(TwoStreams, share_one_port_for_reports) {
  StreamParameters towards_bob = parameters_towards(2000);
  StreamParameters towards_alice = parameters_towards(1000);
  towards_bob.rtcp_port = towards_alice.rtcp_port = RtcpPort::Shared;
  towards_bob.remote_rtcp = towards_bob.remote_rtp;
  towards_alice.remote_rtcp = towards_alice.remote_rtp;
  alice_.start(towards_bob, clock_.now());
  bob_.start(towards_alice, clock_.now());
  run(seconds(20));
  EXPECT_TRUE(alice_.statistics().round_trip.has_value());
  EXPECT_EQ(alice_.statistics().refused, 0U);
}

/// Alice is checked by a full agent at bob's place, as a browser does it.
class CheckedStream : public EncryptedStreams {
 protected:
  static constexpr const char* kPassword = "0123456789012345678901";

  void check(std::uint16_t from) {
    base::stun::Writer request(base::stun::kBindingRequest, {'t', 'r', 'a', 'n', 's', 'a', 'c', 't', 'i', 'o', 'n', '1'});
    request.add(base::stun::kUsername, "alice:bob");
    request.add_number32(base::stun::kPriority, 0x6e0001ff);
    request.add_number64(base::stun::kIceControlling, 42);
    request.add(base::stun::kUseCandidate, {});
    rtp::add_message_integrity(request, kPassword);
    request.add_fingerprint();
    const std::string bytes = request.take();
    alice_.receive(Port::Rtp, {base::IpAddress::v4({127, 0, 0, 1}), from}, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, clock_.now());
  }

  static StreamParameters with_ice() {
    StreamParameters parameters = parameters_towards(9);
    parameters.rtcp_port = RtcpPort::Shared;
    parameters.ice = IceParameters{{"alice", kPassword}, "bob"};
    return parameters;
  }
};

TEST_F(CheckedStream, sends_nothing_before_an_address_is_chosen_and_then_there) {
  alice_.start(with_ice(), clock_.now());
  bob_.start(parameters_towards(1000), clock_.now());
  play(alice_, 440);
  play(bob_, 1000);
  run(seconds(1));
  EXPECT_THAT(seen_, testing::Each(testing::Truly([](const rtp::Buffer& bytes) { return rtp::kind_of(bytes) != rtp::DatagramKind::Stun; })));
  EXPECT_THAT(events_of<FirstPacket>(kAlice), IsEmpty()) << "nobody has checked from there";
  EXPECT_THAT(events_of<FirstPacket>(kBob), IsEmpty());
  check(2000);
  run(seconds(1));
  EXPECT_THAT(events_of<ToneDetected>(kBob), SizeIs(1));
  EXPECT_THAT(events_of<ToneDetected>(kAlice), SizeIs(1));
}

TEST_F(CheckedStream, stops_when_the_other_side_does_not_consent_any_more) {
  alice_.start(with_ice(), clock_.now());
  check(2000);
  run(seconds(29));
  sent_.clear();
  run(seconds(1));
  EXPECT_THAT(sent_[kAlice], testing::Not(IsEmpty()));
  run(seconds(2));
  sent_.clear();
  run(seconds(5));
  EXPECT_THAT(sent_[kAlice], IsEmpty());
  check(2000);
  run(seconds(1));
  EXPECT_THAT(sent_[kAlice], SizeIs(50));
}

TEST_F(CheckedStream, begins_dtls_once_an_address_is_chosen) {
  StreamParameters parameters = with_ice();
  parameters.security = DtlsParameters{rtp::DtlsRole::Active, identity_.fingerprint()};
  alice_.start(parameters, clock_.now());
  StreamParameters bobs = parameters_towards(1000);
  bobs.rtcp_port = RtcpPort::Shared;
  bobs.security = DtlsParameters{rtp::DtlsRole::Passive, identity_.fingerprint()};
  bob_.start(bobs, clock_.now());
  play(alice_, 440);
  play(bob_, 1000);
  run(seconds(1));
  EXPECT_THAT(seen_, IsEmpty());
  check(2000);
  run(seconds(1));
  expect_both_hear();
}

TEST_F(TwoStreams, follow_a_partner_behind_a_nat) {
  alice_.start(parameters_towards(2000), clock_.now());
  // Its description names an address that nothing comes from.
  StreamParameters wrong = parameters_towards(1);
  wrong.remote_rtp = base::SocketAddress::parse("192.0.2.7:9").value();
  bob_.start(wrong, clock_.now());
  play(bob_, 1000);
  play(alice_, 440);
  run(seconds(1));
  EXPECT_THAT(events_of<ToneDetected>(kBob), SizeIs(1));
  EXPECT_THAT(events_of<ToneDetected>(kAlice), SizeIs(1)) << "it is answered where it comes from";
}

TEST_F(TwoStreams, are_not_taken_over_by_a_stranger) {
  start_both();
  play(alice_, 440);
  run(seconds(1));
  rtp::Sender stranger(random_);
  const rtp::Buffer noise(160, 0x10);
  for (int packet = 0; packet < 50; ++packet) {
    rtp::Buffer bytes;
    stranger.send(rtp::PayloadType{0}, noise, 160, bytes);
    bob_.receive(Port::Rtp, base::SocketAddress::parse("198.51.100.1:4000").value(), bytes, clock_.now());
    run(milliseconds(20));
  }
  EXPECT_EQ(bob_.statistics().strays, 50U);
  EXPECT_THAT(events_of<ToneDetected>(kBob), SizeIs(1));
}

}  // namespace
}  // namespace callwright::media
