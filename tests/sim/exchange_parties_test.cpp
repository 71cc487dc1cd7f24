// Calls that an API decides about, parties that it brings together or parts, and its conferences: DecideCall, BridgeCalls, UnbridgeCall, CreateConference …
#include "sim/four_phones.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandId;
using call::DecideCall;
using call::MediaMode;
using call::Side;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct PartiesWorld : FourPhones {
  explicit PartiesWorld(MediaMode mode = MediaMode::Relay) : FourPhones(options_with(mode)) {}

  static Options options_with(MediaMode mode) {
    Options options = with(mode);
    options.exchange.offered = {"100", "2*"};
    return options;
  }
  /// The Call-ID of a call to an API's number, which waits.
  std::string offer(const std::string& caller, const std::string& number = "100") {
    PhoneLeg& leg = phone(caller).call(number);
    run_for(1s);
    return leg.call_id();
  }
};

TEST(DecideCall, rings_and_answers) {
  PartiesWorld world;
  const std::string call_id = world.offer("alice", "234");
  EXPECT_THAT(world.ladder("alice", "X"), ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 100 INVITE"));
  EXPECT_THAT(world.told(DecideCall{call_id, DecideCall::Decision::Ring}), ElementsAre("Ended"));
  EXPECT_THAT(world.ladder("alice", "X"), Contains("< 180 INVITE"));
  EXPECT_THAT(world.told(DecideCall{call_id, DecideCall::Decision::Answer}), ElementsAre("ConferenceJoined", "Ended"));
  EXPECT_TRUE(world.phone("alice").leg(0).confirmed());
  EXPECT_EQ(world.conferring(), 1U);
  EXPECT_THAT(world.told(DecideCall{call_id, DecideCall::Decision::Answer}), ElementsAre("Failed 410 the call has been decided about", "Ended"));
  world.leave();
}

TEST(DecideCall, refuses) {
  PartiesWorld world;
  const std::string call_id = world.offer("alice");
  EXPECT_THAT(world.told(DecideCall{call_id, DecideCall::Decision::Reject, 603, "Not Now"}), ElementsAre("Ended"));
  EXPECT_THAT(world.message("X", "alice", "603 INVITE").text, StartsWith("SIP/2.0 603 Not Now\r\n"));
  EXPECT_THAT(world.told(DecideCall{"nobody@h"}), ElementsAre("Failed 404 Dialog not found", "Ended"));
  world.leave();
}

TEST(DecideCall, sends_it_on_to_somebody) {
  PartiesWorld world;
  const std::string call_id = world.offer("alice");
  EXPECT_THAT(world.told(DecideCall{.call_id = call_id, .decision = DecideCall::Decision::Redirect, .destination = "sip:nobody@192.0.2.1"}),
              ElementsAre(StartsWith("Failed 404"), "Ended"));
  EXPECT_THAT(world.told(DecideCall{.call_id = call_id, .decision = DecideCall::Decision::Redirect, .destination = "sip:bob@192.0.2.1"}), ElementsAre("Ended"));
  EXPECT_TRUE(world.phone("alice").leg(0).confirmed());
  EXPECT_TRUE(world.phone("bob").leg(0).confirmed());
  EXPECT_THAT(world.message("X", "bob", "INVITE").header("From"), HasSubstr("sip:alice@"));
  world.leave();
}

TEST(DecideCall, is_over_when_nobody_decides_or_the_caller_gives_up) {
  PartiesWorld world;
  world.offer("alice");
  const std::string second = world.offer("bob");
  world.phone("bob").hang_up();
  world.run_for(1s);
  EXPECT_THAT(world.told(DecideCall{second}), ElementsAre("Failed 404 Dialog not found", "Ended"));
  world.run_for(3min);
  EXPECT_THAT(world.message("X", "alice", "480 INVITE").text, StartsWith("SIP/2.0 480 Nobody Answers\r\n"));
  EXPECT_EQ(world.events.ended_calls.size(), 2U);
  world.leave();
}

/// CallStart to a number that an API answers for: the command, and the Call-ID of the call that waits for a decision.
std::pair<CommandId, std::string> start_to_api(PartiesWorld& world, const std::string& number = "100") {
  const CommandId id = world.start("alice", number);
  EXPECT_TRUE(world.run_until_event(id, "TransferStart"));
  world.run_for(1s);
  return {id, world.commands.events(id).back().call_id};
}

TEST(StartCall, to_a_number_of_an_api_is_a_call_that_comes_in) {
  for (const char* const token : {"kept", "lost"}) {
    PartiesWorld world;
    std::vector<std::string> offered;
    world.events.view = [&](const call::Event& event) {
      if (std::holds_alternative<call::CallOffered>(event.what)) {
        offered.push_back(event.call_id);
      }
    };
    world.phone("alice").script.token = token == std::string("kept") ? PhoneScript::Token::Kept : PhoneScript::Token::Lost;
    const auto [id, call_id] = start_to_api(world);
    EXPECT_THAT(offered, ElementsAre(call_id)) << token;
    EXPECT_FALSE(world.commands.ended(id)) << "nobody has decided";
    EXPECT_THAT(world.told(DecideCall{call_id}), ElementsAre("ConferenceJoined", "Ended"));
    EXPECT_THAT(world.commands.texts(id),
                ElementsAre("CallerAnswered", "Transferring", "TransferStart", testing::StartsWith("TransferPending"), "CalleeAnswered", "Ended"))
        << token;
    EXPECT_EQ(world.phone("alice").active(), 1U);
    EXPECT_EQ(world.conferring(), 1U);
    world.leave();
  }
}

TEST(StartCall, to_a_number_of_an_api_hears_what_becomes_of_it) {
  using Decision = DecideCall::Decision;
  {
    PartiesWorld world;
    const auto [id, call_id] = start_to_api(world);
    EXPECT_THAT(world.told(DecideCall{call_id, Decision::Reject, 603, "Not Now"}), ElementsAre("Ended"));
    EXPECT_TRUE(world.commands.has(id, "Failed failed to reach the callee: 603 Not Now"));
    EXPECT_EQ(world.phone("alice").active(), 0U);
    world.leave();
  }
  {
    PartiesWorld world;
    const auto [id, call_id] = start_to_api(world);
    EXPECT_THAT(world.told(DecideCall{.call_id = call_id, .decision = Decision::Redirect, .destination = "sip:bob@192.0.2.1"}), ElementsAre("Ended"));
    EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
    EXPECT_EQ(world.phone("bob").active(), 1U);
    world.leave();
  }
  {
    PartiesWorld world;
    const auto [id, call_id] = start_to_api(world);
    world.run_for(3min);
    EXPECT_TRUE(world.commands.has(id, "Failed failed to reach the callee: 480 Nobody Answers"));
    EXPECT_EQ(world.phone("alice").active(), 0U);
    world.leave();
  }
  for (const bool redirected : {false, true}) {
    PartiesWorld world;
    const auto [id, call_id] = start_to_api(world);
    world.phone("bob").script.answer = 0;
    if (redirected) {
      world.told(DecideCall{.call_id = call_id, .decision = Decision::Redirect, .destination = "sip:bob@192.0.2.1"});
    }
    world.exchange->cancel(id);
    world.run_for(2s);
    EXPECT_TRUE(world.commands.has(id, "Failed the command was cancelled")) << redirected;
    EXPECT_EQ(world.phone("alice").active(), 0U);
    EXPECT_EQ(world.phone("bob").active(), 0U);
    world.leave();
  }
}

TEST(StartCall, to_a_number_of_an_api_by_a_phone_that_does_not_know_refer) {
  using Decision = DecideCall::Decision;
  for (const int refer : {501, 0}) {
    PartiesWorld world;
    world.phone("alice").script.refer = refer == 0 ? 202 : refer;
    if (refer == 0) {
      world.drop("X", "alice", "REFER");
    }
    std::vector<std::string> offered;
    world.events.view = [&](const call::Event& event) {
      if (std::holds_alternative<call::CallOffered>(event.what)) {
        offered.push_back(event.call_id);
      }
    };
    const auto [id, call_id] = start_to_api(world);
    EXPECT_THAT(offered, ElementsAre(call_id));
    EXPECT_THAT(world.told(DecideCall{.call_id = call_id, .decision = Decision::Redirect, .destination = "sip:bob@192.0.2.1"}),
                ElementsAre(StartsWith("Failed 410 the phone of the caller"), "Ended"));
    EXPECT_THAT(world.told(DecideCall{.call_id = call_id, .decision = Decision::Ring}), ElementsAre("Ended"));
    EXPECT_THAT(world.told(DecideCall{call_id}), ElementsAre("ConferenceJoined", "Ended"));
    EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "CalleeAnswered", "Ended"));
    EXPECT_EQ(world.conferring(), 1U);
    EXPECT_EQ(world.told(call::TransferCall{.party = {call_id}, .destination = "sip:bob@192.0.2.1"}).back(), "Ended");
    EXPECT_TRUE(world.phone("alice").leg(0).confirmed() && !world.phone("alice").leg(0).ended());
    EXPECT_EQ(world.phone("bob").active(), 1U);
    world.leave();
  }
}

