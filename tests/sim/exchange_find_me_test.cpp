// Users who are looked for in several places (RFC 5359 §2.12), message by message.
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct Sought : ExchangeWorld {
  explicit Sought(std::vector<call::FindMeStep> steps, Options options = {})
      : ExchangeWorld(std::move(options)), alice(add_phone("alice")), bob(add_phone("bob")), carol(add_phone("carol")), dave(add_phone("dave")) {
    set("bob", {.find_me = std::move(steps)});
  }
  void set(const std::string& user, call::UserFeatures features) {
    const auto set = exchange->features().set(user, std::move(features));
    EXPECT_TRUE(set) << set.error().message();
  }
  ScriptedPhone& alice;
  ScriptedPhone& bob;
  ScriptedPhone& carol;
  ScriptedPhone& dave;
};

TEST(ExchangeFindMe, tries_one_place_after_the_other_as_in_rfc_5359_section_2_12) {
  Sought world({{.places = {"phones"}, .time = 5s}, {.places = {"carol"}, .time = 5s}, {.places = {"dave"}, .time = 5s}});
  world.bob.script.answer = 0;
  world.carol.script = {.ring = 0, .answer = 480};
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(7s);
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 180 INVITE", "> CANCEL", "< 200 CANCEL", "< 487 INVITE", "> ACK"));
  EXPECT_EQ(world.message("X", "bob", "CANCEL").header("Reason"), "SIP;cause=480;text=\"No answer\"");
  EXPECT_THAT(world.ladder("X", "carol"), ElementsAre("> INVITE", "< 100 INVITE", "< 480 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "dave"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("alice", "X"),
              ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 100 INVITE", "< 180 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_EQ(world.message("X", "bob", "INVITE").header("Diversion"), "");
  EXPECT_EQ(world.message("X", "dave", "INVITE").header("Diversion"), "<sip:bob@192.0.2.1>;reason=follow-me");
  EXPECT_EQ(call.remote_sdp(), world.dave.sdp());
  world.dave.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeFindMe, rings_the_places_of_a_step_at_once) {
  Sought world({{.places = {"phones", "carol"}, .time = 5s}, {.places = {"dave"}}});
  world.bob.script.answer = 0;
  world.alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 1U);
  EXPECT_TRUE(world.carol.leg(0).confirmed());
  EXPECT_EQ(world.message("X", "bob", "CANCEL").header("Reason"), "SIP;cause=200;text=\"Call completed elsewhere\"");
  EXPECT_THAT(world.ladder("X", "dave"), IsEmpty());
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeFindMe, ends_with_the_best_refusal) {
  Sought world({{.places = {"carol"}, .time = 5s}, {.places = {"dave"}, .time = 5s}});
  world.carol.script.answer = 486;
  world.dave.script.answer = 500;
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(3s);
  EXPECT_EQ(call.end_status(), 486) << "RFC 3261 §16.7 step 6";
  world.expect_nothing_left();
}

TEST(ExchangeFindMe, goes_no_further_when_the_call_is_declined) {
  Sought world({{.places = {"carol"}}, {.places = {"dave"}}});
  world.carol.script.answer = 603;
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(3s);
  EXPECT_EQ(call.end_status(), 603) << "RFC 3261 §16.7 step 5";
  EXPECT_THAT(world.ladder("X", "dave"), IsEmpty());
  world.expect_nothing_left();
}

TEST(ExchangeFindMe, goes_no_further_when_one_of_two_declines) {
  Sought world({{.places = {"phones", "carol"}, .time = 5s}, {.places = {"dave"}}});
  world.bob.script.answer = 0;
  world.carol.script.answer = 603;
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(6s);
  EXPECT_EQ(call.end_status(), 603);
  EXPECT_THAT(world.ladder("X", "dave"), IsEmpty());
  world.expect_nothing_left();
}

TEST(ExchangeFindMe, passes_over_places_that_are_not_there_or_do_not_want_the_call) {
  Sought world({{.places = {"nobody"}}, {.places = {"bob"}}, {.places = {"carol"}}, {.places = {"dave"}}});
  world.set("carol", {.incoming = {.deny = {"alice"}}});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_TRUE(call.confirmed());
  EXPECT_THAT(world.ladder("X", "bob"), IsEmpty());
  EXPECT_THAT(world.ladder("X", "carol"), IsEmpty());
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeFindMe, then_forwards_the_call) {
  Sought world({{.places = {"phones"}, .time = 5s}, {.places = {"carol"}, .time = 5s}});
  world.bob.script.answer = 0;
  world.carol.script.answer = 0;
  world.set("bob", {.forward = {.no_answer = "dave"}, .find_me = {{.places = {"phones"}, .time = 5s}, {.places = {"carol"}, .time = 5s}}});
  world.alice.call("bob");
  world.run_for(9s);
  EXPECT_THAT(world.ladder("X", "dave"), IsEmpty());
  world.run_for(3s);
  EXPECT_EQ(world.message("X", "dave", "INVITE").header("Diversion"), "<sip:bob@192.0.2.1>;reason=no-answer");
  EXPECT_EQ(world.count("X", "alice", "181 INVITE"), 1U);
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeFindMe, hangs_up_on_a_phone_that_answers_too_late) {
  Sought world({{.places = {"phones"}, .time = 5s}, {.places = {"carol"}, .time = 5s}});
  world.bob.script.answer_after = 5s;
  world.drop("X", "bob", "CANCEL");
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(12s);
  EXPECT_EQ(call.hears(), "carol");
  EXPECT_TRUE(world.bob.leg(0).ended());
  world.stop_dropping();
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeFindMe, works_with_media_through_the_exchange) {
  ExchangeWorld::Options options;
  options.media = ExchangeWorld::Options::Media::Fake;
  options.exchange.media.mode = call::MediaMode::Process;
  Sought world({{.places = {"phones"}, .time = 5s}, {.places = {"carol"}, .time = 5s}}, std::move(options));
  world.bob.script = {.ring = 183, .ring_sdp = PhoneScript::RingSdp::Early, .answer = 0};
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(8s);
  EXPECT_TRUE(call.confirmed());
  EXPECT_TRUE(world.carol.leg(0).confirmed());
  world.alice.hang_up();
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
