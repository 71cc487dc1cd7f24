// Who calls, as the exchange tells it (RFC 3325, RFC 3323), how far routes are followed, and in which order requests are judged (RFC 3261 §8.2).
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kAlice = "<sip:alice@192.0.2.1>";

TEST(ExchangeIdentity, of_an_authenticated_caller_reaches_the_called_phone) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice", {.headers = "P-Asserted-Identity: <sip:bank@192.0.2.1>\r\n"});
  world.add_phone("bob");
  alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(world.message("X", "bob", "INVITE").header("P-Asserted-Identity"), kAlice) << "and not what the phone says";
  EXPECT_THAT(world.message("X", "bob", "INVITE").text, Not(HasSubstr("bank")));
  alice.hang_up();
  world.expect_nothing_left();
}

TEST(ExchangeIdentity, is_the_one_that_was_proved_whatever_from_says) {
  ExchangeWorld::Options options;
  options.exchange.domains = {"example.com"};
  ExchangeWorld world(std::move(options));
  world.add_phone("bob");
  world.exchange->accounts().add("carol", "secret of alice");
  ScriptedPhone& alice = world.add_phone("alice");
  struct Observer final : sip::InviteSessionObserver {
    void on_ended(sip::InviteSession& /*session*/, const sip::SessionEnd& /*end*/) override {}
  } observer;
  sip::InviteSession::CallerOptions call;
  call.uri = "sip:bob@192.0.2.1";
  call.from = "\"The Bank\" <sip:bank@example.com>";
  call.to = "<sip:bob@192.0.2.1>";
  call.credentials = sip::Credentials{"carol", "secret of alice"};
  auto session = alice.user_agent().call(std::move(call), observer);
  ASSERT_TRUE(session->invite(alice.sdp()));
  world.run_for(1s);
  EXPECT_EQ(world.message("X", "bob", "INVITE").header("P-Asserted-Identity"), "<sip:carol@example.com>");
  alice.user_agent().retire(std::move(session));
  world.expect_nothing_left();
}

TEST(ExchangeIdentity, is_kept_from_the_called_phone_when_the_caller_wants_that) {
  for (const char* const privacy : {"id", "user;id", "header", "none"}) {
    ExchangeWorld world;
    ScriptedPhone& alice = world.add_phone("alice", {.headers = std::string("Privacy: ") + privacy + "\r\n"});
    ScriptedPhone& bob = world.add_phone("bob");
    alice.call("bob");
    world.run_for(1s);
    const SentMessage invite = world.message("X", "bob", "INVITE");
    const bool hidden = std::string_view(privacy).ends_with("id");
    EXPECT_EQ(invite.header("P-Asserted-Identity"), hidden ? "" : kAlice) << privacy;
    const bool anonymous = std::string_view(privacy).starts_with("user");
    EXPECT_THAT(invite.header("From"), StartsWith(anonymous ? "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=" : "<sip:alice@192.0.2.1>;tag="));
    EXPECT_EQ(invite.header("Contact").find("alice") == std::string::npos, anonymous) << privacy;
    ASSERT_EQ(bob.legs(), 1U);
    EXPECT_TRUE(bob.leg(0).confirmed());
    bob.hang_up();
    world.run_for(1s);
    EXPECT_EQ(alice.active(), 0U) << "the exchange knows where the BYE has to go";
    world.expect_nothing_left();
  }
}

TEST(ExchangeIdentity, privacy_of_the_session_is_refused_when_it_is_insisted_on) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice", {.headers = "Privacy: session;critical\r\n"});
  world.add_phone("bob");
  PhoneLeg& call = alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(call.end_status(), 500);
  EXPECT_EQ(call.end_reason(), "Session Privacy Not Available");
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 0U);
  world.expect_nothing_left();
}

TEST(ExchangeIdentity, of_a_trusted_network_passes_through_and_of_others_does_not) {
  for (const bool trusted : {true, false}) {
    ExchangeWorld::Options options;
    options.exchange.trusted = {base::IpNetwork::parse(trusted ? "192.0.2.11" : "198.51.100.0/24").value()};
    ExchangeWorld world(std::move(options));
    ScriptedPhone& trunk = world.add_stranger("trunk", {.headers = "P-Asserted-Identity: <sip:+4930123@carrier.example>\r\nPrivacy: header\r\n"});
    world.add_phone("bob");
    if (!trusted) {
      world.exchange->accounts().add("trunk", trunk.password);
    }
    trunk.call("bob");
    world.run_for(1s);
    EXPECT_EQ(world.message("X", "bob", "INVITE").header("P-Asserted-Identity"), trusted ? "<sip:+4930123@carrier.example>" : "<sip:trunk@192.0.2.1>");
    trunk.hang_up();
    world.expect_nothing_left();
  }
}

/// Alice calls 1 along a route to "trunk" at 192.0.2.11.
struct RoutedWorld : ExchangeWorld {
  explicit RoutedWorld(call::Route route, std::vector<base::IpNetwork> trusted = {}, PhoneScript trunk_script = {})
      : ExchangeWorld(options(std::move(route), std::move(trusted))), trunk(add_stranger("trunk", std::move(trunk_script))), alice(add_phone("alice")) {}
  static Options options(call::Route route, std::vector<base::IpNetwork> trusted) {
    Options made;
    route.user = "1";
    made.exchange.routes = {std::move(route)};
    made.exchange.trusted = std::move(trusted);
    return made;
  }
  void call() {
    alice.call("1");
    run_for(2s);
  }
  ScriptedPhone& trunk;
  ScriptedPhone& alice;
};