TEST(StartCall, to_a_number_of_an_api_by_such_a_phone_ends_for_all_when_it_is_refused_or_given_up) {
  using Decision = DecideCall::Decision;
  for (const char* const how : {"rejected", "cancelled", "hung up", "ignored", "ended"}) {
    PartiesWorld world;
    world.phone("alice").script.refer = 501;
    const auto [id, call_id] = start_to_api(world);
    if (how == std::string("rejected")) {
      world.told(DecideCall{call_id, Decision::Reject, 603, "Not Now"});
      EXPECT_EQ(world.message("X", "alice", "BYE").header("Reason"), "SIP;cause=603;text=\"Not Now\"");
    } else if (how == std::string("cancelled")) {
      world.exchange->cancel(id);
    } else if (how == std::string("hung up")) {
      world.phone("alice").hang_up();
    } else if (how == std::string("ended")) {
      world.told(call::EndCall{call_id});
    } else {
      world.run_for(3min);
    }
    world.run_for(2s);
    EXPECT_TRUE(world.commands.ended(id)) << how;
    EXPECT_THAT(world.commands.texts(id).at(3), StartsWith("Failed ")) << how;
    EXPECT_EQ(world.phone("alice").active(), 0U) << how;
    EXPECT_EQ(world.events.ended_calls.size(), 1U) << how;
    world.leave();
  }
}

