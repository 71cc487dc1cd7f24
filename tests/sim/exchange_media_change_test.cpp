// Media that pass through the exchange change in the middle of a call.
#include "sim/exchange_media_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::MediaMode;
using testing::HasSubstr;

TEST(ExchangeMedia, change_here_when_one_side_changes_its_address) {
  RelayedCall world(with(MediaMode::Relay));
  world.alice.script.address = "203.0.113.50";
  world.leg.reinvite(world.alice.sdp(2));
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "bob", ""), 0U);
  EXPECT_EQ(world.streams()[0]->parameters.back().remote_rtp.to_string(), "203.0.113.50:4000");
  world.leg.update(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "bob", ""), 0U);
  EXPECT_EQ(world.leg.log().back(), "UPDATE 200");
  world.end(world.bob);
}

TEST(ExchangeMedia, are_held_and_resumed_across_the_exchange) {
  RelayedCall world(with(MediaMode::Relay));
  world.bob.script.direction = "recvonly";
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_THAT(world.message("X", "bob", "INVITE").body(), HasSubstr("a=sendonly"));
  EXPECT_THAT(world.leg.remote_sdp(), HasSubstr("a=recvonly"));
  EXPECT_EQ(world.streams()[0]->parameters.back().direction, sdp::Direction::RecvOnly);
  EXPECT_EQ(world.streams()[1]->parameters.back().direction, sdp::Direction::SendOnly);
  world.bob.script.direction = "sendrecv";
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_THAT(world.leg.remote_sdp(), HasSubstr("a=sendrecv"));
  for (const auto* const stream : world.streams()) {
    EXPECT_EQ(stream->parameters.back().direction, sdp::Direction::SendRecv);
  }
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 2U);
  world.end(world.alice);
}

TEST(ExchangeMedia, stay_when_the_other_side_refuses_a_change) {
  RelayedCall world(with(MediaMode::Relay));
  world.bob.script.reinvite = 488;
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_THAT(world.leg.log(), testing::Contains("re-INVITE 488"));
  EXPECT_EQ(world.streams()[0]->parameters.back().direction, sdp::Direction::SendRecv);
  world.bob.script.reinvite = 200;
  world.alice.script.address = "203.0.113.50";
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_EQ(world.streams()[0]->parameters.back().remote_rtp.to_string(), "203.0.113.50:4000");
  world.end(world.alice);
}

TEST(ExchangeMedia, stay_when_the_other_side_agrees_without_a_description) {
  RelayedCall world(with(MediaMode::Relay));
  world.bob.script.reinvite = 0;
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(100ms);
  ASSERT_TRUE(world.bob.leg(0).session()->accept_reinvite(""));
  world.run_for(1s);
  EXPECT_THAT(world.leg.log(), testing::Contains("re-INVITE 488"));
  world.bob.script.reinvite = 200;
  world.leg.reinvite("");
  world.run_for(1s);
  EXPECT_EQ(world.leg.log().back(), "re-INVITE 200");
  EXPECT_THAT(world.message("X", "bob", "ACK", 1).body(), HasSubstr(kOurs)) << "the answer to the offer that bob made";
  for (const auto* const stream : world.streams()) {
    EXPECT_EQ(stream->parameters.back().direction, sdp::Direction::SendRecv);
  }
  world.end(world.alice);
}

TEST(ExchangeMedia, go_on_when_both_sides_change_them_at_once) {
  RelayedCall world(with(MediaMode::Relay));
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.bob.leg(0).reinvite(world.bob.sdp(2, "sendonly"));
  world.run_for(30s);
  EXPECT_FALSE(world.leg.ended());
  EXPECT_FALSE(world.bob.leg(0).ended());
  world.end(world.alice);
}

TEST(ExchangeMedia, end_the_call_when_a_stream_fails) {
  RelayedCall world(with(MediaMode::Relay));
  world.exchange_media.emit(world.streams()[1]->opened.id, media::StreamFailed{base::Error(base::Errc::Refused, "wrong certificate")});
  world.run_for(1s);
  EXPECT_TRUE(world.leg.ended());
  EXPECT_TRUE(world.bob.leg(0).ended());
  EXPECT_THAT(world.message("X", "bob", "BYE").header("Reason"), HasSubstr("SIP;cause=500"));
  world.end(world.alice);
}

