#include "server/call_api/feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace callwright::server::call_api {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Heard final : FeedReader {
  void on_feed(std::string_view event, std::string_view data) override {
    events.emplace_back(event);
    texts.emplace_back(data);
  }
  std::vector<std::string> events;
  std::vector<std::string> texts;
};

struct FeedOfCalls : testing::Test {
  void note(const std::string& call_id, decltype(call::Event::what) what) {
    feed.note(std::make_shared<call::Event>(call::Event{base::WallTime(std::chrono::seconds(1)), "", call_id, std::move(what)}));
  }
  void start(const std::string& call_id, const std::string& caller = "alice") { note(call_id, call::CallStarted{"sip:" + caller + "@x", "sip:bob@x"}); }
  Feed feed{"run1", 4};
};

TEST_F(FeedOfCalls, tells_what_happens_to_a_call) {
  Heard heard;
  feed.add(heard, {}, {});
  start("a");
  note("a", call::CallRinging{});
  note("a", call::CallAnswered{"b"});
  note("a", call::CallHeld{true, false});
  note("a", call::CallReplaced{.by = "c", .party = "sip:carol@x"});
  note("c", call::CallEnded{200, "BYE"});
  note("c", call::MediaEnded{.statistics = {}, .leg = "b"});
  EXPECT_THAT(heard.events, ElementsAre("CallStarted", "CallRinging", "CallAnswered", "CallHeld", "CallReplaced", "CallEnded", "MediaEnded"));
  EXPECT_EQ(heard.texts[0], R"({"callee":"sip:bob@x","caller":"sip:alice@x","callid":"a","seq":1,"time":"1970-01-01T00:00:01.000000Z"})");
  EXPECT_THAT(heard.texts[2], HasSubstr(R"("callid":"a","leg":"b","seq":3)"));
  EXPECT_THAT(heard.texts[3], HasSubstr(R"("held":["caller"])"));
  EXPECT_THAT(heard.texts[4], HasSubstr(R"("caller":"sip:carol@x","callid":"c","former":"a")"));
  EXPECT_THAT(heard.texts[5], HasSubstr(R"("reason":"BYE","seq":6,"status":200)"));
  EXPECT_THAT(heard.texts[6], HasSubstr(R"("media":{)"));
  feed.remove(heard);
  start("z");
  EXPECT_THAT(heard.events, SizeIs(7));
}

TEST_F(FeedOfCalls, tells_of_phones) {
  Heard heard;
  feed.add(heard, {.what = FeedFilter::What::Registrations, .call_id = {}, .user = {}}, {});
  start("a");
  using Now = call::ContactChanged::Now;
  for (const Now now : {Now::Registered, Now::Lost, Now::Back, Now::Unregistered}) {
    note("", call::ContactChanged{"bob", "sip:bob@h", now, {}});
  }
  EXPECT_THAT(heard.events, ElementsAre("Registered", "PhoneLost", "PhoneBack", "Unregistered"));
  EXPECT_EQ(heard.texts[0], R"({"contact":"sip:bob@h","seq":2,"time":"1970-01-01T00:00:01.000000Z","user":"bob"})");
}

TEST_F(FeedOfCalls, is_filtered_by_call_and_by_user) {
  Heard by_call;
  Heard by_leg;
  Heard by_user;
  Heard by_callee;
  feed.add(by_call, {.what = FeedFilter::What::Calls, .call_id = "a", .user = {}}, {});
  feed.add(by_leg, {.what = FeedFilter::What::Everything, .call_id = "b", .user = {}}, {});
  feed.add(by_user, {.what = FeedFilter::What::Everything, .call_id = {}, .user = "carol"}, {});
  feed.add(by_callee, {.what = FeedFilter::What::Everything, .call_id = {}, .user = "bob"}, {});
  start("a");
  start("z", "carol");
  note("a", call::CallAnswered{"b"});
  note("", call::ContactChanged{"carol", "sip:c@h", call::ContactChanged::Now::Registered, {}});
  EXPECT_THAT(by_call.events, ElementsAre("CallStarted", "CallAnswered"));
  EXPECT_THAT(by_leg.events, ElementsAre("CallAnswered"));
  EXPECT_THAT(by_user.events, ElementsAre("CallStarted", "Registered"));
  EXPECT_THAT(by_callee.events, SizeIs(3));
}

