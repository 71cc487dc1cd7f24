// Calls that are asked for a password.
#include "sim/two_phones.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::InviteSession;
using ::testing::ElementsAre;

class Challenges : public TwoPhones {};

class ChallengedCalls : public Challenges {
 protected:
  ChallengedCalls() { bob.require_password("secret"); }
  InviteSession& call(std::string password) {
    InviteSession::CallerOptions options;
    options.uri = bob.uri();
    options.to = "<" + bob.uri() + ">";
    options.credentials = sip::Credentials{"alice", std::move(password)};
    return alice.call(std::move(options), "offer");
  }
};

TEST_F(ChallengedCalls, challenge_is_answered_with_new_cseq_and_branch) {
  call("secret");
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 401 INVITE", "a ACK", "a INVITE", "b 200 INVITE", "a ACK"));
  const WireMessage& first = log.find("a INVITE", 0);
  const WireMessage& second = log.find("a INVITE", 1);
  EXPECT_EQ(first.header("CSeq"), "1 INVITE");
  EXPECT_EQ(second.header("CSeq"), "2 INVITE");
  EXPECT_NE(first.parameter("Via", "branch"), second.parameter("Via", "branch"));
  EXPECT_EQ(first.header("Call-ID"), second.header("Call-ID"));
  EXPECT_EQ(first.header("From"), second.header("From"));
  EXPECT_EQ(second.header("To"), first.header("To"));
  EXPECT_EQ(second.body(), "offer");
  EXPECT_EQ(log.find("a ACK", 0).parameter("Via", "branch"), first.parameter("Via", "branch"));
  EXPECT_EQ(log.find("a ACK", 0).header("CSeq"), "1 ACK");
  EXPECT_EQ(log.find("a ACK", 1).header("CSeq"), "2 ACK");
  EXPECT_EQ(log.find("a ACK", 1).header("Authorization"), second.header("Authorization"));
  EXPECT_NE(second.header("Authorization"), "");
  expect_all_over();
}

TEST_F(ChallengedCalls, wrong_password_gives_up_after_the_second_challenge) {
  call("guess");
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 401 INVITE", "a ACK", "a INVITE", "b 401 INVITE", "a ACK"));
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 401"));
  EXPECT_TRUE(bob.events().empty());
  expect_all_over();
}

TEST_F(ChallengedCalls, without_credentials_a_challenge_is_a_refusal) {
  alice.call(bob.uri(), "offer");
  network.run_for(1s);
  EXPECT_EQ(log.count("a INVITE"), 1U);
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 401"));
  expect_all_over();
}

TEST_F(ChallengedCalls, stale_nonce_is_answered_once_more) {
  bob.find_stale(1);
  call("secret");
  network.run_for(1s);
  EXPECT_EQ(log.count("a INVITE"), 3U);
  EXPECT_THAT(alice.events(), ElementsAre("accepted answer"));
  const auto nonce = [this](std::size_t number) {
    const std::string value = log.find("a INVITE", number).header("Authorization");
    return value.substr(value.find("nonce="), 30);
  };
  EXPECT_NE(nonce(1), nonce(2));
  expect_all_over();
}

TEST_F(ChallengedCalls, nonces_that_are_stale_for_ever_are_given_up) {
  bob.find_stale(1000);
  call("secret");
  network.run_for(1s);
  EXPECT_LE(log.count("a INVITE"), 6U);
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 401"));
  expect_all_over();
}

TEST_F(ChallengedCalls, call_ended_before_the_challenge_is_not_repeated) {
  call("secret").end();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 401 INVITE", "a ACK"));
  EXPECT_THAT(alice.events(), ElementsAre("ended local 401"));
  expect_all_over();
}

