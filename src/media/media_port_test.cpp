#include "media/fake_media_port.hpp"

#include <gmock/gmock.h>

namespace callwright::media {
namespace {

struct Recorder : MediaObserver {
  std::vector<StreamEvent> events;
  void on_media_event(const StreamEvent& event) override { events.push_back(event); }
};

TEST(StreamParameters, take_over_what_was_negotiated) {
  sdp::Negotiated negotiated;
  negotiated.codec = sdp::pcma();
  negotiated.codec.payload_type = sdp::PayloadType{97};
  negotiated.receive_payload_type = sdp::PayloadType{8};
  negotiated.remote_rtp = base::SocketAddress::parse("192.0.2.1:4000").value();
  negotiated.remote_rtcp = base::SocketAddress::parse("192.0.2.1:4001").value();
  negotiated.direction = sdp::Direction::RecvOnly;
  negotiated.ptime = std::chrono::milliseconds(40);

  const auto parameters = StreamParameters::from(negotiated);

  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->codec->kind, audio::CodecKind::Pcma);
  EXPECT_EQ(parameters->send_payload_type, sdp::PayloadType{97});
  EXPECT_EQ(parameters->receive_payload_type, sdp::PayloadType{8});
  EXPECT_EQ(parameters->remote_rtp.port, 4000);
  EXPECT_EQ(parameters->remote_rtcp.port, 4001);
  EXPECT_EQ(parameters->direction, sdp::Direction::RecvOnly);
  EXPECT_EQ(parameters->ptime, std::chrono::milliseconds(40));
}

TEST(StreamParameters, encode_as_the_other_side_asks) {
  sdp::Negotiated negotiated;
  negotiated.codec = {"OPUS", 48000, 2, sdp::PayloadType{111}, "maxplaybackrate=16000;useinbandfec=1"};
  negotiated.receive_payload_type = sdp::PayloadType{96};
  negotiated.event_payload_type = sdp::PayloadType{110};
  negotiated.receive_event_payload_type = sdp::PayloadType{97};
  negotiated.comfort_noise_payload_type = sdp::PayloadType{13};
  negotiated.receive_comfort_noise_payload_type = sdp::PayloadType{14};
  const auto parameters = StreamParameters::from(negotiated);
  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->codec->kind, audio::CodecKind::Opus);
  EXPECT_EQ(parameters->codec_options.max_playback_rate, 16000U);
  EXPECT_TRUE(parameters->codec_options.in_band_fec);
  EXPECT_EQ(parameters->send_event_payload_type, sdp::PayloadType{110});
  EXPECT_EQ(parameters->receive_event_payload_type, sdp::PayloadType{97});
  EXPECT_EQ(parameters->send_comfort_noise_payload_type, sdp::PayloadType{13});
  EXPECT_EQ(parameters->receive_comfort_noise_payload_type, sdp::PayloadType{14});
}

TEST(StreamParameters, refuse_a_codec_that_cannot_be_played) {
  sdp::Negotiated negotiated;
  negotiated.codec = {"G729", 8000, 1, sdp::PayloadType{18}, {}};
  const auto parameters = StreamParameters::from(negotiated);
  ASSERT_FALSE(parameters);
  EXPECT_EQ(parameters.error().code, base::make_error_code(base::Errc::Unsupported));
}

TEST(FakeMediaPort, gives_ended_once_after_close_and_nothing_after_abandon) {
  FakeMediaPort port;
  Recorder observer;
  const auto first = port.open({}, observer).value();
  const auto second = port.open({}, observer).value();
  EXPECT_NE(first.rtp.port, second.rtp.port);
  port.close(first.id);
  port.abandon(second.id);
  port.finish_closing();
  port.finish_closing();
  port.emit(second.id, RemoteBye{});
  ASSERT_EQ(observer.events.size(), 1U);
  EXPECT_EQ(observer.events[0].stream, first.id);
  EXPECT_TRUE(std::holds_alternative<Ended>(observer.events[0].what));
  EXPECT_EQ(port.open_count(), 0U);
}

}  // namespace
}  // namespace callwright::media
