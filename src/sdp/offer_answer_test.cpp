#include "sdp/offer_answer.hpp"

#include <gmock/gmock.h>

namespace callwright::sdp {
namespace {

using base::Errc;
using base::make_error_code;
using base::SocketAddress;
using std::chrono::milliseconds;
using testing::ElementsAre;

AudioCapabilities capabilities(std::string_view address = "192.0.2.1:4000") {
  AudioCapabilities result;
  result.address = SocketAddress::parse(address).value();
  return result;
}

Origin origin() { return {"-", "7", "1", "IN", "IP4", "192.0.2.1"}; }

Description description(std::string_view session_and_media) {
  auto parsed = Description::parse("v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\n" + std::string(session_and_media));
  EXPECT_TRUE(parsed) << parsed.error().detail;
  return parsed ? *parsed : Description{};
}

Description audio(std::string_view lines, std::string_view formats = "0 8", std::string_view address = "192.0.2.2") {
  return description("c=IN IP4 " + std::string(address) + "\r\nt=0 0\r\nm=audio 5000 RTP/AVP " + std::string(formats) + "\r\n" + std::string(lines));
}

Session session(std::string_view address = "192.0.2.1") { return Session(7, base::IpAddress::parse(address).value()); }

TEST(MakeOffer, lists_codecs_events_ptime_and_direction) {
  EXPECT_EQ(make_offer(capabilities(), origin()).to_string(),
            "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
            "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n");
}

TEST(MakeOffer, names_an_ipv6_address_as_such) {
  EXPECT_EQ(make_offer(capabilities("[2001:db8::1]:4000"), origin()).connection, (Connection{"IN", "IP6", "2001:db8::1"}));
}

TEST(MakeAnswer, takes_the_first_codec_of_the_offer_that_it_has) {
  const auto answer = make_answer(audio("", "18 0 8"), capabilities(), origin());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->negotiated.codec, pcmu());
  EXPECT_EQ(answer->negotiated.receive_payload_type, PayloadType{0});
  EXPECT_EQ(answer->negotiated.event_payload_type, std::nullopt);
  EXPECT_EQ(answer->negotiated.remote_rtp.to_string(), "192.0.2.2:5000");
  EXPECT_EQ(answer->negotiated.remote_rtcp.to_string(), "192.0.2.2:5001");
  EXPECT_EQ(answer->description.to_string(),
            "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
            "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n");
}

TEST(MakeAnswer, uses_the_numbers_of_the_offer) {
  const auto answer = make_answer(audio("a=rtpmap:97 pcma/8000\r\na=rtpmap:98 telephone-event/8000\r\n", "97 98"), capabilities(), origin());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->negotiated.codec.payload_type, PayloadType{97});
  EXPECT_EQ(answer->negotiated.codec.name, "PCMA");
  EXPECT_EQ(answer->negotiated.event_payload_type, PayloadType{98});
  EXPECT_EQ(answer->negotiated.receive_event_payload_type, PayloadType{98});
  EXPECT_THAT(answer->description.media[0].formats, ElementsAre("97", "98"));
}

TEST(MakeAnswer, believes_the_rtpmap_of_a_static_number) {
  const auto answer = make_answer(audio("a=rtpmap:0 G722/8000\r\n", "0 8"), capabilities(), origin());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->negotiated.codec.name, "PCMA");
}

TEST(MakeAnswer, leaves_out_events_of_another_rate) {
  const auto answer = make_answer(audio("a=rtpmap:98 telephone-event/48000\r\n", "0 98"), capabilities(), origin());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->negotiated.event_payload_type, std::nullopt);
}

