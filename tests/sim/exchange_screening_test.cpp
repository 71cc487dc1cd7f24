// Who may call whom (RFC 5359 §2.13 and §2.14), do not disturb, and changes of all that at run time.
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct Screened : ExchangeWorld {
  explicit Screened(const std::string& user, call::UserFeatures features, PhoneScript alice_script = {}, Options options = {})
      : ExchangeWorld(std::move(options)), alice(add_phone("alice", std::move(alice_script))), bob(add_phone("bob")), carol(add_phone("carol")) {
    const auto set = exchange->features().set(user, std::move(features));
    EXPECT_TRUE(set) << set.error().message();
  }
  /// How a call ends that begins now; 0: it is answered.
  int call(ScriptedPhone& caller, const std::string& callee) {
    PhoneLeg& leg = caller.call(callee);
    run_for(1s);
    const int status = leg.end_status();
    caller.hang_up();
    run_for(1s);
    return status;
  }
  ScriptedPhone& alice;
  ScriptedPhone& bob;
  ScriptedPhone& carol;
};

TEST(ExchangeScreening, of_incoming_calls_goes_as_in_rfc_5359_section_2_13) {
  Screened world("bob", {.incoming = {.deny = {"alice"}}});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_THAT(world.ladder("alice", "X"), ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 403 INVITE", "> ACK"));
  EXPECT_EQ(call.end_reason(), "Screening Failure");
  EXPECT_THAT(world.ladder("X", "bob"), IsEmpty());
  EXPECT_EQ(world.call(world.carol, "bob"), 0);
  world.expect_nothing_left();
}

TEST(ExchangeScreening, of_outgoing_calls_goes_as_in_rfc_5359_section_2_14) {
  Screened world("alice", {.outgoing = {.deny = {"bob"}}});
  PhoneLeg& call = world.alice.call("bob");
  world.run_for(1s);
  EXPECT_THAT(world.ladder("alice", "X"), ElementsAre("> INVITE", "< 401 INVITE", "> ACK", "> INVITE", "< 403 INVITE", "> ACK"));
  EXPECT_EQ(call.end_reason(), "Screening Failure");
  EXPECT_THAT(world.ladder("X", "bob"), IsEmpty());
  EXPECT_EQ(world.call(world.alice, "carol"), 0);
  EXPECT_EQ(world.call(world.carol, "bob"), 0) << "it is alice who may not";
  world.expect_nothing_left();
}

TEST(ExchangeScreening, takes_lists_of_users_addresses_and_prefixes) {
  using Lists = call::Screening;
  for (const auto& [lists, alice, carol] : {std::tuple{Lists{.deny = {"al*"}}, 403, 0},
                                            {Lists{.deny = {"alice@192.0.2.1"}}, 403, 0},
                                            {Lists{.deny = {"sip:alice@192.0.2.1"}}, 403, 0},
                                            {Lists{.deny = {"alice@192.0.2.9"}}, 0, 0},
                                            {Lists{.deny = {"ali"}}, 0, 0},
                                            {Lists{.allow = {"alice"}}, 0, 403},
                                            {Lists{.allow = {"alice"}, .deny = {"*"}}, 0, 403},
                                            {Lists{.allow = {"alice"}, .deny = {"eve"}}, 0, 0}}) {
    Screened world("bob", {.incoming = lists});
    EXPECT_EQ(world.call(world.alice, "bob"), alice);
    EXPECT_EQ(world.call(world.carol, "bob"), carol);
    world.expect_nothing_left();
  }
}

TEST(ExchangeScreening, of_prefixes_holds_for_routes_and_numbers_in_any_spelling) {
  ExchangeWorld::Options options;
  options.exchange.routes = {{.user = "*", .target = "sip:192.0.2.14:5060", .credentials = {}}};
  Screened world("alice", {.outgoing = {.deny = {"0900*"}}}, {}, std::move(options));
  world.add_stranger("trunk");
  EXPECT_EQ(world.call(world.alice, "0900123"), 403);
  EXPECT_EQ(world.call(world.alice, "%30900123"), 403);
  EXPECT_EQ(world.call(world.alice, "030123"), 0);
  world.expect_nothing_left();
}

TEST(ExchangeScreening, of_anonymous_callers_goes_as_in_rfc_5079) {
  for (const char* const privacy : {"Privacy: id\r\n", "Privacy: user;id\r\n"}) {
    Screened world("bob", {.incoming = {.deny = {"anonymous"}}}, {.headers = privacy});
    PhoneLeg& call = world.alice.call("bob");
    world.run_for(1s);
    EXPECT_EQ(call.end_status(), 433);
    EXPECT_EQ(call.end_reason(), "Anonymity Disallowed");
    EXPECT_EQ(world.call(world.carol, "bob"), 0);
    world.expect_nothing_left();
  }
}

TEST(ExchangeScreening, knows_callers_who_hide) {
  Screened world("bob", {.incoming = {.deny = {"alice"}}}, {.headers = "Privacy: id\r\n"});
  EXPECT_EQ(world.call(world.alice, "bob"), 403);
  world.expect_nothing_left();
}

TEST(ExchangeScreening, believes_who_calls_from_a_trusted_network_alone) {
  ExchangeWorld::Options options;
  options.exchange.trusted = {base::IpNetwork::parse("192.0.2.14/32").value()};
  Screened world("bob", {.incoming = {.deny = {"eve", "anonymous"}}}, {.headers = "P-Asserted-Identity: <sip:eve@192.0.2.9>\r\n"}, std::move(options));
  ScriptedPhone& trunk = world.add_stranger("trunk", {.headers = "P-Asserted-Identity: <sip:eve@192.0.2.9>\r\n"});
  EXPECT_EQ(world.call(trunk, "bob"), 403);
  EXPECT_EQ(world.call(world.alice, "bob"), 0) << "she has proved that she is alice";
  world.expect_nothing_left();
}

TEST(ExchangeScreening, do_not_disturb_refuses_or_forwards) {
  Screened world("bob", {.do_not_disturb = true});
  EXPECT_EQ(world.call(world.alice, "bob"), 480);
  EXPECT_THAT(world.ladder("X", "bob"), IsEmpty());
  ASSERT_TRUE(world.exchange->features().set("bob", {.forward = {.busy = "carol"}, .do_not_disturb = true}));
  EXPECT_EQ(world.call(world.alice, "bob"), 0);
  EXPECT_EQ(world.carol.legs(), 1U);
  world.expect_nothing_left();
}

TEST(ExchangeScreening, changes_by_commands_for_calls_from_then_on) {
  Screened world("bob", {.forward = {.busy = "carol"}});
  PhoneLeg& before = world.alice.call("bob");
  world.run_for(1s);
  const call::CommandId set = world.submit(call::SetFeatures{"bob", {.incoming = call::Screening{.deny = {"alice"}}}});
  EXPECT_THAT(world.commands.texts(set), ElementsAre("Features", "Ended"));
  EXPECT_FALSE(before.ended());
  world.alice.hang_up();
  world.run_for(1s);
  EXPECT_EQ(world.call(world.alice, "bob"), 403);
  const call::CommandId get = world.submit(call::GetFeatures{"bob"});
  ASSERT_THAT(world.commands.texts(get), ElementsAre("Features", "Ended"));
  EXPECT_EQ(*world.commands.events(get).front().features, (call::UserFeatures{.forward = {.busy = "carol"}, .incoming = {.deny = {"alice"}}}));
  world.expect_nothing_left();
}

TEST(ExchangeScreening, is_not_changed_for_users_that_there_are_not_or_to_nonsense) {
  Screened world("bob", {});
  EXPECT_THAT(world.commands.texts(world.submit(call::GetFeatures{"nobody"})), ElementsAre("Failed 404 User not found", "Ended"));
  EXPECT_THAT(world.commands.texts(world.submit(call::SetFeatures{"nobody", {.do_not_disturb = true}})), ElementsAre("Failed 404 User not found", "Ended"));
  const call::CommandId wrong = world.submit(call::SetFeatures{"bob", {.forward = call::Forwarding{.always = "a\r\nb"}}});
  EXPECT_THAT(world.commands.texts(wrong), ElementsAre(testing::StartsWith("Failed 400 forward.always: expected"), "Ended"));
  EXPECT_EQ(world.exchange->features().find("bob"), nullptr);
  EXPECT_EQ(world.exchange->features().find("nobody"), nullptr);
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
