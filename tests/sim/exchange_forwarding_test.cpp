// Calls that users have forwarded (RFC 5359 §2.7 to §2.9), message by message.
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Forwarded : ExchangeWorld {
  explicit Forwarded(call::Forwarding forward, PhoneScript bob_script = {}, PhoneScript alice_script = {}, Options options = {})
      : ExchangeWorld(std::move(options)), alice(add_phone("alice", alice_script)), bob(add_phone("bob", bob_script)), carol(add_phone("carol")) {
    set("bob", {.forward = std::move(forward)});
  }
  void set(const std::string& user, call::UserFeatures features) {
    const auto set = exchange->features().set(user, std::move(features));
    EXPECT_TRUE(set) << set.error().message();
  }
  ScriptedPhone& alice;
  ScriptedPhone& bob;
  ScriptedPhone& carol;
};

TEST(ExchangeForwarding, of_all_calls_goes_as_in_rfc_5359_section_2_7) {
  Forwarded world({.always = "carol"});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_THAT(world.ladder("alice", "X"),
              ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 100 INVITE", "< 181 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "carol"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "bob"), IsEmpty());
  const SentMessage invite = world.message("X", "carol", "INVITE");
  EXPECT_EQ(invite.header("Diversion"), "<sip:bob@192.0.2.1>;reason=unconditional");
  EXPECT_THAT(invite.text, HasSubstr("History-Info: <sip:bob@192.0.2.1?Reason=SIP%3Bcause%3D302>;index=1\r\n"
                                     "History-Info: <sip:carol@192.0.2.1:5060>;index=1.1;mp=1\r\n"));
  EXPECT_EQ(invite.header("Max-Forwards"), "68") << "one for the exchange, one for the forwarding";
  EXPECT_EQ(invite.header("P-Asserted-Identity"), "<sip:alice@192.0.2.1>") << "who calls is still alice";
  EXPECT_EQ(call.remote_sdp(), world.carol.sdp());
  world.carol.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, when_busy_goes_as_in_rfc_5359_section_2_8) {
  Forwarded world({.busy = "carol"}, {.ring = 0, .answer = 486});
  world.alice.call("bob");
  world.run_for(1s);
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 100 INVITE", "< 486 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("alice", "X"),
              ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 100 INVITE", "< 181 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "carol"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_EQ(world.message("X", "bob", "INVITE").header("Diversion"), "");
  EXPECT_EQ(world.message("X", "carol", "INVITE").header("Diversion"), "<sip:bob@192.0.2.1>;reason=user-busy");
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, without_an_answer_goes_as_in_rfc_5359_section_2_9) {
  Forwarded world({.no_answer = "carol", .after = 10s}, {.answer = 0});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(9s);
  EXPECT_THAT(world.ladder("X", "carol"), IsEmpty());
  world.run_for(3s);
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 180 INVITE", "> CANCEL", "< 200 CANCEL", "< 487 INVITE", "> ACK"));
  EXPECT_EQ(world.message("X", "bob", "CANCEL").header("Reason"), "SIP;cause=480;text=\"No answer\"") << "a missed call";
  EXPECT_THAT(world.ladder("alice", "X"), ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 100 INVITE", "< 180 INVITE", "< 181 INVITE",
                                                      "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_EQ(world.message("X", "carol", "INVITE").header("Diversion"), "<sip:bob@192.0.2.1>;reason=no-answer");
  EXPECT_EQ(call.hears(), "carol");
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, without_an_answer_is_at_once_when_no_phone_is_there) {
  Forwarded world({.no_answer = "carol"});
  world.bob.stop_registration();
  world.run_for(1s);
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_TRUE(call.confirmed());
  EXPECT_EQ(world.message("X", "carol", "INVITE").header("Diversion"), "<sip:bob@192.0.2.1>;reason=unavailable");
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, passes_descriptions_through_when_the_first_phone_had_sent_one_early) {
  Forwarded world({.no_answer = "carol", .after = 5s}, {.ring = 183, .ring_sdp = PhoneScript::RingSdp::Early, .answer = 0});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(8s);
  EXPECT_EQ(world.message("X", "alice", "180 INVITE").body(), "") << "the next place may answer with another";
  EXPECT_EQ(call.remote_sdp(), world.carol.sdp());
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, goes_on_from_one_user_to_the_next_and_tells_all_of_it) {
  Forwarded world({.always = "carol"});
  world.add_phone("dave");
  world.set("carol", {.forward = {.busy = "dave"}});
  world.carol.script.answer = 486;
  world.alice.call("bob");
  world.run_for(2s);
  const SentMessage invite = world.message("X", "dave", "INVITE");
  EXPECT_THAT(invite.text, HasSubstr("Diversion: <sip:carol@192.0.2.1:5060>;reason=user-busy\r\nDiversion: <sip:bob@192.0.2.1>;reason=unconditional\r\n"));
  EXPECT_THAT(invite.text, HasSubstr("<sip:dave@192.0.2.1:5060>;index=1.1.1;mp=1.1\r\n"));
  EXPECT_EQ(world.count("X", "alice", "181 INVITE"), 2U);
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, in_a_circle_is_refused) {
  Forwarded world({.always = "carol"});
  world.set("carol", {.forward = {.always = "sip:bob@192.0.2.1"}});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(call.end_status(), 482);
  EXPECT_EQ(call.end_reason(), "Loop Detected");
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, in_a_circle_of_busy_phones_tells_that_they_are_busy) {
  Forwarded world({.busy = "carol"}, {.answer = 486});
  world.carol.script.answer = 486;
  world.set("carol", {.forward = {.busy = "bob"}});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(call.end_status(), 486);
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 1U);
  EXPECT_EQ(world.count("X", "carol", "INVITE"), 1U);
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, has_a_limit_that_counts_what_happened_before) {
  for (const int before : {4, 5}) {
    Forwarded world({.always = "carol"}, {}, {.headers = "Diversion: <sip:x@192.0.2.9>;reason=unconditional;counter=" + std::to_string(before) + "\r\n"});
    PhoneLeg& call = world.alice.call("bob");
    world.run_for(1s);
    EXPECT_EQ(call.confirmed(), before == 4);
    EXPECT_EQ(call.end_status(), before == 4 ? 0 : 482);
    EXPECT_THAT(world.story(), Not(HasSubstr("sip:x@192.0.2.9"))) << "what a phone claims is not passed on";
    world.alice.hang_up();
    world.expect_nothing_left();
  }
}

