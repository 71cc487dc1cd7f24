// A proxy that is not there, forgets, or whose datagrams are lost, late, doubled and out of order.
#include "sim/opensips_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(OpenSipsFaults, fail_each_command_within_the_time_when_the_proxy_is_down_and_recover) {
  OpenSipsWorld world;
  world.proxy.stop();
  world.run_for(seconds(20));
  EXPECT_FALSE(world.connector.is_up());
  const auto start = world.start();
  const auto end = world.submit(call::EndCall{"x1"});
  const auto hold = world.submit(call::HoldCall{"x1"});
  const auto transfer = world.submit(call::TransferCall{{"x1", call::Side::Callee}, "sip:carol@p"});
  world.run_for(milliseconds(10'100));
  for (const auto id : {start, end, hold, transfer}) {
    EXPECT_THAT(world.told(id), ElementsAre("Failed: 503 OpenSIPS does not answer", "Ended"));
  }
  world.proxy.restart();
  world.run_for(seconds(15));
  EXPECT_TRUE(world.connector.is_up());
  const auto again = world.start("c2");
  world.run_for(seconds(5));
  EXPECT_EQ(world.told(again)[4], "CalleeAnswered");
}

TEST(OpenSipsFaults, a_restart_just_before_a_command_loses_no_event) {
  OpenSipsWorld world;
  world.run_for(seconds(1));
  world.proxy.restart();
  const auto id = world.start();
  world.run_for(seconds(5));
  EXPECT_EQ(world.told(id)[4], "CalleeAnswered");
}

TEST(OpenSipsFaults, subscriptions_last_longer_than_their_time) {
  OpenSipsWorld world;
  world.proxy.phones["sip:bob@p"].answer_after = seconds(110);
  world.run_for(seconds(119));
  const auto id = world.start();
  world.run_for(seconds(130));
  EXPECT_EQ(world.told(id)[4], "CalleeAnswered");
}

TEST(OpenSipsFaults, a_restart_during_a_command_ends_it) {
  for (int step = 0; step < 40; ++step) {
    OpenSipsWorld world({.seed = static_cast<std::uint64_t>(step) + 1});
    world.proxy.phones["sip:alice@p"].allows_refer = step % 2 == 0;
    world.start();
    world.run_for(milliseconds(50) * step);
    world.proxy.restart();
    world.run_for(minutes(4));
    EXPECT_TRUE(world.all_ended_once()) << step;
    EXPECT_EQ(world.connector.running(), 0U) << step;
  }
}

TEST(OpenSipsFaults, answers_may_take_five_seconds) {
  OpenSipsWorld world({.answers_after = seconds(5)});
  world.proxy.add_call("x1", "sip:alice@p", "sip:bob@p");
  const auto start = world.start();
  const auto hold = world.submit(call::HoldCall{"x1"});
  world.run_for(seconds(40));
  EXPECT_EQ(world.told(start)[world.told(start).size() - 2], "CalleeAnswered");
  EXPECT_EQ(world.told(hold).size(), 6U);
  EXPECT_TRUE(world.all_ended_once());
  EXPECT_EQ(world.proxy.count("t_uac_dlg"), 1U);
}

TEST(OpenSipsFaults, an_answer_to_the_invite_that_is_lost_is_found_out) {
  OpenSipsWorld world({.loses_invite_answers = true});
  const auto id = world.start();
  world.run_for(seconds(20));
  EXPECT_EQ(world.told(id)[4], "CalleeAnswered");
  EXPECT_EQ(world.proxy.count("t_uac_dlg"), 1U);
  EXPECT_EQ(world.proxy.dialogs.size(), 1U);
  world.proxy.phones["sip:alice@p"].answer_status = 486;
  const auto busy = world.start("c2");
  world.run_for(seconds(20));
  EXPECT_THAT(world.told(busy), ElementsAre("Failed: failed to establish initial call: OpenSIPS has ended it", "Ended"));
  EXPECT_EQ(world.connector.alive(), 0U);
}

/// What happens to one call out of many.
void submit_any(OpenSipsWorld& world, base::Random& random, int number) {
  const std::string call_id = "x" + std::to_string(number);
  world.proxy.add_call(call_id, "sip:alice@p", "sip:bob@p");
  switch (random.between(0, 5)) {
    case 0: world.submit(call::EndCall{call_id}); break;
    case 1: world.submit(call::HoldCall{call_id}); break;
    case 2: world.submit(call::TransferCall{{call_id, call::Side::Callee}, "sip:carol@p"}); break;
    case 3: {
      const auto id = world.start("c" + std::to_string(number));
      world.run_for(milliseconds(random.between(1, 2'000)));
      world.connector.cancel(id);
      break;
    }
    default: world.start("c" + std::to_string(number));
  }
}

TEST(OpenSipsFaults, every_command_ends_once_whatever_is_lost_doubled_and_late) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    base::DeterministicRandom random(seed);
    OpenSipsWorld world({.seed = seed, .loss = 0.15, .duplication = 0.2, .max_delay = milliseconds(300), .version = seed % 2 == 0 ? 3 : 4});
    world.proxy.phones["sip:alice@p"].allows_refer = seed % 3 != 0;
    world.proxy.phones["sip:carol@p"].answer_status = seed % 5 == 0 ? 486 : 200;
    for (int number = 0; number < 20; ++number) {
      submit_any(world, random, number);
      world.run_for(milliseconds(random.between(0, 500)));
      if (number == 10 && seed % 4 == 0) {
        world.proxy.restart();
      }
    }
    world.run_for(minutes(5));
    EXPECT_TRUE(world.all_ended_once()) << seed;
    EXPECT_EQ(world.connector.running(), 0U) << seed;
    // Calls that are held together are put away when the proxy does not know them any more.
    world.proxy.restart();
    world.run_for(minutes(3));
    EXPECT_EQ(world.connector.alive(), 0U) << seed;
  }
}

TEST(OpenSipsFaults, a_call_that_was_told_as_connected_stays_when_its_events_come_twice_and_in_any_order) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    OpenSipsWorld world({.seed = seed, .duplication = 0.8, .max_delay = milliseconds(900)});
    world.proxy.phones["sip:bob@p"].answer_after = milliseconds(60);
    world.proxy.phones["sip:carol@p"].answer_after = milliseconds(60);
    world.proxy.add_call("x1", "sip:alice@p", "sip:bob@p");
    const auto start = world.start();
    const auto transfer = world.submit(call::TransferCall{{"x1", call::Side::Callee}, "sip:carol@p"});
    world.run_for(seconds(20));
    ASSERT_EQ(world.events(start).rbegin()[1].kind, call::CommandEvent::Kind::CalleeAnswered) << seed;
    ASSERT_EQ(world.events(transfer).rbegin()[1].kind, call::CommandEvent::Kind::TransferSuccessful) << seed;
    EXPECT_TRUE(world.proxy.dialogs.contains(world.events(start).rbegin()[1].call_id)) << seed;
    EXPECT_TRUE(world.proxy.dialogs.contains(world.events(transfer).rbegin()[1].call_id)) << seed;
  }
}

TEST(OpenSipsFaults, a_hundred_calls_at_once_all_end_well) {
  OpenSipsWorld world({.max_delay = milliseconds(50)});
  std::vector<call::CommandId> ids;
  for (int number = 0; number < 100; ++number) {
    ids.push_back(world.start("c" + std::to_string(number)));
  }
  world.run_for(seconds(10));
  for (const auto id : ids) {
    EXPECT_EQ(world.events(id)[world.events(id).size() - 2].kind, call::CommandEvent::Kind::CalleeAnswered);
  }
  EXPECT_EQ(world.proxy.dialogs.size(), 100U);
  EXPECT_EQ(world.connector.alive(), 0U);
}

}  // namespace
}  // namespace callwright::sim
