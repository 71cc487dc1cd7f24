// Calls that an API puts on hold: HoldCall.
#include "sdp/directed.hpp"
#include "sim/exchange_media_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandId;
using call::MediaMode;
using call::Side;
using sdp::Direction;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// Alice has called bob.
struct HoldWorld : MediaWorld {
  explicit HoldWorld(Options options = {}, PhoneScript alice_script = {}, PhoneScript bob_script = {})
      : MediaWorld(std::move(options)), alice(add_phone("alice", alice_script)), bob(add_phone("bob", bob_script)), leg(alice.call("bob")) {
    run_for(2s);
    EXPECT_TRUE(leg.confirmed());
  }

  CommandId hold(std::optional<Side> party = {}) { return ExchangeWorld::hold(leg.call_id(), party); }
  CommandId unhold(std::optional<Side> party = {}) { return ExchangeWorld::unhold(leg.call_id(), party); }
  std::vector<std::string> held(std::optional<Side> party = {}) { return told(hold(party)); }
  std::vector<std::string> unheld(std::optional<Side> party = {}) { return told(unhold(party)); }
  std::vector<std::string> told(CommandId id) {
    EXPECT_TRUE(run_until_ended(id));
    return commands.texts(id);
  }
  /// What the phone was told last.
  [[nodiscard]] Direction direction_of(ScriptedPhone& phone) const { return sdp::directions_of(phone.leg(0).remote_sdp()).at(0); }
  [[nodiscard]] std::pair<Direction, Direction> directions() const { return {direction_of(alice), direction_of(bob)}; }
  /// Each description in turn has a version of its own, one higher than that before, or is the same (RFC 3264 §8); and its o= never changes otherwise.
  void expect_versions_in_order(const std::string& phone) const;
  void finish() {
    for (const char* const phone : {"alice", "bob"}) {
      expect_versions_in_order(phone);
    }
    leave();
  }
  /// For calls in which an offer was refused: its version is never seen again.
  void leave() {
    alice.hang_up();
    run_for(2s);
    EXPECT_TRUE(streams().empty());
    expect_nothing_left();
  }

  ScriptedPhone& alice;
  ScriptedPhone& bob;
  PhoneLeg& leg;
};

void HoldWorld::expect_versions_in_order(const std::string& phone) const {
  std::string latest;
  std::uint64_t version = 0;
  std::string rest;
  for (const SentMessage& message : messages("X", phone)) {
    const auto description = sdp::Description::parse(message.body());
    if (!description || message.header("Content-Type") != "application/sdp") {
      continue;
    }
    const std::uint64_t next = std::stoull(description->origin.version);
    const std::string origin = description->origin.username + description->origin.session_id + description->origin.address;
    if (!latest.empty()) {
      EXPECT_EQ(origin, rest) << message.text;
      EXPECT_EQ(next, version + (message.body() == latest ? 0 : 1)) << message.text << "after" << latest;
    }
    latest = message.body();
    version = next;
    rest = origin;
  }
}

constexpr std::pair kTalking{Direction::SendRecv, Direction::SendRecv};
constexpr std::pair kSilent{Direction::Inactive, Direction::Inactive};

