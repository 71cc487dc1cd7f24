// Hold and transfer of parties that are alone with the exchange, or in a conference: HoldCall, TransferCall.
#include "sdp/directed.hpp"
#include "sim/four_phones.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandId;
using call::HoldCall;
using call::MediaMode;
using call::Side;
using call::TransferCall;
using sdp::Direction;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kBob = "sip:bob@192.0.2.1";
constexpr const char* kCarol = "sip:carol@192.0.2.1";

struct LoneWorld : FourPhones {
  explicit LoneWorld(MediaMode mode = MediaMode::Relay, bool music = true) : FourPhones(options_with(mode, music)) {}
  static Options options_with(MediaMode mode, bool music) {
    Options options = with(mode);
    options.exchange.offered = {"100"};
    if (music) {
      options.exchange.media.hold_music = media::SoundFile{kHoldMusic};
    }
    return options;
  }

  std::vector<std::string> transferred(const std::string& call_id, const std::string& destination) {
    return told(TransferCall{.party = {call_id}, .destination = destination});
  }
  /// Somebody has called the API and is alone with the exchange: the Call-ID.
  std::string answered(const std::string& name) {
    PhoneLeg& leg = phone(name).call("100");
    run_for(1s);
    EXPECT_THAT(told(call::DecideCall{leg.call_id()}), ElementsAre("ConferenceJoined", "Ended"));
    return leg.call_id();
  }
  /// Alice, bob and carol are in the conference "board"; the Call-ID of alice's leg.
  std::string confer() {
    told(call::CreateConference{.name = "board"});
    const std::string call_id = connect("alice", "bob");
    told(call::AddToConference{.conference = "board", .call_id = call_id});
    told(call::AddToConference{.conference = "board", .call_id = {}, .party = {}, .destination = kCarol});
    EXPECT_EQ(conferring(), 3U);
    return call_id;
  }
  [[nodiscard]] Direction direction_of(const std::string& name) { return sdp::directions_of(latest(name).remote_sdp()).at(0); }
  void expect_talking(const std::string& one, const std::string& other) {
    for (const std::string& name : {one, other}) {
      EXPECT_TRUE(latest(name).confirmed() && !latest(name).ended()) << name;
    }
    const auto all = streams();
    EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const auto* stream) { return stream->joined.has_value(); }), 2);
    // It is a call between two now, as any other.
    EXPECT_THAT(told(HoldCall{latest(one).call_id()}), testing::Contains("CallHoldSuccessful callee"));
    EXPECT_THAT(told(HoldCall{latest(other).call_id(), {}, HoldCall::Change::Unhold}), testing::Contains("CallUnholdSuccessful callee"));
  }
  void leave() {
    if (std::vector<std::string> ended = told(call::ChangeConference{"board", call::ChangeConference::Change::End}); ended.front() != "Ended") {
      EXPECT_EQ(ended.front(), "Failed 404 Conference not found");
    }
    FourPhones::leave();
  }
};

