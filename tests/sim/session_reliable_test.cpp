// Reliable provisional responses (RFC 3262): PRACK, retransmission, order, offers and answers in them, UPDATE in early dialogs, forks, 199.
#include "sim/two_phones.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::InviteSession;
using sip::SessionPolicy;
using ::testing::ElementsAre;
using Delivery = InviteSession::Delivery;

class ReliableResponses : public TwoPhones {
 protected:
  ReliableResponses() { bob.on_incoming = nullptr; }

  /// The answerer is a peer played by hand.
  void call_peer(std::string_view offer) {
    peer = std::make_unique<RawPeer>(network, "192.0.2.9:5060");
    alice.call("sip:192.0.2.9", offer);
    network.run_for(20ms);
    invite = peer->latest("INVITE");
  }
  void provisional(int status, std::string_view tag, unsigned rseq, std::string_view body) {
    const std::string headers =
        "Contact: <sip:" + std::string(tag) + "@192.0.2.9>\r\nAllow: UPDATE\r\nRequire: 100rel\r\nRSeq: " + std::to_string(rseq) + "\r\n";
    peer->reply(invite, {.status = status, .to_tag = tag, .headers = headers, .body = body});
    network.run_for(20ms);
  }
  [[nodiscard]] std::string prack(std::string_view rack, unsigned cseq, std::string_view branch, std::string_view body = {}) {
    const std::string via = "SIP/2.0/UDP h;rport;branch=z9hG4bK" + std::string(branch);
    const std::string headers = "RAck: " + std::string(rack) + "\r\n";
    return RawPeer::make_request({.method = "PRACK", .via = via, .to_tag = bob.session().dialog().local_tag, .cseq = cseq, .headers = headers, .body = body});
  }

  std::unique_ptr<RawPeer> peer;
  std::string invite;
};

TEST_F(ReliableResponses, answer_in_183_is_acknowledged_and_not_repeated_in_200) {
  alice.call(bob.uri(), "offer");
  network.run_for(20ms);
  bob.session().provisional(180, {}).value();
  bob.session().provisional(183, "answer").value();
  network.run_for(1s);
  bob.session().accept("answer").value();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 180 INVITE", "b 183 INVITE", "a PRACK", "b 200 PRACK", "b 200 INVITE", "a ACK"));
  const WireMessage& progress = log.find("b 183 INVITE");
  EXPECT_EQ(progress.header("Require"), "100rel");
  EXPECT_EQ(log.find("b 180 INVITE").header("RSeq"), "");
  EXPECT_EQ(log.find("a PRACK").header("RAck"), progress.header("RSeq") + " 1 INVITE");
  EXPECT_EQ(log.find("a PRACK").header("CSeq"), "2 PRACK");
  EXPECT_EQ(log.find("a PRACK").start_line(), "PRACK sip:bob@192.0.2.2:5060 SIP/2.0");
  EXPECT_EQ(log.find("b 200 INVITE").body(), "");
  EXPECT_THAT(alice.events(), ElementsAre("provisional 180", "provisional 183 answer", "accepted answer"));
  EXPECT_THAT(bob.events(), ElementsAre("incoming offer", "prack", "confirmed"));
  expect_all_over();
}

TEST_F(ReliableResponses, repeated_with_t1_doubling_until_the_prack) {
  drop("PRACK", 3);
  alice.call(bob.uri(), "offer");
  network.run_for(20ms);
  bob.session().provisional(183, "answer").value();
  network.run_for(20s);
  // The PRACK is repeated by its transaction, after 0.5, 1 and 2 s; the response by the answerer until one arrives.
  EXPECT_EQ(log.times("b 183 INVITE"), (Times{20ms, 520ms, 1520ms, 3520ms}));
  EXPECT_EQ(log.count("a PRACK"), 4U);
  EXPECT_EQ(log.find("b 183 INVITE", 0).text, log.find("b 183 INVITE", 3).text);
  EXPECT_THAT(alice.events(), ElementsAre("provisional 183 answer"));
  expect_all_over();
}

TEST_F(ReliableResponses, without_prack_the_call_is_refused_after_64_t1) {
  drop("PRACK");
  alice.call(bob.uri(), "offer");
  network.run_for(20ms);
  bob.session().provisional(183, "answer").value();
  network.run_for(33s);
  EXPECT_EQ(log.times("b 183 INVITE"), (Times{20ms, 520ms, 1520ms, 3520ms, 7520ms, 15520ms, 31520ms}));
  EXPECT_EQ(log.times("b 504 INVITE").front(), 32020ms);
  EXPECT_EQ(bob.events().back(), "ended network 408");
  EXPECT_EQ(alice.events().back(), "ended remote 504");
  expect_all_over();
}

