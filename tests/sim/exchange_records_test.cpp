// Call records of an exchange that works: complete as soon as the last stream of a call has ended, whoever ends it.
#include "call/call_records.hpp"
#include "sim/exchange_media_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CallEnded;
using call::MediaMode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A view of the journal of `world`.
struct Recorder {
  explicit Recorder(ExchangeWorld& world)
      : records(world.user_agent.timers(), world.user_agent.random(), [this](call::CallRecord record) { made.push_back(std::move(record.call)); }) {
    world.events.view = [this](const call::Event& event) { records.note(event); };
  }
  std::vector<call::BookedCall> made;
  call::CallRecords records;
};

/// "caller alice PCMU" for each leg.
std::vector<std::string> legs(const call::BookedCall& call) {
  std::vector<std::string> lines;
  for (const call::RecordedLeg& each : call::legs_of(call)) {
    lines.push_back(std::string(to_string(each.leg.side)) + " " + std::string(sip::user_of(each.leg.party)) + " " +
                    (each.media == nullptr ? "-" : each.media->codec));
  }
  return lines;
}

TEST(ExchangeRecords, wait_for_the_streams_of_their_call_and_no_longer) {
  MediaWorld world(with(MediaMode::Relay));
  Recorder recorder(world);
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  alice.call("bob");
  world.run_for(1s);
  alice.hang_up();
  world.run_for(1s);
  EXPECT_THAT(recorder.made, IsEmpty()) << "two streams are to end";
  world.exchange_media.finish_closing({});
  ASSERT_THAT(recorder.made, SizeIs(1));
  EXPECT_THAT(legs(recorder.made[0]), ElementsAre("caller alice PCMU", "callee bob PCMU"));
  EXPECT_EQ(recorder.made[0].end.by, CallEnded::By::Caller);
  EXPECT_EQ(recorder.made[0].end.status, 200);
}

TEST(ExchangeRecords, are_complete_at_the_end_of_a_call_whose_media_bypass_the_exchange) {
  ExchangeWorld world;
  Recorder recorder(world);
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  alice.call("bob");
  world.run_for(1s);
  alice.hang_up();
  world.run_for(1s);
  ASSERT_THAT(recorder.made, SizeIs(1));
  EXPECT_THAT(legs(recorder.made[0]), ElementsAre("caller alice -", "callee bob -"));
}

TEST(ExchangeRecords, tell_of_calls_that_lead_nowhere) {
  ExchangeWorld world;
  Recorder recorder(world);
  call::UserFeatures screened;
  screened.outgoing.deny = {"0900*"};
  world.add_phone("bob");
  ScriptedPhone& alice = world.add_phone("alice");
  ASSERT_TRUE(world.exchange->features().set("alice", screened));
  call::UserFeatures absent;
  absent.do_not_disturb = true;
  ASSERT_TRUE(world.exchange->features().set("bob", absent));
  for (const auto& [user, status] : {std::pair{"nobody", 404}, {"09001234", 403}, {"bob", 480}}) {
    PhoneLeg& leg = alice.call(user);
    world.run_for(2s);
    EXPECT_EQ(leg.end_status(), status);
    ASSERT_FALSE(recorder.made.empty()) << user;
    const call::BookedCall& last = recorder.made.back();
    EXPECT_EQ(last.call_id, leg.call_id());
    EXPECT_EQ(last.caller, "sip:alice@192.0.2.1");
    EXPECT_EQ(last.callee, "sip:" + std::string(user) + "@192.0.2.1");
    EXPECT_EQ(last.end.status, status);
    EXPECT_EQ(last.end.by, CallEnded::By::Exchange);
    EXPECT_EQ(call::talk_time(last), 0s);
    EXPECT_THAT(legs(last), ElementsAre("caller alice -"));
  }
  EXPECT_THAT(recorder.made, SizeIs(3));
  world.expect_nothing_left();
}

TEST(ExchangeRecords, are_not_made_of_whom_nobody_knows) {
  ExchangeWorld world;
  Recorder recorder(world);
  world.add_phone("bob");
  PhoneLeg& leg = world.add_stranger("mallory").call("bob");
  world.run_for(2s);
  EXPECT_THAT(leg.end_status(), testing::AnyOf(401, 403));
  EXPECT_THAT(recorder.made, IsEmpty());
  world.expect_nothing_left();
}

TEST(ExchangeRecords, of_a_call_by_refer_name_each_other) {
  ExchangeWorld world;
  Recorder recorder(world);
  world.add_phone("alice");
  ScriptedPhone& bob = world.add_phone("bob");
  const auto id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  bob.hang_up();
  world.run_for(2s);
  ASSERT_THAT(recorder.made, SizeIs(2));
  EXPECT_EQ(recorder.made[0].end.reason, "connected with the callee");
  EXPECT_THAT(recorder.made[0].linked, ElementsAre(recorder.made[1].call_id));
  EXPECT_THAT(recorder.made[1].linked, ElementsAre(recorder.made[0].call_id));
  world.expect_nothing_left();
}

