// Agents of our own as the phones of the exchange: with media, made up here.
#include "sim/agent_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::simulation {
namespace {

using call::AgentOptions;
using call::CommandId;
using testing::ElementsAre;

TEST(ExchangeAgents, with_a_gruu_put_it_into_their_contacts_and_are_found_there) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice", AgentOptions::Answering::AtOnce, "urn:uuid:00000000-0000-1000-8000-00000000000a");
  call::Agent& bob = world.add_agent("bob", AgentOptions::Answering::AtOnce, "urn:uuid:00000000-0000-1000-8000-00000000000b");
  for (const bool caller : {true, false}) {
    world.clear_wire();
    alice.dial("sip:bob@192.0.2.1");
    world.run_for(2s);
    EXPECT_THAT(world.message("phones", "X", "INVITE").header("Contact"), testing::StartsWith("<sip:alice@192.0.2.1;gr=urn:uuid:"));
    EXPECT_THAT(world.message("phones", "X", "200 INVITE").header("Contact"), testing::StartsWith("<sip:bob@192.0.2.1;gr=urn:uuid:"));
    ASSERT_EQ(alice.calls() + bob.calls(), 2U);
    (caller ? alice : bob).hang_up_all();
    world.run_for(1s);
    EXPECT_EQ(alice.calls() + bob.calls(), 0U) << "the BYE of the exchange found its way";
    EXPECT_THAT(world.message("X", "phones", "BYE").text, testing::StartsWith(caller ? "BYE sip:bob@192.0.2.1;gr=" : "BYE sip:alice@192.0.2.1;gr="));
  }
  world.expect_no_agent_calls();
}

TEST(ExchangeAgents, call_each_other_with_media_on_both_sides) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice");
  world.add_agent("bob");
  alice.dial("sip:bob@192.0.2.1");
  world.run_for(2s);
  EXPECT_THAT(world.journal.of("alice"), ElementsAre("Registered", "CallStarted", "CallRinging", "CallAnswered", "MediaAgreed"));
  EXPECT_THAT(world.journal.of("bob"), ElementsAre("Registered", "CallStarted", "CallRinging", "CallAnswered", "MediaAgreed"));
  ASSERT_EQ(world.media.streams().size(), 2U);
  const auto& mine = world.media.streams().begin()->second;
  const auto& theirs = world.media.streams().rbegin()->second;
  EXPECT_EQ(mine.parameters.at(0).remote_rtp, theirs.opened.rtp);
  EXPECT_EQ(theirs.parameters.at(0).remote_rtp, mine.opened.rtp);
  alice.hang_up_all();
  world.run_for(1s);
  EXPECT_EQ(world.journal.of("bob").back(), "CallEnded");
  world.expect_no_agent_calls();
}