TEST_F(FeedOfCalls, goes_on_where_somebody_was) {
  for (const char* const id : {"a", "b", "c", "d", "e", "f"}) {
    start(id);
  }
  Heard near;
  feed.add(near, {}, Feed::Position{"run1", 4});
  EXPECT_THAT(near.texts, ElementsAre(HasSubstr(R"("seq":5)"), HasSubstr(R"("seq":6)")));
  Heard all;
  feed.add(all, {}, Feed::Position{"", 6});
  EXPECT_THAT(all.events, IsEmpty());
  Heard far;
  feed.add(far, {.what = FeedFilter::What::Calls, .call_id = "f", .user = {}}, Feed::Position{"run1", 1});
  EXPECT_THAT(far.events, ElementsAre("Missed", "CallStarted"));
  EXPECT_EQ(far.texts[0], R"({"from":2,"to":2})");
  Heard before;
  feed.add(before, {}, Feed::Position{"run0", 99});
  EXPECT_EQ(before.events.front(), "Missed");
  EXPECT_EQ(before.texts[0], R"({"feed":"run0"})");
  EXPECT_THAT(before.events, SizeIs(5)) << "what is known of this run follows";
  Heard future;
  feed.add(future, {}, Feed::Position{"run1", 99});
  EXPECT_THAT(future.events, IsEmpty());
}

TEST_F(FeedOfCalls, tells_later_what_it_told_then) {
  Heard then;
  feed.add(then, {}, {});
  start("a");
  note("a", call::CallAnswered{"b"});
  note("a", call::CallReplaced{.by = "c", .party = "sip:carol@x", .side = call::CallReplaced::Side::Caller});
  note("c", call::CallReplaced{.by = "c", .party = "sip:dave@x", .side = call::CallReplaced::Side::Callee, .leg = "d"});
  Heard later;
  feed.add(later, {}, Feed::Position{"run1", 0});
  EXPECT_EQ(later.texts, then.texts);
  EXPECT_THAT(later.texts.back(), HasSubstr(R"("callee":"sip:dave@x","caller":"sip:carol@x","callid":"c","former":"c","leg":"d")"));
}

TEST_F(FeedOfCalls, tells_nothing_of_calls_that_it_does_not_know) {
  Heard heard;
  feed.add(heard, {}, {});
  note("nothing", call::CallRinging{});
  note("nothing", call::CallEnded{});
  EXPECT_THAT(heard.events, IsEmpty());
  EXPECT_EQ(feed.latest(), 0U);
}

/// Keeps what is passed on.
struct Next final : call::EventSink {
  void on_event(const call::Event& event) override { indices.push_back(event.what.index()); }
  std::vector<std::size_t> indices;
};

TEST(FeedTap, passes_everything_on_and_takes_only_what_clients_may_hear) {
  Next next;
  std::deque<std::function<void()>> web;
  std::vector<FeedTap::Tapped> taken;
  FeedTap tap(
      next, [&web](std::function<void()> job) { web.push_back(std::move(job)); }, [&taken](FeedTap::Tapped tapped) { taken.push_back(std::move(tapped)); }, 1);
  tap.on_event({{}, "", "", call::SipMessage{}});
  tap.on_event({{}, "", "a", call::KeyPressed{.key = '1', .duration = {}}});
  tap.on_event({{}, "", "a", call::CallStarted{}});
  tap.on_event({{}, "", "a", call::CallRinging{}});
  tap.on_event({{}, "", "a", call::CallEnded{}});
  EXPECT_THAT(next.indices, SizeIs(5));
  for (const auto& job : web) {
    job();
  }
  ASSERT_THAT(taken, SizeIs(2)) << "what can be done without is dropped when too much is under way";
  EXPECT_TRUE(std::holds_alternative<call::CallStarted>(taken[0].event->what));
  EXPECT_TRUE(std::holds_alternative<call::CallEnded>(taken[1].event->what));
  EXPECT_THAT(taken, ElementsAre(Field(&FeedTap::Tapped::lost, 0), Field(&FeedTap::Tapped::lost, 1))) << "and the next says so";
}

