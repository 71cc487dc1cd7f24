// Many commands at once, and commands over a network that loses, repeats and reorders.
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

TEST(ExchangeLoad, a_hundred_commands_at_once_all_succeed) {
  ExchangeWorld world;
  for (int i = 0; i < 20; ++i) {
    world.add_phone("a" + std::to_string(i));
    world.add_phone("b" + std::to_string(i), {.answer_after = std::chrono::milliseconds(50 + 50 * i)});
  }
  std::vector<CommandId> ids;
  for (int i = 0; i < 100; ++i) {
    ids.push_back(world.start("a" + std::to_string(i % 20), "b" + std::to_string(i % 20)));
  }
  world.run_for(10s);
  for (const CommandId id : ids) {
    EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "TransferPending 100 Trying",
                                                      "TransferPending 180 Ringing", "CalleeAnswered", "Ended"));
  }
  EXPECT_EQ(world.exchange->calls(), 100U);
  world.exchange->shut_down();
  world.expect_nothing_left();
}

TEST(ExchangeLoad, a_hundred_commands_between_phones_that_lose_the_token_all_succeed) {
  ExchangeWorld world;
  world.add_phone("alice", {.token = PhoneScript::Token::Lost});
  world.add_phone("bob");
  std::vector<CommandId> ids;
  for (int i = 0; i < 100; ++i) {
    ids.push_back(world.start("alice", "bob"));
  }
  world.run_for(10s);
  for (const CommandId id : ids) {
    EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  }
  world.exchange->shut_down();
  world.expect_nothing_left();
}

/// Some behaviour, drawn at random; most phones do what they should.
PhoneScript random_script(base::Random& random) {
  PhoneScript script;
  constexpr int kFinals[] = {200, 200, 200, 200, 486, 603, 404, 0};
  constexpr int kRefers[] = {202, 202, 202, 501, 603};
  script.answer = kFinals[random.between(0, 7)];
  script.answer_after = std::chrono::milliseconds(random.between(0, 3000));
  script.refer = kRefers[random.between(0, 4)];
  script.dial_after = std::chrono::milliseconds(random.between(0, 1000));
  script.reinvite = random.chance(0.9) ? 200 : 488;
  script.token = random.chance(0.8) ? PhoneScript::Token::Kept : PhoneScript::Token::Lost;
  script.dials = random.chance(0.95) ? PhoneScript::Dials::Yes : PhoneScript::Dials::No;
  script.after_refer = random.chance(0.9) ? PhoneScript::AfterRefer::Stays : PhoneScript::AfterRefer::HangsUp;
  return script;
}

class ExchangeTrouble : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ExchangeTrouble, every_command_ends_once_and_nothing_is_left) {
  constexpr int kPhones = 10;
  constexpr int kCommands = 200;
  ExchangeWorld world({.seed = GetParam(), .network = {.loss = 0.1, .duplication = 0.1, .reordering = 0.1, .jitter = 20ms}, .exchange = {}});
  base::DeterministicRandom dice(GetParam() * 977);
  std::vector<ScriptedPhone*> phones;
  for (int i = 0; i < kPhones; ++i) {
    phones.push_back(&world.add_phone("p" + std::to_string(i)));
  }
  const auto phone = [&dice, &phones]() -> ScriptedPhone& { return *phones[dice.between(0, kPhones - 1)]; };
  for (int i = 0; i < kCommands; ++i) {
    for (ScriptedPhone* const each : phones) {
      each->script = random_script(dice);
    }
    const CommandId id = world.start(phone().name(), phone().name());
    world.run_for(std::chrono::milliseconds(dice.between(0, 2000)));
    if (dice.chance(0.1)) {
      world.exchange->cancel(id);
    }
    if (dice.chance(0.1)) {
      world.end("call-" + std::to_string(id.value));
    }
    if (dice.chance(0.1)) {
      phone().hang_up();
    }
  }
  world.run_for(5min);
  EXPECT_EQ(world.commands.ended_count(), world.commands.commands());
  world.exchange->shut_down();
  world.run_for(2min);
  for (ScriptedPhone* const each : phones) {
    EXPECT_EQ(each->active(), 0U) << each->name();
  }
  world.network.settings() = {};
  world.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(seed, ExchangeTrouble, testing::Range<std::uint64_t>(1, 11));

}  // namespace
}  // namespace callwright::simulation
