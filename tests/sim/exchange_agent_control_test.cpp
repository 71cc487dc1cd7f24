// What programs have agents do with calls: refuse them, send them elsewhere, pass them on, put text into them.
#include "sim/agent_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace callwright::simulation {
namespace {

using call::AgentOptions;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr auto kRings = AgentOptions::Answering::Manually;

struct ControlWorld : AgentWorld {
  call::Agent& alice = add_agent("alice", kRings);
  call::Agent& bob = add_agent("bob", kRings);
  call::Agent& carol = add_agent("carol", AgentOptions::Answering::AtOnce);

  /// From alice to bob, who answers.
  call::AgentCall& connect() {
    call::AgentCall& call = alice.dial("sip:bob@192.0.2.1");
    run_for(500ms);
    latest(bob).answer();
    run_for(1s);
    return call;
  }
  call::AgentCall& latest(call::Agent& agent) { return *agent.find(journal.call_ids.at(agent.options().name)); }
};

TEST(AgentControl, refuses_a_call_that_rings_as_told) {
  ControlWorld world;
  world.alice.dial("sip:bob@192.0.2.1");
  world.run_for(500ms);
  ASSERT_EQ(world.bob.calls(), 1U);
  EXPECT_TRUE(world.latest(world.bob).refuse({603, "Not today", {}}));
  world.run_for(1s);
  EXPECT_EQ(world.alice.calls(), 0U);
  EXPECT_THAT(world.journal.of("alice"), Contains("CallEnded"));
  world.media.finish_closing();
  world.expect_no_agent_calls();
}

TEST(AgentControl, refuses_all_calls_from_now_on_and_takes_them_again) {
  ControlWorld world;
  world.bob.refuse_calls(call::Refusal{.status = 486});
  world.alice.dial("sip:bob@192.0.2.1");
  world.run_for(1s);
  EXPECT_EQ(world.bob.calls(), 0U);
  EXPECT_EQ(world.alice.calls(), 0U);
  world.bob.refuse_calls(std::nullopt);
  world.alice.dial("sip:bob@192.0.2.1");
  world.run_for(500ms);
  EXPECT_EQ(world.bob.calls(), 1U);
  world.alice.hang_up_all();
  world.run_for(1s);
  world.media.finish_closing();
  world.expect_no_agent_calls();
}

TEST(AgentControl, sends_a_call_elsewhere_by_302_and_the_exchange_rings_there) {
  ControlWorld world;
  world.bob.refuse_calls(call::Refusal{.status = 302, .headers = "Contact: <sip:carol@192.0.2.1>\r\n"});
  world.alice.dial("sip:bob@192.0.2.1");
  world.run_for(2s);
  EXPECT_EQ(world.carol.calls(), 1U);
  EXPECT_THAT(world.journal.of("alice"), Contains("CallAnswered"));
  world.alice.hang_up_all();
  world.run_for(1s);
  world.media.finish_closing();
  world.expect_no_agent_calls();
}

TEST(AgentControl, does_not_send_a_call_in_circles) {
  ControlWorld world;
  world.bob.refuse_calls(call::Refusal{.status = 302, .headers = "Contact: <sip:carol@192.0.2.1>\r\n"});
  world.carol.refuse_calls(call::Refusal{.status = 302, .headers = "Contact: <sip:bob@192.0.2.1>\r\n"});
  world.alice.dial("sip:bob@192.0.2.1");
  world.run_for(5s);
  EXPECT_EQ(world.alice.calls(), 0U);
  world.media.finish_closing();
  world.expect_no_agent_calls();
}

TEST(AgentControl, transfers_a_call_and_hears_how_that_goes) {
  ControlWorld world;
  call::AgentCall& call = world.connect();
  ASSERT_TRUE(call.transfer("sip:carol@192.0.2.1"));
  world.run_for(2s);
  EXPECT_THAT(world.journal.of("alice"), Contains("TransferProgress"));
  EXPECT_EQ(world.carol.calls(), 1U);
  world.alice.hang_up_all();
  world.run_for(1s);
  EXPECT_EQ(world.bob.calls(), 1U) << "with carol";
  world.bob.hang_up_all();
  world.run_for(1s);
  world.media.finish_closing();
  world.expect_no_agent_calls();
}

TEST(AgentControl, transfers_a_call_to_another_of_its_own) {
  ControlWorld world;
  call::AgentCall& first = world.connect();
  call::AgentCall& second = world.alice.dial("sip:carol@192.0.2.1");
  world.run_for(1s);
  ASSERT_TRUE(first.transfer_to(second));
  world.run_for(2s);
  world.alice.hang_up_all();
  world.run_for(1s);
  EXPECT_EQ(world.bob.calls(), 1U);
  EXPECT_EQ(world.carol.calls(), 1U);
  world.bob.hang_up_all();
  world.run_for(1s);
  world.media.finish_closing();
  world.expect_no_agent_calls();
}

TEST(AgentControl, cannot_transfer_to_a_call_that_is_not_answered) {
  ControlWorld world;
  call::AgentCall& first = world.connect();
  call::AgentCall& second = world.alice.dial("sip:bob@192.0.2.1");
  world.run_for(500ms);
  EXPECT_FALSE(first.transfer_to(second));
  world.alice.hang_up_all();
  world.run_for(1s);
  world.media.finish_closing();
  world.expect_no_agent_calls();
}

TEST(AgentControl, gets_text_in_a_call) {
  ControlWorld world;
  call::AgentCall& call = world.connect();
  ASSERT_TRUE(call.send_text("hello"));
  world.run_for(1s);
  EXPECT_THAT(world.journal.of("bob"), Contains("TextReceived"));
  world.alice.hang_up_all();
  world.run_for(1s);
  world.media.finish_closing();
  world.expect_no_agent_calls();
}

TEST(AgentControl, tells_of_its_media_when_asked) {
  ControlWorld world;
  call::AgentCall& call = world.connect();
  call.measure();
  const auto& streams = world.media.streams();
  EXPECT_EQ(std::ranges::count_if(streams, [](const auto& stream) { return stream.second.measured == 1; }), 1);
  world.alice.hang_up_all();
  world.run_for(1s);
  world.media.finish_closing();
  world.expect_no_agent_calls();
}

TEST(AgentControl, has_its_own_fields_passed_on_by_the_exchange) {
  ControlWorld world;
  world.alice.set_headers("X-Foo: bar\r\nX-Foo: two\r\nSecret: no\r\n");
  world.alice.dial("sip:bob@192.0.2.1");
  world.run_for(500ms);
  const std::string invite = world.message("X", "phones", "INVITE").text;
  EXPECT_THAT(invite, HasSubstr("X-Foo: bar\r\nX-Foo: two\r\n"));
  EXPECT_THAT(invite, Not(HasSubstr("Secret")));
  world.alice.hang_up_all();
  world.run_for(1s);
  world.media.finish_closing();
  world.expect_no_agent_calls();
}

}  // namespace
}  // namespace callwright::simulation
