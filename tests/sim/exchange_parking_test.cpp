// Parties that are parked and fetched (RFC 5359 §2.15), calls that are picked up while they ring by command (§2.16): ParkCall, PickUpCall.
#include "sim/four_phones.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandId;
using call::MediaMode;
using call::ParkCall;
using call::PickUpCall;
using call::Side;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kCarol = "sip:carol@192.0.2.1";

ExchangeWorld::Options options_with(MediaMode mode) {
  ExchangeWorld::Options options = with(mode);
  options.exchange.media.hold_music = media::SoundFile{kHoldMusic};
  options.exchange.parking.first_slot = 701;
  options.exchange.parking.last_slot = 702;
  options.exchange.parking.number = "*68";
  options.exchange.offered = {"100"};
  return options;
}

struct ParkingWorld : FourPhones {
  explicit ParkingWorld(MediaMode mode = MediaMode::Relay) : FourPhones(options_with(mode)) {}

  /// A call that is up: the Call-IDs of the leg from the caller, and of that to the callee.
  std::pair<std::string, std::string> connect(const std::string& caller, const std::string& callee) {
    PhoneLeg& leg = phone(caller).call(callee);
    run_for(2s);
    EXPECT_TRUE(leg.confirmed());
    return {leg.call_id(), latest(callee).call_id()};
  }
  /// Alice has called bob and is parked.
  std::string park_alice(const std::string& slot = {}) {
    const auto [call_id, leg] = connect("alice", "bob");
    EXPECT_THAT(told(ParkCall{{call_id, Side::Caller}, slot}), ElementsAre("Parked " + (slot.empty() ? "701" : slot), "Ended"));
    return call_id;
  }
  void expect_talking(PhoneLeg& one, PhoneLeg& other) {
    EXPECT_TRUE(one.confirmed() && !one.ended());
    EXPECT_TRUE(other.confirmed() && !other.ended());
    EXPECT_EQ(hearing_music(), 0U);
    const auto all = streams();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_TRUE(all[0]->joined && all[1]->joined);
    EXPECT_EQ(exchange->calls(), 1U);
  }
};

struct ParkCalls : ::testing::TestWithParam<MediaMode> {};
struct PickUpCalls : ParkCalls {};
constexpr auto kModeName = [](const auto& each) { return each.param == MediaMode::Relay ? "relay" : "bypass"; };
INSTANTIATE_TEST_SUITE_P(media, ParkCalls, ::testing::Values(MediaMode::Relay, MediaMode::Bypass), kModeName);
INSTANTIATE_TEST_SUITE_P(media, PickUpCalls, ::testing::Values(MediaMode::Relay, MediaMode::Bypass), kModeName);

TEST_P(ParkCalls, leave_the_party_with_music_and_hang_up_on_the_other) {
  ParkingWorld world(GetParam());
  const auto [call_id, leg] = world.connect("alice", "bob");
  world.clear_wire();
  const CommandId id = world.submit(ParkCall{{call_id, Side::Caller}});
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Parked 701", "Ended"));
  EXPECT_EQ(world.commands.events(id).front().call_id, call_id);
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> BYE", "< 200 BYE"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.latest("alice").remote_sdp(), HasSubstr("c=IN IP4 192.0.2.1\r\n")) << "of the exchange";
  EXPECT_EQ(world.hearing_music(), 1U);
  ASSERT_EQ(world.journal.size(), 1U);
  const call::BookedCall& booked = *world.journal.find(call_id);
  EXPECT_THAT(booked.callee, StartsWith("sip:701@"));
  EXPECT_FALSE(world.exchange->states().dialogs().is_in_call("bob")) << "who has parked a call is free";
  world.leave();
}

