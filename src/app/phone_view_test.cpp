#include "app/phone_view.hpp"

#include <gmock/gmock.h>

namespace callwright::app {
namespace {

using testing::HasSubstr;
using testing::Not;

call::Event event(decltype(call::Event::what) what) { return {.time = {}, .agent = "alice", .call_id = "c1", .what = std::move(what)}; }

TEST(PhoneView, prints_an_event_as_a_line_or_as_json) {
  const call::Event tone = event(call::AudioHeard{440, -20.04, std::chrono::milliseconds(61)});
  EXPECT_EQ(phone_text(tone), "tone  call=c1  frequency_hz=440.00  level_dbov=-20.04  since_start_ms=61.00");
  EXPECT_EQ(phone_json(tone), R"({"event":"tone","call":"c1","frequency_hz":440.00,"level_dbov":-20.04,"since_start_ms":61.00})");
  EXPECT_EQ(phone_json(event(call::AudioHeard{0, -30, {}})), R"({"event":"sound","call":"c1","level_dbov":-30.00,"since_start_ms":0.00})");
  EXPECT_EQ(phone_json(event(call::KeyPressed{'#', std::chrono::milliseconds(100), call::KeyPressed::By::Event})),
            R"({"event":"key","call":"c1","key":"#","duration_ms":100.00,"by":"event"})");
  EXPECT_EQ(phone_json(event(call::CallEnded{486, "Busy \"Here\""})), R"({"event":"ended","call":"c1","status":486,"reason":"Busy \"Here\""})");
}

TEST(PhoneView, tells_what_was_agreed_on_without_its_keys) {
  sdp::CryptoAgreement keys;
  keys.local.key_and_salt.assign(30, std::uint8_t{'k'});
  sdp::Negotiated negotiated;
  negotiated.codec = {"G722", 8000, 1, sdp::PayloadType{9}, {}};
  negotiated.security = keys;
  const auto line = phone_json(event(call::MediaAgreed{negotiated}));
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr(R"("codec":"G722","clock_rate":8000,"security":"sdes","suite":"AES_CM_128_HMAC_SHA1_80","direction":"sendrecv","ice":false)"));
  EXPECT_THAT(*line, Not(HasSubstr("kkkk")));
}

TEST(PhoneView, counts_at_the_end_and_leaves_out_what_nobody_reported) {
  media::StreamStatistics statistics;
  statistics.packets_received = 250;
  statistics.lost = 1;
  const auto line = phone_text(event(call::MediaEnded{statistics}));
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr("packets_received=250  lost=1"));
  EXPECT_THAT(*line, Not(HasSubstr("round_trip")));
}

TEST(PhoneView, leaves_out_what_is_not_its_business) {
  EXPECT_FALSE(phone_text(event(call::SipMessage{})));
  EXPECT_FALSE(phone_json(event(call::SourceBanned{})));
}

}  // namespace
}  // namespace callwright::app