TEST(MakeAnswer, answers_every_m_line_and_refuses_what_it_does_not_take) {
  const auto offer = description(
      "c=IN IP4 192.0.2.2\r\nt=5 6\r\n"
      "m=video 6000 RTP/AVP 31\r\na=sendonly\r\n"
      "m=audio 6002 RTP/SAVP 0\r\n"
      "m=audio 6004 RTP/AVP 18\r\n"
      "m=audio 0 RTP/AVP 0\r\n"
      "m=audio 6006 RTP/AVP 8\r\n"
      "m=audio 6008 RTP/AVP 8\r\n"
      "m=message 9 TCP/MSRP *\r\n");
  const auto answer = make_answer(offer, capabilities(), origin());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->negotiated.remote_rtp.port, 6006);
  EXPECT_THAT(answer->description.times, ElementsAre(Line{'t', "5 6"}));
  std::vector<std::uint16_t> ports;
  for (const Media& media : answer->description.media) {
    ports.push_back(media.port);
  }
  EXPECT_THAT(ports, ElementsAre(0, 0, 0, 0, 4000, 0, 0));
  EXPECT_EQ(answer->description.media[0].type, "video");
  EXPECT_THAT(answer->description.media[0].formats, ElementsAre("31"));
  EXPECT_TRUE(answer->description.media[0].attributes.empty());
  EXPECT_EQ(answer->description.media[6].protocol, "TCP/MSRP");
}

TEST(MakeAnswer, refuses_secure_and_unknown_media_in_their_places) {
  const auto answer = make_answer(description("c=IN IP6 2001:db8::2\r\nt=0 0\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
                                              "m=telepathy 7000/3 QUIC/X thought\r\nm=audio 5000 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\n"),
                                  capabilities("[2001:db8::1]:4000"), origin());
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->description.to_string(),
            "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\nm=audio 0 UDP/TLS/RTP/SAVPF 111\r\nm=telepathy 0 QUIC/X thought\r\n"
            "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\nm=audio 0 RTP/AVP 0\r\n");
  EXPECT_EQ(answer->negotiated.remote_rtp.to_string(), "[2001:db8::2]:5000");
}

TEST(MakeAnswer, is_unsupported_without_a_common_codec) {
  const auto answer = make_answer(audio("a=rtpmap:96 opus/48000/2\r\n", "96 18"), capabilities(), origin());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, make_error_code(Errc::Unsupported));
}

TEST(MakeAnswer, is_invalid_without_an_address) {
  const auto answer = make_answer(description("t=0 0\r\nm=audio 5000 RTP/AVP 0\r\n"), capabilities(), origin());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, make_error_code(Errc::InvalidArgument));
}

Codec opus(std::uint8_t number = 96) { return {"opus", 48000, 2, PayloadType{number}, "useinbandfec=1;stereo=0"}; }
Codec g722() { return {"G722", 8000, 1, PayloadType{9}, {}}; }
Codec comfort_noise() { return {"CN", 8000, 1, PayloadType{13}, {}}; }

AudioCapabilities wideband() {
  AudioCapabilities result = capabilities();
  result.codecs = {opus(), g722(), pcma(), pcmu(), comfort_noise()};
  return result;
}

TEST(MakeOffer, offers_events_at_every_clock_rate_of_its_codecs) {
  const Media media = make_offer(wideband(), origin()).media[0];
  EXPECT_THAT(media.formats, ElementsAre("96", "9", "8", "0", "13", "101", "97"));
  EXPECT_EQ(media.rtpmap(PayloadType{96}), (RtpMap{"opus", 48000, 2}));
  EXPECT_EQ(media.fmtp(PayloadType{96}), "useinbandfec=1;stereo=0");
  EXPECT_EQ(media.rtpmap(PayloadType{101}), (RtpMap{"telephone-event", 8000, 1}));
  EXPECT_EQ(media.rtpmap(PayloadType{97}), (RtpMap{"telephone-event", 48000, 1}));
  AudioCapabilities only_opus = wideband();
  only_opus.codecs = {opus()};
  EXPECT_THAT(make_offer(only_opus, origin()).media[0].formats, ElementsAre("96", "101"));
}

