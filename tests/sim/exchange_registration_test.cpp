#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Offers SHA-256 and MD5, the stronger one first.
ExchangeWorld::Options both_algorithms() {
  ExchangeWorld::Options options;
  options.exchange.digest_algorithms = {sip::DigestAlgorithm::Sha256, sip::DigestAlgorithm::Md5};
  return options;
}

TEST(ExchangeRegistration, challenges_and_accepts_with_the_stronger_digest) {
  ExchangeWorld world(both_algorithms());
  ScriptedPhone& alice = world.add_phone("alice");
  EXPECT_EQ(world.count("alice", "X", "REGISTER"), 2U);
  EXPECT_THAT(world.message("X", "alice", "401 REGISTER").text, HasSubstr("algorithm=SHA-256"));
  EXPECT_THAT(world.message("X", "alice", "401 REGISTER").text, HasSubstr("algorithm=MD5"));
  EXPECT_THAT(world.message("alice", "X", "REGISTER", 1).text, HasSubstr("algorithm=SHA-256"));
  EXPECT_EQ(world.exchange->registrar().bindings(), 1U);
  alice.stop_registration();
  world.expect_nothing_left();
}

TEST(ExchangeRegistration, is_told_to_the_journal_when_a_phone_comes_and_goes) {
  using Now = call::ContactChanged::Now;
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  world.run_for(2h);
  ASSERT_EQ(world.events.registrations.size(), 1U) << "refreshes are no news";
  EXPECT_EQ(world.events.registrations[0].user, "alice");
  EXPECT_THAT(world.events.registrations[0].contact, HasSubstr("sip:alice@192.0.2."));
  EXPECT_EQ(world.events.registrations[0].now, Now::Registered);
  alice.stop_registration();
  world.run_for(1s);
  ASSERT_EQ(world.events.registrations.size(), 2U);
  EXPECT_EQ(world.events.registrations[1].now, Now::Unregistered);
  world.expect_nothing_left();
}

/// A REGISTER from somewhere, with these additional lines.
std::string register_request(const std::string& user, int cseq, const std::string& lines) {
  return "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK" + user + std::to_string(cseq) +
         "\r\nMax-Forwards: 70\r\nFrom: <sip:" + user + "@192.0.2.1>;tag=1\r\nTo: <sip:" + user + "@192.0.2.1>\r\nCall-ID: r\r\nCSeq: " + std::to_string(cseq) +
         " REGISTER\r\nContact: <sip:" + user + "@192.0.2.50>\r\nExpires: 60\r\n" + lines + "Content-Length: 0\r\n\r\n";
}

/// Registers `user` with the credentials of alice by one algorithm; returns the line of the answer.
std::string answer_to_register(ExchangeWorld& world, const std::string& user, std::string_view algorithm, const std::string& password) {
  const auto from = base::SocketAddress::parse("192.0.2.50:5060").value();
  world.clear_wire();
  world.network.inject(from, world.node.address(), register_request(user, 1, {}));
  world.run_for(1s);
  std::string challenge = world.message("X", "", "401 REGISTER").text;
  const std::size_t at = challenge.find("algorithm=" + std::string(algorithm));
  EXPECT_NE(at, std::string::npos) << challenge;
  const std::size_t line = challenge.rfind("WWW-Authenticate: ", at) + 18;
  const std::string value = challenge.substr(line, challenge.find("\r\n", line) - line);
  sip::DigestClient client({"alice", password}, world.network.random());
  const auto parsed = sip::DigestChallenge::parse(value);
  if (!parsed) {
    return "no challenge";
  }
  const std::string authorization = client.authorize(*parsed, "REGISTER", "sip:192.0.2.1");
  world.clear_wire();
  world.network.inject(from, world.node.address(), register_request(user, 2, "Authorization: " + authorization + "\r\n"));
  world.run_for(1s);
  const std::string text = world.message("X", "", "").text;
  return text.substr(0, text.find("\r\n"));
}

TEST(ExchangeRegistration, takes_md5_and_sha_256_and_refuses_wrong_passwords_and_other_names) {
  ExchangeWorld world(both_algorithms());
  world.exchange->accounts().add("alice", "right");
  EXPECT_EQ(answer_to_register(world, "alice", "MD5", "wrong"), "SIP/2.0 403 Forbidden");
  EXPECT_EQ(answer_to_register(world, "alice", "SHA-256", "wrong"), "SIP/2.0 403 Forbidden");
  world.run_for(60s);
  EXPECT_EQ(answer_to_register(world, "bob", "SHA-256", "right"), "SIP/2.0 403 Not your address of record");
  world.run_for(60s);
  EXPECT_EQ(world.exchange->registrar().bindings(), 0U);
  EXPECT_EQ(answer_to_register(world, "alice", "MD5", "right"), "SIP/2.0 200 OK");
  world.run_for(61s);
  EXPECT_EQ(world.exchange->registrar().bindings(), 0U) << "it should have expired";
  EXPECT_EQ(answer_to_register(world, "alice", "SHA-256", "right"), "SIP/2.0 200 OK");
  world.run_for(120s);
  world.expect_nothing_left();
}

