#include "app/demo_options.hpp"

#include <gmock/gmock.h>

namespace callwright::app {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

TEST(DemoOptions, leave_the_codec_to_the_phones_and_encrypt_nothing_by_themselves) {
  const auto media = media_of({});
  ASSERT_TRUE(media);
  EXPECT_EQ(media->codecs, call::AgentMedia().codecs);
  EXPECT_EQ(media->security.policy, sdp::MediaSecurity::Off);
}

TEST(DemoOptions, prefer_the_codec_and_the_encryption_that_are_named) {
  const auto media = media_of({"g722", "dtls"});
  ASSERT_TRUE(media);
  EXPECT_THAT(media->codecs, ElementsAre("g722", "PCMA", "PCMU"));
  EXPECT_EQ(media->security.policy, sdp::MediaSecurity::Optional);
  EXPECT_EQ(media->security.kind, call::AgentSecurity::Kind::Dtls);
  EXPECT_EQ(media_of({"", "sdes"})->security.kind, call::AgentSecurity::Kind::Sdes);
}

TEST(DemoOptions, list_what_there_is_when_a_value_is_wrong) {
  EXPECT_THAT(media_of({"opsu", "off"}).error().detail, StartsWith("--codec: There is no codec \"opsu\"; did you mean opus? There are opus, G722"));
  EXPECT_EQ(media_of({"", "on"}).error().detail, "--srtp: there is no \"on\"; say off, sdes or dtls");
  EXPECT_FALSE(media_of({"CN", "off"}));
  EXPECT_THAT(media_of({"", "off", "stun.example.com"}).error().detail, StartsWith("--stun: say an address and a port"));
  EXPECT_EQ(media_of({"", "off", "192.0.2.1:3478"})->stun_server, base::SocketAddress::parse("192.0.2.1:3478").value());
}

TEST(DemoOptions, are_compared_with_what_was_agreed_on) {
  sdp::Negotiated negotiated;
  negotiated.codec = {"opus", 48000, 2, sdp::PayloadType{96}, {}};
  EXPECT_TRUE(is_as_wanted(negotiated, {}));
  EXPECT_TRUE(is_as_wanted(negotiated, {"OPUS", "off"}));
  EXPECT_FALSE(is_as_wanted(negotiated, {"PCMA", "off"}));
  EXPECT_FALSE(is_as_wanted(negotiated, {"opus", "dtls"})) << "in the clear";
  negotiated.security = sdp::DtlsAgreement{};
  EXPECT_TRUE(is_as_wanted(negotiated, {"opus", "dtls"}));
  EXPECT_FALSE(is_as_wanted(negotiated, {"opus", "sdes"}));
  EXPECT_FALSE(is_as_wanted(negotiated, {}));
}

TEST(DemoOptions, are_told_as_what_was_agreed_on) {
  sdp::Negotiated negotiated;
  negotiated.codec.name = "opus";
  EXPECT_EQ(describe(negotiated), "opus, not encrypted");
  negotiated.security = sdp::DtlsAgreement{};
  EXPECT_EQ(describe(negotiated), "opus, DTLS-SRTP");
  negotiated.security = sdp::CryptoAgreement{};
  EXPECT_EQ(describe(negotiated), "opus, SRTP by SDES (AES_CM_128_HMAC_SHA1_80)");
}

}  // namespace
}  // namespace callwright::app
