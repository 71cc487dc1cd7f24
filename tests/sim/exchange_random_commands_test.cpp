// Programs and people at the same exchange: commands of every kind, right ones and nonsense, several at once, also cancelled, for an hour of virtual time,
// while phones do as they like and the network loses, repeats, reorders and is cut. Each command ends exactly once, with nothing behind its end (CommandLog
// looks), none waits for ever, and at the end nothing is left anywhere.
#include "sim/exchange_media_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandId;
using call::Side;

constexpr const char* kNames[] = {"alice", "bob", "carol", "dave", "erin"};
constexpr std::chrono::hours kTime{1};

ExchangeWorld::Options options_for(std::uint64_t seed) {
  auto options = with(seed % 2 == 0 ? call::MediaMode::Relay : call::MediaMode::Bypass);
  options.seed = seed;
  options.network = {.loss = 0.02, .duplication = 0.02, .reordering = 0.05, .jitter = 20ms, .reordering_delay = 300ms};
  options.exchange.offered = {"100"};
  options.exchange.media.sounds = "/sounds";
  options.exchange.media.recordings = "/recordings";
  return options;
}

class RandomCommands {
 public:
  explicit RandomCommands(std::uint64_t seed) : world(options_for(seed)), dice_(~seed) {
    world.exchange->open_conferences(std::vector<call::ConferenceRoom>{});
    for (const char* const name : kNames) {
      phones_.push_back(&world.add_phone(name, any_script()));
    }
  }

  void run() {
    const base::TimePoint end = world.network.clock().now() + kTime;
    while (world.network.clock().now() < end) {
      act();
      world.exchange_media.finish_closing();
      world.run_for(up_to(dice_.chance(0.5) ? 200ms : 10s));
    }
    become_quiet();
    for (std::uint64_t number = kFirst; number < next_; ++number) {
      EXPECT_TRUE(world.commands.ended(CommandId{number})) << submitted_[number] << " waits for ever";
    }
    world.expect_nothing_left();
  }

  MediaWorld world;

 private:
  static constexpr std::uint64_t kFirst = 1000;

  base::Duration up_to(std::chrono::milliseconds longest) { return std::chrono::milliseconds(dice_.between(0, static_cast<std::uint64_t>(longest.count()))); }
  ScriptedPhone& anybody() { return *phones_[dice_.between(0, phones_.size() - 1)]; }
  std::string any_uri() { return "sip:" + std::string(dice_.chance(0.1) ? "nobody" : anybody().name()) + "@192.0.2.1"; }
  Side any_side() { return dice_.chance(0.5) ? Side::Caller : Side::Callee; }
  std::optional<Side> any_party() { return dice_.chance(0.4) ? std::nullopt : std::optional(any_side()); }
  std::string any_conference() { return dice_.chance(0.5) ? "red" : "blue"; }
  std::string any_call_id();
  PhoneScript any_script();
  call::PickUpCall any_pickup();
  call::Command any_command();
  void act();
  void submit(const call::Command& command);
  void play_to_an_end();
  void become_quiet();

  base::DeterministicRandom dice_;
  std::vector<ScriptedPhone*> phones_;
  std::vector<std::string> cut_off_;
  std::map<std::uint64_t, std::string> submitted_;
  std::uint64_t next_ = kFirst;
};

PhoneScript RandomCommands::any_script() {
  PhoneScript script;
  const std::uint64_t answer = dice_.between(0, 9);
  script.answer = answer < 7 ? 200 : answer < 8 ? 486 : answer < 9 ? 603 : 0;
  script.answer_after = up_to(5s);
  script.refer = dice_.chance(0.7) ? 202 : dice_.chance(0.5) ? 405 : 603;
  script.dials = dice_.chance(0.9) ? PhoneScript::Dials::Yes : PhoneScript::Dials::No;
  script.reinvite = dice_.chance(0.85) ? 200 : dice_.chance(0.7) ? 488 : 0;
  script.message = dice_.chance(0.8) ? 200 : 415;
  script.token = dice_.chance(0.8) ? PhoneScript::Token::Kept : PhoneScript::Token::Lost;
  script.after_refer = dice_.chance(0.7) ? PhoneScript::AfterRefer::Stays : PhoneScript::AfterRefer::HangsUp;
  return script;
}

/// Of a leg that a phone has, or has had.
std::string RandomCommands::any_call_id() {
  ScriptedPhone& phone = anybody();
  if (phone.legs() == 0 || dice_.chance(0.05)) {
    return "nothing@h";
  }
  const std::size_t latest = std::min<std::size_t>(phone.legs(), 4);
  return phone.leg(phone.legs() - 1 - dice_.between(0, latest - 1)).call_id();
}

/// Mostly of the slot that is given out first, or of a call of a phone, which may ring.
call::PickUpCall RandomCommands::any_pickup() {
  call::PickUpCall pickup;
  if (dice_.chance(0.6)) {
    pickup.slot = dice_.chance(0.8) ? "701" : "702";
  } else {
    pickup.call_id = any_call_id();
  }
  if (dice_.chance(0.6)) {
    pickup.destination = any_uri();
  } else {
    pickup.by = {any_call_id(), any_side()};
  }
  return pickup;
}