// The codecs of a browser's offer.
constexpr const char* kBrowserCodecs =
    "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=rtpmap:110 telephone-event/48000\r\n"
    "a=rtpmap:126 telephone-event/8000\r\n";

TEST(MakeAnswer, agrees_on_events_with_the_clock_of_the_codec) {
  const auto answer = make_answer(audio(kBrowserCodecs, "63 111 9 0 8 13 110 126"), wideband(), origin());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->negotiated.codec.name, "opus");
  EXPECT_EQ(answer->negotiated.codec.payload_type, PayloadType{111});
  EXPECT_EQ(answer->negotiated.codec.fmtp, "minptime=10;useinbandfec=1") << "what the other side asks for";
  EXPECT_EQ(answer->negotiated.event_payload_type, PayloadType{110});
  EXPECT_EQ(answer->negotiated.comfort_noise_payload_type, std::nullopt) << "of another clock";
  EXPECT_THAT(answer->description.media[0].formats, ElementsAre("111", "110"));
  EXPECT_EQ(answer->description.media[0].fmtp(PayloadType{111}), "useinbandfec=1;stereo=0") << "what this side asks for";
}

TEST(MakeAnswer, takes_its_own_order_where_that_is_preferred) {
  AudioCapabilities ours = wideband();
  ours.preference = CodecPreference::Ours;
  ours.codecs = {g722(), opus(), pcma(), comfort_noise()};
  const auto answer = make_answer(audio(kBrowserCodecs, "0 13 8 111 9 110 126"), ours, origin());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->negotiated.codec.name, "G722");
  EXPECT_EQ(answer->negotiated.event_payload_type, PayloadType{126});
  EXPECT_EQ(answer->negotiated.comfort_noise_payload_type, PayloadType{13});
  EXPECT_THAT(answer->description.media[0].formats, ElementsAre("9", "13", "126"));
}

TEST(MakeAnswer, never_takes_comfort_noise_for_a_codec) {
  AudioCapabilities ours = capabilities();
  ours.codecs = {comfort_noise(), pcmu()};
  EXPECT_EQ(make_answer(audio("", "13 0"), ours, origin())->negotiated.codec.name, "PCMU");
  EXPECT_FALSE(make_answer(audio("", "13"), ours, origin()));
  ours.preference = CodecPreference::Ours;
  EXPECT_FALSE(make_answer(audio("", "13"), ours, origin()));
  EXPECT_EQ(make_answer(audio("", "0 13"), capabilities(), origin())->negotiated.comfort_noise_payload_type, std::nullopt) << "not spoken here";
}

TEST(MakeAnswer, tells_the_clock_rates_of_one_name_apart) {
  AudioCapabilities ours = capabilities();
  ours.codecs = {{"L16", 16000, 1, PayloadType{96}, {}}};
  const auto answer = make_answer(audio("a=rtpmap:97 L16/8000\r\na=rtpmap:98 L16/16000\r\na=rtpmap:99 L16/16000/2\r\n", "97 99 98"), ours, origin());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->negotiated.codec.payload_type, PayloadType{98});
}

struct DirectionCase {
  const char* offered;
  Direction wanted;
  Direction answered;
  bool held;
};

TEST(MakeAnswer, allows_only_the_directions_that_both_want) {
  const DirectionCase cases[] = {
      {"sendrecv", Direction::SendRecv, Direction::SendRecv, false}, {"sendonly", Direction::SendRecv, Direction::RecvOnly, true},
      {"recvonly", Direction::SendRecv, Direction::SendOnly, false}, {"inactive", Direction::SendRecv, Direction::Inactive, true},
      {"sendrecv", Direction::SendOnly, Direction::SendOnly, false}, {"sendonly", Direction::SendOnly, Direction::Inactive, true},
      {"sendrecv", Direction::Inactive, Direction::Inactive, false}, {"recvonly", Direction::RecvOnly, Direction::Inactive, false},
  };
  for (const DirectionCase& each : cases) {
    AudioCapabilities ours = capabilities();
    ours.direction = each.wanted;
    const auto answer = make_answer(audio("a=" + std::string(each.offered) + "\r\n"), ours, origin());
    ASSERT_TRUE(answer) << each.offered;
    EXPECT_EQ(answer->negotiated.direction, each.answered) << each.offered;
    EXPECT_EQ(answer->description.media[0].direction(), each.answered) << each.offered;
    EXPECT_EQ(answer->negotiated.held, each.held) << each.offered;
  }
}

