// What the media of a call through the exchange were like is told for each side, when that ends.
#include "sim/exchange_media_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::MediaMode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// The streams that were closed come to their end now, having counted so many packets.
void finish_closing(ExchangeWorld& world, std::uint64_t received = 1) {
  media::StreamStatistics statistics;
  statistics.packets_received = received;
  world.exchange_media.finish_closing(statistics);
}

/// "alice PCMU 1": who it was, what was spoken last, and how many packets were received.
std::vector<std::string> told(const ExchangeWorld& world) {
  std::vector<std::string> lines;
  for (const auto& [call_id, what] : world.events.ended_media) {
    const std::string_view party = what.party;
    const std::size_t name = party.find(':') + 1;
    lines.push_back(std::string(party.substr(name, party.find('@') - name)) + " " + what.codec + " " + std::to_string(what.statistics->packets_received));
  }
  return lines;
}

media::Measured received_so_far(std::uint64_t packets) {
  media::Measured measured;
  measured.statistics.packets_received = packets;
  measured.statistics.lost = 7;
  return measured;
}

/// Every stream that is open is asked and says that it got so many packets, one more than the one before.
void answer_measuring(ExchangeWorld& world, std::uint64_t received) {
  for (const auto& [id, stream] : world.exchange_media.streams()) {
    if (!stream.closed) {
      EXPECT_EQ(stream.measured, 1U);
      world.exchange_media.emit(id, received_so_far(received++));
    }
  }
}

TEST(MeasureCall, tells_how_each_leg_is_while_the_call_is_up) {
  for (const MediaMode mode : {MediaMode::Relay, MediaMode::Process}) {
    RelayedCall world(with(mode));
    const std::string other = world.bob.leg(0).call_id();
    const call::CommandId id = world.submit(call::MeasureCall{{world.leg.call_id(), other}});
    world.run_for(10ms);
    EXPECT_THAT(world.commands.texts(id), IsEmpty()) << "the streams have not answered";
    answer_measuring(world, 40);
    world.run_for(10ms);
    ASSERT_THAT(world.commands.texts(id), ElementsAre("MediaMeasured", "Ended"));
    const call::CommandEvent& measured = world.commands.events(id).front();
    EXPECT_EQ(measured.call_id, world.leg.call_id());
    ASSERT_EQ(measured.media->size(), 2U) << "two legs of one call have two streams";
    EXPECT_EQ(measured.media->at(0).leg, world.leg.call_id());
    EXPECT_THAT(measured.media->at(0).party, testing::HasSubstr("alice"));
    EXPECT_EQ(measured.media->at(0).codec, "PCMU");
    EXPECT_EQ(measured.media->at(0).statistics.packets_received, 40U);
    EXPECT_EQ(measured.media->at(0).statistics.lost, 7U);
    EXPECT_EQ(measured.media->at(1).leg, other);
    EXPECT_EQ(measured.media->at(1).statistics.packets_received, 41U);
    world.end(world.bob);
  }
}

TEST(MeasureCall, has_nothing_to_tell_of_other_calls) {
  ExchangeWorld bypassed;
  ScriptedPhone& alice = bypassed.add_phone("alice");
  bypassed.add_phone("bob");
  PhoneLeg& leg = alice.call("bob");
  bypassed.run_for(1s);
  for (const std::vector<std::string>& names : {std::vector<std::string>{leg.call_id()}, {"nothing@h"}, {}}) {
    const call::CommandId id = bypassed.submit(call::MeasureCall{names});
    bypassed.run_for(10ms);
    ASSERT_THAT(bypassed.commands.texts(id), ElementsAre("MediaMeasured", "Ended"));
    EXPECT_TRUE(bypassed.commands.events(id).front().media->empty());
  }
  alice.hang_up();
  bypassed.expect_nothing_left();
}

