// SessionRetirement that are let go in every state.
#include "sim/two_phones.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::InviteSession;
using ::testing::ElementsAre;

class SessionRetirement : public TwoPhones {};

TEST_F(SessionRetirement, retired_session_ends_its_call_and_says_nothing) {
  establish();
  bob.retire();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("b BYE", "a 200 BYE"));
  EXPECT_TRUE(bob.events().empty());
  EXPECT_EQ(bob.agent.retired(), 0U);
  expect_all_over();
}

TEST_F(SessionRetirement, retired_caller_cancels) {
  bob.on_incoming = [](InviteSession& session) { session.provisional(180, {}).value(); };
  alice.call(bob.uri(), "offer");
  network.run_for(1s);
  alice.retire();
  EXPECT_EQ(alice.agent.retired(), 1U);
  network.run_for(1s);
  EXPECT_EQ(bob.events().back(), "ended remote 487");
  EXPECT_EQ(alice.agent.retired(), 0U);
  expect_all_over();
}

TEST_F(SessionRetirement, every_callback_may_retire_the_session) {
  for (int victim = 0; victim < 8; ++victim) {
    RecordingPhone& phone = victim % 2 == 0 ? alice : bob;
    int left = victim / 2;
    phone.on_event = [&phone, &left](InviteSession&) {
      if (left-- == 0 && phone.has_session()) {
        phone.retire();
      }
    };
    bob.on_incoming = [this](InviteSession& session) {
      if (bob.has_session()) {
        session.provisional(180, {}).value();
        session.accept("answer").value();
      }
    };
    alice.call(bob.uri(), "offer");
    network.run_for(1s);
    for (RecordingPhone* each : {&alice, &bob}) {
      if (each->has_session()) {
        each->session().end();
      }
    }
    alice.on_event = bob.on_event = nullptr;
    expect_all_over();
  }
}

TEST(UserAgents, destroyed_with_sessions_that_are_not_over) {
  SimulatedNetwork network(1);
  FakeResolver resolver;
  auto alice = std::make_unique<RecordingPhone>(network, resolver, "192.0.2.1:5060");
  RecordingPhone bob(network, resolver, "192.0.2.2:5060");
  alice->call(bob.uri(), "offer");
  network.run_for(1s);
  alice->retire();
  EXPECT_EQ(alice->agent.retired(), 1U);
  alice->node.detach();
  alice.reset();
  bob.retire();
  EXPECT_TRUE(network.run_until_idle());
  EXPECT_TRUE(bob.nothing_left());
}

}  // namespace
}  // namespace callwright::simulation