TEST_F(ChallengedCalls, in_dialog_requests_answer_challenges_too) {
  bob.require_password("");
  RawPeer peer(network, "192.0.2.9:5060");
  InviteSession::CallerOptions options;
  options.uri = "sip:192.0.2.9";
  options.to = "<sip:192.0.2.9>";
  options.credentials = sip::Credentials{"alice", "secret"};
  alice.call(std::move(options), "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.headers = "Contact: <sip:peer@192.0.2.9>\r\n"});
  network.run_for(20ms);
  alice.session().end();
  network.run_for(20ms);
  peer.reply(peer.latest("BYE"), {.status = 407, .headers = "Proxy-Authenticate: Digest realm=\"p\", nonce=\"n\", qop=\"auth\", algorithm=MD5\r\n"});
  network.run_for(20ms);
  ASSERT_EQ(peer.count("BYE"), 2U);
  EXPECT_EQ(header_of(peer.latest("BYE"), "CSeq"), "3 BYE");
  EXPECT_NE(header_of(peer.latest("BYE"), "Proxy-Authorization"), "");
  peer.reply(peer.latest("BYE"), {});
  expect_all_over();
}

TEST_F(Challenges, proxy_and_answerer_may_both_challenge) {
  RawPeer peer(network, "192.0.2.9:5060");
  InviteSession::CallerOptions options;
  options.uri = "sip:192.0.2.9";
  options.to = "<sip:192.0.2.9>";
  options.credentials = sip::Credentials{"alice", "secret"};
  alice.call(std::move(options), "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.status = 407, .headers = "Proxy-Authenticate: Digest realm=\"proxy\", nonce=\"n1\", qop=\"auth\"\r\n"});
  network.run_for(20ms);
  // The first challenge offers what nobody knows before what everybody knows.
  peer.reply(peer.latest("INVITE"), {.status = 401,
                                     .headers = "WWW-Authenticate: Digest realm=\"far\", nonce=\"n2\", algorithm=SHA-512\r\n"
                                                "WWW-Authenticate: Digest realm=\"far\", nonce=\"n3\", algorithm=MD5, qop=\"auth\"\r\n"});
  network.run_for(20ms);
  ASSERT_EQ(peer.count("INVITE"), 3U);
  EXPECT_THAT(header_of(peer.latest("INVITE"), "Proxy-Authorization"), ::testing::HasSubstr("nonce=\"n1\""));
  EXPECT_THAT(header_of(peer.latest("INVITE"), "Authorization"), ::testing::HasSubstr("nonce=\"n3\""));
  peer.reply(peer.latest("INVITE"), {.status = 404});
  network.run_for(20ms);
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 404"));
  expect_all_over();
}

TEST_F(Challenges, cancel_of_a_repeated_invite_waits_for_its_own_provisional) {
  RawPeer peer(network, "192.0.2.9:5060");
  InviteSession::CallerOptions options;
  options.uri = "sip:192.0.2.9";
  options.to = "<sip:192.0.2.9>";
  options.credentials = sip::Credentials{"alice", "secret"};
  alice.call(std::move(options), "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.status = 100, .to_tag = {}});
  peer.reply(peer.latest("INVITE"), {.status = 401, .headers = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n"});
  network.run_for(50ms);
  ASSERT_EQ(peer.count("INVITE"), 2U);
  alice.session().end();
  network.run_for(50ms);
  EXPECT_EQ(peer.count("CANCEL"), 0U) << "the second INVITE has had no response yet";
  peer.reply(peer.latest("INVITE"), {.status = 180});
  network.run_for(50ms);
  ASSERT_EQ(peer.count("CANCEL"), 1U);
  EXPECT_EQ(header_of(peer.latest("CANCEL"), "CSeq"), "2 CANCEL");
  peer.reply(peer.latest("CANCEL"), {});
  peer.reply(peer.latest("INVITE"), {.status = 487});
  network.run_for(50ms);
  EXPECT_EQ(alice.events().back(), "ended local 487");
  expect_all_over();
}

TEST_F(Challenges, cancelled_call_ends_64_t1_later_when_the_peer_falls_silent) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.status = 180});
  network.run_for(1min);
  alice.session().end();
  network.run_for(31999ms);
  EXPECT_THAT(alice.events(), ElementsAre("provisional 180"));
  network.run_for(2ms);
  EXPECT_EQ(alice.events().back(), "ended local 408");
  expect_all_over();
}

}  // namespace
}  // namespace callwright::simulation