TEST(MeasureCall, tells_what_is_known_when_a_stream_is_silent_or_ends) {
  {
    RelayedCall world(with(MediaMode::Relay));
    const call::CommandId id = world.submit(call::MeasureCall{{world.leg.call_id()}});
    world.exchange_media.emit(world.exchange_media.streams().rbegin()->first, received_so_far(5));
    world.run_for(500ms);
    EXPECT_THAT(world.commands.texts(id), IsEmpty());
    world.run_for(1s);
    ASSERT_THAT(world.commands.texts(id), ElementsAre("MediaMeasured", "Ended"));
    ASSERT_EQ(world.commands.events(id).front().media->size(), 1U);
    EXPECT_EQ(world.commands.events(id).front().media->front().statistics.packets_received, 5U);
    world.end(world.bob);
  }
  RelayedCall world(with(MediaMode::Relay));
  const call::CommandId ended = world.submit(call::MeasureCall{{world.leg.call_id()}});
  const call::CommandId cancelled = world.submit(call::MeasureCall{{world.leg.call_id()}});
  world.exchange->cancel(cancelled);
  EXPECT_THAT(world.commands.texts(cancelled), ElementsAre("Failed the command was cancelled", "Ended"));
  world.leg.hang_up();
  world.run_for(500ms);
  ASSERT_THAT(world.commands.texts(ended), ElementsAre("MediaMeasured", "Ended"));
  EXPECT_TRUE(world.commands.events(ended).front().media->empty());
  world.end(world.bob);
}

TEST(ExchangeMediaStatistics, are_told_for_both_sides_of_a_call_after_its_end) {
  for (const MediaMode mode : {MediaMode::Relay, MediaMode::Process}) {
    RelayedCall world(with(mode));
    const std::string other = world.bob.leg(0).call_id();
    world.alice.hang_up();
    world.run_for(1s);
    EXPECT_THAT(world.events.ended_calls, ElementsAre(world.leg.call_id()));
    EXPECT_THAT(told(world), IsEmpty()) << "the ports are not closed yet";
    EXPECT_EQ(world.exchange->streams(), 2U);
    finish_closing(world, 50);
    EXPECT_EQ(world.exchange->streams(), 0U);
    EXPECT_THAT(told(world), UnorderedElementsAre("alice PCMU 50", "bob PCMU 50"));
    for (const auto& [call_id, what] : world.events.ended_media) {
      EXPECT_EQ(call_id, world.leg.call_id()) << "as the journal knows the call";
      EXPECT_EQ(what.leg, what.party.find("alice") == std::string::npos ? other : world.leg.call_id());
    }
    world.expect_nothing_left();
  }
}

TEST(ExchangeMediaStatistics, are_told_once_also_when_the_media_were_changed) {
  RelayedCall world(with(MediaMode::Process));
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  for (ScriptedPhone* const phone : {&world.alice, &world.bob}) {
    phone->script.audio = "RTP/AVP 8";
  }
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(1s);
  finish_closing(world);
  EXPECT_THAT(told(world), IsEmpty());
  world.end(world.bob);
  finish_closing(world);
  EXPECT_THAT(told(world), UnorderedElementsAre("alice PCMA 1", "bob PCMA 1"));
}

TEST(ExchangeMediaStatistics, of_a_side_whose_place_another_takes_are_told_when_it_goes) {
  RelayedCall world(with(MediaMode::Relay));
  ScriptedPhone& carol = world.add_phone("carol");
  PhoneLeg& consultation = world.bob.call("carol");
  world.run_for(1s);
  world.bob.leg(0).refer("sip:carol@192.0.2.1", consultation);
  world.run_for(5s);
  ASSERT_EQ(world.alice.legs(), 2U);
  finish_closing(world, 10);
  EXPECT_THAT(told(world), ElementsAre("bob PCMU 10")) << "of the call with Carol; that with Alice is not over yet";
  EXPECT_EQ(world.events.ended_media.front().second.leg, consultation.call_id());
  world.leg.hang_up();
  world.run_for(1s);
  finish_closing(world, 20);
  EXPECT_THAT(told(world), UnorderedElementsAre("bob PCMU 10", "bob PCMU 20", "alice PCMU 20"));
  world.end(carol);
  finish_closing(world, 30);
  EXPECT_THAT(told(world), UnorderedElementsAre("bob PCMU 10", "bob PCMU 20", "alice PCMU 20", "alice PCMU 30", "carol PCMU 30"));
}