TEST_P(ParkCalls, take_the_callee_as_well) {
  ParkingWorld world(GetParam());
  const auto [call_id, leg] = world.connect("alice", "bob");
  const CommandId id = world.submit(ParkCall{{call_id, Side::Callee}, "desk"});
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Parked desk", "Ended"));
  EXPECT_EQ(world.commands.events(id).front().call_id, leg);
  EXPECT_EQ(world.phone("alice").active(), 0U);
  EXPECT_EQ(world.journal.find(leg)->callee, "sip:bob@192.0.2.1");
  EXPECT_THAT(world.journal.find(leg)->caller, StartsWith("sip:desk@"));
  EXPECT_THAT(world.told(PickUpCall{.slot = "desk", .destination = kCarol}), ElementsAre("PickupCalling", "PickedUp", "Ended"));
  ASSERT_EQ(world.journal.size(), 1U);
  EXPECT_EQ(world.journal.first(1).front()->caller, kCarol);
  EXPECT_EQ(world.journal.first(1).front()->callee, "sip:bob@192.0.2.1");
  EXPECT_EQ(world.commands.events(CommandId{1001}).at(1).call_id, world.journal.first(1).front()->call_id);
  world.expect_talking(world.latest("bob"), world.latest("carol"));
  world.leave();
}

TEST_P(ParkCalls, take_a_party_that_is_with_the_exchange_alone) {
  ParkingWorld world(GetParam());
  PhoneLeg& call = world.phone("alice").call("100");
  world.run_for(1s);
  world.told(call::DecideCall{call.call_id()});
  EXPECT_THAT(world.told(ParkCall{{call.call_id()}}), ElementsAre("Parked 701", "Ended"));
  EXPECT_EQ(world.hearing_music(), 1U);
  EXPECT_THAT(world.told(ParkCall{{call.call_id()}}), ElementsAre("Failed 482 the party is parked already", "Ended"));
  world.run_for(3min);
  EXPECT_EQ(world.message("X", "alice", "BYE").header("Reason"), "SIP;cause=480;text=\"Nobody Has Picked Up\"") << "nobody to call back";
  world.leave();
}

TEST(ParkCall, needs_a_slot_that_is_free) {
  ParkingWorld world;
  const std::string alice = world.park_alice();
  const auto [carol, dave] = world.connect("carol", "dave");
  EXPECT_THAT(world.told(ParkCall{{carol, Side::Caller}, "701"}), ElementsAre("Failed 486 the slot is taken", "Ended"));
  EXPECT_THAT(world.told(ParkCall{{carol, Side::Caller}, "bob"}), ElementsAre("Failed 482 a user or a conference has the name of the slot", "Ended"));
  EXPECT_EQ(world.phone("carol").active() + world.phone("dave").active(), 2U) << "their call is as it was";
  EXPECT_THAT(world.told(ParkCall{{carol, Side::Caller}}), ElementsAre("Parked 702", "Ended"));
  const auto [bob, other] = world.connect("bob", "dave");
  EXPECT_THAT(world.told(ParkCall{{bob, Side::Caller}}), ElementsAre("Failed 486 all slots are taken", "Ended"));
  world.phone("alice").hang_up();
  world.run_for(1s);
  EXPECT_THAT(world.told(ParkCall{{bob, Side::Caller}}), ElementsAre("Parked 701", "Ended")) << "who hangs up frees the slot";
  EXPECT_THAT(world.told(ParkCall{{"nobody@h"}}), ElementsAre("Failed 404 Dialog not found", "Ended"));
  world.leave();
}

TEST(ParkCall, is_not_possible_while_it_rings_or_without_media) {
  {
    ParkingWorld world;
    world.phone("bob").script.answer = 0;
    PhoneLeg& call = world.phone("alice").call("bob");
    world.run_for(1s);
    EXPECT_THAT(world.told(ParkCall{{call.call_id()}}), ElementsAre("Failed 410 Dialog not ready", "Ended"));
    world.leave();
  }
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  PhoneLeg& call = alice.call("bob");
  world.run_for(2s);
  EXPECT_THAT(world.commands.texts(world.submit(ParkCall{{call.call_id()}})),
              ElementsAre("Failed 488 Not Acceptable Here: this exchange handles no media", "Ended"));
  alice.hang_up();
  world.expect_nothing_left();
}