TEST(MakeAnswer, treats_the_unspecified_address_as_hold) {
  const auto answer = make_answer(audio("", "0", "0.0.0.0"), capabilities(), origin());
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->negotiated.held);
  EXPECT_EQ(answer->negotiated.direction, Direction::RecvOnly);
}

TEST(MakeAnswer, sends_packets_of_the_length_that_the_offer_asks) {
  const auto ptime = [](std::string_view lines) { return make_answer(audio(lines), capabilities(), origin())->negotiated.ptime; };
  EXPECT_EQ(ptime(""), milliseconds(20));
  EXPECT_EQ(ptime("a=ptime:30\r\n"), milliseconds(30));
  EXPECT_EQ(ptime("a=ptime:60\r\na=maxptime:40\r\n"), milliseconds(40));
  EXPECT_EQ(ptime("a=ptime:25\r\n"), milliseconds(20));
  EXPECT_EQ(ptime("a=ptime:200\r\n"), milliseconds(20));
}

TEST(NegotiateAnswer, sends_with_the_answers_numbers_and_receives_with_the_offers) {
  AudioCapabilities ours = capabilities();
  ours.codecs = {{"PCMA", 8000, 1, PayloadType{97}, {}}, pcmu()};
  const auto offer = make_offer(ours, origin());
  const auto negotiated = negotiate_answer(offer, audio("a=rtpmap:98 PCMA/8000\r\na=rtpmap:99 telephone-event/8000\r\na=ptime:30\r\n", "98 99"));
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->codec.payload_type, PayloadType{98});
  EXPECT_EQ(negotiated->receive_payload_type, PayloadType{97});
  EXPECT_EQ(negotiated->event_payload_type, PayloadType{99});
  EXPECT_EQ(negotiated->receive_event_payload_type, PayloadType{101});
  EXPECT_EQ(negotiated->ptime, milliseconds(30));
  EXPECT_EQ(negotiated->remote_rtp.to_string(), "192.0.2.2:5000");
}

TEST(NegotiateAnswer, follows_the_first_codec_of_the_answer) {
  const auto negotiated = negotiate_answer(make_offer(capabilities(), origin()), audio("", "0 8"));
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->codec.name, "PCMU");
  EXPECT_EQ(negotiated->event_payload_type, std::nullopt);
  EXPECT_EQ(negotiated->receive_event_payload_type, std::nullopt);
}

TEST(NegotiateAnswer, keeps_what_the_answer_says_of_the_codec_and_what_goes_along) {
  const auto negotiated =
      negotiate_answer(make_offer(wideband(), origin()),
                       audio("a=rtpmap:120 OPUS/48000/2\r\na=fmtp:120 maxplaybackrate=16000\r\na=rtpmap:121 telephone-event/48000\r\n", "120 0 8 13 121"));
  ASSERT_TRUE(negotiated);
  EXPECT_EQ(negotiated->codec, (Codec{"opus", 48000, 2, PayloadType{120}, "maxplaybackrate=16000"}));
  EXPECT_EQ(negotiated->receive_payload_type, PayloadType{96});
  EXPECT_EQ(negotiated->event_payload_type, PayloadType{121});
  EXPECT_EQ(negotiated->receive_event_payload_type, PayloadType{97});
  EXPECT_EQ(negotiated->comfort_noise_payload_type, std::nullopt);
  const auto narrow = negotiate_answer(make_offer(wideband(), origin()), audio("", "13 0"));
  ASSERT_TRUE(narrow);
  EXPECT_EQ(narrow->codec.name, "PCMU") << "comfort noise is no codec";
  EXPECT_EQ(narrow->comfort_noise_payload_type, PayloadType{13});
}