/// Both ways that media may take.
struct HeldCalls : testing::TestWithParam<MediaMode> {
  [[nodiscard]] static ExchangeWorld::Options options() { return GetParam() == MediaMode::Bypass ? ExchangeWorld::Options{} : with(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(media, HeldCalls, testing::Values(MediaMode::Bypass, MediaMode::Relay, MediaMode::Process), [](const auto& mode) {
  return mode.param == MediaMode::Bypass ? "bypass" : mode.param == MediaMode::Relay ? "relay" : "process";
});

TEST_P(HeldCalls, have_both_phones_told_that_nothing_flows) {
  HoldWorld world(options());
  world.clear_wire();
  EXPECT_THAT(world.held(),
              ElementsAre("CallHolding", "CallHoldStart caller", "CallHoldStart callee", "CallHoldSuccessful caller", "CallHoldSuccessful callee", "Ended"));
  EXPECT_EQ(world.directions(), kSilent);
  for (const char* const phone : {"alice", "bob"}) {
    world.run_for(1s);
    EXPECT_THAT(world.ladder("X", phone), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  }
  EXPECT_THAT(world.unheld(), ElementsAre("CallUnholding", "CallUnholdStart caller", "CallUnholdStart callee", "CallUnholdSuccessful callee",
                                          "CallUnholdSuccessful caller", "Ended"));
  EXPECT_EQ(world.directions(), kTalking);
  world.finish();
}

TEST_P(HeldCalls, hold_one_party_alone) {
  HoldWorld world(options());
  EXPECT_THAT(world.held(Side::Caller), Contains("CallHoldSuccessful callee"));
  EXPECT_EQ(world.directions(), std::pair(Direction::SendOnly, Direction::RecvOnly)) << "alice hears bob and is not heard";
  EXPECT_THAT(world.held(Side::Caller), ElementsAre("Failed 480 Dialog leg is on hold", "Ended"));
  world.held(Side::Callee);
  EXPECT_EQ(world.directions(), kSilent);
  world.unheld(Side::Caller);
  EXPECT_EQ(world.directions(), std::pair(Direction::RecvOnly, Direction::SendOnly));
  EXPECT_THAT(world.unheld(Side::Caller), ElementsAre("Failed 480 Dialog leg is not on hold", "Ended"));
  world.unheld();
  EXPECT_EQ(world.directions(), kTalking);
  world.finish();
}

TEST_P(HeldCalls, are_not_held_twice_or_released_without_need) {
  HoldWorld world(options());
  EXPECT_THAT(world.unheld(), ElementsAre("Failed 480 No dialog legs on hold", "Ended"));
  world.held();
  EXPECT_THAT(world.held(), ElementsAre("Failed 480 Both dialog legs are on hold", "Ended"));
  world.unheld();
  EXPECT_THAT(world.unheld(), ElementsAre("Failed 480 No dialog legs on hold", "Ended"));
  world.finish();
}

TEST_P(HeldCalls, stay_held_whatever_the_phones_offer) {
  HoldWorld world(options());
  world.held();
  world.alice.leg(0).reinvite(world.alice.sdp(5));
  world.run_for(2s);
  EXPECT_EQ(world.directions(), kSilent);
  world.bob.leg(0).reinvite(world.bob.sdp(6, "inactive"));
  world.run_for(2s);
  EXPECT_EQ(world.directions(), kSilent);
  world.unheld();
  EXPECT_EQ(world.directions(), kTalking) << "what they said while they were held was about that";
  world.bob.leg(0).reinvite(world.bob.sdp(9));
  world.run_for(2s);
  EXPECT_EQ(world.directions(), kTalking);
  world.finish();
}

TEST_P(HeldCalls, leave_alone_what_a_phone_holds_itself) {
  HoldWorld world(options());
  world.alice.leg(0).reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(2s);
  EXPECT_EQ(world.direction_of(world.bob), Direction::SendOnly);
  world.held();
  EXPECT_EQ(world.directions(), kSilent);
  world.unheld();
  EXPECT_EQ(world.direction_of(world.bob), Direction::SendOnly) << "bob is on hold of alice";
  world.finish();
}

TEST_P(HeldCalls, go_on_as_before_when_a_phone_refuses) {
  for (const bool bob_refuses : {true, false}) {
    HoldWorld world(options());
    (bob_refuses ? world.bob : world.alice).script.reinvite = 488;
    const std::string name = bob_refuses ? "callee" : "caller";
    const auto texts = world.held();
    EXPECT_THAT(texts, Contains("Failed " + name + ": 488 Not Acceptable Here"));
    EXPECT_THAT(texts, Contains(bob_refuses ? "CallHoldSuccessful caller" : "CallHoldSuccessful callee"));
    world.run_for(2s);
    EXPECT_EQ(world.direction_of(bob_refuses ? world.alice : world.bob), Direction::SendRecv);
    (bob_refuses ? world.bob : world.alice).script.reinvite = 200;
    EXPECT_THAT(world.unheld(), Contains("Failed 480 No dialog legs on hold"));
    EXPECT_THAT(world.held(), Contains("CallHoldSuccessful callee"));
    EXPECT_EQ(world.directions(), kSilent);
    world.leave();
  }
}

TEST_P(HeldCalls, leave_nothing_behind_when_a_phone_refuses) {
  HoldWorld world(options());
  world.bob.script.reinvite = 488;
  world.held();
  world.run_for(2s);
  world.bob.script.reinvite = 200;
  world.alice.leg(0).reinvite(world.alice.sdp(7, "sendonly"));
  world.run_for(2s);
  EXPECT_EQ(world.direction_of(world.bob), Direction::SendOnly) << "what alice wants is no longer hidden";
  world.leave();
}

TEST_P(HeldCalls, hold_a_phone_that_will_not_be_released_whatever_the_other_offers) {
  HoldWorld world(options());
  world.held();
  world.alice.script.reinvite = 500;
  world.unheld();
  world.run_for(2s);
  world.alice.script.reinvite = 200;
  world.bob.leg(0).reinvite(world.bob.sdp(7));
  world.run_for(2s);
  EXPECT_EQ(world.direction_of(world.alice), Direction::Inactive);
  EXPECT_EQ(world.direction_of(world.bob), Direction::Inactive);
  world.leave();
}

TEST_P(HeldCalls, take_a_phone_back_that_agrees_too_late) {
  HoldWorld world(options());
  world.drop("X", "bob", "INVITE");
  EXPECT_THAT(world.held(), Contains("Failed callee: 408 Request Timeout"));
  world.stop_dropping();
  world.run_for(25s);
  EXPECT_EQ(world.directions(), kTalking);
  EXPECT_THAT(world.held(), Contains("CallHoldSuccessful callee"));
  world.unheld();
  EXPECT_EQ(world.directions(), kTalking);
  world.finish();
}

TEST_P(HeldCalls, do_not_point_to_somebody_who_was_refused) {
  HoldWorld world(options());
  world.held();
  world.unheld();
  PhoneScript elsewhere;
  elsewhere.address = "203.0.113.99";
  ScriptedPhone& carol = world.add_phone("carol", elsewhere);
  world.alice.script.reinvite = 488;
  const sip::DialogName name = world.bob.leg(0).session()->name_at_peer();
  PhoneLeg& taking = carol.dial("sip:bob@192.0.2.1?Replaces=" + sip::escape_header_value(name.to_string()), carol.sdp());
  world.run_for(2s);
  EXPECT_FALSE(taking.confirmed());
  world.alice.script.reinvite = 200;
  world.held();
  EXPECT_THAT(world.alice.leg(0).remote_sdp(), testing::Not(HasSubstr("203.0.113.99")));
  EXPECT_EQ(world.directions(), kSilent);
  world.unheld();
  world.leave();
}

TEST_P(HeldCalls, stay_held_when_a_phone_will_not_be_released) {
  HoldWorld world(options());
  world.held();
  world.alice.script.reinvite = 500;
  EXPECT_THAT(world.unheld(), Contains("Failed caller: 500 Server Internal Error"));
  world.run_for(2s);
  EXPECT_EQ(world.direction_of(world.bob), Direction::Inactive);
  world.alice.script.reinvite = 200;
  world.unheld();
  EXPECT_EQ(world.directions(), kTalking);
  world.leave();
}

TEST_P(HeldCalls, do_not_wait_for_a_silent_phone) {
  HoldWorld world(options());
  world.bob.script.reinvite = 0;
  const auto texts = world.held();
  EXPECT_THAT(texts, Contains("Failed callee: 408 Request Timeout"));
  world.run_for(2s);
  EXPECT_EQ(world.direction_of(world.alice), Direction::SendRecv);
  EXPECT_THAT(world.held(), ElementsAre("Failed 491 Request Pending", "Ended")) << "bob has not answered yet";
  world.alice.hang_up();
  world.run_for(40s);
  world.expect_nothing_left();
}

TEST_P(HeldCalls, end_like_any_other) {
  HoldWorld world(options());
  world.bob.script.reinvite = 0;
  const CommandId id = world.hold();
  world.run_for(1s);
  world.alice.hang_up();
  world.run_for(40s);
  EXPECT_THAT(world.commands.texts(id), Contains("Failed the call ended before its phones had answered"));
  world.expect_nothing_left();
  HoldWorld held(options());
  held.held();
  held.finish();
}

TEST_P(HeldCalls, let_a_third_party_talk) {
  HoldWorld world(options());
  ScriptedPhone& carol = world.add_phone("carol", {});
  world.held();
  const sip::DialogName name = world.bob.leg(0).session()->name_at_peer();
  PhoneLeg& taking = carol.dial("sip:bob@192.0.2.1?Replaces=" + sip::escape_header_value(name.to_string()), carol.sdp());
  world.run_for(2s);
  EXPECT_TRUE(taking.confirmed());
  EXPECT_EQ(sdp::directions_of(taking.remote_sdp()), std::vector{Direction::SendRecv});
  EXPECT_EQ(world.direction_of(world.alice), Direction::SendRecv);
  EXPECT_THAT(world.unheld(), Contains("Failed 480 No dialog legs on hold"));
  EXPECT_THAT(world.held(), Contains("CallHoldSuccessful callee"));
  EXPECT_EQ(sdp::directions_of(taking.remote_sdp()), std::vector{Direction::Inactive});
  carol.hang_up();
  world.run_for(2s);
  world.expect_nothing_left();
}

TEST_P(HeldCalls, have_offers_that_cross_made_again) {
  HoldWorld world(options());
  const CommandId id = world.hold();
  world.alice.leg(0).reinvite(world.alice.sdp(4));
  EXPECT_THAT(world.told(id), Contains("CallHoldSuccessful caller"));
  world.run_for(10s);
  EXPECT_EQ(world.directions(), kSilent);
  world.unheld();
  EXPECT_EQ(world.directions(), kTalking);
  world.leave();
}

TEST(HoldCall, tells_what_cannot_be_held) {
  HoldWorld world;
  const CommandId unknown = world.ExchangeWorld::hold("nothing");
  EXPECT_THAT(world.told(unknown), ElementsAre("Failed 404 Dialog not found", "Ended"));
  PhoneScript patient;
  patient.answer = 0;
  world.add_phone("carol", patient);
  PhoneLeg& ringing = world.bob.call("carol");
  world.run_for(1s);
  const CommandId early = world.ExchangeWorld::hold(ringing.call_id());
  EXPECT_THAT(world.told(early), ElementsAre("Failed 410 Dialog not ready", "Ended"));
  world.bob.hang_up();
  world.run_for(2s);
  world.finish();
}

TEST(HoldCall, is_told_to_the_journal) {
  HoldWorld world;
  world.held();
  world.unheld(Side::Callee);
  world.unheld();
  std::vector<std::pair<bool, bool>> held;
  for (const call::CallHeld& what : world.events.held) {
    held.emplace_back(what.caller, what.callee);
  }
  EXPECT_THAT(held, ElementsAre(std::pair(true, true), std::pair(true, false), std::pair(false, false)));
  world.finish();
}

TEST(HoldCall, waits_for_an_ack_that_is_still_to_come) {
  HoldWorld world;
  ScriptedPhone& carol = world.add_phone("carol");
  ScriptedPhone& dave = world.add_phone("dave");
  world.drop("carol", "X", "ACK");
  PhoneLeg& late = carol.call("dave");
  world.run_for(1s);
  ASSERT_TRUE(dave.leg(0).confirmed());
  const CommandId held = world.ExchangeWorld::hold(late.call_id());
  const CommandId cancelled = world.ExchangeWorld::hold(late.call_id());
  const CommandId moved = world.transfer(late.call_id(), Side::Callee, "bob");
  world.exchange->cancel(cancelled);
  EXPECT_THAT(world.commands.texts(cancelled), ElementsAre("Failed the command was cancelled", "Ended"));
  EXPECT_THAT(world.commands.texts(held), IsEmpty());
  world.stop_dropping();
  EXPECT_THAT(world.told(held), Contains("CallHoldSuccessful callee"));
  EXPECT_THAT(world.told(moved), Contains("Transferring"));
  for (ScriptedPhone* const phone : {&carol, &dave, &world.alice, &world.bob}) {
    phone->hang_up();
  }
  world.run_for(5s);
  world.expect_nothing_left();
}

TEST(HoldCall, fails_when_the_ack_never_comes) {
  HoldWorld world;
  ScriptedPhone& carol = world.add_phone("carol");
  world.add_phone("dave");
  world.drop("carol", "X", "ACK");
  PhoneLeg& late = carol.call("dave");
  world.run_for(1s);
  const CommandId held = world.ExchangeWorld::hold(late.call_id());
  EXPECT_THAT(world.told(held), ElementsAre("Failed 404 Dialog not found", "Ended"));
  world.stop_dropping();
  world.finish();
}

TEST(HoldCall, keeps_calls_apart) {
  HoldWorld world;
  ScriptedPhone& carol = world.add_phone("carol");
  ScriptedPhone& dave = world.add_phone("dave");
  PhoneLeg& other = carol.call("dave");
  world.run_for(1s);
  const CommandId one = world.hold();
  const CommandId two = world.ExchangeWorld::hold(other.call_id());
  EXPECT_EQ(world.told(one), world.told(two));
  EXPECT_EQ(world.directions(), kSilent);
  world.unheld();
  EXPECT_EQ(sdp::directions_of(dave.leg(0).remote_sdp()), std::vector{Direction::Inactive});
  carol.hang_up();
  world.run_for(2s);
  world.finish();
}

TEST(HoldCall, is_cancelled) {
  HoldWorld world;
  world.bob.script.reinvite = 0;
  const CommandId id = world.hold();
  world.run_for(1s);
  world.exchange->cancel(id);
  EXPECT_THAT(world.told(id), Contains("Failed the command was cancelled"));
  world.run_for(2s);
  EXPECT_EQ(world.direction_of(world.alice), Direction::SendRecv);
  world.alice.hang_up();
  world.run_for(40s);
  world.expect_nothing_left();
}

TEST(HoldCall, plays_the_music_of_the_exchange) {
  auto options = with(MediaMode::Relay);
  options.exchange.media.hold_music = media::SoundFile{"hold.wav", audio::Repeat::Loop};
  HoldWorld world(options);
  world.held(Side::Caller);
  EXPECT_EQ(world.directions(), std::pair(Direction::SendOnly, Direction::RecvOnly));
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<media::SoundFile>(streams[0]->source)) << "alice hears it";
  EXPECT_FALSE(std::holds_alternative<media::SoundFile>(streams[1]->source));
  world.unheld();
  EXPECT_FALSE(std::holds_alternative<media::SoundFile>(streams[0]->source));
  EXPECT_EQ(world.directions(), kTalking);
  world.held();
  EXPECT_EQ(world.directions(), std::pair(Direction::SendOnly, Direction::SendOnly));
  EXPECT_TRUE(std::holds_alternative<media::SoundFile>(streams[1]->source));
  world.finish();
}

TEST(HoldCall, ends_the_music_when_a_third_party_comes) {
  auto options = with(MediaMode::Relay);
  options.exchange.media.hold_music = media::SoundFile{"hold.wav", audio::Repeat::Loop};
  HoldWorld world(options);
  ScriptedPhone& carol = world.add_phone("carol", {});
  world.held();
  const sip::DialogName name = world.bob.leg(0).session()->name_at_peer();
  PhoneLeg& taking = carol.dial("sip:bob@192.0.2.1?Replaces=" + sip::escape_header_value(name.to_string()), carol.sdp());
  world.run_for(2s);
  ASSERT_TRUE(taking.confirmed());
  for (const auto* const stream : world.streams()) {
    EXPECT_FALSE(std::holds_alternative<media::SoundFile>(stream->source));
  }
  carol.hang_up();
  world.run_for(2s);
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
