// Calls and commands that end before their time: hang-up, EndCall, cancel and shut-down at every stage.
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

enum class Refer { Followed, Refused };

/// A command that is stopped after some time; what comes after is for the test.
struct Stopped : ExchangeWorld {
  explicit Stopped(Refer refer)
      : alice(add_phone("alice", {.refer = refer == Refer::Followed ? 202 : 501})), bob(add_phone("bob")), id(start("alice", "bob", "cmd-1")) {}

  void expect_all_hung_up(std::string_view what) {
    run_for(40s);
    EXPECT_EQ(alice.active() + bob.active(), 0U) << what;
    EXPECT_TRUE(commands.ended(id)) << what;
    expect_nothing_left();
  }

  ScriptedPhone& alice;
  ScriptedPhone& bob;
  CommandId id;
};

/// Every 23 ms of the time that a command takes, and some of the call after it: packets take 10 ms, so all phases occur.
std::vector<base::Duration> stages() {
  std::vector<base::Duration> times;
  for (auto time = 0ms; time <= 800ms; time += 23ms) {
    times.emplace_back(time);
  }
  return times;
}

template <class Action>
void at_every_stage(const Action& action) {
  for (const Refer refer : {Refer::Followed, Refer::Refused}) {
    for (const base::Duration time : stages()) {
      Stopped world(refer);
      world.run_for(time);
      action(world);
      world.expect_all_hung_up(std::to_string(time / 1ms) + " ms" + (refer == Refer::Followed ? "" : ", REFER refused"));
      if (testing::Test::HasFailure()) {
        return;
      }
    }
  }
}

TEST(EndOfCalls, cancel_ends_a_command_once_at_every_stage) {
  at_every_stage([](Stopped& world) {
    const bool done = world.commands.ended(world.id);
    world.exchange->cancel(world.id);
    EXPECT_TRUE(world.commands.ended(world.id));
    if (done) {
      world.exchange->shut_down();  // A command that has ended leaves its call alone.
    } else {
      EXPECT_TRUE(world.commands.has(world.id, "Failed the command was cancelled"));
    }
  });
}

TEST(EndOfCalls, shut_down_ends_calls_at_every_stage) {
  at_every_stage([](Stopped& world) { world.exchange->shut_down(); });
}

TEST(EndOfCalls, the_caller_may_hang_up_everything_at_every_stage) {
  at_every_stage([](Stopped& world) {
    world.alice.script.answer = 486;
    world.alice.script.dials = PhoneScript::Dials::No;
    world.alice.hang_up();
    world.run_for(1s);
    world.alice.hang_up();
  });
}

TEST(EndOfCalls, the_callee_may_hang_up_at_every_stage) {
  at_every_stage([](Stopped& world) {
    world.bob.script.answer = 486;
    world.bob.hang_up();
  });
}

TEST(EndOfCalls, the_end_is_found_by_the_id_of_the_command_until_its_leg_is_gone) {
  at_every_stage([](Stopped& world) {
    if (!world.commands.ended(world.id)) {
      const CommandId end = world.end("cmd-1");
      EXPECT_THAT(world.commands.texts(end), ElementsAre("Ended"));
      EXPECT_TRUE(world.commands.has(world.id, "Failed the call was ended"));
    } else {
      world.exchange->shut_down();
    }
  });
}

TEST(EndOfCalls, the_end_is_found_by_the_id_of_the_transfer_as_soon_as_it_is_told) {
  at_every_stage([](Stopped& world) {
    const std::string call_id = world.commands.events(world.id).empty() ? "" : world.commands.events(world.id).back().call_id;
    if (call_id.empty()) {
      world.exchange->shut_down();
      return;
    }
    EXPECT_THAT(world.commands.texts(world.end(call_id)), ElementsAre("Ended"));
  });
}