TEST(ParkCall, ends_a_party_that_does_not_want_our_media) {
  ParkingWorld world;
  const auto [call_id, leg] = world.connect("alice", "bob");
  world.phone("alice").script.reinvite = 488;
  EXPECT_THAT(world.told(ParkCall{{call_id}}), ElementsAre(StartsWith("Failed 488"), "Ended"));
  EXPECT_EQ(world.phone("alice").active(), 0U);
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = kCarol}), ElementsAre("Failed 404 nobody is parked there", "Ended"));
  world.leave();
}

TEST(ParkedParty, is_given_back_to_whoever_parked_it_when_nobody_comes) {
  ParkingWorld world;
  world.park_alice();
  world.clear_wire();
  world.run_for(3min + 5s);
  EXPECT_THAT(world.message("X", "bob", "INVITE").header("From"), HasSubstr("sip:alice@")) << "he sees who waits";
  world.expect_talking(world.latest("alice"), world.latest("bob"));
  EXPECT_EQ(world.latest("bob").hears(), world.latest("alice").hears());
  world.leave();
}

TEST(ParkedParty, is_hung_up_when_even_that_one_does_not_want_it) {
  ParkingWorld world;
  world.park_alice();
  world.phone("bob").script.answer = 486;
  world.run_for(3min + 5s);
  EXPECT_EQ(world.message("X", "alice", "BYE").header("Reason"), "SIP;cause=480;text=\"Nobody Has Picked Up\"");
  EXPECT_EQ(world.phone("alice").active(), 0U);
  world.leave();
}

TEST(ParkedParty, who_hangs_up_stops_what_rings_for_it) {
  ParkingWorld world;
  world.park_alice();
  world.phone("carol").script.answer = 0;
  const CommandId id = world.submit(PickUpCall{.slot = "701", .destination = kCarol});
  EXPECT_THAT(world.commands.texts(id), ElementsAre("PickupCalling"));
  world.phone("alice").hang_up();
  world.run_for(1s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("PickupCalling", "Failed 404 nobody is parked there any more", "Ended"));
  EXPECT_EQ(world.count("X", "carol", "CANCEL"), 1U);
  world.leave();
}

TEST(ParkedParty, is_a_party_for_every_other_command) {
  ParkingWorld world;
  const std::string alice = world.park_alice();
  EXPECT_THAT(world.told(call::PlaySound{.call_id = alice, .file = {}, .tone_hz = 440}), ElementsAre(HasSubstr("CallPlayStart")));
  EXPECT_THAT(world.told(call::StopSound{.call_id = alice}), ElementsAre("Ended"));
  EXPECT_EQ(world.hearing_music(), 1U) << "it goes on behind what is played";
  const auto [carol, dave] = world.connect("carol", "dave");
  EXPECT_THAT(world.told(call::BridgeCalls{{alice}, {carol}}), ElementsAre("CallBridged", "Ended"));
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = kCarol}), ElementsAre("Failed 404 nobody is parked there", "Ended"));
  world.leave();
}

/// Bob sends alice, who has called him, to a number that parks her; the Call-ID of her call there.
std::string refer_alice(ParkingWorld& world, const std::string& number) {
  world.connect("alice", "bob");
  world.clear_wire();
  world.latest("bob").refer("sip:" + number + "@192.0.2.1");
  world.run_for(2s);
  world.latest("bob").hang_up();
  world.run_for(1s);
  return world.latest("alice").call_id();
}

struct ParkNumber : ParkCalls {};
INSTANTIATE_TEST_SUITE_P(media, ParkNumber, ::testing::Values(MediaMode::Relay, MediaMode::Bypass), kModeName);