TEST(ExchangeMedia, follow_a_party_that_takes_the_place_of_another) {
  RelayedCall world(with(MediaMode::Relay));
  ScriptedPhone& carol = world.add_phone("carol", speaking("RTP/AVP 0", "203.0.113.30"));
  // Bob talks to Carol, then has Alice call her in the place of that call.
  PhoneLeg& consultation = world.bob.call("carol");
  world.run_for(1s);
  EXPECT_EQ(world.streams().size(), 4U);
  world.bob.leg(0).refer("sip:carol@192.0.2.1", consultation);
  world.run_for(5s);
  ASSERT_EQ(world.alice.legs(), 2U);
  EXPECT_TRUE(world.alice.leg(1).confirmed());
  EXPECT_THAT(world.alice.leg(1).remote_sdp(), HasSubstr(kOurs));
  consultation.hang_up();
  world.leg.hang_up();
  world.run_for(1s);
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U) << "those of Alice and Carol";
  EXPECT_EQ(streams[0]->joined, streams[1]->opened.id);
  world.end(carol);
}

TEST(ExchangeMedia, follow_a_call_that_is_picked_up) {
  MediaWorld world(with(MediaMode::Relay));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0", "203.0.113.7"));
  PhoneScript rings;
  rings.answer = 0;
  ScriptedPhone& bob = world.add_phone("bob", rings);
  ScriptedPhone& carol = world.add_phone("carol", speaking("RTP/AVP 0", "203.0.113.30"));
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  const sip::Dialog& ringing = bob.leg(0).session()->dialog();
  const std::string name = ringing.call_id + ";to-tag=" + ringing.remote_tag + ";from-tag=" + ringing.local_tag;
  carol.dial("sip:bob@192.0.2.1?Replaces=" + sip::escape_header_value(name), carol.sdp());
  world.run_for(2s);
  EXPECT_TRUE(leg.confirmed());
  EXPECT_TRUE(carol.leg(0).confirmed());
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0]->joined, streams[1]->opened.id);
  EXPECT_EQ(streams[1]->parameters.back().remote_rtp.to_string(), "203.0.113.30:4000");
  EXPECT_EQ(streams[0]->parameters.back().direction, sdp::Direction::SendRecv);
  world.end(alice);
}

/// Carol has to be spoken with encrypted, and does not encrypt.
ExchangeWorld::Options with_cautious_carol() {
  auto options = with(MediaMode::Relay);
  options.encrypt("carol");
  return options;
}

TEST(ExchangeMedia, of_whoever_takes_the_place_of_another_are_as_configured_for_it) {
  RelayedCall world(with_cautious_carol());
  ScriptedPhone& carol = world.add_phone("carol", speaking("RTP/AVP 0", "203.0.113.30"));
  const sip::DialogName name = world.bob.leg(0).session()->name_at_peer();
  PhoneLeg& taking = carol.dial("sip:bob@192.0.2.1?Replaces=" + sip::escape_header_value(name.to_string()), carol.sdp());
  world.run_for(2s);
  EXPECT_FALSE(taking.confirmed());
  EXPECT_EQ(taking.end_status(), 488) << "and not in the clear";
  world.end(world.alice);
}

TEST(ExchangeMedia, of_a_call_that_a_command_sets_up_itself) {
  MediaWorld world(with(MediaMode::Process));
  PhoneScript no_refer = speaking("RTP/AVP 0");
  no_refer.refer = 405;
  ScriptedPhone& alice = world.add_phone("alice", no_refer);
  ScriptedPhone& bob = world.add_phone("bob", speaking("RTP/AVP 9"));
  const auto id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  world.run_for(1s);
  EXPECT_EQ(audio_of(bob.leg(0).remote_sdp()), "RTP/AVP 9");
  EXPECT_THAT(alice.leg(0).remote_sdp(), HasSubstr(kOurs));
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_NE(streams[0]->parameters.back().codec, streams[1]->parameters.back().codec);
  world.end(alice);
}

}  // namespace
}  // namespace callwright::simulation