TEST_F(FeedOfCalls, tells_of_events_that_were_lost_on_the_way) {
  Heard there;
  feed.add(there, {.what = FeedFilter::What::Registrations, .call_id = {}, .user = {}}, {});
  start("a");
  feed.note(std::make_shared<call::Event>(call::Event{{}, "", "a", call::CallEnded{200, "BYE"}}), 2);
  EXPECT_THAT(there.events, ElementsAre("Missed")) << "nobody knows what they were about";
  EXPECT_EQ(there.texts[0], R"({"from":2,"to":3})");
  feed.remove(there);
  Heard later;
  feed.add(later, {}, Feed::Position{.feed = "run1", .seq = 0});
  EXPECT_THAT(later.events, ElementsAre("CallStarted", "Missed", "CallEnded"));
  EXPECT_EQ(later.texts[1], R"({"from":2,"to":3})");
  EXPECT_THAT(later.texts[2], HasSubstr(R"("seq":4)"));
  feed.remove(later);
}

struct TappedFeed : testing::Test {
  TappedFeed() { feed.follow(tap); }
  void happen(decltype(call::Event::what) what) { tap.on_event({{}, "", "a", std::move(what)}); }
  void run_web() {
    for (const auto& job : std::exchange(web, {})) {
      job();
    }
  }

  Next next;
  std::deque<std::function<void()>> web;
  Feed feed{"run1", 1000};
  FeedTap tap{next, [this](std::function<void()> job) { web.push_back(std::move(job)); },
              [this](FeedTap::Tapped tapped) { feed.note(std::move(tapped.event), tapped.lost); }};
};

TEST_F(TappedFeed, wakes_the_web_thread_for_those_who_read) {
  Heard heard;
  feed.add(heard, {}, {});
  happen(call::CallStarted{"sip:alice@x", "sip:bob@x"});
  EXPECT_THAT(web, SizeIs(1));
  run_web();
  EXPECT_THAT(heard.events, ElementsAre("CallStarted"));
}

TEST_F(TappedFeed, is_up_to_date_whenever_somebody_asks) {
  happen(call::CallStarted{"sip:alice@x", "sip:bob@x"});
  EXPECT_THAT(web, IsEmpty()) << "nobody reads";
  feed.catch_up();
  EXPECT_NE(feed.book().find("a"), nullptr);
  happen(call::CallRinging{});
  Heard heard;
  feed.add(heard, {}, Feed::Position{"run1", 0});
  EXPECT_THAT(heard.events, ElementsAre("CallStarted", "CallRinging")) << "what happened before comes first";
  happen(call::CallAnswered{"b"});
  feed.remove(heard);
  happen(call::CallEnded{});
  EXPECT_THAT(web, SizeIs(1));
  run_web();
  EXPECT_EQ(feed.latest(), 3U) << "a job takes what was there when it was made";
  feed.catch_up();
  EXPECT_EQ(feed.latest(), 4U);
}

TEST_F(TappedFeed, takes_many_events_without_readers_in_one_lot) {
  for (int i = 0; i < 300; ++i) {
    tap.on_event({{}, "", std::to_string(i), call::CallStarted{"sip:alice@x", "sip:bob@x"}});
  }
  EXPECT_THAT(web, SizeIs(1));
  run_web();
  EXPECT_EQ(feed.latest(), 256U);
}

}  // namespace
}  // namespace callwright::server::call_api