TEST(NegotiateAnswer, narrows_the_direction) {
  AudioCapabilities hold = capabilities();
  hold.direction = Direction::SendOnly;
  EXPECT_EQ(negotiate_answer(make_offer(hold, origin()), audio("a=recvonly\r\n"))->direction, Direction::SendOnly);
  EXPECT_EQ(negotiate_answer(make_offer(hold, origin()), audio("a=sendrecv\r\n"))->direction, Direction::SendOnly);
  EXPECT_EQ(negotiate_answer(make_offer(hold, origin()), audio("a=inactive\r\n"))->direction, Direction::Inactive);
  EXPECT_EQ(negotiate_answer(make_offer(capabilities(), origin()), audio("a=sendonly\r\n"))->direction, Direction::RecvOnly);
}

TEST(NegotiateAnswer, tells_refusal_mismatch_and_foreign_codecs_apart) {
  const auto offer = make_offer(capabilities(), origin());
  const auto code = [&](std::string_view text) { return negotiate_answer(offer, description(text)).error().code; };
  EXPECT_EQ(code("c=IN IP4 192.0.2.2\r\nm=audio 0 RTP/AVP 0\r\n"), make_error_code(Errc::Refused));
  EXPECT_EQ(code("c=IN IP4 192.0.2.2\r\nm=audio 5000 RTP/AVP 18\r\n"), make_error_code(Errc::Unsupported));
  EXPECT_EQ(code("c=IN IP4 192.0.2.2\r\nm=video 5000 RTP/AVP 0\r\n"), make_error_code(Errc::InvalidArgument));
  EXPECT_EQ(code("c=IN IP4 192.0.2.2\r\n"), make_error_code(Errc::InvalidArgument));
  EXPECT_EQ(code("m=audio 5000 RTP/AVP 0\r\n"), make_error_code(Errc::InvalidArgument));
}

TEST(Session, agrees_with_another_session) {
  Session caller = session();
  Session callee(8, base::IpAddress::parse("192.0.2.2").value());
  const auto answer = callee.make_answer(caller.make_offer(capabilities()), capabilities("192.0.2.2:5000"));
  ASSERT_TRUE(answer);
  ASSERT_TRUE(caller.accept_answer(*answer));
  EXPECT_EQ(caller.negotiated()->codec, callee.negotiated()->codec);
  EXPECT_EQ(caller.negotiated()->codec.name, "PCMA");
  EXPECT_EQ(caller.negotiated()->remote_rtp.to_string(), "192.0.2.2:5000");
  EXPECT_EQ(callee.negotiated()->remote_rtp.to_string(), "192.0.2.1:4000");
}

TEST(Session, raises_its_version_only_when_the_content_changes) {
  Session ours = session();
  EXPECT_EQ(ours.make_offer(capabilities()).origin.version, "1");
  EXPECT_EQ(ours.make_offer(capabilities()).origin.version, "1");
  AudioCapabilities hold = capabilities();
  hold.direction = Direction::SendOnly;
  EXPECT_EQ(ours.make_offer(hold).origin.version, "2");
  EXPECT_EQ(ours.make_offer(hold).origin.version, "2");
  EXPECT_EQ(ours.make_answer(audio("a=sendrecv\r\n", "0"), capabilities())->origin.version, "3");
  EXPECT_EQ(ours.local()->origin, (Origin{"-", "7", "3", "IN", "IP4", "192.0.2.1"}));
}

