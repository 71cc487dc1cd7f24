#pragma once

#include "sim/raw_peer.hpp"
#include "sim/recording_phone.hpp"
#include "sim/simulated_network.hpp"
#include "sim/wire_log.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

/// Two phones in a network in which nothing is lost unless the test says so; each way takes 10 ms.
namespace callwright::simulation {

using Times = std::vector<std::chrono::milliseconds>;

class TwoPhones : public ::testing::Test {
 protected:
  TwoPhones() {
    log.name(alice.node, "a");
    log.name(bob.node, "b");
    bob.on_incoming = [](sip::InviteSession& session) { session.accept("answer").value(); };
  }

  /// Nothing may be left once the sessions are let go.
  void expect_all_over() {
    for (RecordingPhone* phone : {&alice, &bob}) {
      if (phone->has_session()) {
        phone->retire();
      }
    }
    EXPECT_TRUE(network.run_until_idle());
    EXPECT_TRUE(alice.nothing_left());
    EXPECT_TRUE(bob.nothing_left());
  }
  /// Alice and bob talk; the log begins there.
  void establish() {
    alice.call(bob.uri(), "offer");
    network.run_for(std::chrono::seconds(1));
    ASSERT_EQ(alice.session().state(), sip::InviteSession::State::Confirmed);
    ASSERT_EQ(bob.session().state(), sip::InviteSession::State::Confirmed);
    log.clear();
    alice.clear_events();
    bob.clear_events();
  }
  void drop(std::string what, std::size_t times = std::numeric_limits<std::size_t>::max()) {
    network.set_filter([what = std::move(what), times](const Packet& packet) mutable { return what_is(packet.message) == what && times > 0 && times-- > 0; });
  }

  void set_policies(const sip::SessionPolicy& policy) {
    alice.agent.set_session_policy(policy);
    bob.agent.set_session_policy(policy);
  }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  WireLog log{network};
  RecordingPhone alice{network, resolver, "192.0.2.1:5060"};
  RecordingPhone bob{network, resolver, "192.0.2.2:5060"};
};

}  // namespace callwright::simulation
