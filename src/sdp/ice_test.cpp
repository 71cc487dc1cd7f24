#include "sdp/ice.hpp"

#include <gmock/gmock.h>

namespace callwright::sdp {
namespace {

using base::Errc;
using base::SocketAddress;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// What a browser offers, shortened.
constexpr const char* kOffer =
    "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 audio2\r\na=msid-semantic: WMS\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=ice-options:trickle\r\n"
    "a=candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ host generation 0\r\n"
    "a=candidate:435653019 1 tcp 1845501695 192.168.0.196 9 typ host tcptype active\r\n"
    "a=candidate:1853887674 1 udp 1518280447 47.61.61.61 36768 typ srflx raddr 192.168.0.196 rport 36768 generation 0\r\n"
    "a=candidate:842163049 1 udp 1677729535 4d3a2b1c-0000.local 50000 typ host\r\n"
    "a=candidate:broken\r\na=end-of-candidates\r\n"
    "a=fingerprint:sha-256 d2:FA:0E:C3:22:59:5E:14:95:69:92:3D:13:B4:84:24:2C:C2:A2:C0:3E:FD:34:8E:5E:EA:6F:AF:52:CE:E6:0F\r\n"
    "a=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\n";

Description offer() { return Description::parse(kOffer).value(); }

TEST(Ice, reads_the_offer_of_a_browser) {
  const Description description = offer();
  const auto ice = ice_of(description, description.media[0]);
  ASSERT_TRUE(ice && *ice);
  EXPECT_EQ((*ice)->ufrag, "EsAw");
  EXPECT_EQ((*ice)->password, "P2uYro0UCOQ4zxjKXaWCBui1");
  EXPECT_TRUE((*ice)->trickles);
  EXPECT_TRUE((*ice)->end_of_candidates);
  EXPECT_FALSE((*ice)->lite);
  ASSERT_THAT((*ice)->candidates, SizeIs(4)) << "the broken one is passed over";
  EXPECT_EQ((*ice)->candidates[0].socket_address(), SocketAddress::parse("192.168.0.196:46243").value());
  EXPECT_EQ((*ice)->candidates[2].type, "srflx");
  EXPECT_EQ((*ice)->candidates[2].extensions, "raddr 192.168.0.196 rport 36768 generation 0");
  EXPECT_EQ((*ice)->candidates[3].socket_address(), std::nullopt) << "a name of mDNS";
}

TEST(Ice, reads_who_begins_and_with_which_certificate) {
  const Description description = offer();
  const auto fingerprint = fingerprint_of(description, description.media[0]);
  ASSERT_TRUE(fingerprint);
  EXPECT_EQ(fingerprint->algorithm, "sha-256");
  EXPECT_EQ(fingerprint->value.substr(0, 5), "D2:FA") << "in upper case";
  EXPECT_EQ(setup_of(description, description.media[0]), Setup::ActPass);
  EXPECT_EQ(answer_to(Setup::ActPass).value(), Setup::Active);
  EXPECT_EQ(answer_to(Setup::Active).value(), Setup::Passive);
  EXPECT_EQ(answer_to(Setup::Passive).value(), Setup::Active);
  EXPECT_FALSE(answer_to(Setup::HoldConn));
}

TEST(Ice, reads_what_shares_a_port) {
  const Description description = offer();
  EXPECT_TRUE(has_rtcp_mux(description.media[0]));
  EXPECT_EQ(mid_of(description.media[0]), "0");
  EXPECT_THAT(bundle_groups(description), ElementsAre(ElementsAre("0", "audio2")));
}

TEST(Ice, writes_what_it_reads) {
  Description description;
  Media& media = description.media.emplace_back();
  const SocketAddress addresses[] = {SocketAddress::parse("192.0.2.1:4000").value(), SocketAddress::parse("[2001:db8::1]:4000").value()};
  IceDescription ice{"abcd", "0123456789012345678901", true, true, true, make_host_candidates(addresses, 1)};
  set_ice(description, media, ice);
  set_ice(description, media, ice);
  const CertificateFingerprint fingerprint = *fingerprint_of(offer(), offer().media[0]);
  set_fingerprint(media, fingerprint);
  set_setup(media, Setup::ActPass);
  set_setup(media, Setup::Passive);
  set_rtcp_mux(media);
  const std::string mids[] = {"a", "b"};
  set_bundle(description, mids);
  set_bundle(description, mids);
  const Description again = Description::parse(description.to_string()).value();
  EXPECT_EQ(ice_of(again, again.media[0]).value().value(), ice);
  EXPECT_EQ(fingerprint_of(again, again.media[0]), fingerprint);
  EXPECT_EQ(setup_of(again, again.media[0]), Setup::Passive);
  EXPECT_THAT(bundle_groups(again), ElementsAre(ElementsAre("a", "b")));
  EXPECT_EQ(again.attributes, description.attributes);
  EXPECT_EQ(again.media[0].attributes, media.attributes);
}

TEST(Ice, prefers_the_first_address) {
  const SocketAddress addresses[] = {SocketAddress::parse("192.0.2.1:4000").value(), SocketAddress::parse("[2001:db8::1]:4000").value()};
  const auto candidates = make_host_candidates(addresses, 1);
  ASSERT_THAT(candidates, SizeIs(2));
  EXPECT_EQ(candidates[0].to_string(), "1 1 UDP 2130706431 192.0.2.1 4000 typ host") << "as RFC 8445 §5.1.2.1 counts";
  EXPECT_GT(candidates[0].priority, candidates[1].priority);
  EXPECT_NE(candidates[0].foundation, candidates[1].foundation);
  EXPECT_THAT(make_host_candidates(std::vector<SocketAddress>(100, addresses[0]), 2), SizeIs(32));
}

TEST(Ice, takes_what_the_session_says_for_all) {
  const auto description = Description::parse(
                               "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
                               "a=setup:active\r\nm=audio 9 RTP/SAVPF 0\r\n")
                               .value();
  const auto ice = ice_of(description, description.media[0]).value();
  ASSERT_TRUE(ice);
  EXPECT_TRUE(ice->lite);
  EXPECT_EQ(setup_of(description, description.media[0]), Setup::Active);
  EXPECT_EQ(fingerprint_of(description, description.media[0]), std::nullopt);
}

TEST(Ice, refuses_credentials_that_are_too_short_or_alone) {
  Description description;
  Media& media = description.media.emplace_back();
  EXPECT_FALSE(ice_of(description, media).value()) << "no ICE at all";
  media.attributes = {{"ice-ufrag", "abcd"}};
  EXPECT_EQ(ice_of(description, media).error().code, Errc::InvalidArgument);
  media.attributes = {{"ice-ufrag", "abc"}, {"ice-pwd", "0123456789012345678901"}};
  EXPECT_FALSE(ice_of(description, media));
  media.attributes = {{"ice-ufrag", "abcd"}, {"ice-pwd", "012345678901234567890"}};
  EXPECT_FALSE(ice_of(description, media));
  media.attributes = {{"ice-ufrag", "ab:d"}, {"ice-pwd", "0123456789012345678901"}};
  EXPECT_FALSE(ice_of(description, media));
}

TEST(Ice, refuses_candidates_that_are_none) {
  for (const char* const value : {"", "1 1 UDP 1 192.0.2.1 4000", "1 0 UDP 1 192.0.2.1 4000 typ host", "1 1 UDP x 192.0.2.1 4000 typ host",
                                  "1 1 UDP 1 192.0.2.1 70000 typ host", "1 1 UDP 1 192.0.2.1 4000 type host", "1 1 UDP 1 192.0.2.1 4000 typ"}) {
    EXPECT_FALSE(IceCandidate::parse(value)) << value;
  }
  EXPECT_TRUE(IceCandidate::parse("candidate:1 1 UDP 1 192.0.2.1 4000 typ host")) << "as it is trickled";
}

TEST(Fingerprint, refuses_hashes_that_prove_nothing_and_lengths_that_lie) {
  Description description;
  Media& media = description.media.emplace_back();
  media.attributes = {
      {"fingerprint", "sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB"}, {"fingerprint", "sha-256 4A:AD"}, {"fingerprint", std::nullopt}};
  EXPECT_EQ(fingerprint_of(description, media), std::nullopt);
  std::string value = "SHA-512 00";
  for (int i = 1; i < 64; ++i) {
    value += ":ab";
  }
  media.attributes.push_back({"fingerprint", value});
  EXPECT_EQ(fingerprint_of(description, media)->algorithm, "sha-512");
  value[value.size() - 3] = '-';
  media.attributes = {{"fingerprint", value}};
  EXPECT_EQ(fingerprint_of(description, media), std::nullopt);
}

}  // namespace
}  // namespace callwright::sdp
