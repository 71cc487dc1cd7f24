#include "call/call_records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::call {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

base::WallTime at(int seconds) { return base::WallTime(std::chrono::seconds(seconds)); }

MediaEnded media_of(const std::string& leg, const std::string& codec = "PCMU") { return {.statistics = {}, .leg = leg, .party = "sip:x@x", .codec = codec}; }

/// With so many streams whose end is still to come.
CallEnded ended(std::size_t streams) { return {200, "OK", CallEnded::By::Exchange, streams}; }

/// What a journal tells, second by second.
struct Recorded : testing::Test {
  void note(const std::string& call_id, decltype(Event::what) what, const std::string& agent = {}) {
    records.note({at(++now), agent, call_id, std::move(what)});
  }
  void connect(const std::string& call_id, const std::string& leg) {
    note(call_id, CallStarted{"sip:alice@x", "sip:bob@x"});
    note(call_id, CallRinging{});
    note(call_id, CallAnswered{leg});
  }
  void pass(base::Duration time) {
    clock.advance(time);
    timers.advance();
  }
  /// "caller sip:alice@x a 1-4 PCMU" for each leg of the latest record.
  [[nodiscard]] std::vector<std::string> legs() const {
    std::vector<std::string> lines;
    for (const RecordedLeg& each : legs_of(made.back().call)) {
      const auto seconds = [](base::WallTime time) { return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()); };
      lines.push_back(std::string(to_string(each.leg.side)) + " " + each.leg.party + " " + each.leg.call_id + " " + seconds(each.leg.since) + "-" +
                      seconds(each.leg.until) + (each.media == nullptr ? "" : " " + each.media->codec));
    }
    return lines;
  }

  base::ManualClock clock;
  base::Timers timers{clock};
  base::DeterministicRandom random{1};
  std::vector<CallRecord> made;
  CallRecords records{timers, random, [this](CallRecord record) { made.push_back(std::move(record)); }};
  int now = 0;
};

TEST_F(Recorded, calls_are_complete_at_their_end_when_no_media_are_to_come) {
  connect("a", "b");
  note("a", CallEnded{200, "OK", CallEnded::By::Callee});
  ASSERT_THAT(made, SizeIs(1));
  const BookedCall& call = made[0].call;
  EXPECT_EQ(made[0].id.size(), 24U);
  EXPECT_EQ(call.started, at(1));
  EXPECT_EQ(call.ringing, at(2));
  EXPECT_EQ(call.answered, at(3));
  EXPECT_EQ(call.ended, at(4));
  EXPECT_EQ(call.end.by, CallEnded::By::Callee);
  EXPECT_EQ(talk_time(call), 1s);
  EXPECT_THAT(legs(), ElementsAre("caller sip:alice@x a 1-4", "callee sip:bob@x b 3-4"));
}

TEST_F(Recorded, calls_wait_for_the_end_of_their_media) {
  connect("a", "b");
  note("a", ended(2));
  note("a", media_of("b", "opus"));
  EXPECT_THAT(made, IsEmpty());
  note("a", media_of("a"));
  ASSERT_THAT(made, SizeIs(1));
  EXPECT_THAT(legs(), ElementsAre("caller sip:alice@x a 1-4 PCMU", "callee sip:bob@x b 3-4 opus"));
  note("a", media_of("a"));
  pass(10s);
  EXPECT_THAT(made, SizeIs(1)) << "one record a call";
}

TEST_F(Recorded, calls_do_not_wait_for_ever_for_media) {
  connect("a", "b");
  note("a", ended(2));
  pass(2s);
  connect("c", "d");
  note("c", ended(1));
  note("a", media_of("a"));
  pass(3s);
  EXPECT_THAT(made, ElementsAre(Field(&CallRecord::call, AllOf(Field(&BookedCall::call_id, "a"), Field(&BookedCall::media, SizeIs(1))))));
  pass(2s);
  EXPECT_THAT(made, SizeIs(2));
}