TEST(ExchangeForwarding, uses_up_max_forwards) {
  Forwarded world({.always = "carol"}, {}, {.headers = ""});
  world.set("carol", {.forward = {.busy = "dave"}});
  world.add_phone("dave");
  world.carol.script.answer = 486;
  world.alice.call("bob");
  world.run_for(2s);
  EXPECT_EQ(world.message("X", "dave", "INVITE").header("Max-Forwards"), "67");
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, leads_only_where_the_forwarding_user_may_call) {
  Forwarded world({.always = "sip:x@198.51.100.7"});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(call.end_status(), 404) << "phones may call users and routes, nobody else";
  world.set("bob", {.forward = {.always = "carol"}, .outgoing = {.deny = {"carol"}}});
  PhoneLeg& screened = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(screened.end_status(), 403);
  EXPECT_THAT(world.ladder("X", "carol"), IsEmpty());
  world.set("bob", {.forward = {.always = "carol"}});
  world.set("alice", {.outgoing = {.deny = {"carol"}}});
  PhoneLeg& paid = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_TRUE(paid.confirmed()) << "it is bob's call";
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, to_a_route_tells_a_trusted_one_who_forwarded_and_others_not) {
  for (const call::Peer peer : {call::Peer::Trusted, call::Peer::Stranger}) {
    ExchangeWorld::Options options;
    options.exchange.routes = {{.user = "0*", .target = "sip:192.0.2.14:5060", .credentials = {}, .peer = peer}};
    Forwarded world({.always = "0301234"}, {}, {}, std::move(options));
    world.add_stranger("trunk");
    PhoneLeg& call = world.alice.call("bob");
    world.run_for(1s);
    EXPECT_TRUE(call.confirmed());
    const SentMessage invite = world.message("X", "trunk", "INVITE");
    EXPECT_EQ(invite.header("Diversion").empty(), peer == call::Peer::Stranger);
    EXPECT_EQ(invite.header("History-Info").empty(), peer == call::Peer::Stranger);
    world.alice.hang_up();
    world.expect_nothing_left();
  }
}

TEST(ExchangeForwarding, keeps_the_privacy_of_the_caller) {
  Forwarded world({.always = "carol"}, {}, {.headers = "Privacy: id;history\r\n"});
  world.alice.call("bob");
  world.run_for(1s);
  const SentMessage invite = world.message("X", "carol", "INVITE");
  EXPECT_EQ(invite.header("P-Asserted-Identity"), "");
  EXPECT_EQ(invite.header("Diversion"), "");
  EXPECT_EQ(invite.header("History-Info"), "");
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, ends_with_the_caller) {
  Forwarded world({.no_answer = "carol", .after = 5s}, {.answer = 0});
  world.carol.script.answer = 0;
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(7s);
  call.hang_up();
  world.run_for(1s);
  EXPECT_EQ(call.end_status(), 487);
  EXPECT_EQ(world.count("X", "bob", "CANCEL"), 1U);
  EXPECT_EQ(world.count("X", "carol", "CANCEL"), 1U);
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, of_a_call_that_is_declined_does_not_happen) {
  Forwarded world({.busy = "carol", .no_answer = "carol"}, {.answer = 603});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(call.end_status(), 603);
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, holds_for_calls_that_a_command_starts) {
  Forwarded world({.always = "carol"});
  const call::CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  EXPECT_EQ(world.count("X", "carol", "INVITE"), 1U);
  world.carol.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeForwarding, moves_the_call_from_lamp_to_lamp) {
  Forwarded world({.always = "carol"});
  world.alice.call("bob");
  world.run_for(1s);
  EXPECT_FALSE(world.exchange->states().dialogs().is_in_call("bob"));
  EXPECT_TRUE(world.exchange->states().dialogs().is_in_call("carol"));
  world.alice.hang_up();
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
