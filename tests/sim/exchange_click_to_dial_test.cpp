#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandEvent;
using call::CommandId;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ClickToDial, has_the_caller_call_the_callee_by_refer) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  ScriptedPhone& bob = world.add_phone("bob");
  const CommandId id = world.start("alice", "bob", "cmd-1");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "TransferPending 100 Trying", "TransferPending 180 Ringing", "CalleeAnswered", "Ended"));
  world.run_for(10s);
  EXPECT_THAT(world.ladder("X", "alice", "cmd-1"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK", "> REFER", "< 202 REFER", "< NOTIFY", "> 200 NOTIFY",
                                                               "< NOTIFY", "> 200 NOTIFY", "> BYE", "< NOTIFY", "< 200 BYE", "> 200 NOTIFY"));
  EXPECT_THAT(world.ladder("alice", "X", alice.leg(1).call_id()), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_EQ(alice.leg(1).hears(), "bob");
  EXPECT_EQ(bob.leg(0).hears(), "alice");
  EXPECT_EQ(world.exchange->calls(), 1U);
  bob.hang_up();
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
