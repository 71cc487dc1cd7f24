#include "base/random.hpp"
#include "sdp/offer_answer.hpp"

#include <gmock/gmock.h>

namespace callwright::sdp {
namespace {

using base::Errc;
using base::SocketAddress;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

enum class Kind { Plain, Sdes, Dtls };

const CertificateFingerprint kOurs{"sha-256", "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55"};

AudioCapabilities side(std::string_view address, Kind kind, MediaSecurity policy, std::uint64_t seed = 1) {
  AudioCapabilities result;
  result.address = SocketAddress::parse(address).value();
  result.rtcp_mux = true;
  result.protection.policy = policy;
  if (kind == Kind::Sdes) {
    base::DeterministicRandom random(seed);
    result.protection.crypto = make_crypto_offer(kUsualSuites, random);
  } else if (kind == Kind::Dtls) {
    result.protection.fingerprint = kOurs;
  }
  return result;
}

AudioCapabilities caller(Kind kind, MediaSecurity policy) { return side("192.0.2.1:4000", kind, policy, 1); }
AudioCapabilities callee(Kind kind, MediaSecurity policy) { return side("192.0.2.2:5000", kind, policy, 2); }

Session session(std::uint64_t id) { return Session(id, base::IpAddress::v4({192, 0, 2, 1})); }

Description with(std::string_view lines, std::string_view protocol, std::string_view session_lines = "") {
  return Description::parse("v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n" + std::string(session_lines) + "m=audio 5000 " +
                            std::string(protocol) + " 0\r\n" + std::string(lines))
      .value();
}

const std::string kFingerprint = "a=fingerprint:" + kOurs.algorithm + " " + kOurs.value + "\r\n";

TEST(Protection, by_sdes_gives_both_sides_the_keys_of_the_other) {
  for (const MediaSecurity policy : {MediaSecurity::Optional, MediaSecurity::Required}) {
    Session alice = session(1);
    Session bob = session(2);
    const Description offer = alice.make_offer(caller(Kind::Sdes, policy));
    EXPECT_EQ(offer.media[0].protocol, policy == MediaSecurity::Required ? "RTP/SAVP" : "RTP/AVP");
    const auto answer = bob.make_answer(offer, callee(Kind::Sdes, MediaSecurity::Required));
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->media[0].protocol, offer.media[0].protocol);
    ASSERT_TRUE(alice.accept_answer(*answer));
    const auto& mine = std::get<CryptoAgreement>(alice.negotiated()->security);
    const auto& theirs = std::get<CryptoAgreement>(bob.negotiated()->security);
    EXPECT_EQ(mine.local, theirs.remote);
    EXPECT_EQ(mine.remote, theirs.local);
    EXPECT_NE(mine.local.key_and_salt, mine.remote.key_and_salt);
    EXPECT_TRUE(alice.negotiated()->rtcp_mux);
    EXPECT_EQ(alice.negotiated()->remote_rtcp, alice.negotiated()->remote_rtp) << "one port for both";
  }
}

TEST(Protection, by_sdes_keeps_its_keys_when_nothing_changes) {
  Session alice = session(1);
  Session bob = session(2);
  ASSERT_TRUE(
      alice.accept_answer(*bob.make_answer(alice.make_offer(caller(Kind::Sdes, MediaSecurity::Required)), callee(Kind::Sdes, MediaSecurity::Required))));
  const Security before = alice.negotiated()->security;
  AudioCapabilities hold = caller(Kind::Sdes, MediaSecurity::Required);
  hold.direction = Direction::SendOnly;
  ASSERT_TRUE(alice.accept_answer(*bob.make_answer(alice.make_offer(hold), callee(Kind::Sdes, MediaSecurity::Required))));
  EXPECT_EQ(alice.negotiated()->security, before);
  EXPECT_EQ(bob.negotiated()->direction, Direction::RecvOnly);
}

TEST(Protection, by_dtls_has_one_side_begin) {
  for (const MediaSecurity policy : {MediaSecurity::Optional, MediaSecurity::Required}) {
    Session alice = session(1);
    Session bob = session(2);
    const Description offer = alice.make_offer(caller(Kind::Dtls, policy));
    EXPECT_EQ(offer.media[0].protocol, policy == MediaSecurity::Required ? "UDP/TLS/RTP/SAVPF" : "RTP/AVP");
    EXPECT_THAT(offer.to_string(), HasSubstr("a=setup:actpass\r\n"));
    const auto answer = bob.make_answer(offer, callee(Kind::Dtls, MediaSecurity::Required));
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_THAT(answer->to_string(), HasSubstr("a=setup:active\r\n"));
    ASSERT_TRUE(alice.accept_answer(*answer));
    EXPECT_EQ(std::get<DtlsAgreement>(alice.negotiated()->security), (DtlsAgreement{Setup::Passive, kOurs}));
    EXPECT_EQ(std::get<DtlsAgreement>(bob.negotiated()->security), (DtlsAgreement{Setup::Active, kOurs}));
  }
}

TEST(Protection, by_dtls_keeps_its_roles_whoever_offers_again) {
  Session alice = session(1);
  Session bob = session(2);
  const AudioCapabilities mine = caller(Kind::Dtls, MediaSecurity::Required);
  const AudioCapabilities theirs = callee(Kind::Dtls, MediaSecurity::Required);
  ASSERT_TRUE(alice.accept_answer(*bob.make_answer(alice.make_offer(mine), theirs)));
  const Description again = bob.make_offer(theirs);
  EXPECT_THAT(again.to_string(), HasSubstr("a=setup:actpass\r\n"));
  const auto answer = alice.make_answer(again, mine);
  ASSERT_TRUE(answer && bob.accept_answer(*answer));
  EXPECT_THAT(answer->to_string(), HasSubstr("a=setup:passive\r\n")) << "as it was: no new handshake (RFC 5763 §6)";
  EXPECT_EQ(std::get<DtlsAgreement>(bob.negotiated()->security).local, Setup::Active);
  // Another certificate is another association.
  Description moved = again;
  set_fingerprint(moved.media[0], {kOurs.algorithm, "00" + kOurs.value.substr(2)});
  EXPECT_THAT(alice.make_answer(moved, mine)->to_string(), HasSubstr("a=setup:active\r\n"));
}

TEST(Protection, by_dtls_honours_what_the_other_side_chose) {
  const AudioCapabilities ours = caller(Kind::Dtls, MediaSecurity::Required);
  const auto role = [&](std::string_view setup) {
    const auto answer = make_answer(with(kFingerprint + std::string(setup), "UDP/TLS/RTP/SAVP"), ours, {});
    return answer ? std::string(to_string(std::get<DtlsAgreement>(answer->negotiated.security).local)) : answer.error().detail;
  };
  EXPECT_EQ(role("a=setup:active\r\n"), "passive");
  EXPECT_EQ(role("a=setup:passive\r\n"), "active");
  EXPECT_EQ(role("a=setup:actpass\r\n"), "active");
  EXPECT_THAT(role("a=setup:holdconn\r\n"), HasSubstr("offer actpass"));
  EXPECT_THAT(role("a=setup:maybe\r\n"), HasSubstr("none of active"));
  EXPECT_TRUE(make_answer(with("", "UDP/TLS/RTP/SAVPF", kFingerprint + "a=setup:active\r\n"), ours, {})) << "of the session, for all";
}

TEST(Protection, that_is_required_is_never_left_out_of_an_answer) {
  for (const Kind kind : {Kind::Sdes, Kind::Dtls}) {
    const AudioCapabilities ours = callee(kind, MediaSecurity::Required);
    for (const char* const protocol : {"RTP/AVP", "RTP/AVPF", "RTP/SAVP", "UDP/TLS/RTP/SAVP"}) {
      const auto answer = make_answer(with("", protocol), ours, {});
      ASSERT_FALSE(answer) << protocol;
      EXPECT_EQ(answer.error().code, Errc::Unsupported);
    }
  }
  EXPECT_FALSE(make_answer(with(kFingerprint, "UDP/TLS/RTP/SAVPF"), callee(Kind::Sdes, MediaSecurity::Optional), {})) << "demands DTLS";
  EXPECT_FALSE(make_answer(with(kFingerprint, "UDP/TLS/RTP/SAVPF"), callee(Kind::Plain, MediaSecurity::Off), {}));
  EXPECT_FALSE(make_answer(with("", "rtp/savp"), callee(Kind::Plain, MediaSecurity::Off), {})) << "however it is written";
}

TEST(Protection, that_was_demanded_is_missed_in_an_answer) {
  for (const Kind kind : {Kind::Sdes, Kind::Dtls}) {
    const Description offer = make_offer(caller(kind, MediaSecurity::Required), {});
    for (const char* const protocol : {"RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVPF"}) {
      const auto negotiated = negotiate_answer(offer, with("", protocol));
      ASSERT_FALSE(negotiated) << protocol;
      EXPECT_EQ(negotiated.error().code, Errc::Refused);
    }
    EXPECT_FALSE(negotiate_answer(offer, with(kFingerprint + "a=setup:holdconn\r\n", "UDP/TLS/RTP/SAVPF")));
    EXPECT_TRUE(negotiate_answer(make_offer(caller(kind, MediaSecurity::Optional), {}), with("", "RTP/AVP"))) << "the other side cannot, and need not";
  }
}

TEST(Protection, that_is_optional_takes_a_plain_offer_and_every_profile) {
  const AudioCapabilities ours = callee(Kind::Sdes, MediaSecurity::Optional);
  EXPECT_EQ(make_answer(with("", "RTP/AVPF"), ours, {})->negotiated.security, Security());
  base::DeterministicRandom random(9);
  Description offer = with("", "RTP/SAVPF");
  set_crypto(offer.media[0], make_crypto_offer(kUsualSuites, random));
  const auto answer = make_answer(offer, ours, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->description.media[0].protocol, "RTP/SAVPF");
  EXPECT_TRUE(std::holds_alternative<CryptoAgreement>(answer->negotiated.security));
  const auto plain = make_answer(with("a=rtcp-mux\r\n", "RTP/AVP"), callee(Kind::Plain, MediaSecurity::Off), {});
  EXPECT_THAT(plain->description.to_string(), Not(HasSubstr("crypto")));
  EXPECT_TRUE(plain->negotiated.rtcp_mux);
}

TEST(Protection, is_taken_from_the_section_that_has_it) {
  Description offer = with("", "RTP/SAVP");
  offer.media.push_back(offer.media[0]);
  offer.media[1].protocol = "RTP/AVP";
  const auto answer = make_answer(offer, callee(Kind::Plain, MediaSecurity::Off), {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->description.media[0].port, 0);
  EXPECT_EQ(answer->description.media[1].port, 5000);
}

TEST(RtcpMux, is_used_only_where_both_say_so) {
  AudioCapabilities ours = caller(Kind::Plain, MediaSecurity::Off);
  const Description offer = make_offer(ours, {});
  EXPECT_THAT(offer.to_string(), HasSubstr("a=rtcp-mux\r\n"));
  EXPECT_TRUE(negotiate_answer(offer, with("a=rtcp-mux\r\n", "RTP/AVP"))->rtcp_mux);
  const auto apart = negotiate_answer(offer, with("a=rtcp:53020 IN IP4 192.0.2.9\r\n", "RTP/AVP"));
  EXPECT_FALSE(apart->rtcp_mux);
  EXPECT_EQ(apart->remote_rtcp.to_string(), "192.0.2.9:53020") << "RFC 3605";
  ours.rtcp_mux = false;
  EXPECT_FALSE(make_answer(with("a=rtcp-mux\r\n", "RTP/AVP"), ours, {})->negotiated.rtcp_mux);
}

TEST(VoipMetrics, are_told_only_where_both_say_so) {
  AudioCapabilities ours = caller(Kind::Plain, MediaSecurity::Off);
  EXPECT_THAT(make_offer(ours, {}).to_string(), testing::Not(HasSubstr("rtcp-xr")));
  ours.voip_metrics = true;
  const Description offer = make_offer(ours, {});
  EXPECT_THAT(offer.to_string(), HasSubstr("a=rtcp-xr:voip-metrics\r\n"));
  EXPECT_TRUE(negotiate_answer(offer, with("a=rtcp-xr:pkt-loss-rle=40 voip-metrics\r\n", "RTP/AVP"))->voip_metrics);
  for (const char* const other : {"", "a=rtcp-xr\r\n", "a=rtcp-xr:rcvr-rtt=all:10\r\n", "a=rtcp-xr:voip-metrics-of-another-kind\r\n"}) {
    EXPECT_FALSE(negotiate_answer(offer, with(other, "RTP/AVP"))->voip_metrics) << other;
    EXPECT_THAT(make_answer(with(other, "RTP/AVP"), ours, {})->description.to_string(), testing::Not(HasSubstr("rtcp-xr"))) << other;
  }
  const auto answer = make_answer(with("a=rtcp-xr:voip-metrics\r\n", "RTP/AVP"), ours, {});
  EXPECT_TRUE(answer->negotiated.voip_metrics);
  EXPECT_THAT(answer->description.to_string(), HasSubstr("a=rtcp-xr:voip-metrics\r\n"));
}

// Of Chromium, without what nobody reads.
const std::string kBrowserMedia =
    "a=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=ice-options:trickle\r\n" + kFingerprint +
    "a=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\na=msid:- d7\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:110 telephone-event/48000\r\n";

Description browser_offer() {
  return Description::parse(
             "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=msid-semantic: WMS\r\n"
             "m=audio 9 UDP/TLS/RTP/SAVPF 111 110\r\nc=IN IP4 0.0.0.0\r\n" +
             kBrowserMedia + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n")
      .value();
}

AudioCapabilities for_browsers() {
  AudioCapabilities ours = callee(Kind::Dtls, MediaSecurity::Required);
  ours.codecs = {{"opus", 48000, 2, PayloadType{96}, "useinbandfec=1;stereo=0"}};
  ours.ice = IceUser{"abcdefgh", "0123456789012345678901"};
  return ours;
}

TEST(MakeAnswer, gives_a_browser_all_that_it_needs) {
  const auto answer = make_answer(browser_offer(), for_browsers(), {});
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->description.to_string(),
            "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE 0\r\n"
            "m=audio 5000 UDP/TLS/RTP/SAVPF 111 110\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1;stereo=0\r\n"
            "a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-16\r\na=ptime:20\r\na=sendrecv\r\n" +
                kFingerprint +
                "a=setup:active\r\na=rtcp-mux\r\na=ice-ufrag:abcdefgh\r\na=ice-pwd:0123456789012345678901\r\n"
                "a=candidate:1 1 UDP 2130706431 192.0.2.2 5000 typ host\r\na=end-of-candidates\r\na=mid:0\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\n");
  EXPECT_FALSE(answer->negotiated.held) << "0.0.0.0 is no hold where the checks tell the address";
  EXPECT_EQ(answer->negotiated.direction, Direction::SendRecv);
  ASSERT_TRUE(answer->negotiated.ice);
  EXPECT_EQ(answer->negotiated.ice->remote.ufrag, "EsAw");
  EXPECT_TRUE(answer->negotiated.rtcp_mux);
}

TEST(Ice, is_left_out_where_nobody_would_check_or_a_second_port_is_wanted) {
  for (const auto& [offer, why] :
       {std::pair{with(kBrowserMedia, "UDP/TLS/RTP/SAVPF", "a=ice-lite\r\n"), "both are lite"},
        {with("a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=setup:actpass\r\n" + kFingerprint, "UDP/TLS/RTP/SAVP"), "no mux"}}) {
    AudioCapabilities ours = for_browsers();
    ours.codecs.push_back(pcmu());
    const auto answer = make_answer(offer, ours, {});
    ASSERT_TRUE(answer) << why << ": " << answer.error().detail;
    EXPECT_FALSE(answer->negotiated.ice) << why;
    EXPECT_THAT(answer->description.to_string(), Not(HasSubstr("ice-"))) << why;
  }
  AudioCapabilities without = for_browsers();
  without.ice.reset();
  EXPECT_THAT(make_answer(browser_offer(), without, {})->description.to_string(), Not(HasSubstr("candidate")));
}

TEST(Ice, is_agreed_on_with_a_full_agent_that_answers) {
  const Description offer = make_offer(for_browsers(), {});
  EXPECT_THAT(offer.to_string(), HasSubstr("a=ice-lite\r\n"));
  EXPECT_THAT(offer.to_string(), HasSubstr("a=rtcp-mux\r\na=rtcp-mux-only\r\na=ice-ufrag:abcdefgh\r\n"));
  Description answer = browser_offer();
  set_setup(answer.media[0], Setup::Active);
  const auto negotiated = negotiate_answer(offer, answer);
  ASSERT_TRUE(negotiated) << negotiated.error().detail;
  EXPECT_EQ(negotiated->ice, (IceAgreement{{"abcdefgh", "0123456789012345678901"}, {"EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"}}));
  EXPECT_EQ(std::get<DtlsAgreement>(negotiated->security).local, Setup::Passive);
  EXPECT_FALSE(negotiated->held);
}

}  // namespace
}  // namespace callwright::sdp