TEST_P(ParkNumber, parks_whoever_a_phone_sends_there_and_says_where) {
  ParkingWorld world(GetParam());
  const std::string alice = refer_alice(world, "*68");
  EXPECT_EQ(world.hearing_music(), 1U);
  EXPECT_EQ(world.phone("alice").active(), 1U);
  EXPECT_EQ(world.message("X", "bob", "MESSAGE").body(), "alice is parked in 701; call that number to talk");
  EXPECT_THAT(world.journal.find(alice)->callee, StartsWith("sip:701@"));
  PhoneLeg& fetches = world.phone("carol").call("701");
  world.run_for(2s);
  world.expect_talking(world.latest("alice"), fetches);
  EXPECT_EQ(world.journal.find(alice)->callee, kCarol);
  world.leave();
}

TEST_P(ParkNumber, parks_in_the_slot_whose_number_follows) {
  ParkingWorld world(GetParam());
  refer_alice(world, "*68702");
  EXPECT_THAT(world.told(PickUpCall{.slot = "702", .destination = kCarol}), ElementsAre("PickupCalling", "PickedUp", "Ended"));
  world.expect_talking(world.latest("alice"), world.latest("carol"));
  world.leave();
}

TEST_P(ParkNumber, parks_by_an_attended_transfer) {
  ParkingWorld world(GetParam());
  world.connect("alice", "bob");
  PhoneLeg& consultation = world.phone("bob").call("*68");
  world.run_for(2s);
  EXPECT_TRUE(consultation.confirmed());
  EXPECT_EQ(world.message("X", "bob", "MESSAGE").body(), "You are parked in 701; call that number to talk") << "so he knows where";
  world.phone("bob").leg(0).refer("sip:*68@192.0.2.1", consultation);
  world.run_for(3s);
  EXPECT_TRUE(consultation.ended()) << "alice has his place";
  world.phone("bob").hang_up();
  world.run_for(1s);
  EXPECT_EQ(world.hearing_music(), 1U);
  PhoneLeg& fetches = world.phone("carol").call("701");
  world.run_for(2s);
  world.expect_talking(world.latest("alice"), fetches);
  world.leave();
}

TEST(ParkNumbers, gives_the_party_back_to_whoever_sent_it_when_nobody_comes) {
  for (const bool attended : {false, true}) {
    ParkingWorld world;
    if (attended) {
      world.connect("alice", "bob");
      PhoneLeg& consultation = world.phone("bob").call("*68");
      world.run_for(2s);
      world.phone("bob").leg(0).refer("sip:*68@192.0.2.1", consultation);
      world.run_for(2s);
    } else {
      world.connect("alice", "bob");
      world.latest("bob").session()->refer("sip:*68@192.0.2.1", "sip:bob@192.0.2.1").value();
      world.run_for(2s);
    }
    world.phone("bob").hang_up();
    world.run_for(3min + 5s);
    EXPECT_EQ(world.phone("bob").active(), 1U) << attended;
    world.expect_talking(world.latest("alice"), world.latest("bob"));
    world.leave();
  }
}

TEST(ParkNumbers, hang_up_at_last_on_whom_nobody_sent) {
  ParkingWorld world;
  world.phone("alice").call("*68");
  world.run_for(3min + 5s);
  EXPECT_EQ(world.message("X", "alice", "BYE").header("Reason"), "SIP;cause=480;text=\"Nobody Has Picked Up\"");
  world.leave();
}

TEST(ParkNumbers, refuse_what_cannot_be) {
  ParkingWorld world;
  const auto status = [&world](const std::string& number) {
    PhoneLeg& leg = world.phone("dave").call(number);
    world.run_for(2s);
    return leg.ended() ? leg.end_status() : 0;
  };
  EXPECT_EQ(status("*68703"), 404) << "no slot has that number";
  EXPECT_EQ(status("*680702"), 404);
  EXPECT_EQ(status("*68bob"), 404);
  EXPECT_EQ(status("*6"), 404);
  world.phone("alice").call("*68701");
  world.run_for(1s);
  EXPECT_EQ(status("*68701"), 486);
  world.phone("bob").call("*68");
  world.run_for(1s);
  EXPECT_EQ(status("*68"), 486);
  EXPECT_EQ(world.message("X", "dave", "486 INVITE", 1).text.substr(0, 38), "SIP/2.0 486 All Slots Are Taken\r\nVia: ");
  world.leave();
}

