// Phones that do not follow REFER: the exchange calls both sides itself (RFC 3725).
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandId;
using testing::ElementsAre;
using testing::IsEmpty;

class ThirdPartyCallControl : public testing::TestWithParam<int> {};

TEST_P(ThirdPartyCallControl, joins_both_phones_when_the_caller_refuses_refer) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice", {.refer = GetParam()});
  ScriptedPhone& bob = world.add_phone("bob");
  const CommandId id = world.start("alice", "bob", "cmd-1");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id),
              ElementsAre("CallerAnswered", "Transferring", "TransferStart", "TransferPending 180 Ringing", "CalleeAnswered", "Ended"));
  world.run_for(1s);
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK", "> REFER",
                                                      "< " + std::to_string(GetParam()) + " REFER", "> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_EQ(world.message("X", "bob", "INVITE").body(), "");
  EXPECT_EQ(world.message("X", "alice", "INVITE", 1).body(), world.message("bob", "X", "200 INVITE").body());
  EXPECT_EQ(world.message("X", "bob", "ACK").body(), world.message("alice", "X", "200 INVITE", 1).body());
  EXPECT_EQ(alice.leg(0).hears(), "bob");
  EXPECT_EQ(bob.leg(0).hears(), "alice");
  EXPECT_EQ(world.exchange->calls(), 1U);
  alice.hang_up();
  world.run_for(1s);
  EXPECT_TRUE(bob.leg(0).ended());
  world.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(refusal, ThirdPartyCallControl, testing::Values(405, 420, 501, 603));

TEST(ThirdPartyCallControl, takes_over_when_refer_is_not_answered) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  ScriptedPhone& bob = world.add_phone("bob");
  world.drop("X", "alice", "REFER");
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_event(id, "Ended", 6s));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  EXPECT_EQ(bob.leg(0).call_id(), world.commands.events(id).back().call_id);
  world.run_for(60s);  // REFER times out; nobody minds.
  EXPECT_EQ(alice.active() + bob.active(), 2U);
  bob.hang_up();
  world.expect_nothing_left();
}

TEST(ThirdPartyCallControl, refuses_the_late_call_of_a_phone_that_it_gave_up) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  ScriptedPhone& bob = world.add_phone("bob");
  world.drop("alice", "X", "202 REFER");
  world.drop("alice", "X", "NOTIFY");
  world.drop("alice", "X", "INVITE");
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_event(id, "TransferStart"));
  world.stop_dropping();
  ASSERT_TRUE(world.run_until_ended(id));
  world.run_for(10s);
  EXPECT_EQ(alice.leg(1).end_status(), 403);
  EXPECT_EQ(bob.legs(), 1U);
  EXPECT_EQ(alice.leg(0).hears(), "bob");
  bob.hang_up();
  world.expect_nothing_left();
}

TEST(ThirdPartyCallControl, tells_why_the_callee_refuses_and_hangs_up_the_caller) {
  for (const int status : {404, 486, 603}) {
    ExchangeWorld world;
    world.add_phone("alice", {.refer = 501});
    world.add_phone("bob", {.answer = status});
    const CommandId id = world.start("alice", "bob");
    ASSERT_TRUE(world.run_until_ended(id));
    const std::string text = std::to_string(status) + " " + std::string(sip::reason_phrase(status));
    EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "TransferPending 180 Ringing",
                                                      "Failed failed to reach the callee: " + text, "Ended"));
    EXPECT_EQ(world.count("X", "alice", "BYE"), 1U);
    world.expect_nothing_left();
  }
}

TEST(ThirdPartyCallControl, fails_when_nobody_is_there_to_call) {
  ExchangeWorld world;
  world.add_phone("alice", {.refer = 405});
  const CommandId id = world.start("alice", "nobody");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "Failed failed to reach the callee: 404 Not Found", "Ended"));
  world.expect_nothing_left();
}

TEST(ThirdPartyCallControl, gives_up_a_callee_who_never_answers) {
  ExchangeWorld world;
  world.add_phone("alice", {.refer = 501});
  world.add_phone("bob", {.answer = 0});
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_EQ(world.commands.texts(id).at(4), "Failed failed to reach the callee: 408 Request Timeout");
  EXPECT_EQ(world.count("X", "bob", "CANCEL"), 1U);
  world.expect_nothing_left();
}

TEST(ThirdPartyCallControl, hangs_up_both_when_the_caller_refuses_the_media) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice", {.refer = 501, .reinvite = 488});
  ScriptedPhone& bob = world.add_phone("bob");
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "TransferPending 180 Ringing",
                                                    "Failed failed to join the media of caller and callee: 488 Not Acceptable Here", "Ended"));
  world.run_for(1s);
  EXPECT_EQ(alice.active() + bob.active(), 0U);
  world.expect_nothing_left();
}

TEST(ThirdPartyCallControl, ends_when_the_caller_never_answers_the_media_offer) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice", {.refer = 501, .reinvite = 0});
  ScriptedPhone& bob = world.add_phone("bob");
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_EQ(world.commands.texts(id).at(4), "Failed failed to join the media of caller and callee: 408 Request Timeout");
  world.run_for(1s);
  EXPECT_EQ(alice.active() + bob.active(), 0U);
  world.expect_nothing_left();
}

TEST(ThirdPartyCallControl, ends_the_callee_when_the_caller_hangs_up_at_any_stage) {
  for (const auto delay : {0ms, 25ms, 100ms, 215ms, 225ms, 235ms, 245ms, 255ms, 300ms}) {
    for (const bool caller_first : {true, false}) {
      ExchangeWorld world;
      ScriptedPhone& alice = world.add_phone("alice", {.refer = 501});
      ScriptedPhone& bob = world.add_phone("bob");
      const CommandId id = world.start("alice", "bob");
      ASSERT_TRUE(world.run_until_event(id, "TransferStart"));
      world.run_for(delay);
      bob.script.answer = caller_first ? 200 : 486;
      (caller_first ? alice : bob).hang_up();
      world.run_for(2s);
      EXPECT_EQ(alice.active() + bob.active(), 0U) << delay.count() << (caller_first ? " caller" : " callee");
      EXPECT_TRUE(world.commands.ended(id));
      world.expect_nothing_left();
    }
  }
}

TEST(ThirdPartyCallControl, ends_both_by_the_id_of_either_leg) {
  for (const bool first : {true, false}) {
    ExchangeWorld world;
    ScriptedPhone& alice = world.add_phone("alice", {.refer = 501});
    ScriptedPhone& bob = world.add_phone("bob");
    const CommandId id = world.start("alice", "bob", "cmd-1");
    ASSERT_TRUE(world.run_until_ended(id));
    world.run_for(1s);
    EXPECT_THAT(world.commands.texts(world.end(first ? "cmd-1" : bob.leg(0).call_id())), ElementsAre("Ended"));
    world.run_for(1s);
    EXPECT_EQ(alice.active() + bob.active(), 0U);
    world.expect_nothing_left();
  }
}

}  // namespace
}  // namespace callwright::simulation