TEST(StartCall, to_a_number_of_an_api_may_be_given_up_within_its_events) {
  using Kind = call::CommandEvent::Kind;
  for (const Kind when : {Kind::CallerAnswered, Kind::Transferring, Kind::TransferStart, Kind::TransferPending, Kind::CalleeAnswered}) {
    PartiesWorld world;
    world.events.view = [&world, journal = world.events.view](const call::Event& event) {
      journal(event);
      if (std::holds_alternative<call::CallOffered>(event.what)) {
        world.exchange->submit(CommandId{700}, DecideCall{.call_id = event.call_id, .decision = DecideCall::Decision::Ring}, world.commands);
        world.exchange->submit(CommandId{701}, DecideCall{.call_id = event.call_id}, world.commands);
      }
    };
    const CommandId id = world.start("alice", "100");
    world.commands.on_event = [&](const call::CommandEvent& event) {
      if (event.command == id && event.kind == when) {
        world.exchange->cancel(id);
      }
    };
    EXPECT_TRUE(world.run_until_ended(id));
    world.run_for(1s);
    EXPECT_EQ(world.commands.has(id, "Failed the command was cancelled"), when != Kind::CalleeAnswered);
    world.leave();
  }
}

TEST(TransferCall, to_a_number_of_an_api_is_a_call_that_comes_in) {
  PartiesWorld world;
  const std::string call_id = world.connect("alice", "bob");
  const CommandId id = world.transfer(call_id, Side::Callee, "100");
  ASSERT_TRUE(world.run_until_event(id, "TransferStart"));
  world.run_for(1s);
  EXPECT_THAT(world.told(DecideCall{world.commands.events(id).back().call_id}), ElementsAre("ConferenceJoined", "Ended"));
  EXPECT_TRUE(world.commands.has(id, "TransferSuccessful"));
  EXPECT_EQ(world.phone("alice").active(), 0U);
  EXPECT_EQ(world.phone("bob").active(), 1U);
  world.leave();
}