TEST(ExchangeRecords, of_a_transfer_name_each_other_also_when_it_leads_nowhere) {
  for (const char* const destination : {"carol", "nobody"}) {
    ExchangeWorld world;
    Recorder recorder(world);
    ScriptedPhone& alice = world.add_phone("alice");
    world.add_phone("bob");
    ScriptedPhone& carol = world.add_phone("carol");
    PhoneLeg& leg = alice.call("bob");
    world.run_for(2s);
    ASSERT_TRUE(world.run_until_ended(world.transfer(leg.call_id(), call::Side::Callee, destination)));
    carol.hang_up();
    alice.hang_up();
    world.run_for(2s);
    ASSERT_THAT(recorder.made, SizeIs(2)) << destination;
    const std::size_t first = recorder.made[0].call_id == leg.call_id() ? 0 : 1;
    EXPECT_THAT(recorder.made[first].linked, ElementsAre(recorder.made[1 - first].call_id)) << destination;
    EXPECT_THAT(recorder.made[1 - first].linked, ElementsAre(leg.call_id())) << destination;
    EXPECT_EQ(recorder.made[1 - first].callee, "sip:" + std::string(destination) + "@192.0.2.1");
    world.expect_nothing_left();
  }
}

TEST(ExchangeRecords, tell_who_ended_the_call) {
  for (const auto& [how, by] : {std::pair{"callee", CallEnded::By::Callee}, {"api", CallEnded::By::Exchange}, {"network", CallEnded::By::Network}}) {
    ExchangeWorld world;
    Recorder recorder(world);
    ScriptedPhone& bob = world.add_phone("bob");
    ScriptedPhone& carol = world.add_phone("carol");
    if (std::string_view(how) == "network") {
      world.drop("carol", "", "ACK");
    }
    PhoneLeg& call = carol.call("bob");
    world.run_for(1s);
    if (std::string_view(how) == "callee") {
      bob.hang_up();
    } else if (std::string_view(how) == "api") {
      world.end(call.call_id());
    }
    world.run_for(60s);
    ASSERT_THAT(recorder.made, SizeIs(1)) << how;
    EXPECT_EQ(recorder.made[0].end.by, by) << how;
  }
}

TEST(ExchangeRecords, say_that_a_phone_refused_or_that_nobody_answered) {
  ExchangeWorld::Options options;
  options.exchange.timeouts.ring = 5s;
  ExchangeWorld world(options);
  Recorder recorder(world);
  PhoneScript busy;
  busy.answer = 486;
  PhoneScript slow;
  slow.answer_after = 60s;
  world.add_phone("bob", busy);
  world.add_phone("carol", slow);
  ScriptedPhone& alice = world.add_phone("alice");
  alice.call("bob");
  world.run_for(2s);
  alice.call("carol");
  world.run_for(20s);
  ASSERT_THAT(recorder.made, SizeIs(2));
  EXPECT_EQ(recorder.made[0].end.status, 486);
  EXPECT_EQ(recorder.made[0].end.by, CallEnded::By::Callee);
  EXPECT_EQ(recorder.made[1].end.status, 480);
  EXPECT_EQ(recorder.made[1].end.by, CallEnded::By::Exchange);
  EXPECT_EQ(call::talk_time(recorder.made[1]), 0s);
}

TEST(ExchangeRecords, keep_the_media_of_whoever_gave_his_place_away) {
  MediaWorld world(with(MediaMode::Relay));
  Recorder recorder(world);
  ScriptedPhone& alice = world.add_phone("alice");
  ScriptedPhone& bob = world.add_phone("bob");
  ScriptedPhone& carol = world.add_phone("carol");
  PhoneLeg& first = alice.call("bob");
  world.run_for(1s);
  PhoneLeg& consultation = bob.call("carol");
  world.run_for(1s);
  bob.leg(0).refer("sip:carol@192.0.2.1", consultation);
  world.run_for(5s);
  world.exchange_media.finish_closing({});
  first.hang_up();
  world.run_for(1s);
  world.exchange_media.finish_closing({});
  carol.hang_up();
  world.run_for(1s);
  world.exchange_media.finish_closing({});
  ASSERT_THAT(recorder.made, SizeIs(2));
  EXPECT_THAT(legs(recorder.made[0]), ElementsAre("caller alice PCMU", "callee bob PCMU"));
  EXPECT_THAT(legs(recorder.made[1]), ElementsAre("caller bob PCMU", "callee carol PCMU", "caller alice PCMU"));
  EXPECT_THAT(recorder.made[1].changes, SizeIs(1));
}

}  // namespace
}  // namespace callwright::simulation