TEST(ParkNumbers, leave_a_phone_alone_that_does_not_want_our_media) {
  ParkingWorld world;
  world.phone("alice").script.audio = "RTP/AVP 99\r\na=rtpmap:99 telex/8000";
  PhoneLeg& leg = world.phone("alice").call("*68");
  world.run_for(2s);
  EXPECT_EQ(leg.end_status(), 488);
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = kCarol}), ElementsAre("Failed 404 nobody is parked there", "Ended"));
  EXPECT_EQ(world.count("X", "alice", "MESSAGE"), 0U);
  world.leave();
}

TEST_P(PickUpCalls, call_somebody_for_the_parked_party) {
  ParkingWorld world(GetParam());
  const std::string alice = world.park_alice();
  world.clear_wire();
  const CommandId id = world.submit(PickUpCall{.slot = "701", .destination = kCarol});
  EXPECT_THAT(world.commands.texts(id), ElementsAre("PickupCalling", "PickedUp", "Ended"));
  EXPECT_EQ(world.commands.events(id).at(0).destination, kCarol);
  EXPECT_EQ(world.commands.events(id).at(1).call_id, alice);
  EXPECT_THAT(world.ladder("X", "carol"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_EQ(world.message("X", "carol", "INVITE").body(), "") << "she makes the offer";
  world.expect_talking(world.latest("alice"), world.latest("carol"));
  EXPECT_EQ(world.journal.find(alice)->callee, kCarol);
  // The slot is free again.
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = kCarol}), ElementsAre("Failed 404 nobody is parked there", "Ended"));
  world.leave();
}

TEST_P(PickUpCalls, give_the_parked_party_to_one_who_is_in_a_call) {
  ParkingWorld world(GetParam());
  const std::string alice = world.park_alice();
  const auto [carol, dave] = world.connect("carol", "dave");
  EXPECT_THAT(world.told(PickUpCall{.call_id = alice, .by = {carol, Side::Callee}}), ElementsAre("PickedUp", "Ended"));
  EXPECT_EQ(world.phone("carol").active(), 0U) << "whoever she talked to is hung up";
  world.expect_talking(world.latest("alice"), world.latest("dave"));
  world.leave();
}

TEST_P(PickUpCalls, do_what_a_user_does_who_calls_the_slot) {
  ParkingWorld world(GetParam());
  const std::string alice = world.park_alice();
  world.clear_wire();
  PhoneLeg& call = world.phone("carol").call("701");
  world.run_for(2s);
  EXPECT_THAT(world.ladder("carol", "X"), ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  world.expect_talking(world.latest("alice"), call);
  EXPECT_EQ(world.journal.find(alice)->callee, kCarol);
  world.phone("dave").call("701");
  world.run_for(1s);
  EXPECT_EQ(world.latest("dave").end_status(), 404);
  world.leave();
}

TEST(PickUpCall, leaves_the_party_parked_when_the_phone_refuses) {
  ParkingWorld world;
  world.park_alice();
  world.phone("carol").script.answer = 486;
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = kCarol}), ElementsAre("PickupCalling", HasSubstr("486 Busy Here"), "Ended"));
  EXPECT_EQ(world.hearing_music(), 1U);
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = "sip:nobody@192.0.2.1"}), ElementsAre("Failed 404 Not Found", "Ended"));
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = "sip:dave@192.0.2.1"}), ElementsAre("PickupCalling", "PickedUp", "Ended"));
  world.leave();
}