TEST(BridgeCalls, connects_two_that_were_answered) {
  PartiesWorld world;
  const std::string one = world.offer("alice");
  const std::string other = world.offer("bob");
  world.told(DecideCall{one});
  world.told(DecideCall{other});
  EXPECT_THAT(world.told(call::BridgeCalls{{one}, {other}}), ElementsAre("CallBridged", "Ended"));
  EXPECT_EQ(world.conferring(), 0U);
  ASSERT_EQ(world.streams().size(), 2U);
  EXPECT_TRUE(world.streams()[0]->joined);
  // It is a call between two now, as any other.
  EXPECT_THAT(world.told(call::HoldCall{one}), Contains("CallHoldSuccessful callee"));
  EXPECT_THAT(world.told(call::HoldCall{other, {}, call::HoldCall::Change::Unhold}), Contains("CallUnholdSuccessful callee"));
  world.phone("alice").hang_up();
  world.run_for(2s);
  EXPECT_EQ(world.phone("bob").active(), 0U);
  world.leave();
}

TEST(BridgeCalls, waits_for_a_phone_that_was_answered_just_now) {
  PartiesWorld world;
  const std::string one = world.offer("alice");
  const std::string other = world.offer("bob");
  world.told(DecideCall{one});
  constexpr CommandId kAnswer{2001};
  constexpr CommandId kBridge{2002};
  // Nothing has gone over the network yet, so bob's phone does not even know that it was answered.
  world.exchange->submit(kAnswer, DecideCall{other}, world.commands);
  world.exchange->submit(kBridge, call::BridgeCalls{{one}, {other}}, world.commands);
  world.run_for(2s);
  EXPECT_THAT(world.commands.texts(kAnswer), Contains("Ended"));
  EXPECT_THAT(world.commands.texts(kBridge), ElementsAre("CallBridged", "Ended"));
  world.leave();
}

TEST(BridgeCalls, takes_parties_of_calls_and_hangs_up_on_the_others) {
  for (const MediaMode mode : {MediaMode::Relay, MediaMode::Bypass}) {
    PartiesWorld world(mode);
    const std::string one = world.connect("alice", "bob");
    const std::string other = world.connect("carol", "dave");
    EXPECT_THAT(world.told(call::BridgeCalls{{one, Side::Callee}, {other, Side::Callee}}), ElementsAre("CallBridged", "Ended"));
    EXPECT_EQ(world.phone("alice").active(), 0U);
    EXPECT_EQ(world.phone("carol").active(), 0U);
    EXPECT_EQ(world.phone("bob").active(), 1U);
    EXPECT_EQ(world.phone("dave").active(), 1U);
    world.leave();
  }
}

TEST(BridgeCalls, ends_both_when_they_do_not_agree) {
  PartiesWorld world;
  const std::string one = world.connect("alice", "bob");
  const std::string other = world.connect("carol", "dave");
  world.phone("alice").script.reinvite = 488;
  EXPECT_THAT(world.told(call::BridgeCalls{{one}, {other}}), ElementsAre(StartsWith("Failed 488"), "Ended"));
  for (const char* const name : {"alice", "bob", "carol", "dave"}) {
    EXPECT_EQ(world.phone(name).active(), 0U) << name;
  }
  EXPECT_THAT(world.told(call::BridgeCalls{{"x@h"}, {"y@h"}}), ElementsAre("Failed 404 Dialog not found", "Ended"));
  world.leave();
}