TEST(ExchangeMediaStatistics, are_not_told_of_phones_that_only_rang) {
  MediaWorld world(with(MediaMode::Relay));
  ScriptedPhone& alice = world.add_phone("alice");
  PhoneScript slow;
  slow.answer_after = 5s;
  world.add_phone("bob", slow);
  world.add_second_phone("bob");
  alice.call("bob");
  world.run_for(2s);
  finish_closing(world);
  EXPECT_THAT(told(world), IsEmpty());
  world.end(alice);
  finish_closing(world);
  EXPECT_THAT(told(world), UnorderedElementsAre("alice PCMU 1", "bob PCMU 1"));
}

TEST(ExchangeMediaStatistics, of_early_media_are_told_where_nobody_answers) {
  MediaWorld world(with(MediaMode::Relay));
  PhoneScript announcement;
  announcement.ring = 183;
  announcement.ring_sdp = PhoneScript::RingSdp::Early;
  announcement.answer = 486;
  announcement.answer_after = 5s;
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob", announcement);
  PhoneLeg& leg = alice.call("bob");
  world.run_for(10s);
  EXPECT_EQ(leg.end_status(), 486);
  finish_closing(world);
  EXPECT_THAT(told(world), UnorderedElementsAre("alice PCMU 1", "bob PCMU 1"));
  world.expect_nothing_left();
}

TEST(ExchangeMediaStatistics, are_told_of_a_call_that_is_picked_up) {
  MediaWorld world(with(MediaMode::Relay));
  ScriptedPhone& alice = world.add_phone("alice");
  PhoneScript rings;
  rings.answer = 0;
  ScriptedPhone& bob = world.add_phone("bob", rings);
  ScriptedPhone& carol = world.add_phone("carol");
  alice.call("bob");
  world.run_for(1s);
  const sip::Dialog& ringing = bob.leg(0).session()->dialog();
  const std::string name = ringing.call_id + ";to-tag=" + ringing.remote_tag + ";from-tag=" + ringing.local_tag;
  carol.dial("sip:bob@192.0.2.1?Replaces=" + sip::escape_header_value(name), carol.sdp());
  world.run_for(2s);
  world.end(alice);
  finish_closing(world);
  EXPECT_THAT(told(world), UnorderedElementsAre("alice PCMU 1", "carol PCMU 1"));
}

TEST(ExchangeMediaStatistics, are_told_of_a_call_that_a_command_sets_up_itself) {
  MediaWorld world(with(MediaMode::Process));
  PhoneScript no_refer = speaking("RTP/AVP 0");
  no_refer.refer = 405;
  ScriptedPhone& alice = world.add_phone("alice", no_refer);
  world.add_phone("bob", speaking("RTP/AVP 9"));
  const auto id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  world.run_for(1s);
  world.end(alice);
  finish_closing(world);
  EXPECT_THAT(told(world), UnorderedElementsAre("alice PCMU 1", "bob G722 1"));
}

TEST(ExchangeMediaStatistics, are_told_for_each_party_of_a_conference_when_it_leaves) {
  MediaWorld world(with(MediaMode::Bypass));
  world.exchange->open_conferences({{.number = "room"}});
  ScriptedPhone& alice = world.add_phone("alice");
  ScriptedPhone& bob = world.add_phone("bob");
  PhoneLeg& leg = alice.call("room");
  bob.call("room");
  world.run_for(1s);
  alice.hang_up();
  world.run_for(1s);
  finish_closing(world, 10);
  EXPECT_THAT(told(world), ElementsAre("alice PCMU 10"));
  EXPECT_EQ(world.events.ended_media.front().first, leg.call_id());
  world.end(bob);
  finish_closing(world, 20);
  EXPECT_THAT(told(world), ElementsAre("alice PCMU 10", "bob PCMU 20"));
}

TEST(ExchangeMediaStatistics, are_not_there_for_a_call_that_bypasses_the_exchange) {
  MediaWorld world(with(MediaMode::Auto));
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  alice.call("bob");
  world.run_for(1s);
  world.end(alice);
  finish_closing(world);
  EXPECT_THAT(told(world), IsEmpty());
}

TEST(ExchangeMediaStatistics, do_not_keep_an_exchange_that_goes) {
  RelayedCall world(with(MediaMode::Relay));
  world.alice.hang_up();
  world.run_for(1s);
  world.exchange.reset();
  finish_closing(world);
  EXPECT_THAT(told(world), IsEmpty());
}

}  // namespace
}  // namespace callwright::simulation