TEST(PickUpCall, parks_the_party_again_when_the_two_do_not_agree) {
  ParkingWorld world;
  const std::string alice = world.park_alice();
  world.phone("alice").script.reinvite = 488;
  // Whom she does not like is carol.
  world.commands.on_event = [&world](const call::CommandEvent& event) {
    if (event.kind == call::CommandEvent::Kind::Failed) {
      world.phone("alice").script.reinvite = 200;
    }
  };
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = kCarol}),
              ElementsAre("PickupCalling", HasSubstr("the parked party does not agree: 488"), "Ended"));
  EXPECT_EQ(world.phone("carol").active(), 0U);
  EXPECT_EQ(world.hearing_music(), 1U);
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = "sip:dave@192.0.2.1"}), ElementsAre("PickupCalling", "PickedUp", "Ended"));
  world.expect_talking(world.latest("alice"), world.latest("dave"));
  world.leave();
}

TEST(PickUpCall, survives_the_end_of_either_side_while_the_two_are_joined) {
  for (const char* const who : {"alice", "carol"}) {
    ParkingWorld world;
    world.park_alice();
    world.drop("alice", "X", "200 INVITE");
    const CommandId id = world.submit(PickUpCall{.slot = "701", .destination = kCarol});
    EXPECT_THAT(world.commands.texts(id), ElementsAre("PickupCalling"));
    world.phone(who).hang_up();
    world.run_for(1s);
    world.stop_dropping();
    world.run_for(15s);
    EXPECT_TRUE(world.commands.ended(id)) << who;
    EXPECT_EQ(world.phone("carol").active(), 0U);
    world.leave();
  }
}

TEST(PickUpCall, is_the_only_one_at_a_time) {
  ParkingWorld world;
  world.park_alice();
  world.phone("carol").script.answer = 0;
  const CommandId first = world.submit(PickUpCall{.slot = "701", .destination = kCarol});
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = "sip:dave@192.0.2.1"}),
              ElementsAre("Failed 491 Request Pending: somebody is about to pick it up", "Ended"));
  world.phone("dave").call("701");
  world.run_for(1s);
  EXPECT_EQ(world.latest("dave").end_status(), 486);
  world.exchange->cancel(first);
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "carol", "CANCEL"), 1U);
  EXPECT_EQ(world.hearing_music(), 1U);
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = "sip:dave@192.0.2.1"}), ElementsAre("PickupCalling", "PickedUp", "Ended"));
  world.leave();
}

TEST(PickUpCall, goes_before_the_call_back) {
  ParkingWorld world;
  world.park_alice();
  world.phone("bob").script.answer = 0;
  world.run_for(3min + 5s);
  ASSERT_EQ(world.phone("bob").active(), 1U);
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .destination = kCarol}), ElementsAre("PickupCalling", "PickedUp", "Ended"));
  EXPECT_EQ(world.phone("bob").active(), 0U);
  world.expect_talking(world.latest("alice"), world.latest("carol"));
  world.leave();
}

TEST(PickUpCall, keeps_the_party_longer_while_a_phone_rings_for_it) {
  ParkingWorld world;
  world.park_alice();
  world.run_for(2min + 50s);
  world.phone("carol").script.answer = 0;
  const CommandId id = world.submit(PickUpCall{.slot = "701", .destination = kCarol});
  world.run_for(30s);
  EXPECT_EQ(world.phone("bob").active(), 0U) << "not called back yet";
  world.exchange->cancel(id);
  world.run_for(2s);
  world.expect_talking(world.latest("alice"), world.latest("bob"));
  world.leave();
}

struct RingingWorld : ParkingWorld {
  explicit RingingWorld(MediaMode mode) : ParkingWorld(mode) {
    phone("bob").script.answer = 0;
    call = &phone("alice").call("bob");
    run_for(1s);
    clear_wire();
  }
  PhoneLeg* call;
};

