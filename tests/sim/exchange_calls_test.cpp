// Calls from phone to phone through the exchange.
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::StartsWith;

struct Phones : ExchangeWorld {
  explicit Phones(PhoneScript alice_script = {}, PhoneScript bob_script = {}, Options options = {})
      : ExchangeWorld(std::move(options)), alice(add_phone("alice", alice_script)), bob(add_phone("bob", bob_script)) {}
  /// Alice calls bob and is answered.
  void connect() {
    alice.call("bob");
    run_for(2s);
    ASSERT_TRUE(alice.leg(0).confirmed());
    ASSERT_TRUE(bob.leg(0).confirmed());
    clear_wire();
  }
  ScriptedPhone& alice;
  ScriptedPhone& bob;
};

TEST(ExchangeCalls, pass_the_descriptions_through_after_a_challenge) {
  Phones world;
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_THAT(world.ladder("alice", "X"),
              ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 100 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_EQ(world.message("X", "bob", "INVITE").body(), world.alice.sdp());
  EXPECT_EQ(call.remote_sdp(), world.bob.sdp());
  EXPECT_NE(world.bob.leg(0).call_id(), call.call_id());
  EXPECT_EQ(world.message("X", "bob", "INVITE").header("Max-Forwards"), "69");
  EXPECT_EQ(world.exchange->calls(), 1U);
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, end_for_both_when_either_hangs_up) {
  for (const bool caller : {true, false}) {
    Phones world;
    world.connect();
    (caller ? world.alice : world.bob).hang_up();
    world.run_for(1s);
    EXPECT_EQ(world.count("", "", "BYE"), 2U);
    EXPECT_EQ(world.alice.active() + world.bob.active(), 0U);
    world.expect_nothing_left();
  }
}

TEST(ExchangeCalls, ring_off_when_the_caller_cancels) {
  Phones world({}, {.answer = 0});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  world.alice.hang_up();
  world.run_for(1s);
  EXPECT_EQ(call.end_status(), 487);
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 180 INVITE", "> CANCEL", "< 200 CANCEL", "< 487 INVITE", "> ACK"));
  world.expect_nothing_left();
}

TEST(ExchangeCalls, relay_how_the_callee_refuses) {
  for (const int status : {404, 480, 486, 488, 600, 603}) {
    Phones world({}, {.answer = status});
    PhoneLeg& call = world.alice.call("bob");
    world.run_for(2s);
    EXPECT_EQ(call.end_status(), status);
    world.expect_nothing_left();
  }
}

TEST(ExchangeCalls, do_not_relay_what_was_meant_for_the_exchange) {
  for (const auto& [theirs, ours] : {std::pair{302, 480}, std::pair{401, 403}, std::pair{407, 403}, std::pair{503, 500}}) {
    Phones world({}, {.answer = theirs});
    PhoneLeg& call = world.alice.call("bob");
    world.run_for(2s);
    EXPECT_EQ(call.end_status(), ours);
    world.expect_nothing_left();
  }
}

TEST(ExchangeCalls, give_up_a_callee_who_does_not_answer) {
  Phones world({}, {.answer = 0});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(121s);
  EXPECT_EQ(call.end_status(), 480);
  EXPECT_EQ(world.count("X", "bob", "CANCEL"), 1U);
  world.expect_nothing_left();
}

TEST(ExchangeCalls, are_refused_to_strangers_and_wrong_passwords) {
  Phones world;
  ScriptedPhone& stranger = world.add_stranger("mallory");
  PhoneLeg& unknown = stranger.call("bob");
  world.alice.password = "wrong";
  PhoneLeg& wrong = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(unknown.end_status(), 403);
  EXPECT_EQ(wrong.end_status(), 403);
  EXPECT_THAT(world.ladder("X", "bob"), IsEmpty());
  world.expect_nothing_left();
}

TEST(ExchangeCalls, to_nobody_are_not_found) {
  Phones world;
  EXPECT_EQ(world.exchange->calls(), 0U);
  PhoneLeg& unregistered = world.alice.call("nobody");
  PhoneLeg& outside = world.alice.dial("sip:x@192.0.2.99", world.alice.sdp());
  world.run_for(1s);
  EXPECT_EQ(unregistered.end_status(), 404);
  world.run_for(40s);
  EXPECT_TRUE(outside.ended());
  world.expect_nothing_left();
}

TEST(ExchangeCalls, beyond_the_limit_are_refused_with_a_time_to_retry) {
  ExchangeWorld::Options options;
  options.exchange.max_calls = 1;
  Phones world({}, {}, std::move(options));
  ScriptedPhone& carol = world.add_phone("carol");
  world.connect();
  PhoneLeg& call = carol.call("alice");
  world.run_for(1s);
  EXPECT_EQ(call.end_status(), 503);
  EXPECT_EQ(world.message("X", "carol", "503 INVITE").header("Retry-After"), "5");
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, of_a_command_have_their_place_when_the_command_has) {
  ExchangeWorld::Options options;
  options.exchange.max_calls = 1;
  Phones world({}, {}, std::move(options));
  const call::CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, ring_every_contact_and_the_first_to_answer_wins) {
  Phones world({}, {.answer_after = 500ms});
  ScriptedPhone& desk = world.add_stranger("bob", {.answer_after = 300ms});
  desk.start_registration();
  world.run_for(1s);
  ASSERT_TRUE(desk.registered());
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(2s);
  EXPECT_TRUE(call.confirmed());
  EXPECT_TRUE(desk.leg(0).confirmed());
  EXPECT_EQ(world.bob.leg(0).end_status(), 487);
  EXPECT_EQ(world.count("X", "bob", "CANCEL"), 1U);
  desk.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, hang_up_the_second_who_answers_at_the_same_moment) {
  Phones world;
  ScriptedPhone& desk = world.add_stranger("bob");
  desk.start_registration();
  world.run_for(1s);
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(2s);
  EXPECT_TRUE(call.confirmed());
  EXPECT_EQ(world.bob.active() + desk.active(), 1U);
  EXPECT_EQ(world.count("X", "bob", "ACK"), 2U);
  EXPECT_EQ(world.count("X", "bob", "BYE"), 1U);
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, end_when_cancel_and_answer_cross) {
  Phones world;
  world.alice.call("bob");
  for (int step = 0; step < 60; ++step) {
    Phones race;
    PhoneLeg& call = race.alice.call("bob");
    race.run_for(std::chrono::milliseconds(200 + step * 2));
    call.hang_up();
    race.run_for(40s);
    EXPECT_EQ(race.alice.active() + race.bob.active(), 0U) << step;
    race.expect_nothing_left();
  }
  world.run_for(1s);
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, carry_a_late_offer_and_its_answer) {
  Phones world;
  PhoneLeg& call = world.alice.dial("sip:bob@192.0.2.1", "");
  world.run_for(1s);
  EXPECT_EQ(world.message("X", "bob", "INVITE").body(), "");
  EXPECT_EQ(call.remote_sdp(), world.bob.sdp());
  EXPECT_EQ(world.bob.leg(0).hears(), "alice");
  EXPECT_EQ(world.message("X", "bob", "ACK").body(), world.alice.sdp());
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, pass_hold_and_resume_through_both_ways) {
  Phones world;
  world.connect();
  world.alice.leg(0).reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_EQ(world.bob.leg(0).remote_sdp(), world.alice.sdp(2, "sendonly"));
  EXPECT_EQ(world.alice.leg(0).remote_sdp(), world.bob.sdp(2, "recvonly"));
  world.bob.leg(0).reinvite(world.bob.sdp(3, "inactive"));
  world.run_for(1s);
  EXPECT_EQ(world.alice.leg(0).remote_sdp(), world.bob.sdp(3, "inactive"));
  EXPECT_THAT(world.bob.leg(0).log(), Contains("re-INVITE 200"));
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, pass_a_re_invite_without_offer_through) {
  for (const bool caller : {true, false}) {
    Phones world;
    world.connect();
    ScriptedPhone& asking = caller ? world.alice : world.bob;
    ScriptedPhone& asked = caller ? world.bob : world.alice;
    asking.leg(0).reinvite("");
    world.run_for(1s);
    EXPECT_THAT(asked.leg(0).log(), Contains("re-INVITE without offer"));
    EXPECT_EQ(asking.leg(0).remote_sdp(), asked.sdp(2));
    EXPECT_EQ(asked.leg(0).remote_sdp(), asking.sdp(2));
    asking.hang_up();
    world.expect_nothing_left();
  }
}

TEST(ExchangeCalls, relay_a_refused_re_invite_and_go_on) {
  Phones world({}, {.reinvite = 488});
  world.connect();
  world.alice.leg(0).reinvite(world.alice.sdp(2));
  world.run_for(1s);
  EXPECT_THAT(world.alice.leg(0).log(), Contains("re-INVITE 488"));
  EXPECT_EQ(world.alice.active() + world.bob.active(), 2U);
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, settle_when_both_re_invite_at_once) {
  Phones world;
  world.connect();
  world.alice.leg(0).reinvite(world.alice.sdp(2, "sendonly"));
  world.bob.leg(0).reinvite(world.bob.sdp(2, "recvonly"));
  world.run_for(60s);
  EXPECT_THAT(world.alice.leg(0).log(), Contains("re-INVITE 200"));
  EXPECT_THAT(world.bob.leg(0).log(), Contains("re-INVITE 200"));
  EXPECT_EQ(world.exchange->calls(), 1U);
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, pass_refer_through_with_its_progress) {
  Phones world;
  ScriptedPhone& carol = world.add_phone("carol");
  world.connect();
  world.bob.leg(0).refer("sip:carol@192.0.2.1");
  world.run_for(2s);
  EXPECT_THAT(world.message("X", "alice", "REFER").header("Refer-To"), "<sip:carol@192.0.2.1>");
  EXPECT_THAT(world.message("X", "alice", "REFER").header("Referred-By"), "<sip:bob@192.0.2.1>");
  EXPECT_THAT(world.bob.leg(0).log(), IsSupersetOf({"REFER 202", "NOTIFY 180 Ringing", "NOTIFY 200 OK"}));
  EXPECT_EQ(carol.leg(0).hears(), "alice");
  world.bob.hang_up();
  world.run_for(1s);
  EXPECT_TRUE(world.alice.leg(0).ended());
  EXPECT_FALSE(world.alice.leg(1).ended());
  carol.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeCalls, tell_by_notify_that_refer_was_refused) {
  Phones world({.refer = 603});
  world.connect();
  world.bob.leg(0).refer("sip:carol@192.0.2.1");
  world.run_for(1s);
  EXPECT_THAT(world.bob.leg(0).log(), Contains("NOTIFY 603 Decline"));
  EXPECT_EQ(world.exchange->calls(), 1U);
  world.bob.hang_up();
  world.expect_nothing_left();
}

/// The status with which an INVITE from mallory, who has an account, ends.
int status_of_invite(Phones& world, const std::string& call_id, unsigned max_forwards) {
  ScriptedPhone& mallory = world.add_phone("mallory");
  sip::InviteSession::CallerOptions options;
  options.uri = "sip:bob@192.0.2.1";
  options.from = "<sip:mallory@192.0.2.1>";
  options.to = "<sip:bob@192.0.2.1>";
  options.call_id = call_id;
  options.max_forwards = max_forwards;
  options.credentials = sip::Credentials{"mallory", mallory.password};
  struct Observer final : sip::InviteSessionObserver {
    void on_ended(sip::InviteSession& /*session*/, const sip::SessionEnd& end) override { status = end.status; }
    int status = 0;
  } observer;
  auto session = mallory.user_agent().call(std::move(options), observer);
  EXPECT_TRUE(session->invite(mallory.sdp()));
  world.run_for(1s);
  mallory.user_agent().retire(std::move(session));
  return observer.status;
}

TEST(ExchangeCalls, keep_their_call_id_whatever_another_phone_sends) {
  Phones world;
  world.connect();
  EXPECT_EQ(status_of_invite(world, world.alice.leg(0).call_id(), 70), 482);
  EXPECT_THAT(world.commands.texts(world.end(world.alice.leg(0).call_id())), ElementsAre("Ended"));
  world.expect_nothing_left();
}

TEST(ExchangeCalls, that_have_passed_too_many_hops_are_refused) {
  Phones world;
  EXPECT_EQ(status_of_invite(world, "loop", 0), 483);
  EXPECT_EQ(world.bob.legs(), 0U);
  world.expect_nothing_left();
}

TEST(ExchangeRoutes, lead_to_trunks_by_prefix_with_credentials) {
  ExchangeWorld::Options options;
  options.exchange.routes = {{"0049*", "sip:192.0.2.11", sip::Credentials{"me", "at the trunk"}},
                             {"1", "sip:operator@192.0.2.11", std::nullopt},
                             {"9*", "sip:192.0.2.1", std::nullopt}};
  ExchangeWorld world(std::move(options));
  ScriptedPhone& trunk = world.add_stranger("trunk");
  ScriptedPhone& alice = world.add_phone("alice");
  world.run_for(1s);
  alice.call("004930123");
  alice.call("1");
  PhoneLeg& loop = alice.call("911");
  PhoneLeg& nowhere = alice.call("0048");
  world.run_for(2s);
  EXPECT_EQ(trunk.legs(), 2U);
  EXPECT_THAT(world.message("X", "trunk", "INVITE").text, StartsWith("INVITE sip:004930123@192.0.2.11 "));
  EXPECT_THAT(world.message("X", "trunk", "INVITE", 1).text, StartsWith("INVITE sip:operator@192.0.2.11 "));
  EXPECT_EQ(loop.end_status(), 482);
  EXPECT_EQ(nowhere.end_status(), 404);
  trunk.hang_up();
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