TEST_F(Recorded, calls_that_nobody_answered_have_no_talk_time_and_early_media) {
  note("a", CallStarted{"sip:alice@x", "sip:bob@x"});
  note("a", CallEnded{486, "Busy Here", CallEnded::By::Exchange, 1});
  note("a", media_of("b"));
  ASSERT_THAT(made, SizeIs(1));
  EXPECT_EQ(talk_time(made[0].call), 0s);
  EXPECT_EQ(made[0].call.end.reason, "Busy Here");
  EXPECT_THAT(legs(), ElementsAre("caller sip:alice@x a 1-2", "callee sip:x@x b 0-0 PCMU"));
}

TEST_F(Recorded, calls_keep_who_gave_his_place_to_whom_and_holds) {
  connect("a", "b");
  note("a", CallHeld{false, true});
  note("a", CallReplaced{.by = "c", .party = "sip:carol@x", .side = CallReplaced::Side::Caller, .leg = "c"});
  note("a", media_of("a"));
  note("c", CallReplaced{.by = "c", .party = "sip:dave@x", .side = CallReplaced::Side::Callee, .leg = "d"});
  note("c", ended(1));
  note("a", media_of("b"));
  ASSERT_THAT(made, SizeIs(1));
  const BookedCall& call = made[0].call;
  EXPECT_EQ(call.caller, "sip:carol@x");
  EXPECT_EQ(call.callee, "sip:dave@x");
  EXPECT_THAT(legs(), ElementsAre("caller sip:alice@x a 1-5 PCMU", "callee sip:bob@x b 3-7 PCMU", "caller sip:carol@x c 5-8", "callee sip:dave@x d 7-8"));
  ASSERT_THAT(call.changes, SizeIs(3));
  EXPECT_TRUE(std::get<PartiesOnHold>(call.changes[0].what).callee);
  const auto& replaced = std::get<BookedCall::Replaced>(call.changes[1].what);
  EXPECT_EQ(replaced.former, "sip:alice@x");
  EXPECT_EQ(replaced.call_id, "a");
  EXPECT_EQ(call.changes[1].time, at(5));
}

TEST_F(Recorded, calls_that_are_picked_up_have_one_leg_for_whoever_did) {
  note("a", CallStarted{"sip:alice@x", "sip:bob@x"});
  note("a", CallReplaced{.by = "a", .party = "sip:carol@x", .side = CallReplaced::Side::Callee, .leg = "c"});
  note("a", CallAnswered{"c"});
  note("a", ended(0));
  EXPECT_THAT(legs(), ElementsAre("caller sip:alice@x a 1-4", "callee sip:carol@x c 3-4"));
}

TEST_F(Recorded, calls_are_cut_off_where_the_journal_ends) {
  connect("a", "b");
  connect("c", "d");
  note("a", ended(2));
  records.finish(at(100));
  ASSERT_THAT(made, SizeIs(2));
  EXPECT_EQ(made[0].call.end.status, 200);
  EXPECT_EQ(made[1].call.end.status, 503);
  EXPECT_EQ(made[1].call.ended, at(100));
  EXPECT_THAT(legs(), ElementsAre("caller sip:alice@x c 4-100", "callee sip:bob@x d 6-100"));
  EXPECT_NE(made[0].id, made[1].id);
}

TEST_F(Recorded, calls_are_those_of_the_exchange_alone) {
  note("a", CallStarted{"sip:alice@x", "sip:bob@x"}, "alice");
  note("a", CallEnded{200, "OK"}, "alice");
  note("unknown", CallEnded{200, "OK"});
  note("unknown", media_of("x"));
  records.finish(at(100));
  EXPECT_THAT(made, IsEmpty());
}

TEST_F(Recorded, calls_with_endless_changes_stay_small) {
  connect("a", "b");
  for (int i = 0; i < 1000; ++i) {
    note("a", CallHeld{i % 2 == 0, false});
    note("a", media_of("a"));
    note("a", CallReplaced{.by = "a", .party = "sip:c@x", .side = CallReplaced::Side::Callee, .leg = "leg" + std::to_string(i)});
  }
  note("a", CallEnded{200, "OK"});
  ASSERT_THAT(made, SizeIs(1));
  EXPECT_THAT(made[0].call.changes, SizeIs(64));
  EXPECT_THAT(made[0].call.media, SizeIs(16));
  EXPECT_THAT(made[0].call.legs, SizeIs(32));
  EXPECT_EQ(made[0].call.leg, "leg999");
}

}  // namespace
}  // namespace callwright::call