TEST(ExchangeIdentity, goes_to_trunks_that_are_trusted) {
  const auto network = base::IpNetwork::parse("192.0.2.11").value();
  struct Row {
    call::Peer peer;
    std::vector<base::IpNetwork> trusted;
    const char* privacy;
    std::string asserted;
    std::string passed_on;
  };
  const Row rows[] = {{call::Peer::Stranger, {}, "", "", ""},
                      {call::Peer::Stranger, {}, "Privacy: none\r\n", kAlice, "none"},
                      {call::Peer::Trusted, {}, "Privacy: id\r\n", kAlice, "id"},
                      {call::Peer::Stranger, {network}, "Privacy: id\r\n", kAlice, "id"}};
  for (const Row& row : rows) {
    RoutedWorld world({.user = {}, .target = "sip:192.0.2.11", .credentials = std::nullopt, .peer = row.peer}, row.trusted);
    world.alice.script.headers = row.privacy;
    world.call();
    EXPECT_EQ(world.message("X", "trunk", "INVITE").header("P-Asserted-Identity"), row.asserted);
    EXPECT_EQ(world.message("X", "trunk", "INVITE").header("Privacy"), row.passed_on);
    world.alice.hang_up();
    world.expect_nothing_left();
  }
}

TEST(ExchangeRedirections, are_followed_as_far_as_the_route_says) {
  using sip::RedirectPolicy;
  for (const auto& [policy, host, followed] : {std::tuple{RedirectPolicy::Off, "192.0.2.11", false},
                                               {RedirectPolicy::SameDomain, "192.0.2.11", true},
                                               {RedirectPolicy::SameDomain, "192.0.2.13", false},
                                               {RedirectPolicy::All, "192.0.2.13", true}}) {
    RoutedWorld world({.user = {}, .target = "sip:operator@192.0.2.11", .credentials = std::nullopt, .redirects = policy}, {},
                      {.answer = 302, .answer_headers = "Contact: <sip:other@" + std::string(host) + ">\r\n", .answer_other = 200});
    ScriptedPhone& elsewhere = world.add_stranger("elsewhere");
    world.call();
    EXPECT_EQ(world.alice.leg(0).confirmed(), followed) << host;
    EXPECT_EQ(world.trunk.legs() + elsewhere.legs(), followed ? 2U : 1U);
    if (!followed) {
      EXPECT_EQ(world.alice.leg(0).end_status(), 480);
    }
    world.alice.hang_up();
    world.expect_nothing_left();
  }
}

/// What the exchange makes of an INVITE of alice's; the first is challenged.
struct Judged : ExchangeWorld, testing::Test, sip::InviteSessionObserver {
  std::vector<std::string> answers(const std::string& headers, sip::SessionPolicy policy = {}) {
    sip::InviteSession::CallerOptions call;
    call.uri = "sip:nobody@192.0.2.1";
    call.from = kAlice;
    call.to = "<sip:nobody@192.0.2.1>";
    call.credentials = sip::Credentials{"alice", "secret of alice"};
    call.headers = headers;
    call.policy = policy;
    clear_wire();
    auto session = alice.user_agent().call(std::move(call), *this);
    static_cast<void>(session->invite(alice.sdp()));
    run_for(1s);
    alice.user_agent().retire(std::move(session));
    std::vector<std::string> seen;
    for (const std::string& line : ladder("X", "alice")) {
      if (line.starts_with("> ")) {
        seen.push_back(line.substr(2, 3));
      }
    }
    return seen;
  }
  void on_ended(sip::InviteSession& /*session*/, const sip::SessionEnd& /*end*/) override {}

  ScriptedPhone& alice = add_phone("alice");
};

TEST_F(Judged, who_asks_comes_before_what_and_how) {
  EXPECT_THAT(answers("Require: x-unknown\r\n"), ElementsAre("401", "420"));
  sip::SessionPolicy impatient;
  impatient.session_interval = sip::SessionPolicy::Seconds(60);
  impatient.min_interval = sip::SessionPolicy::Seconds(60);
  EXPECT_THAT(answers({}, impatient), ElementsAre("401", "422", "401", "404"));
  EXPECT_THAT(answers("Require: x-unknown\r\n", impatient), ElementsAre("401", "420"));
  EXPECT_THAT(answers("Accept: text/plain\r\n"), ElementsAre("401", "406"));
  EXPECT_THAT(answers("Replaces: a;to-tag=b;from-tag=c\r\n"), ElementsAre("401", "481")) << "which dialogs there are is nobody else's business";
  expect_nothing_left();
}

TEST_F(Judged, token_of_a_command_does_not_stand_for_credentials_where_a_dialog_is_named) {
  sip::InviteSession::CallerOptions call;
  call.uri = "sip:nobody@192.0.2.1;cw-command=1-guessed";
  call.from = "<sip:mallory@192.0.2.1>";
  call.to = "<sip:nobody@192.0.2.1>";
  call.headers = "Replaces: a;to-tag=b;from-tag=c\r\n";
  auto session = alice.user_agent().call(std::move(call), *this);
  ASSERT_TRUE(session->invite(alice.sdp()));
  run_for(1s);
  EXPECT_EQ(count("X", "alice", "401 INVITE"), 1U);
  EXPECT_EQ(count("X", "alice", "481 INVITE"), 0U);
  alice.user_agent().retire(std::move(session));
  expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