TEST_F(ReliableResponses, answer_waits_for_the_prack_of_a_description) {
  alice.call(bob.uri(), "offer");
  network.run_for(20ms);
  bob.session().provisional(183, "answer").value();
  bob.session().accept("answer").value();
  EXPECT_FALSE(bob.session().accept("twice"));
  EXPECT_FALSE(bob.session().provisional(180, {}));
  EXPECT_EQ(bob.session().state(), InviteSession::State::Incoming);
  network.run_for(2s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 183 INVITE", "a PRACK", "b 200 PRACK", "b 200 INVITE", "a ACK"));
  expect_all_over();
}

TEST_F(ReliableResponses, answer_does_not_wait_for_the_prack_of_a_mere_180) {
  alice.call(bob.uri(), "offer");
  network.run_for(20ms);
  bob.session().provisional(180, {}, Delivery::WhenSupported).value();
  bob.session().accept("answer").value();
  network.run_for(5s);
  EXPECT_THAT(log.flow(), ElementsAre("a INVITE", "b 180 INVITE", "b 200 INVITE", "a PRACK", "a ACK", "b 200 PRACK"));
  EXPECT_EQ(log.find("b 200 INVITE").body(), "answer");
  EXPECT_EQ(alice.events().back(), "accepted answer");
  expect_all_over();
}

TEST_F(ReliableResponses, several_wait_for_each_other) {
  alice.call(bob.uri(), "offer");
  network.run_for(20ms);
  for (const int status : {180, 181, 182}) {
    bob.session().provisional(status, {}, Delivery::WhenSupported).value();
  }
  network.run_for(1s);
  EXPECT_EQ(log.times("b 180 INVITE"), (Times{20ms}));
  EXPECT_EQ(log.times("b 181 INVITE"), (Times{40ms}));
  EXPECT_EQ(log.times("b 182 INVITE"), (Times{60ms}));
  EXPECT_EQ(std::stoul(log.find("b 182 INVITE").header("RSeq")), std::stoul(log.find("b 180 INVITE").header("RSeq")) + 2);
  for (int i = 0; i < 9; ++i) {
    EXPECT_TRUE(bob.session().provisional(183, {}, Delivery::WhenSupported));
  }
  EXPECT_FALSE(bob.session().provisional(183, {}, Delivery::WhenSupported)) << "one is out, eight wait";
  expect_all_over();
}

TEST_F(ReliableResponses, offer_in_183_is_answered_in_prack) {
  alice.call(bob.uri(), "");
  network.run_for(20ms);
  bob.session().provisional(183, "bob's offer").value();
  network.run_for(100ms);
  EXPECT_EQ(log.count("a PRACK"), 0U) << "it has to carry the answer";
  alice.session().acknowledge("alice's answer").value();
  network.run_for(100ms);
  EXPECT_EQ(log.find("a PRACK").body(), "alice's answer");
  bob.session().accept("left out").value();
  network.run_for(100ms);
  EXPECT_EQ(log.find("b 200 INVITE").body(), "");
  EXPECT_EQ(log.find("a ACK").body(), "");
  EXPECT_THAT(alice.events(), ElementsAre("provisional 183 bob's offer", "accepted bob's offer"));
  EXPECT_THAT(bob.events(), ElementsAre("incoming", "prack alice's answer", "confirmed"));
  EXPECT_EQ(alice.session().state(), InviteSession::State::Confirmed);
  expect_all_over();
}

TEST_F(ReliableResponses, offer_in_a_prack_is_answered_in_its_200_before_the_call_is) {
  RawPeer raw(network, "192.0.2.9:5060");
  raw.send(bob.node, RawPeer::make_request({.method = "INVITE", .headers = "Contact: <sip:raw@192.0.2.9>\r\nSupported: 100rel\r\n", .body = "offer"}));
  network.run_for(20ms);
  bob.session().provisional(183, "answer").value();
  network.run_for(20ms);
  const std::string rack = header_of(raw.latest("183 INVITE"), "RSeq") + " 1 INVITE";
  raw.send(bob.node, prack(rack, 2, "p", "second offer"));
  network.run_for(20ms);
  EXPECT_THAT(bob.events(), ElementsAre("incoming offer", "prack", "update second offer"));
  bob.session().accept("x").value();
  network.run_for(20ms);
  EXPECT_EQ(raw.count("200 INVITE"), 0U);
  bob.session().accept_update("second answer").value();
  network.run_for(20ms);
  EXPECT_TRUE(raw.latest("200 PRACK").ends_with("second answer"));
  EXPECT_GE(raw.count("200 INVITE"), 1U);
  expect_all_over();
}

TEST_F(ReliableResponses, pracks_that_acknowledge_nothing_get_481) {
  RawPeer raw(network, "192.0.2.9:5060");
  raw.send(bob.node, RawPeer::make_request({.method = "INVITE", .headers = "Supported: 100rel\r\n", .body = "offer"}));
  network.run_for(20ms);
  bob.session().provisional(183, "answer").value();
  network.run_for(20ms);
  const std::string rseq = header_of(raw.latest("183 INVITE"), "RSeq");
  const std::vector<std::string> wrong = {std::to_string(std::stoul(rseq) + 1) + " 1 INVITE", rseq + " 2 INVITE", rseq + " 1 UPDATE", "nonsense", ""};
  unsigned cseq = 2;
  for (const std::string& rack : wrong) {
    raw.send(bob.node, prack(rack, cseq, "w" + std::to_string(cseq)));
    ++cseq;
  }
  network.run_for(20ms);
  EXPECT_EQ(raw.count("481 PRACK"), wrong.size());
  raw.send(bob.node, prack(rseq + " 1 INVITE", cseq, "right"));
  network.run_for(20ms);
  EXPECT_EQ(raw.count("200 PRACK"), 1U);
  expect_all_over();
}

TEST_F(ReliableResponses, those_out_of_order_are_not_acknowledged) {
  call_peer("offer");
  provisional(180, "one", 100, {});
  provisional(183, "one", 102, "later");
  EXPECT_EQ(peer->count("PRACK"), 1U);
  provisional(180, "one", 100, {});
  EXPECT_EQ(peer->count("PRACK"), 1U) << "a repeated one is not acknowledged again";
  provisional(182, "one", 101, {});
  provisional(183, "one", 102, "later");
  EXPECT_EQ(peer->count("PRACK"), 3U);
  EXPECT_THAT(alice.events(), ElementsAre("provisional 180", "provisional 182", "provisional 183 later"));
  peer->reply(invite, {.status = 486, .to_tag = "one"});
  expect_all_over();
}

TEST_F(ReliableResponses, each_fork_is_an_early_dialog_with_its_own_prack_and_update) {
  call_peer("offer");
  provisional(183, "one", 7, "first answer");
  EXPECT_EQ(alice.last_progress_tag, "one");
  provisional(183, "two", 900, "second answer");
  EXPECT_EQ(alice.last_progress_tag, "two");
  EXPECT_TRUE(peer->latest("PRACK").starts_with("PRACK sip:two@192.0.2.9 SIP/2.0"));
  EXPECT_EQ(header_of(peer->latest("PRACK"), "RAck"), "900 1 INVITE");
  EXPECT_EQ(parameter_of(peer->latest("PRACK"), "To", "tag"), "two");
  peer->reply(peer->latest("PRACK"), {});
  alice.session().update("new offer", "one").value();
  network.run_for(20ms);
  EXPECT_TRUE(peer->latest("UPDATE").starts_with("UPDATE sip:one@192.0.2.9 SIP/2.0"));
  EXPECT_EQ(parameter_of(peer->latest("UPDATE"), "To", "tag"), "one");
  peer->reply(peer->latest("UPDATE"), {.headers = "Contact: <sip:one@192.0.2.9>\r\n", .body = "updated"});
  network.run_for(20ms);
  peer->reply(invite, {.to_tag = "one", .headers = "Contact: <sip:one@192.0.2.9>\r\n"});
  network.run_for(20ms);
  EXPECT_THAT(alice.events(), ElementsAre("provisional 183 first answer", "provisional 183 second answer", "update_result 200 updated", "accepted updated"));
  EXPECT_EQ(alice.session().dialog().remote_tag, "one");
  // The other fork answers too: it gets ACK and BYE.
  peer->reply(invite, {.to_tag = "two", .headers = "Contact: <sip:two@192.0.2.9>\r\n"});
  network.run_for(20ms);
  EXPECT_EQ(parameter_of(peer->latest("BYE"), "To", "tag"), "two");
  expect_all_over();
}

TEST_F(ReliableResponses, update_of_an_early_dialog_reaches_the_caller) {
  call_peer("offer");
  provisional(183, "one", 7, "answer");
  const auto update = [this](std::string_view from_tag, unsigned cseq, std::string_view branch, std::string_view body) {
    const std::string via = "SIP/2.0/UDP h;rport;branch=z9hG4bK" + std::string(branch);
    return RawPeer::make_request({.method = "UPDATE",
                                  .uri = "sip:alice@192.0.2.1",
                                  .via = via,
                                  .from_tag = from_tag,
                                  .to_tag = alice.session().dialog().local_tag,
                                  .call_id = alice.session().call_id(),
                                  .cseq = cseq,
                                  .headers = "Contact: <sip:moved@192.0.2.9>\r\n",
                                  .body = body});
  };
  peer->send(alice.node, update("one", 1, "1", "their offer"));
  peer->send(alice.node, update("stranger", 1, "2", "x"));
  network.run_for(20ms);
  EXPECT_EQ(peer->count("500 UPDATE"), 1U);
  EXPECT_EQ(alice.events().back(), "update their offer");
  alice.session().accept_update("our answer").value();
  network.run_for(20ms);
  EXPECT_TRUE(peer->latest("200 UPDATE").ends_with("our answer"));
  peer->reply(invite, {.to_tag = "one"});
  network.run_for(20ms);
  EXPECT_EQ(alice.events().back(), "accepted their offer");
  expect_all_over();
}

TEST_F(ReliableResponses, early_update_between_phones_both_ways) {
  alice.call(bob.uri(), "offer");
  network.run_for(20ms);
  EXPECT_FALSE(alice.session().update("too early"));
  EXPECT_FALSE(bob.session().update("too early"));
  bob.session().provisional(183, "answer").value();
  network.run_for(100ms);
  bob.on_event = [this](InviteSession& session) {
    if (bob.events().back() == "update by alice") {
      session.accept_update("yes").value();
    }
  };
  alice.session().update("by alice").value();
  network.run_for(100ms);
  EXPECT_EQ(alice.events().back(), "update_result 200 yes");
  bob.session().update("by bob").value();
  network.run_for(100ms);
  EXPECT_EQ(alice.events().back(), "update by bob");
  alice.session().reject_update(488).value();
  network.run_for(100ms);
  EXPECT_EQ(bob.events().back(), "update_result 488");
  bob.session().accept("answer").value();
  network.run_for(100ms);
  EXPECT_EQ(alice.session().state(), InviteSession::State::Confirmed);
  expect_all_over();
}

TEST_F(ReliableResponses, prack_that_a_later_request_overtook_is_sent_with_a_new_number) {
  alice.on_event = [this](InviteSession& session) {
    if (alice.events().back().starts_with("provisional 183")) {
      session.update({}).value();
    }
  };
  drop("PRACK", 1);
  alice.call(bob.uri(), "offer");
  network.run_for(20ms);
  bob.session().provisional(183, "answer").value();
  network.run_for(2s);
  EXPECT_EQ(log.count("b 500 PRACK"), 1U);
  EXPECT_EQ(log.find("a PRACK", 2).header("CSeq"), "4 PRACK");
  EXPECT_EQ(bob.events().back(), "prack");
  expect_all_over();
}

TEST_F(ReliableResponses, 199_ends_an_early_dialog_without_ending_the_call) {
  call_peer("offer");
  EXPECT_THAT(header_of(invite, "Supported"), ::testing::HasSubstr("199"));
  provisional(183, "one", 7, "answer");
  provisional(199, "one", 8, {});
  EXPECT_EQ(peer->count("PRACK"), 2U);
  EXPECT_EQ(alice.events().back(), "provisional 199");
  EXPECT_EQ(alice.last_progress_tag, "one");
  EXPECT_FALSE(alice.session().update({}, "one")) << "that early dialog is over";
  provisional(183, "two", 1, "other answer");
  peer->reply(invite, {.to_tag = "two"});
  network.run_for(20ms);
  EXPECT_EQ(alice.events().back(), "accepted other answer");
  expect_all_over();
}

TEST_F(ReliableResponses, cancel_while_one_is_unacknowledged) {
  drop("PRACK");
  alice.call(bob.uri(), "offer");
  network.run_for(20ms);
  bob.session().provisional(183, "answer").value();
  bob.session().accept("answer").value();
  network.run_for(100ms);
  alice.session().end();
  network.run_for(1s);
  EXPECT_EQ(bob.events().back(), "ended remote 487");
  EXPECT_EQ(alice.events().back(), "ended local 487");
  expect_all_over();
}

TEST_F(ReliableResponses, caller_that_requires_them_gets_them_all) {
  alice.agent.set_session_policy({.reliable = SessionPolicy::Reliable::Required});
  alice.call(bob.uri(), "offer");
  network.run_for(20ms);
  EXPECT_EQ(log.find("a INVITE").header("Require"), "100rel");
  bob.session().provisional(180, {}, Delivery::WhenRequired).value();
  network.run_for(100ms);
  EXPECT_EQ(log.count("a PRACK"), 1U);
  bob.session().reject(486).value();
  expect_all_over();
}

TEST_F(ReliableResponses, update_before_the_answer_leaves_in_force_what_the_invite_asked_for) {
  RawPeer raw(network, "192.0.2.9:5060");
  raw.send(bob.node, RawPeer::make_request({.method = "INVITE",
                                            .headers = "Contact: <sip:raw@192.0.2.9>\r\nAllow: UPDATE, PRACK\r\nRequire: 100rel\r\nSupported: timer\r\n"
                                                       "Session-Expires: 300;refresher=uas\r\n",
                                            .body = "offer"}));
  network.run_for(20ms);
  bob.session().provisional(183, "answer").value();
  network.run_for(20ms);
  raw.send(bob.node, prack(header_of(raw.latest("183 INVITE"), "RSeq") + " 1 INVITE", 2, "p1"));
  network.run_for(20ms);
  raw.send(bob.node, RawPeer::make_request({.method = "UPDATE",
                                            .via = "SIP/2.0/UDP h;rport;branch=z9hG4bKu",
                                            .to_tag = bob.session().dialog().local_tag,
                                            .cseq = 3,
                                            .headers = "Contact: <sip:raw@192.0.2.9>\r\n",
                                            .body = "another offer"}));
  network.run_for(20ms);
  bob.session().accept_update("another answer").value();
  bob.session().provisional(180, {}, Delivery::WhenRequired).value();
  network.run_for(20ms);
  EXPECT_EQ(header_of(raw.latest("180 INVITE"), "Require"), "100rel");
  raw.send(bob.node, prack(header_of(raw.latest("180 INVITE"), "RSeq") + " 1 INVITE", 4, "p2"));
  network.run_for(20ms);
  bob.session().accept("another answer").value();
  network.run_for(20ms);
  EXPECT_EQ(header_of(raw.latest("200 INVITE"), "Session-Expires"), "300;refresher=uas");
  expect_all_over();
}

TEST_F(ReliableResponses, 420_and_421_when_one_side_requires_what_the_other_has_not) {
  alice.agent.set_session_policy({.reliable = SessionPolicy::Reliable::Required});
  bob.agent.set_session_policy({.reliable = SessionPolicy::Reliable::Off});
  alice.call(bob.uri(), "offer");
  network.run_for(100ms);
  EXPECT_EQ(log.find("b 420 INVITE").header("Unsupported"), "100rel");
  EXPECT_EQ(alice.events().back(), "ended remote 420");
  alice.retire();
  alice.agent.set_session_policy({.reliable = SessionPolicy::Reliable::Off});
  bob.agent.set_session_policy({.reliable = SessionPolicy::Reliable::Required});
  alice.call(bob.uri(), "offer");
  network.run_for(100ms);
  EXPECT_EQ(log.find("b 421 INVITE").header("Require"), "100rel");
  EXPECT_EQ(alice.events().back(), "ended remote 421");
  expect_all_over();
}

TEST_F(ReliableResponses, early_dialogs_and_pracks_are_bounded) {
  call_peer("offer");
  for (unsigned i = 0; i < 100; ++i) {
    provisional(183, "fork" + std::to_string(i), 1, "x");
  }
  for (unsigned i = 2; i < 100; ++i) {
    provisional(183, "fork0", i, {});
  }
  std::vector<std::string> different;
  for (const std::string& message : peer->received) {
    const std::string branch = parameter_of(message, "Via", "branch");
    if (what_is(message) == "PRACK" && std::find(different.begin(), different.end(), branch) == different.end()) {
      different.push_back(branch);
    }
  }
  EXPECT_LE(different.size(), 16U + 8U);
  peer->reply(invite, {.status = 486});
  expect_all_over();
}

}  // namespace
}  // namespace callwright::simulation