call::Command RandomCommands::any_command() {
  switch (dice_.between(0, 24)) {
    case 0:
    case 1:
    case 2:
    case 3: return call::StartCall{any_uri(), any_uri(), "command-" + std::to_string(next_)};
    case 4: return call::EndCall{any_call_id()};
    case 5: return call::TransferCall{{any_call_id(), any_side()}, any_uri()};
    case 6: return call::TransferCall{{any_call_id(), any_side()}, {}, call::CallParty{any_call_id(), any_side()}};
    case 7: return call::HoldCall{any_call_id(), any_party(), dice_.chance(0.5) ? call::HoldCall::Change::Hold : call::HoldCall::Change::Unhold};
    case 8: return call::PlaySound{.call_id = any_call_id(), .party = any_party(), .file = "sound.wav"};
    case 9: return call::StopSound{any_call_id(), any_party()};
    case 10: return call::PressKeys{.call_id = any_call_id(), .party = any_party(), .keys = "12", .timing = {}};
    case 11: return call::MuteParty{any_call_id(), any_party(), dice_.chance(0.5)};
    case 12: return call::RecordCall{.call_id = any_call_id()};
    case 13: return call::ChangeRecording{any_call_id(), static_cast<call::ChangeRecording::Change>(dice_.between(0, 2))};
    case 14:
      return call::DecideCall{.call_id = any_call_id(), .decision = static_cast<call::DecideCall::Decision>(dice_.between(0, 3)), .destination = any_uri()};
    case 15: return call::BridgeCalls{{any_call_id(), any_side()}, {any_call_id(), any_side()}};
    case 16: return call::UnbridgeCall{any_call_id()};
    case 17: return call::CreateConference{.name = any_conference()};
    case 18:
      return call::AddToConference{
          .conference = any_conference(), .call_id = dice_.chance(0.7) ? any_call_id() : std::string(), .party = any_party(), .destination = any_uri()};
    case 19:
    case 20: return call::ParkCall{{any_call_id(), any_side()}, dice_.chance(0.2) ? "702" : ""};
    case 21:
    case 22:
    case 23: return any_pickup();
    default:
      if (dice_.chance(0.3)) {
        return call::SendMessage{.from = any_uri(), .to = any_uri(), .text = "Hello"};
      }
      return call::ChangeConference{any_conference(), static_cast<call::ChangeConference::Change>(dice_.between(0, 3)), any_call_id()};
  }
}

void RandomCommands::submit(const call::Command& command) {
  const CommandId id{next_++};
  submitted_[id.value] = "command " + std::to_string(command.index()) + " (" + std::to_string(id.value) + ")";
  world.note(submitted_[id.value]);
  world.exchange->submit(id, command, world.commands);
}

/// Files that are played come to their end.
void RandomCommands::play_to_an_end() {
  std::vector<media::StreamId> playing;
  for (const auto& [id, stream] : world.exchange_media.streams()) {
    if (!stream.closed && std::holds_alternative<media::SoundFile>(stream.source)) {
      playing.push_back(id);
    }
  }
  for (const media::StreamId id : playing) {
    world.exchange_media.emit(id, media::SourceEnded{});
  }
}

void RandomCommands::act() {
  ScriptedPhone& phone = anybody();
  const std::uint64_t what = dice_.between(0, 99);
  if (what < 70) {
    submit(any_command());
  } else if (what < 76) {
    phone.dial(dice_.chance(0.5) ? "sip:100@192.0.2.1" : dice_.chance(0.2) ? "sip:701@192.0.2.1" : any_uri(), phone.sdp());
  } else if (what < 82) {
    phone.hang_up();
  } else if (what < 86) {
    phone.script = any_script();
  } else if (what < 90) {
    play_to_an_end();
  } else if (what < 95 && next_ > kFirst) {
    world.exchange->cancel(CommandId{dice_.between(next_ > kFirst + 5 ? next_ - 5 : kFirst, next_ - 1)});
  } else if (cut_off_.empty()) {
    cut_off_.push_back(phone.name());
    world.partition(phone.name());
  } else {
    world.heal(cut_off_.back());
    cut_off_.pop_back();
  }
}

void RandomCommands::become_quiet() {
  world.network.settings().loss = 0;
  for (const std::string& host : cut_off_) {
    world.heal(host);
  }
  for (ScriptedPhone* const phone : phones_) {
    phone->script.dials = PhoneScript::Dials::No;
    phone->script.answer = 486;
  }
  for (const char* const conference : {"red", "blue"}) {
    submit(call::ChangeConference{conference, call::ChangeConference::Change::End});
  }
  for (int round = 0; round < 3; ++round) {
    for (ScriptedPhone* const phone : phones_) {
      phone->hang_up();
    }
    world.exchange_media.finish_closing();
    world.run_for(3min);
  }
  world.run_for(3h);
  world.exchange_media.finish_closing();
  world.run_for(1min);
}

class ExchangeRandomCommands : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ExchangeRandomCommands, end_exactly_once_within_an_hour_of_anything) {
  RandomCommands random(GetParam());
  random.run();
  EXPECT_GE(random.world.commands.commands(), 300U);
  if (::testing::Test::HasFailure()) {
    ADD_FAILURE() << random.world.story();
  }
}

INSTANTIATE_TEST_SUITE_P(seed, ExchangeRandomCommands, ::testing::Range<std::uint64_t>(1, 9), [](const auto& each) { return std::to_string(each.param); });

}  // namespace
}  // namespace callwright::simulation
