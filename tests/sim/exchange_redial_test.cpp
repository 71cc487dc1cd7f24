// Calls that are made as soon as both are free (RFC 5359 §2.17).
#include "sim/exchange_world.hpp"
#include "sim/lamp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Redialled : ExchangeWorld {
  Redialled() : alice(add_phone("alice")), bob(add_phone("bob")), carol(add_phone("carol")) {}
  /// Bob talks to carol.
  void occupy_bob() {
    carol.call("bob");
    run_for(1s);
    ASSERT_TRUE(bob.leg(0).confirmed());
    clear_wire();
  }
  call::CommandId redial(std::chrono::seconds limit, const std::string& callee = "sip:bob@192.0.2.1") {
    return submit(call::RedialCall{{.caller = "sip:alice@192.0.2.1", .callee = callee, .call_id = "redial"}, limit});
  }
  ScriptedPhone& alice;
  ScriptedPhone& bob;
  ScriptedPhone& carol;
};

TEST(ExchangeRedial, waits_until_the_callee_is_free_and_calls_the_caller_first) {
  Redialled world;
  world.occupy_bob();
  const call::CommandId id = world.redial(600s);
  world.run_for(60s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CalleeBusy"));
  EXPECT_THAT(world.ladder("X", "alice"), IsEmpty());
  world.bob.hang_up();
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CalleeBusy", "CallerAnswered", "Transferring", "TransferStart", "TransferPending 100 Trying",
                                                    "TransferPending 180 Ringing", "CalleeAnswered", "Ended"));
  EXPECT_EQ(world.bob.leg(1).hears(), "alice");
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeRedial, calls_at_once_when_both_are_free) {
  Redialled world;
  const call::CommandId id = world.redial(600s);
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_FALSE(world.commands.has(id, "CalleeBusy"));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeRedial, waits_for_the_caller_too) {
  Redialled world;
  world.occupy_bob();
  const call::CommandId id = world.redial(600s);
  world.add_phone("dave");
  world.alice.call("dave");
  world.run_for(1s);
  world.bob.hang_up();
  world.run_for(30s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CalleeBusy"));
  world.alice.hang_up();
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeRedial, gives_up_after_its_time) {
  Redialled world;
  world.occupy_bob();
  const call::CommandId id = world.redial(30s);
  world.run_for(31s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CalleeBusy", "Failed 480 the callee was busy all the time", "Ended"));
  world.bob.hang_up();
  world.run_for(5s);
  EXPECT_THAT(world.ladder("X", "alice"), IsEmpty());
  world.expect_nothing_left();
}

TEST(ExchangeRedial, ends_once_when_it_is_cancelled_or_the_exchange_stops) {
  for (const bool stops : {false, true}) {
    Redialled world;
    world.occupy_bob();
    const call::CommandId id = world.redial(600s);
    if (stops) {
      world.exchange->refuse_new_calls();
    } else {
      world.exchange->cancel(id);
    }
    EXPECT_EQ(world.commands.texts(id).size(), 3U);
    EXPECT_TRUE(world.commands.ended(id));
    world.bob.hang_up();
    world.expect_nothing_left();
  }
}

TEST(ExchangeRedial, knows_of_its_own_users_alone) {
  Redialled world;
  const call::CommandId id = world.redial(600s, "sip:eve@198.51.100.9");
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Failed 404 no user of this exchange, so nothing tells when it is free: sip:eve@198.51.100.9", "Ended"));
  world.expect_nothing_left();
}

TEST(ExchangeRedial, is_done_by_a_phone_that_watches_as_in_the_figure) {
  Redialled world;
  world.occupy_bob();
  world.bob.script.answer_other = 486;
  PhoneLeg& busy = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(busy.end_status(), 486);
  Lamp lamp(world.alice, "bob", "dialog");
  world.run_for(1s);
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("<state>confirmed</state>"));
  world.carol.hang_up();
  world.bob.script.answer_other = 0;
  world.run_for(1s);
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("<state>terminated</state>"));
  world.bob.script.answer_other = 200;
  PhoneLeg& again = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_TRUE(again.confirmed());
  world.alice.hang_up();
  lamp.subscriber->stop();
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
