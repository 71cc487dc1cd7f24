// Services of RFC 5359 that phones do themselves, through the exchange; docs/services.md names the tests of the others.
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ExchangeServices, consultation_hold) {
  // RFC 5359 §2.2: Bob holds Alice, asks Carol, and comes back.
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  ScriptedPhone& bob = world.add_phone("bob");
  ScriptedPhone& carol = world.add_phone("carol");
  alice.call("bob");
  world.run_for(1s);
  world.clear_wire();
  bob.leg(0).reinvite(bob.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_THAT(world.ladder("bob", "X"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(alice.leg(0).remote_sdp(), HasSubstr("a=sendonly"));
  PhoneLeg& question = bob.call("carol");
  world.run_for(1s);
  EXPECT_TRUE(question.confirmed());
  EXPECT_FALSE(alice.leg(0).ended());
  question.hang_up();
  world.run_for(1s);
  EXPECT_TRUE(carol.leg(0).ended());
  bob.leg(0).reinvite(bob.sdp(3));
  world.run_for(1s);
  EXPECT_THAT(alice.leg(0).remote_sdp(), HasSubstr("a=sendrecv"));
  EXPECT_EQ(alice.leg(0).hears(), "bob");
  alice.hang_up();
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