TEST_P(PickUpCalls, take_a_call_that_rings_elsewhere) {
  RingingWorld world(GetParam());
  const CommandId id = world.submit(PickUpCall{.call_id = world.call->call_id(), .destination = kCarol});
  EXPECT_THAT(world.commands.texts(id), ElementsAre("PickupCalling", "PickedUp", "Ended"));
  EXPECT_EQ(world.commands.events(id).at(1).call_id, world.call->call_id());
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> CANCEL", "< 200 CANCEL", "< 487 INVITE", "> ACK"));
  EXPECT_EQ(world.message("X", "bob", "CANCEL").header("Reason"), "SIP;cause=200;text=\"Call completed elsewhere\"");
  EXPECT_THAT(world.ladder("X", "carol"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> 200 INVITE", "< ACK", "> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_TRUE(world.call->confirmed());
  EXPECT_TRUE(world.latest("carol").confirmed());
  EXPECT_EQ(world.journal.find(world.call->call_id())->callee, kCarol);
  world.leave();
}

TEST_P(PickUpCalls, give_a_call_that_rings_to_one_who_is_in_a_call) {
  RingingWorld world(GetParam());
  const auto [carol, dave] = world.connect("carol", "dave");
  EXPECT_THAT(world.told(PickUpCall{.call_id = world.call->call_id(), .by = {carol, Side::Caller}}), ElementsAre("PickedUp", "Ended"));
  EXPECT_EQ(world.phone("dave").active(), 0U);
  EXPECT_EQ(world.phone("bob").active(), 0U);
  EXPECT_TRUE(world.call->confirmed());
  EXPECT_EQ(world.phone("carol").active(), 1U);
  EXPECT_EQ(world.exchange->calls(), 1U);
  world.leave();
}

TEST_P(PickUpCalls, let_it_ring_on_when_the_phone_refuses) {
  RingingWorld world(GetParam());
  world.phone("carol").script.answer = 603;
  EXPECT_THAT(world.told(PickUpCall{.call_id = world.call->call_id(), .destination = kCarol}), ElementsAre("PickupCalling", HasSubstr("603 Decline"), "Ended"));
  EXPECT_EQ(world.phone("bob").active(), 1U);
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre());
  world.leave();
}

TEST_P(PickUpCalls, are_over_when_somebody_answers_or_the_caller_gives_up) {
  RingingWorld world(GetParam());
  world.phone("carol").script.answer = 0;
  const CommandId first = world.submit(PickUpCall{.call_id = world.call->call_id(), .destination = kCarol});
  ASSERT_TRUE(world.latest("bob").session()->accept(world.phone("bob").sdp()));
  world.run_for(1s);
  EXPECT_THAT(world.commands.texts(first), ElementsAre("PickupCalling", "Failed 410 the call does not ring any more", "Ended"));
  EXPECT_EQ(world.phone("carol").active(), 0U);
  EXPECT_TRUE(world.call->confirmed());
  EXPECT_THAT(world.told(PickUpCall{.call_id = world.call->call_id(), .destination = kCarol}),
              ElementsAre("Failed 410 the call neither rings nor is parked", "Ended"));
  world.leave();
}

TEST(PickUpCall, says_what_is_wrong) {
  ParkingWorld world;
  const std::string alice = world.park_alice();
  EXPECT_THAT(world.told(PickUpCall{.slot = "799", .destination = kCarol}), ElementsAre("Failed 404 nobody is parked there", "Ended"));
  EXPECT_THAT(world.told(PickUpCall{.call_id = "nothing@h", .destination = kCarol}), ElementsAre("Failed 404 Dialog not found", "Ended"));
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .by = {"nothing@h"}}), ElementsAre("Failed 404 Dialog not found: by", "Ended"));
  EXPECT_THAT(world.told(PickUpCall{.slot = "701", .by = {alice}}), ElementsAre("Failed 400 the two are in one call", "Ended"));
  world.leave();
}

}  // namespace
}  // namespace callwright::simulation
