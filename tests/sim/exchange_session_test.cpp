// What sessions know besides calling and hanging up, through the exchange: early media, reliable responses, UPDATE, session timers.
#include "sim/exchange_world.hpp"
#include "sim/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct Phones : ExchangeWorld {
  explicit Phones(PhoneScript bob_script = {}) : alice(add_phone("alice")), bob(add_phone("bob", std::move(bob_script))) {}
  void connect() {
    alice.call("bob");
    run_for(2s);
    ASSERT_TRUE(alice.leg(0).confirmed());
    clear_wire();
  }
  ScriptedPhone& alice;
  ScriptedPhone& bob;
};

TEST(ExchangeSessions, pass_early_media_reliably_where_both_sides_do_that) {
  Phones world({.ring = 183, .ring_sdp = PhoneScript::RingSdp::Early, .answer_after = 1s});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(500ms);
  EXPECT_EQ(call.hears(), "bob");
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 183 INVITE", "> PRACK", "< 200 PRACK"));
  EXPECT_EQ(world.message("X", "alice", "183 INVITE").header("Require"), "100rel");
  EXPECT_EQ(world.count("alice", "X", "PRACK"), 1U);
  world.run_for(2s);
  EXPECT_TRUE(call.confirmed());
  EXPECT_EQ(world.message("X", "alice", "200 INVITE").body(), "");
  EXPECT_EQ(call.remote_sdp(), world.bob.sdp());
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeSessions, pass_early_media_without_prack_to_a_caller_that_does_not_know_it) {
  Phones world({.ring = 183, .ring_sdp = PhoneScript::RingSdp::Early, .answer_after = 1s});
  world.alice.user_agent().set_session_policy({.reliable = sip::SessionPolicy::Reliable::Off});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(500ms);
  EXPECT_EQ(call.hears(), "bob");
  EXPECT_EQ(world.message("X", "alice", "183 INVITE").header("Require"), "");
  EXPECT_EQ(world.count("X", "bob", "PRACK"), 1U);
  world.run_for(2s);
  EXPECT_EQ(world.message("X", "alice", "200 INVITE").body(), world.bob.sdp()) << "the answer that bob gave in his 183";
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeSessions, call_without_offer_has_it_made_in_the_200_however_bob_rings) {
  Phones world({.ring = 183, .ring_sdp = PhoneScript::RingSdp::Early});
  world.alice.dial("sip:bob@192.0.2.1", {});
  world.run_for(2s);
  EXPECT_EQ(world.count("X", "bob", "PRACK"), 0U);
  EXPECT_EQ(world.bob.leg(0).hears(), "alice");
  world.alice.hang_up();
  world.expect_nothing_left();
}

/// A callee behind the trunk, played by hand.
struct Trunk : ExchangeWorld {
  Trunk() : ExchangeWorld(options()) {}
  static Options options() {
    Options options;
    options.exchange.routes = {{.user = "0049*", .target = "sip:192.0.2.99:5060", .credentials = {}}};
    return options;
  }
  void dial(std::string_view offer) {
    leg = &alice.dial("sip:0049123@192.0.2.1", std::string(offer));
    run_for(500ms);
    invite = callee.latest("INVITE");
  }
  void reply(int status, std::string_view tag, std::string_view body = {}) {
    const std::string contact = "Contact: <sip:" + std::string(tag) + "@192.0.2.99>\r\n";
    callee.reply(invite, {.status = status, .to_tag = tag, .headers = contact, .body = body});
    run_for(500ms);
  }
  ScriptedPhone& alice = add_phone("alice");
  RawPeer callee{network, "192.0.2.99:5060"};
  PhoneLeg* leg = nullptr;
  std::string invite;
};

TEST(ExchangeSessions, call_without_offer_has_it_made_in_the_200_also_where_the_caller_wants_all_acknowledged) {
  Trunk world;
  world.alice.user_agent().set_session_policy({.reliable = sip::SessionPolicy::Reliable::Required});
  world.dial({});
  const std::string sdp = world.alice.sdp(7);
  world.reply(183, "one", sdp);
  EXPECT_EQ(world.message("X", "alice", "183 INVITE").body(), "") << "no offer without a reliable response of the callee";
  world.reply(200, "one", sdp);
  EXPECT_TRUE(world.leg->confirmed());
  EXPECT_EQ(world.message("X", "alice", "200 INVITE").body(), sdp);
  EXPECT_TRUE(world.callee.latest("ACK").ends_with(world.alice.sdp())) << world.callee.latest("ACK");
  world.alice.hang_up();
  world.run_for(500ms);
  world.callee.reply(world.callee.latest("BYE"), {});
}

TEST(ExchangeSessions, keep_199_of_a_fork_to_themselves) {
  Trunk world;
  world.dial(world.alice.sdp());
  world.reply(180, "one");
  world.reply(180, "two");
  world.reply(199, "one");
  EXPECT_EQ(world.count("X", "alice", "199 INVITE"), 0U) << "what alice knows is one early dialog, which goes on";
  world.reply(486, "two");
  EXPECT_EQ(world.count("X", "alice", "486 INVITE"), 1U);
}

TEST(ExchangeSessions, pass_update_on_and_back) {
  Phones world;
  world.connect();
  world.alice.leg(0).update(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_EQ(world.bob.leg(0).remote_sdp(), world.alice.sdp(2, "sendonly"));
  EXPECT_EQ(world.alice.leg(0).remote_sdp(), world.bob.sdp(2));
  EXPECT_EQ(world.alice.leg(0).log().back(), "UPDATE 200");
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> UPDATE", "< 200 UPDATE"));
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeSessions, pass_info_on_to_the_other_side) {
  Phones world;
  world.connect();
  world.alice.leg(0).session()->send_content(sip::Method::Info, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n").value();
  world.run_for(1s);
  const SentMessage info = world.message("X", "bob", "INFO");
  EXPECT_EQ(info.header("Content-Type"), "application/dtmf-relay");
  EXPECT_EQ(info.body(), "Signal=5\r\nDuration=160\r\n");
  EXPECT_EQ(world.count("X", "alice", "200 INFO"), 1U);
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeSessions, each_side_has_its_own_session_timer) {
  Phones world;
  world.bob.user_agent().set_session_policy({.min_interval = sip::SessionPolicy::Seconds(3600)});
  world.connect();
  world.run_for(1h);
  // Bob wanted an hour at least; the callers refresh, alice and the exchange.
  EXPECT_EQ(world.count("alice", "X", "UPDATE"), 4U);
  EXPECT_EQ(world.count("X", "bob", "UPDATE"), 2U);
  EXPECT_EQ(world.count("", "", "BYE"), 0U);
  world.alice.hang_up();
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