TEST(Session, keeps_the_m_lines_of_the_dialog_in_a_new_offer) {
  Session ours = session();
  const auto first = description("c=IN IP4 192.0.2.2\r\nt=0 0\r\nm=video 6000 RTP/AVP 31\r\nm=audio 6002 RTP/AVP 0\r\n");
  ASSERT_TRUE(ours.make_answer(first, capabilities()));
  const auto offer = ours.make_offer(capabilities());
  ASSERT_EQ(offer.media.size(), 2U);
  EXPECT_EQ(offer.media[0].type, "video");
  EXPECT_EQ(offer.media[0].port, 0);
  EXPECT_EQ(offer.media[1].port, 4000);
}

TEST(Session, keeps_the_payload_types_of_the_dialog_in_a_new_offer) {
  Session ours = session();
  ASSERT_TRUE(ours.make_answer(audio("a=rtpmap:101 PCMA/8000\r\na=rtpmap:96 telephone-event/8000\r\n", "101 96"), capabilities()));
  const auto offer = ours.make_offer(capabilities());
  EXPECT_THAT(offer.media[0].formats, ElementsAre("101", "0", "96"));
}

TEST(Session, gives_a_new_codec_a_number_that_is_free) {
  Session ours = session();
  ASSERT_TRUE(ours.make_answer(audio("a=rtpmap:96 PCMA/8000\r\n", "96"), capabilities()));
  AudioCapabilities wider = capabilities();
  wider.codecs.push_back({"L16", 8000, 1, PayloadType{96}, {}});
  EXPECT_THAT(ours.make_offer(wider).media[0].formats, ElementsAre("96", "0", "97", "101"));
}

TEST(Session, never_gives_a_number_of_the_dialog_another_meaning) {
  Session ours = session();
  AudioCapabilities wide = wideband();
  EXPECT_THAT(ours.make_offer(wide).media[0].formats, ElementsAre("96", "9", "8", "0", "13", "101", "97"));
  wide.codecs = {pcma()};
  EXPECT_THAT(ours.make_offer(wide).media[0].formats, ElementsAre("8", "101"));
  wide.codecs = {{"L16", 16000, 1, PayloadType{96}, {}}, opus(99)};
  EXPECT_THAT(ours.make_offer(wide).media[0].formats, ElementsAre("98", "96", "99", "97")) << "96 was opus, 101 events at 8000, 97 at 48000";
  ASSERT_TRUE(ours.make_answer(audio("a=rtpmap:111 opus/48000/2\r\n", "111"), wideband()));
  EXPECT_THAT(ours.make_offer(wideband()).media[0].formats, ElementsAre("111", "9", "8", "0", "13", "101", "97")) << "the latest number";
}

TEST(Session, keeps_what_was_agreed_when_an_answer_fails) {
  Session ours = session();
  ours.make_offer(capabilities());
  ASSERT_TRUE(ours.accept_answer(audio("", "0")));
  ours.make_offer(capabilities());
  EXPECT_FALSE(ours.accept_answer(audio("", "18")));
  EXPECT_EQ(ours.negotiated()->codec.name, "PCMU");
}

TEST(Session, refuses_an_answer_without_an_offer) { EXPECT_EQ(session().accept_answer(audio("")).error().code, make_error_code(Errc::WrongState)); }

TEST(Session, answers_an_offer_of_no_stream_by_none) {
  Session session(7, base::IpAddress::v4({192, 0, 2, 1}));
  AudioCapabilities capabilities;
  capabilities.address = base::SocketAddress::parse("192.0.2.1:4000").value();
  const auto offer = Description::parse("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n").value();
  const auto answer = session.make_answer(offer, capabilities);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->media.empty());
  EXPECT_FALSE(session.negotiated());
  EXPECT_EQ(session.make_offer(capabilities).media.size(), 1U) << "a stream may come later";
  EXPECT_FALSE(session.make_answer(offer, capabilities)) << "but not go again";
}

}  // namespace
}  // namespace callwright::sdp