TEST(UnbridgeCall, leaves_each_alone_until_they_are_brought_together_again) {
  for (const MediaMode mode : {MediaMode::Relay, MediaMode::Bypass}) {
    PartiesWorld world(mode);
    const std::string call_id = world.connect("alice", "bob");
    const CommandId id = world.submit(call::UnbridgeCall{call_id});
    EXPECT_THAT(world.commands.texts(id), ElementsAre("ConferenceJoined", "ConferenceJoined", "Ended"));
    const std::string alice = world.commands.events(id).at(0).call_id;
    const std::string bob = world.commands.events(id).at(1).call_id;
    EXPECT_EQ(alice, call_id);
    EXPECT_EQ(world.conferring(), 2U);
    EXPECT_EQ(world.told(call::BridgeCalls{{bob}, {bob}}).front(), "Failed 400 the two parties are in one call");
    EXPECT_THAT(world.told(call::BridgeCalls{{alice}, {bob}}), ElementsAre("CallBridged", "Ended"));
    EXPECT_EQ(world.conferring(), 0U);
    world.leave();
  }
}

TEST(Conferences, are_made_filled_and_ended_by_an_api) {
  PartiesWorld world;
  EXPECT_THAT(world.told(call::CreateConference{.name = "board"}), ElementsAre("Ended"));
  EXPECT_THAT(world.told(call::CreateConference{.name = "board"}), ElementsAre("Failed 482 there is a conference of this name", "Ended"));
  const std::string call_id = world.connect("alice", "bob");
  EXPECT_THAT(world.told(call::AddToConference{.conference = "board", .call_id = call_id}), ElementsAre("ConferenceJoined", "ConferenceJoined", "Ended"));
  EXPECT_EQ(world.conferring(), 2U);
  const CommandId called = world.submit(call::AddToConference{.conference = "board", .call_id = {}, .party = {}, .destination = "sip:carol@192.0.2.1"});
  EXPECT_THAT(world.commands.texts(called), ElementsAre("ConferenceCalling", "ConferenceJoined", "Ended"));
  EXPECT_EQ(world.conferring(), 3U);
  PhoneLeg& dialled = world.phone("dave").call("board");
  world.run_for(2s);
  EXPECT_TRUE(dialled.confirmed());
  EXPECT_EQ(world.conferring(), 4U);
  using Change = call::ChangeConference::Change;
  const std::string carol = world.commands.events(called).front().call_id;
  EXPECT_THAT(world.told(call::ChangeConference{"board", Change::Mute, carol}), ElementsAre("Ended"));
  EXPECT_EQ(world.muted(), 1U);
  EXPECT_THAT(world.told(call::ChangeConference{"board", Change::Unmute, carol}), ElementsAre("Ended"));
  EXPECT_EQ(world.muted(), 0U);
  EXPECT_THAT(world.told(call::ChangeConference{"board", Change::Remove, carol}), ElementsAre("Ended"));
  EXPECT_EQ(world.phone("carol").active(), 0U);
  EXPECT_THAT(world.told(call::ChangeConference{"board", Change::Remove, carol}), ElementsAre("Failed 404 Party not found", "Ended"));
  EXPECT_THAT(world.told(call::ChangeConference{"board", Change::End}), ElementsAre("Ended"));
  for (const char* const name : {"alice", "bob", "dave"}) {
    EXPECT_EQ(world.phone(name).active(), 0U) << name;
  }
  EXPECT_THAT(world.told(call::ChangeConference{"board", Change::End}), ElementsAre("Failed 404 Conference not found", "Ended"));
  world.leave();
}

TEST(Conferences, tell_of_whom_they_cannot_get) {
  PartiesWorld world;
  world.told(call::CreateConference{.name = "small", .max_parties = 1});
  world.phone("carol").script.answer = 486;
  const call::AddToConference carol{.conference = "small", .call_id = {}, .party = {}, .destination = "sip:carol@192.0.2.1"};
  EXPECT_THAT(world.told(carol), ElementsAre("ConferenceCalling", StartsWith("Failed 486"), "Ended"));
  const std::string call_id = world.connect("alice", "bob");
  EXPECT_THAT(world.told(call::AddToConference{.conference = "small", .call_id = call_id}), ElementsAre("Failed 486 Conference Full", "Ended"));
  EXPECT_THAT(world.told(call::AddToConference{.conference = "small", .call_id = call_id, .party = Side::Caller}), ElementsAre("ConferenceJoined", "Ended"));
  EXPECT_EQ(world.phone("bob").active(), 0U);
  EXPECT_THAT(world.told(call::AddToConference{.conference = "none", .call_id = call_id}), ElementsAre("Failed 404 Conference not found", "Ended"));
  EXPECT_THAT(world.told(call::ChangeConference{"small", call::ChangeConference::Change::End}), ElementsAre("Ended"));
  world.leave();
}

