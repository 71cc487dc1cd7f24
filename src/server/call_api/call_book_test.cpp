#include "server/call_api/call_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::server::call_api {
namespace {

using testing::IsNull;
using testing::NotNull;
using testing::SizeIs;

base::WallTime at(int seconds) { return base::WallTime(std::chrono::seconds(seconds)); }

/// What a journal tells, second by second.
struct Booked : testing::Test {
  CallBook::Shared note(const std::string& call_id, decltype(call::Event::what) what) { return book.note({at(++now), "", call_id, std::move(what)}); }
  void start(const std::string& call_id) { note(call_id, call::CallStarted{"sip:alice@x", "sip:bob@x"}); }
  [[nodiscard]] std::string text_of(const std::string& call_id) const {
    std::string text;
    append_json(text, to_json(*book.find(call_id)), MemberOrder::Sorted);
    return text;
  }
  CallBook book{2};
  int now = 0;
};

TEST_F(Booked, calls_are_known_by_both_legs_with_their_times) {
  start("a");
  note("a", call::CallRinging{});
  note("a", call::CallAnswered{"b"});
  note("a", call::CallHeld{false, true});
  EXPECT_EQ(text_of("b"), R"({"answered":"1970-01-01T00:00:03.000000Z","callee":"sip:bob@x","caller":"sip:alice@x","callid":"a","held":["callee"],"leg":"b",)"
                          R"("ringing":"1970-01-01T00:00:02.000000Z","started":"1970-01-01T00:00:01.000000Z","state":"up"})");
  note("a", call::CallEnded{200, "BYE"});
  EXPECT_EQ(book.size(), 0U);
  EXPECT_EQ(text_of("b"), text_of("a")) << "an ended call is still known";
  EXPECT_EQ(book.find("a")->state, BookedCall::State::Ended);
  EXPECT_EQ(book.find("c"), nullptr);
}

TEST_F(Booked, calls_keep_the_quality_that_is_told_after_their_end) {
  start("a");
  note("a", call::CallEnded{});
  media::StreamStatistics statistics;
  statistics.packets_received = 50;
  statistics.jitter = std::chrono::microseconds(1500);
  statistics.received_quality.emplace().mos = 4.321;
  note("a", call::MediaEnded{.statistics = statistics, .leg = "b", .party = "sip:bob@x", .codec = "opus"});
  EXPECT_THAT(text_of("a"), testing::HasSubstr(R"("media":[{"codec":"opus","jitter_ms":1.5,"leg":"b","lost":0,"mos_received":4.32,"packets_received":50,)"
                                               R"("packets_sent":0,"party":"sip:bob@x"}])"));
}

TEST_F(Booked, calls_go_on_when_somebody_gives_his_place_away) {
  start("a");
  note("a", call::CallAnswered{"b"});
  note("a", call::CallReplaced{.by = "c", .party = "sip:carol@x", .side = call::CallReplaced::Side::Caller});
  EXPECT_THAT(book.find("a"), IsNull());
  ASSERT_THAT(book.find("c"), NotNull());
  EXPECT_EQ(book.find("c")->caller, "sip:carol@x");
  EXPECT_EQ(book.find("b"), book.find("c"));
  note("c", call::CallReplaced{.by = "c", .party = "sip:dave@x", .side = call::CallReplaced::Side::Callee});
  EXPECT_EQ(book.find("c")->callee, "sip:dave@x");
  EXPECT_THAT(book.find("b"), IsNull()) << "that leg is gone";
  note("c", call::CallEnded{});
  EXPECT_EQ(book.size(), 0U);
}

TEST_F(Booked, calls_that_ended_are_forgotten_in_turn) {
  for (const char* const id : {"a", "b", "c", "d"}) {
    start(id);
  }
  for (const char* const id : {"a", "b", "c"}) {
    note(id, call::CallEnded{});
  }
  EXPECT_THAT(book.find("a"), IsNull());
  EXPECT_THAT(book.find("b"), NotNull());
  EXPECT_THAT(book.calls(false, 10), SizeIs(1));
  EXPECT_THAT(book.calls(true, 10), SizeIs(3));
  EXPECT_THAT(book.calls(true, 2), SizeIs(2));
  EXPECT_THAT(note("nothing", call::CallEnded{}), IsNull());
  EXPECT_THAT(note("nothing", call::CallRinging{}), IsNull());
}

TEST_F(Booked, phones_come_go_and_are_lost) {
  using Now = call::ContactChanged::Now;
  const auto change = [this](const char* user, Now what) { note("", call::ContactChanged{user, std::string("sip:") + user + "@h", what, {}}); };
  change("bob", Now::Registered);
  change("alice", Now::Registered);
  change("alice", Now::Lost);
  const auto found = book.registrations(10);
  ASSERT_THAT(found, SizeIs(2));
  std::string text;
  append_json(text, to_json(found.front()), MemberOrder::Sorted);
  EXPECT_EQ(text, R"({"contact":"sip:alice@h","reachable":false,"since":"1970-01-01T00:00:02.000000Z","user":"alice"})");
  change("alice", Now::Back);
  EXPECT_FALSE(book.registrations(1).front().lost);
  change("alice", Now::Unregistered);
  EXPECT_EQ(book.registered(), 1U);
}

}  // namespace
}  // namespace callwright::server::call_api