TEST(ExchangeAgents, name_the_address_that_a_nat_gives_their_media) {
  AgentWorld world;
  AgentOptions options;
  options.name = "alice";
  options.address_of_record = "sip:alice@192.0.2.1";
  options.registrar = "sip:192.0.2.1:5060";
  options.media_address = base::IpAddress::parse("192.0.2.11").value();
  options.advertised_media = base::IpAddress::parse("203.0.113.9").value();
  call::Agent& alice = *world.agents.add(world.media, world.journal, std::move(options)).value();
  alice.dial("sip:bob@192.0.2.1");
  world.run_for(50ms);
  const SentMessage invite = world.message("phones", "X", "INVITE");
  EXPECT_THAT(invite.text, testing::HasSubstr("\r\nc=IN IP4 203.0.113.9\r\n"));
  EXPECT_THAT(invite.text, testing::HasSubstr("m=audio " + std::to_string(world.media.streams().begin()->second.opened.rtp.port) + " "));
  EXPECT_EQ(invite.text.find("c=IN IP4 192.0.2.11"), std::string::npos);
  alice.hang_up_all();
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(ExchangeAgents, follow_refer_when_a_command_connects_them) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice");
  call::Agent& bob = world.add_agent("bob");
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  world.run_for(1s);
  EXPECT_EQ(alice.calls(), 1U);
  EXPECT_EQ(bob.calls(), 1U);
  EXPECT_EQ(world.media.open_count(), 2U);
  EXPECT_THAT(world.commands.texts(world.end(world.commands.events(id).back().call_id)), ElementsAre("Ended"));
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(ExchangeAgents, that_only_speak_encrypted_are_connected_by_a_command_too) {
  AgentWorld world;
  call::AgentOptions options;
  options.media.security.policy = sdp::MediaSecurity::Required;
  options.media.codecs = {"opus"};
  call::Agent& alice = world.add_agent("alice", options);
  call::Agent& bob = world.add_agent("bob", options);
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  world.run_for(1s);
  EXPECT_EQ(alice.calls(), 1U);
  EXPECT_EQ(bob.calls(), 1U);
  alice.hang_up_all();
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(ExchangeAgents, join_their_media_when_the_other_phone_refuses_refer) {
  AgentWorld world;
  ScriptedPhone& alice = world.add_phone("alice", {.refer = 501});
  call::Agent& bob = world.add_agent("bob");
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  world.run_for(1s);
  ASSERT_EQ(world.media.streams().size(), 1U);
  ASSERT_EQ(world.media.streams().begin()->second.parameters.size(), 1U);
  EXPECT_EQ(world.media.streams().begin()->second.parameters[0].remote_rtp.to_string(), "203.0.113.1:4000");
  EXPECT_THAT(world.journal.of("bob"), ElementsAre("Registered", "CallStarted", "CallRinging", "CallAnswered", "MediaAgreed"));
  alice.hang_up();
  world.run_for(1s);
  EXPECT_EQ(bob.calls(), 0U);
  world.expect_no_agent_calls();
}

TEST(ExchangeAgents, let_a_call_ring_until_it_is_cancelled) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice");
  world.add_agent("bob", AgentOptions::Answering::Manually);
  alice.dial("sip:bob@192.0.2.1");
  world.run_for(1s);
  alice.hang_up_all();
  world.run_for(1s);
  EXPECT_THAT(world.journal.of("bob"), ElementsAre("Registered", "CallStarted", "CallRinging", "CallEnded"));
  world.expect_no_agent_calls();
}

TEST(ExchangeAgents, hang_up_when_there_are_no_ports_for_media) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice");
  world.add_agent("bob");
  world.media.refuse_open = base::Error(base::Errc::LimitReached, "no ports left");
  alice.dial("sip:bob@192.0.2.1");
  ScriptedPhone& carol = world.add_phone("carol");
  PhoneLeg& call = carol.call("bob");
  world.run_for(1s);
  EXPECT_EQ(alice.calls(), 0U);
  EXPECT_EQ(call.end_status(), 480);
  EXPECT_EQ(world.journal.of("alice").back(), "CallEnded");
  world.expect_no_agent_calls();
}

TEST(ExchangeAgents, refuse_an_offer_that_they_cannot_read) {
  AgentWorld world;
  world.add_agent("bob");
  ScriptedPhone& carol = world.add_phone("carol");
  PhoneLeg& call = carol.dial("sip:bob@192.0.2.1", "v=nonsense\r\n");
  world.run_for(1s);
  EXPECT_EQ(call.end_status(), 488);
  world.expect_no_agent_calls();
}

TEST(ExchangeAgents, make_the_offer_when_the_caller_makes_none) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice");
  ScriptedPhone& carol = world.add_phone("carol");
  world.run_for(1s);
  PhoneLeg& call = carol.dial("sip:alice@192.0.2.1", "");
  world.run_for(2s);
  EXPECT_TRUE(call.confirmed());
  EXPECT_EQ(alice.calls(), 1U);
  alice.hang_up_all();
  world.run_for(1s);
  EXPECT_TRUE(call.ended());
  world.expect_no_agent_calls();
}

TEST(ExchangeAgents, may_hang_up_at_every_stage_of_a_command) {
  for (auto time = 0ms; time <= 300ms; time += 7ms) {
    AgentWorld world;
    call::Agent& alice = world.add_agent("alice");
    world.add_agent("bob");
    const CommandId id = world.start("alice", "bob");
    world.run_for(time);
    alice.hang_up_all();
    world.run_for(60s);
    EXPECT_TRUE(world.commands.ended(id));
    world.exchange->shut_down();
    world.run_for(40s);
    world.expect_no_agent_calls();
  }
}

}  // namespace
}  // namespace callwright::simulation