TEST(Conferences, give_up_somebody_who_rings_when_the_command_is_cancelled) {
  PartiesWorld world;
  world.told(call::CreateConference{.name = "board"});
  world.phone("carol").script.answer = 0;
  const CommandId id = world.submit(call::AddToConference{.conference = "board", .call_id = {}, .party = {}, .destination = "sip:carol@192.0.2.1"});
  EXPECT_FALSE(world.commands.ended(id));
  world.exchange->cancel(id);
  world.run_for(2s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("ConferenceCalling", "Failed the command was cancelled", "Ended"));
  EXPECT_EQ(world.phone("carol").active(), 0U);
  world.told(call::ChangeConference{"board", call::ChangeConference::Change::End});
  world.leave();
}

TEST(StartCall, looks_as_it_is_asked_to) {
  PartiesWorld world(MediaMode::Auto);
  for (const int refer : {202, 405}) {
    world.clear_wire();
    world.phone("alice").script.refer = refer;
    call::StartCall start{"sip:alice@192.0.2.1", "sip:bob@192.0.2.1", "look-" + std::to_string(refer)};
    start.look.caller_name = "Alice \"A\"";
    start.look.callee_name = "Bob";
    start.look.caller_id = "sip:desk@example.com";
    start.look.headers = "X-Ticket: 7\r\n";
    start.look.codecs = {sdp::pcmu()};
    EXPECT_EQ(world.told(start).back(), "Ended");
    const SentMessage first = world.message("X", "alice", "INVITE");
    EXPECT_THAT(first.header("From"), StartsWith("\"Bob\" <sip:bob@192.0.2.1>"));
    EXPECT_EQ(first.header("X-Ticket"), "7");
    EXPECT_THAT(first.body(), HasSubstr("RTP/AVP 0\r\n"));
    const SentMessage second = world.message("X", "bob", "INVITE");
    EXPECT_THAT(second.header("From"), StartsWith("\"Alice \\\"A\\\"\" <sip:desk@example.com>")) << refer;
    EXPECT_THAT(second.header("To"), StartsWith("\"Bob\" <sip:bob@192.0.2.1>"));
    EXPECT_EQ(second.header("X-Ticket"), "7");
    EXPECT_EQ(world.streams().size(), 2U) << "the codecs are seen to by the exchange";
    world.phone("bob").hang_up();
    world.run_for(2s);
  }
  world.leave();
}

TEST(StartCall, rings_no_longer_than_it_is_asked_to) {
  PartiesWorld world;
  world.phone("alice").script.answer = 0;
  call::StartCall start{"sip:alice@192.0.2.1", "sip:bob@192.0.2.1", "short"};
  start.look.timeout = 5s;
  const CommandId id = world.submit(start);
  world.run_for(2s);
  EXPECT_FALSE(world.commands.ended(id));
  world.run_for(2s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre(HasSubstr("408 Request Timeout"), "Ended"));
  world.leave();
}

TEST(SendMessage, gets_to_the_user_or_tells_why_not) {
  PartiesWorld world;
  const call::SendMessage message{.from = "sip:alice@192.0.2.1", .to = "sip:bob@192.0.2.1", .text = "Hello"};
  EXPECT_THAT(world.told(message), ElementsAre("Ended"));
  EXPECT_EQ(world.message("X", "bob", "MESSAGE").body(), "Hello");
  EXPECT_THAT(world.message("X", "bob", "MESSAGE").header("From"), StartsWith("<sip:alice@192.0.2.1>"));
  world.phone("bob").script.message = 415;
  EXPECT_THAT(world.told(message), ElementsAre(StartsWith("Failed 415"), "Ended"));
  EXPECT_THAT(world.told(call::SendMessage{.from = "sip:alice@192.0.2.1", .to = "sip:nobody@192.0.2.1", .text = "Hello"}),
              ElementsAre(StartsWith("Failed 404"), "Ended"));
  world.leave();
}

}  // namespace
}  // namespace callwright::simulation
