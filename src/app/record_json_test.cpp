#include "app/record_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::app {
namespace {

using namespace std::chrono_literals;
using call::BookedCall;

base::WallTime at(int seconds) { return base::WallTime(std::chrono::seconds(seconds)); }

TEST(RecordJson, has_all_that_is_known) {
  call::CallRecord record{"r1", {}};
  BookedCall& call = record.call;
  call.call_id = "a";
  call.caller = "sip:alice@x";
  call.callee = "sip:\"carol\"@x";
  call.started = at(0) + 1us;
  call.answered = at(1);
  call.ended = at(61) + 500ms;
  call.end = {200, "OK", call::CallEnded::By::Caller, 0};
  call.legs = {{"a", "sip:alice@x", call::Side::Caller, at(1), at(61)}, {"b", "sip:bob@x", call::Side::Callee, at(1), at(30)}};
  call.changes = {{at(10), call::PartiesOnHold{false, true}}, {at(30), BookedCall::Replaced{call::Side::Callee, "sip:bob@x", "sip:carol@x", "a"}}};
  media::StreamStatistics statistics;
  statistics.packets_sent = 7;
  call.media.push_back({.statistics = statistics, .leg = "a", .party = "sip:alice@x", .codec = "PCMA"});
  EXPECT_EQ(record_json(record),
            R"({"id":"r1","callid":"a","caller":"sip:alice@x","callee":"sip:\"carol\"@x","started":"1970-01-01T00:00:00.000001Z",)"
            R"("answered":"1970-01-01T00:00:01.000000Z","ended":"1970-01-01T00:01:01.500000Z","talk_s":60.500,"status":200,"reason":"OK","ended_by":"caller",)"
            R"("legs":[{"side":"caller","callid":"a","party":"sip:alice@x","since":"1970-01-01T00:00:01.000000Z","until":"1970-01-01T00:01:01.000000Z",)"
            R"("codec":"PCMA","jitter_ms":0.0,"lost":0,"packets_received":0,"packets_sent":7},)"
            R"({"side":"callee","callid":"b","party":"sip:bob@x","since":"1970-01-01T00:00:01.000000Z","until":"1970-01-01T00:00:30.000000Z"}],)"
            R"("changes":[{"time":"1970-01-01T00:00:10.000000Z","change":"held","held":["callee"]},)"
            R"({"time":"1970-01-01T00:00:30.000000Z","change":"replaced","side":"callee","former":"sip:bob@x","former_callid":"a","party":"sip:carol@x"}]})");
}

TEST(RecordJson, is_one_line_whatever_the_names) {
  call::CallRecord record{"r1", {}};
  record.call.caller = "sip:a\nb\r\x01\xff@x";
  const std::string text = record_json(record);
  EXPECT_EQ(text.find_first_of("\n\r"), std::string::npos) << text;
  EXPECT_THAT(text, testing::HasSubstr(R"("caller":"sip:a\nb\r\u0001)"));
}

TEST(RecordJson, of_a_dead_letter_has_the_record_as_it_was) {
  EXPECT_EQ(dead_letter_json({"r1", R"({"id":"r1"})", 3, "answered with \"500\""}, at(5)),
            R"({"time":"1970-01-01T00:00:05.000000Z","attempts":3,"reason":"answered with \"500\"","record":{"id":"r1"}})");
}

}  // namespace
}  // namespace callwright::app