TEST(HoldOfALoneParty, has_it_hear_music_and_takes_it_back) {
  LoneWorld world;
  const std::string alice = world.answered("alice");
  world.clear_wire();
  EXPECT_THAT(world.told(HoldCall{alice}), ElementsAre("CallHolding", "CallHoldStart", "CallHoldSuccessful", "Ended"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_EQ(world.direction_of("alice"), Direction::SendOnly);
  EXPECT_EQ(world.hearing_music(), 1U);
  EXPECT_TRUE(world.journal.find(alice)->held.caller);
  EXPECT_THAT(world.told(HoldCall{alice}), ElementsAre("Failed 480 Dialog leg is on hold", "Ended"));
  EXPECT_THAT(world.told(HoldCall{alice, {}, HoldCall::Change::Unhold}), ElementsAre("CallUnholding", "CallUnholdStart", "CallUnholdSuccessful", "Ended"));
  EXPECT_EQ(world.direction_of("alice"), Direction::SendRecv);
  EXPECT_EQ(world.hearing_music(), 0U);
  EXPECT_FALSE(world.journal.find(alice)->held.caller);
  EXPECT_THAT(world.told(HoldCall{alice, {}, HoldCall::Change::Unhold}), ElementsAre("Failed 480 Dialog leg is not on hold", "Ended"));
  world.leave();
}

TEST(HoldOfALoneParty, waits_for_the_ACK_of_whoever_was_answered_just_now) {
  LoneWorld world;
  PhoneLeg& leg = world.phone("alice").call("100");
  world.run_for(1s);
  const call::CommandId answer{900};
  const call::CommandId hold{901};
  world.commands.on_event = [&](const call::CommandEvent& event) {
    if (event.command == answer && event.kind == call::CommandEvent::Kind::Ended) {
      world.exchange->submit(hold, HoldCall{leg.call_id()}, world.commands);
    }
  };
  world.exchange->submit(answer, call::DecideCall{leg.call_id()}, world.commands);
  world.run_for(2s);
  EXPECT_THAT(world.commands.texts(hold), ElementsAre("CallHolding", "CallHoldStart", "CallHoldSuccessful", "Ended"));
  EXPECT_EQ(world.direction_of("alice"), Direction::SendOnly);
  world.commands.on_event = nullptr;
  world.leave();
}

TEST(HoldOfALoneParty, is_silent_without_music) {
  LoneWorld world(MediaMode::Relay, false);
  const std::string alice = world.answered("alice");
  world.told(HoldCall{alice});
  EXPECT_EQ(world.direction_of("alice"), Direction::Inactive);
  world.leave();
}

TEST(HoldOfALoneParty, ends_with_whatever_connects_it) {
  LoneWorld world;
  const std::string alice = world.answered("alice");
  const std::string bob = world.answered("bob");
  world.told(HoldCall{alice});
  EXPECT_THAT(world.told(call::BridgeCalls{{alice}, {bob}}), ElementsAre("CallBridged", "Ended"));
  EXPECT_FALSE(world.journal.find(alice)->held.caller);
  EXPECT_EQ(world.hearing_music(), 0U);
  world.expect_talking("alice", "bob");
  world.leave();
}

TEST(HoldOfALoneParty, leaves_it_as_it_was_when_its_phone_refuses_or_is_silent) {
  for (const int answer : {488, 0}) {
    LoneWorld world;
    const std::string alice = world.answered("alice");
    world.phone("alice").script.reinvite = answer;
    const CommandId id = world.submit(HoldCall{alice});
    EXPECT_TRUE(world.run_until_ended(id));
    EXPECT_THAT(world.commands.texts(id), ElementsAre("CallHolding", "CallHoldStart", StartsWith(answer == 488 ? "Failed 488" : "Failed 408"), "Ended"));
    EXPECT_EQ(world.hearing_music(), 0U);
    EXPECT_FALSE(world.journal.find(alice) != nullptr && world.journal.find(alice)->held.caller);
    world.run_for(1min);
    world.leave();
  }
}

TEST(HoldOfALoneParty, is_told_when_the_party_hangs_up) {
  LoneWorld world;
  const std::string alice = world.answered("alice");
  world.phone("alice").script.reinvite = 0;
  const CommandId id = world.submit(HoldCall{alice});
  world.phone("alice").hang_up();
  world.run_for(1s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallHolding", "CallHoldStart", HasSubstr("the call ended"), "Ended"));
  world.leave();
}

TEST(HoldOfAConferenceParty, has_nobody_hear_it) {
  LoneWorld world;
  const std::string alice = world.confer();
  EXPECT_EQ(world.muted(), 0U);
  EXPECT_THAT(world.told(HoldCall{alice}), ElementsAre("CallHolding", "CallHoldStart", "CallHoldSuccessful", "Ended"));
  EXPECT_EQ(world.muted(), 1U);
  EXPECT_EQ(world.hearing_music(), 1U);
  EXPECT_EQ(world.conferring(), 3U);
  EXPECT_THAT(world.told(HoldCall{alice, {}, HoldCall::Change::Unhold}), ElementsAre("CallUnholding", "CallUnholdStart", "CallUnholdSuccessful", "Ended"));
  EXPECT_EQ(world.muted(), 0U);
  world.leave();
}

struct LoneTransfers : ::testing::TestWithParam<MediaMode> {};
INSTANTIATE_TEST_SUITE_P(media, LoneTransfers, ::testing::Values(MediaMode::Relay, MediaMode::Bypass),
                         [](const auto& each) { return each.param == MediaMode::Relay ? "relay" : "bypass"; });

TEST_P(LoneTransfers, call_the_destination_and_join_the_party) {
  LoneWorld world(GetParam());
  const std::string alice = world.answered("alice");
  world.clear_wire();
  const CommandId id = world.submit(TransferCall{.party = {alice}, .destination = kBob});
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Transferring", "TransferStart", "TransferPending 180 Ringing", "TransferSuccessful", "Ended"));
  EXPECT_EQ(world.commands.events(id).at(3).call_id, world.latest("bob").call_id());
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK")) << "nothing before bob has answered";
  EXPECT_THAT(world.message("X", "bob", "INVITE").header("From"), HasSubstr("sip:alice@")) << "he sees who it is";
  ASSERT_EQ(world.journal.size(), 1U);
  EXPECT_EQ(world.journal.find(alice)->callee, kBob);
  world.expect_talking("alice", "bob");
  world.leave();
}

TEST_P(LoneTransfers, take_a_party_out_of_its_conference) {
  LoneWorld world(GetParam());
  const std::string alice = world.confer();
  EXPECT_EQ(world.transferred(alice, "sip:dave@192.0.2.1").back(), "Ended");
  EXPECT_EQ(world.conferring(), 2U) << "bob and carol go on";
  world.expect_talking("alice", "dave");
  EXPECT_EQ(world.phone("bob").active() + world.phone("carol").active(), 2U);
  EXPECT_EQ(world.journal.size(), 3U);
  world.leave();
}

TEST_P(LoneTransfers, connect_a_party_with_one_of_another_call) {
  LoneWorld world(GetParam());
  const std::string alice = world.answered("alice");
  const std::string bob = world.connect("bob", "carol");
  const CommandId id = world.submit(TransferCall{.party = {alice}, .destination = {}, .joins = call::CallParty{bob, Side::Callee}});
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Transferring", "TransferStart", "TransferSuccessful", "Ended"));
  EXPECT_EQ(world.commands.events(id).at(2).destination, kCarol);
  EXPECT_EQ(world.phone("bob").active(), 0U) << "whoever has talked to both is out";
  world.expect_talking("alice", "carol");
  world.leave();
}

TEST_P(LoneTransfers, connect_a_party_of_a_call_with_one_that_is_alone) {
  LoneWorld world(GetParam());
  const std::string bob = world.connect("bob", "carol");
  const std::string alice = world.answered("alice");
  EXPECT_EQ(world.told(TransferCall{.party = {bob, Side::Callee}, .destination = {}, .joins = call::CallParty{alice}}).back(), "Ended");
  EXPECT_EQ(world.phone("bob").active(), 0U);
  world.expect_talking("alice", "carol");
  world.leave();
}

TEST(LoneTransfer, leaves_the_party_where_it_is_when_the_destination_refuses_or_cannot_be_found) {
  LoneWorld world;
  const std::string alice = world.answered("alice");
  world.phone("bob").script.answer = 486;
  EXPECT_THAT(world.transferred(alice, kBob),
              ElementsAre("Transferring", "TransferStart", "TransferPending 180 Ringing", "Failed failed to reach the destination: 486 Busy Here", "Ended"));
  EXPECT_THAT(world.transferred(alice, "sip:nobody@192.0.2.1"), ElementsAre("Failed failed to reach the destination: 404 Not Found", "Ended"));
  EXPECT_EQ(world.conferring(), 1U);
  EXPECT_EQ(world.transferred(alice, kCarol).at(3), "TransferSuccessful") << "it may be tried again";
  world.expect_talking("alice", "carol");
  world.leave();
}

TEST(LoneTransfer, leaves_the_party_alone_when_it_does_not_want_the_media_of_the_destination) {
  LoneWorld world;
  const std::string alice = world.answered("alice");
  world.phone("alice").script.reinvite = 488;
  world.commands.on_event = [&world](const call::CommandEvent& event) {
    if (event.kind == call::CommandEvent::Kind::Failed) {
      world.phone("alice").script.reinvite = 200;
    }
  };
  EXPECT_THAT(world.transferred(alice, kBob),
              ElementsAre("Transferring", "TransferStart", "TransferPending 180 Ringing", HasSubstr("the party does not agree: 488"), "Ended"));
  EXPECT_EQ(world.phone("bob").active(), 0U);
  EXPECT_EQ(world.phone("alice").active(), 1U);
  EXPECT_EQ(world.conferring(), 1U);
  world.leave();
}

TEST(LoneTransfer, stops_what_rings_when_the_party_leaves_or_the_command_is_cancelled) {
  for (const char* const how : {"hangs up", "is bridged", "is cancelled"}) {
    LoneWorld world;
    const std::string alice = world.answered("alice");
    const std::string carol = world.answered("carol");
    world.phone("bob").script.answer = 0;
    const CommandId id = world.submit(TransferCall{.party = {alice}, .destination = kBob});
    EXPECT_THAT(world.transferred(alice, kBob), ElementsAre("Failed 491 Request Pending", "Ended")) << "one at a time";
    if (how == std::string("hangs up")) {
      world.phone("alice").hang_up();
    } else if (how == std::string("is bridged")) {
      EXPECT_THAT(world.told(call::BridgeCalls{{alice}, {carol}}), ElementsAre("CallBridged", "Ended"));
    } else {
      world.exchange->cancel(id);
    }
    world.run_for(1s);
    EXPECT_THAT(world.commands.texts(id), ElementsAre("Transferring", "TransferStart", "TransferPending 180 Ringing", StartsWith("Failed "), "Ended")) << how;
    EXPECT_EQ(world.count("X", "bob", "CANCEL"), 1U) << how;
    world.leave();
  }
}

TEST(LoneTransfer, tells_what_cannot_be) {
  LoneWorld world;
  const std::string alice = world.confer();
  const std::string bob = world.latest("bob").call_id();
  const auto attended = [&](const std::string& one, const std::string& other) {
    return world.told(TransferCall{.party = {one}, .destination = {}, .joins = call::CallParty{other}}).front();
  };
  EXPECT_EQ(attended(alice, bob), "Failed 400 the two calls are one");
  EXPECT_EQ(attended(alice, "nothing@h"), "Failed 404 Transfer dialog not found");
  EXPECT_EQ(attended("nothing@h", alice), "Failed 404 Dialog not found");
  PhoneLeg& offered = world.phone("dave").call("100");
  world.run_for(1s);
  EXPECT_EQ(attended(alice, offered.call_id()), "Failed 410 Transfer dialog not ready");
  EXPECT_EQ(attended(offered.call_id(), alice), "Failed 410 Dialog not ready");
  EXPECT_EQ(world.conferring(), 3U) << "all are where they were";
  world.leave();
}

TEST(LoneTransfer, survives_a_hang_up_of_anybody_at_any_moment) {
  for (const char* const who : {"alice", "bob"}) {
    for (auto moment = 50ms; moment < 800ms; moment += 25ms) {
      LoneWorld world;
      const std::string alice = world.answered("alice");
      const CommandId id{500};
      world.exchange->submit(id, TransferCall{.party = {alice}, .destination = kBob}, world.commands);
      world.run_for(moment);
      world.phone(who).hang_up();
      EXPECT_TRUE(world.run_until_ended(id)) << who << " after " << moment.count() << " ms";
      world.leave();
    }
  }
}

}  // namespace
}  // namespace callwright::simulation
