#include "sdp/description.hpp"

#include <gmock/gmock.h>

namespace callwright::sdp {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kPhone =
    "v=0\r\n"
    "o=alice 18446744073709551616 2 IN IP4 192.0.2.10\r\n"
    "s=Phone call\r\n"
    "i=about nothing\r\n"
    "c=IN IP4 192.0.2.10\r\n"
    "b=AS:84\r\n"
    "t=0 0\r\n"
    "r=7d 1h 0 25h\r\n"
    "k=prompt\r\n"
    "a=group:BUNDLE 0\r\n"
    "a=recvonly\r\n"
    "m=audio 4000/2 RTP/AVP 98 0 8 101\r\n"
    "i=speech\r\n"
    "c=IN IP4 192.0.2.11\r\n"
    "b=TIAS:64000\r\n"
    "a=rtpmap:98 opus/48000/2\r\n"
    "a=fmtp:98 useinbandfec=1; stereo=0\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
    "a=fmtp:101 0-16\r\n"
    "a=ptime:20\r\n"
    "a=x-unknown:kept: as it is \r\n"
    "a=sendonly\r\n"
    "m=video 5000 RTP/AVP 31\r\n"
    "m=message 9 TCP/MSRP *\r\n"
    "a=accept-types:text/plain\r\n";

std::string minimal(std::string_view rest) { return "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n" + std::string(rest); }

Description parsed(std::string_view text) {
  auto description = Description::parse(text);
  EXPECT_TRUE(description) << description.error().detail;
  return description ? *description : Description{};
}

std::string refusal(std::string_view text) {
  const auto description = Description::parse(text);
  return description ? "accepted" : description.error().detail;
}

TEST(Description, writes_back_every_line_that_it_read) { EXPECT_EQ(parsed(kPhone).to_string(), kPhone); }

/// What a browser offers: bundled, with ICE, DTLS and several streams; every attribute in its place.
constexpr std::string_view kBrowser =
    "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS s\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 126\r\nc=IN IP4 0.0.0.0\r\nb=AS:64\r\na=rtcp:9 IN IP4 0.0.0.0\r\n"
    "a=candidate:1 1 udp 2122260223 192.0.2.7 51000 typ host generation 0\r\na=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlZU\r\n"
    "a=ice-options:trickle\r\na=fingerprint:sha-256 19:E2:1C:3B\r\na=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
    "a=sendrecv\r\na=msid:s a\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
    "a=rtpmap:126 telephone-event/8000\r\na=ssrc:1 cname:c\r\na=end-of-candidates\r\n"
    "m=video 0 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP6 ::1\r\na=mid:1\r\na=bundle-only\r\na=inactive\r\n"
    "m=audio 4000/2 RTP/SAVP 0\r\nc=IN IP4 192.0.2.7\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=sctp-port:5000\r\n";

TEST(Description, keeps_what_a_browser_offers_and_its_order) { EXPECT_EQ(parsed(kBrowser).to_string(), kBrowser); }

TEST(Description, reads_lines_that_end_with_lf_alone) {
  std::string text(kPhone);
  std::erase(text, '\r');
  EXPECT_EQ(parsed(text).to_string(), kPhone);
}

TEST(Description, puts_lines_into_the_prescribed_order) {
  const auto description = parsed("v=0\no=- 1 1 IN IP4 192.0.2.1\nb=AS:1\nt=1 2\nc=IN IP4 192.0.2.2\nx=what\ns=late\n");
  EXPECT_EQ(description.to_string(), "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=late\r\nc=IN IP4 192.0.2.2\r\nb=AS:1\r\nt=1 2\r\nx=what\r\n");
}

TEST(Description, forgives_missing_name_and_times) { EXPECT_EQ(parsed("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n").to_string(), minimal("t=0 0\r\n")); }

TEST(Description, reads_the_parts_of_a_medium) {
  const auto description = parsed(kPhone);
  ASSERT_EQ(description.media.size(), 3U);
  const Media& audio = description.media[0];
  EXPECT_EQ(audio.type, "audio");
  EXPECT_EQ(audio.port, 4000);
  EXPECT_EQ(audio.port_count, 2);
  EXPECT_EQ(audio.protocol, "RTP/AVP");
  EXPECT_THAT(audio.formats, ElementsAre("98", "0", "8", "101"));
  EXPECT_EQ(audio.ptime(), milliseconds(20));
  EXPECT_EQ(audio.rtpmap(PayloadType{98}), (RtpMap{"opus", 48000, 2}));
  EXPECT_EQ(audio.rtpmap(PayloadType{0}), (RtpMap{"PCMU", 8000, 1}));
  EXPECT_EQ(audio.rtpmap(PayloadType{8}), (RtpMap{"PCMA", 8000, 1}));
  EXPECT_EQ(audio.rtpmap(PayloadType{99}), std::nullopt);
  EXPECT_EQ(audio.fmtp(PayloadType{98}), "useinbandfec=1; stereo=0");
  EXPECT_EQ(audio.fmtp(PayloadType{0}), "");
}

TEST(Description, falls_back_to_the_session_for_connection_and_direction) {
  const auto description = parsed(kPhone);
  EXPECT_EQ(description.connection_of(description.media[0])->address, "192.0.2.11");
  EXPECT_EQ(description.connection_of(description.media[1])->address, "192.0.2.10");
  EXPECT_EQ(description.direction_of(description.media[0]), Direction::SendOnly);
  EXPECT_EQ(description.direction_of(description.media[1]), Direction::RecvOnly);
  EXPECT_EQ(Description{}.direction_of(Media{}), Direction::SendRecv);
}

TEST(Description, takes_rtcp_from_its_attribute_or_the_next_port) {
  const auto plain = parsed(minimal("c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n"));
  EXPECT_EQ(plain.rtcp_address_of(plain.media[0])->to_string(), "192.0.2.1:4001");
  const auto port = parsed(minimal("c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\na=rtcp:53020\r\n"));
  EXPECT_EQ(port.rtcp_address_of(port.media[0])->to_string(), "192.0.2.1:53020");
  const auto full = parsed(minimal("c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\na=rtcp:53020 IN IP4 192.0.2.9\r\n"));
  EXPECT_EQ(full.rtcp_address_of(full.media[0])->to_string(), "192.0.2.9:53020");
}

TEST(Description, has_no_address_without_literal_connection_or_port) {
  const auto name = parsed(minimal("c=IN IP4 phone.example.com\r\nm=audio 4000 RTP/AVP 0\r\n"));
  EXPECT_FALSE(name.rtp_address_of(name.media[0]));
  const auto none = parsed(minimal("m=audio 4000 RTP/AVP 0\r\n"));
  EXPECT_FALSE(none.rtp_address_of(none.media[0]));
  const auto off = parsed(minimal("c=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0\r\n"));
  EXPECT_FALSE(off.rtp_address_of(off.media[0]));
}

TEST(Description, is_held_by_direction_or_unspecified_address) {
  const auto held = [](std::string_view connection, std::string_view direction) {
    const auto description = parsed(minimal(std::string(connection) + "\r\nm=audio 4000 RTP/AVP 0\r\n" + std::string(direction) + "\r\n"));
    return description.is_held(description.media.at(0));
  };
  EXPECT_FALSE(held("c=IN IP4 192.0.2.1", ""));
  EXPECT_FALSE(held("c=IN IP4 192.0.2.1", "a=recvonly"));
  EXPECT_TRUE(held("c=IN IP4 192.0.2.1", "a=sendonly"));
  EXPECT_TRUE(held("c=IN IP4 192.0.2.1", "a=inactive"));
  EXPECT_TRUE(held("c=IN IP4 0.0.0.0", "a=sendrecv"));
  EXPECT_TRUE(held("c=IN IP6 ::", ""));
}

TEST(Description, replaces_all_directions_by_one) {
  Media media;
  media.attributes = {{"sendonly", {}}, {"ptime", "20"}, {"inactive", {}}};
  media.set_direction(Direction::RecvOnly);
  EXPECT_THAT(media.attributes, ElementsAre(Attribute{"ptime", "20"}, Attribute{"recvonly", {}}));
}

TEST(Description, ignores_a_ptime_out_of_range) {
  for (const char* value : {"0", "1001", "-20", "", "twenty"}) {
    Media media;
    media.attributes = {{"ptime", value}};
    EXPECT_EQ(media.ptime(), std::nullopt) << value;
  }
}

TEST(Description, ignores_a_malformed_rtpmap) {
  for (const char* value : {"96", "96 ", "96 opus", "96 opus/0", "96 opus/x", "96 opus/48000/0", "96 /8000"}) {
    Media media;
    media.attributes = {{"rtpmap", value}};
    EXPECT_EQ(media.rtpmap(PayloadType{96}), std::nullopt) << value;
  }
}

TEST(Description, skips_formats_that_are_no_payload_types) {
  Media media;
  media.formats = {"0", "128", "*", "8x", "127"};
  EXPECT_THAT(media.payload_types(), ElementsAre(PayloadType{0}, PayloadType{127}));
}

TEST(Description, names_a_payload_type_once_however_often_it_stands_there) {
  Media media;
  media.formats = {"127", "0"};
  media.formats.insert(media.formats.end(), 30'000, "0");
  EXPECT_THAT(media.payload_types(), ElementsAre(PayloadType{127}, PayloadType{0}));
}

TEST(Description, names_line_and_reason_when_it_refuses) {
  EXPECT_EQ(refusal(""), "SDP line 1: the description ends without its v= line");
  EXPECT_EQ(refusal("v=0\r\n"), "SDP line 1: the description ends without its o= line");
  EXPECT_EQ(refusal("o=- 1 1 IN IP4 192.0.2.1\r\n"), "SDP line 1: expected \"v=0\" first");
  EXPECT_EQ(refusal("v=1\r\n"), "SDP line 1: expected \"v=0\" first");
  EXPECT_THAT(refusal("v=0\r\no=- 1 1 IN IP4\r\n"), HasSubstr("SDP line 2: o= needs six values"));
  EXPECT_THAT(refusal(minimal("c=IN IP4\r\n")), HasSubstr("SDP line 4: c= needs"));
  EXPECT_THAT(refusal(minimal("m=audio 65536 RTP/AVP 0\r\n")), HasSubstr("SDP line 4: m= needs"));
  EXPECT_THAT(refusal(minimal("m=audio\r\n")), HasSubstr("SDP line 4: m= needs"));
  EXPECT_THAT(refusal(minimal("m=audio 1 RTP/AVP 0\r\nt=0 0\r\n")), HasSubstr("SDP line 5: t= may not follow m="));
  EXPECT_THAT(refusal(minimal("nonsense\r\n")), HasSubstr("SDP line 4: expected"));
  EXPECT_THAT(refusal(minimal("=x\r\n")), HasSubstr("SDP line 4"));
  EXPECT_THAT(refusal(minimal("1=x\r\n")), HasSubstr("SDP line 4: the line type"));
  EXPECT_THAT(refusal(minimal("a=\r\n")), HasSubstr("SDP line 4: a= needs"));
  EXPECT_THAT(refusal(minimal("a=:x\r\n")), HasSubstr("SDP line 4: a= needs"));
  EXPECT_THAT(refusal(minimal("i=a\rb\r\n")), HasSubstr("SDP line 4: a NUL or"));
  EXPECT_THAT(refusal(minimal(std::string_view("i=a\0b\r\n", 7))), HasSubstr("SDP line 4: a NUL or"));
}

std::string repeated(std::string_view line, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += line;
  }
  return text;
}

TEST(Description, holds_its_limits) {
  EXPECT_EQ(parsed(minimal(repeated("m=audio 1 RTP/AVP 0\n", 64))).media.size(), 64U);
  EXPECT_THAT(refusal(minimal(repeated("m=audio 1 RTP/AVP 0\n", 65))), HasSubstr("SDP line 68: more than 64 m= lines"));
  EXPECT_EQ(parsed(minimal(repeated("a=x\n", 1024))).attributes.size(), 1024U);
  EXPECT_THAT(refusal(minimal("m=audio 1 RTP/AVP 0\n" + repeated("a=x\n", 1025))), HasSubstr("more than 1024 attributes"));
  EXPECT_THAT(refusal(minimal(repeated("b=x\n", 1025))), HasSubstr("more than 1024 lines"));
  EXPECT_THAT(refusal(minimal("m=audio 1 RTP/AVP" + repeated(" 0", 257) + "\n")), HasSubstr("more than 256 formats"));
  EXPECT_THAT(refusal(std::string(64 * 1024 + 1, 'a')), HasSubstr("65536 bytes"));
}

}  // namespace
}  // namespace callwright::sdp