TEST(ExchangeRegistration, takes_credentials_with_a_name_of_their_own_for_their_account_alone) {
  ExchangeWorld world(both_algorithms());
  world.exchange->accounts().add_with_name("bob", "alice", "right");
  world.exchange->accounts().add("carol", "other");
  for (const char* const user : {"carol", "alice"}) {
    EXPECT_EQ(answer_to_register(world, user, "SHA-256", "right"), "SIP/2.0 403 Forbidden") << user;
    world.run_for(60s);
  }
  EXPECT_EQ(answer_to_register(world, "bob", "SHA-256", "wrong"), "SIP/2.0 403 Forbidden");
  world.run_for(60s);
  EXPECT_EQ(answer_to_register(world, "bob", "SHA-256", "right"), "SIP/2.0 200 OK");
  EXPECT_TRUE(world.exchange->accounts().has("bob"));
  world.run_for(61s);
  EXPECT_EQ(answer_to_register(world, "bob", "MD5", "right"), "SIP/2.0 200 OK");
  world.run_for(120s);
  world.expect_nothing_left();
}

TEST(ExchangeRegistration, guesses_no_longer_count_once_there_were_too_many) {
  ExchangeWorld::Options options;
  options.exchange.wrong_passwords.failures_per_source = 3;
  options.exchange.wrong_passwords.window = 5min;
  ExchangeWorld world(options);
  world.exchange->accounts().add("alice", "right");
  for (int guess = 0; guess < 3; ++guess) {
    EXPECT_EQ(answer_to_register(world, "alice", "MD5", "wrong"), "SIP/2.0 403 Forbidden");
    world.run_for(33s);
  }
  EXPECT_EQ(answer_to_register(world, "alice", "MD5", "right"), "SIP/2.0 403 Forbidden") << "the address is banned for a minute";
  world.run_for(61s);
  EXPECT_EQ(answer_to_register(world, "alice", "MD5", "right"), "SIP/2.0 200 OK");
  world.run_for(90s);
  world.expect_nothing_left();
}

TEST(ExchangeRegistration, takes_an_account_whose_password_nobody_knows_here) {
  ExchangeWorld world;
  world.exchange->accounts().add_hashed("alice", sip::DigestAlgorithm::Md5,
                                        sip::digest_ha1(sip::DigestAlgorithm::Md5, "alice", world.exchange->accounts().realm(), "right"));
  EXPECT_EQ(answer_to_register(world, "alice", "MD5", "right"), "SIP/2.0 200 OK");
  world.run_for(90s);
  world.expect_nothing_left();
}

TEST(ExchangeRegistration, refuses_unknown_users_like_wrong_passwords) {
  ExchangeWorld world;
  ScriptedPhone& stranger = world.add_stranger("stranger");
  stranger.start_registration();
  world.run_for(10s);
  EXPECT_EQ(stranger.registration_refused(), 403);
  EXPECT_EQ(world.count("stranger", "X", "REGISTER"), 2U);
  world.expect_nothing_left();
}

TEST(ExchangeRegistration, is_not_needed_to_call_from_a_trusted_network) {
  for (const bool trusted : {true, false}) {
    call::ExchangeSettings settings;
    settings.trusted = {base::IpNetwork::parse(trusted ? "192.0.2.0/24" : "198.51.100.0/24").value()};
    ExchangeWorld world({.seed = 1, .network = {}, .exchange = settings});
    world.add_phone("bob");
    ScriptedPhone& trunk = world.add_stranger("trunk");
    trunk.call("bob");
    world.run_for(2s);
    EXPECT_EQ(trunk.leg(0).ended(), !trusted);
    EXPECT_EQ(world.exchange->calls(), trusted ? 1U : 0U);
    EXPECT_EQ(world.count("X", "trunk", "401 INVITE"), trusted ? 0U : 1U);
    trunk.hang_up();
    world.expect_nothing_left();
  }
}

TEST(ExchangeRegistration, is_kept_up_by_the_phone) {
  ExchangeWorld world;
  world.add_phone("alice");
  world.run_for(std::chrono::hours(2));
  EXPECT_EQ(world.exchange->registrar().bindings(), 1U);
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
