#include "call/held_answer.hpp"

#include <gtest/gtest.h>

namespace callwright::call {
namespace {

constexpr std::string_view kStart = "v=0\r\no=alice 1 1 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\n";

std::string with(std::string_view media) { return std::string(kStart).append(media); }

TEST(HeldAnswer, agrees_to_audio_without_sound_and_declines_the_rest) {
  const std::string offer = with(
      "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\na=mid:1\r\n"
      "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
  EXPECT_EQ(held_answer(offer, 7),
            "v=0\r\no=- 7 0 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
            "m=audio 9 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=mid:1\r\na=inactive\r\n"
            "m=video 0 RTP/AVP 96\r\n");
}

TEST(HeldAnswer, declines_what_needs_keys) {
  EXPECT_TRUE(held_answer(with("m=audio 4000 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"), 7).ends_with("m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n"));
}

TEST(HeldAnswer, is_empty_for_what_is_no_description) { EXPECT_EQ(held_answer("offer", 7), ""); }

TEST(CouldTalk, wants_one_codec_over_the_same_protocol) {
  const std::string pcmu = with("m=audio 4000 RTP/AVP 0\r\n");
  EXPECT_TRUE(could_talk(pcmu, with("m=audio 5000 RTP/AVP 8 96\r\na=rtpmap:96 pcmu/8000\r\n")));
  EXPECT_FALSE(could_talk(pcmu, with("m=audio 5000 RTP/AVP 8\r\n")));
  EXPECT_FALSE(could_talk(pcmu, with("m=audio 5000 RTP/SAVP 0\r\n")));
  EXPECT_FALSE(could_talk(pcmu, with("m=audio 0 RTP/AVP 0\r\n")));
  EXPECT_FALSE(could_talk(pcmu, "offer"));
  const std::string digits = "101\r\na=rtpmap:101 telephone-event/8000\r\n";
  EXPECT_FALSE(could_talk(with("m=audio 4000 RTP/AVP 0 " + digits), with("m=audio 4000 RTP/AVP 8 " + digits)));
}

}  // namespace
}  // namespace callwright::call