TEST(EndOfCalls, the_end_is_found_by_the_id_of_the_leg_to_the_callee) {
  at_every_stage([](Stopped& world) {
    if (world.bob.legs() == 0) {
      world.exchange->shut_down();
      return;
    }
    EXPECT_THAT(world.commands.texts(world.end(world.bob.leg(0).call_id())), ElementsAre("Ended"));
  });
}

TEST(EndOfCalls, an_observer_may_cancel_from_within_any_event) {
  for (const Refer refer : {Refer::Followed, Refer::Refused}) {
    for (const std::string kind : {"CallerAnswered", "Transferring", "TransferStart", "TransferPending 180 Ringing", "CalleeAnswered"}) {
      Stopped world(refer);
      world.commands.on_event = [&world, &kind](const CommandEvent& event) {
        if (event.command == world.id && to_text(event) == kind) {
          world.exchange->cancel(world.id);
        }
      };
      ASSERT_TRUE(world.run_until_ended(world.id)) << kind;
      world.run_for(1s);
      if (kind == "CalleeAnswered") {
        EXPECT_EQ(world.exchange->calls(), 1U);
        world.exchange->shut_down();
      } else {
        EXPECT_TRUE(world.commands.has(world.id, "Failed the command was cancelled")) << kind;
      }
      world.expect_all_hung_up(kind);
    }
  }
}

TEST(EndOfCalls, an_observer_may_end_the_call_from_within_any_event) {
  for (const Refer refer : {Refer::Followed, Refer::Refused}) {
    for (const std::string kind : {"TransferStart", "TransferPending 180 Ringing", "CalleeAnswered"}) {
      Stopped world(refer);
      world.commands.on_event = [&world, &kind](const CommandEvent& event) {
        if (event.command == world.id && to_text(event) == kind) {
          EXPECT_THAT(world.commands.texts(world.end(event.call_id)), ElementsAre("Ended"));
        }
      };
      ASSERT_TRUE(world.run_until_ended(world.id)) << kind;
      world.expect_all_hung_up(kind);
    }
  }
}

TEST(EndOfCalls, an_unknown_call_is_not_found) {
  ExchangeWorld world;
  EXPECT_THAT(world.commands.texts(world.end("nothing")), ElementsAre("Failed 404 Requested Dialog not found", "Ended"));
}

TEST(EndOfCalls, a_command_with_the_call_id_of_a_call_is_refused) {
  Stopped world(Refer::Followed);
  const CommandId second = world.start("alice", "bob", "cmd-1");
  EXPECT_THAT(world.commands.texts(second), ElementsAre("Failed 482 a call with this Call-ID is in progress", "Ended"));
  ASSERT_TRUE(world.run_until_ended(world.id));
  world.run_for(1s);
  EXPECT_TRUE(world.commands.has(world.id, "CalleeAnswered"));
  world.bob.hang_up();
  world.expect_all_hung_up("482");
}

TEST(EndOfCalls, nothing_new_is_taken_after_shut_down) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  world.exchange->shut_down();
  alice.call("bob");
  const CommandId id = world.start("alice", "bob");
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Failed 503 Service Unavailable: too many calls, try again later", "Ended"));
  world.run_for(1s);
  EXPECT_EQ(alice.leg(0).end_status(), 503);
  EXPECT_EQ(world.message("X", "alice", "503 INVITE").header("Retry-After"), "5");
  world.expect_nothing_left();
}

TEST(EndOfCalls, an_exchange_may_be_destroyed_with_calls_at_every_stage) {
  for (const Refer refer : {Refer::Followed, Refer::Refused}) {
    for (const base::Duration time : stages()) {
      Stopped world(refer);
      world.run_for(time);
      world.exchange.reset();
      world.run_for(200s);
      EXPECT_EQ(world.user_agent.dialogs(), 0U) << time / 1ms;
      EXPECT_EQ(world.user_agent.retired(), 0U) << time / 1ms;
    }
  }
}

}  // namespace
}  // namespace callwright::simulation
