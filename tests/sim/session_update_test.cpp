// UPDATE (RFC 3311) in confirmed dialogs, and which offer may cross which (RFC 6337). Early dialogs: session_reliable_test.cpp.
#include "sim/two_phones.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::InviteSession;
using ::testing::ElementsAre;

class Updates : public TwoPhones {
 protected:
  static void accept_updates(RecordingPhone& phone) {
    phone.on_event = [&phone](InviteSession& session) {
      if (phone.events().back().starts_with("update ")) {
        session.accept_update("new answer").value();
      } else if (phone.events().back().starts_with("reinvite ")) {
        session.accept_reinvite("new answer").value();
      }
    };
  }
  /// A request of alice's in the dialog, made by hand.
  [[nodiscard]] std::string from_alice(std::string_view method, unsigned cseq, std::string_view branch, std::string_view body) {
    const std::string via = "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK" + std::string(branch);
    return RawPeer::make_request({.method = method,
                                  .via = via,
                                  .from_tag = alice.session().dialog().local_tag,
                                  .to_tag = bob.session().dialog().local_tag,
                                  .call_id = alice.session().call_id(),
                                  .cseq = cseq,
                                  .body = body});
  }
};

TEST_F(Updates, offer_and_answer) {
  establish();
  accept_updates(bob);
  alice.session().update("new offer").value();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a UPDATE", "b 200 UPDATE"));
  EXPECT_EQ(log.find("a UPDATE").body(), "new offer");
  EXPECT_EQ(log.find("a UPDATE").header("Contact"), "<sip:alice@192.0.2.1:5060>");
  EXPECT_EQ(log.find("b 200 UPDATE").body(), "new answer");
  EXPECT_EQ(log.find("b 200 UPDATE").header("Contact"), "<sip:bob@192.0.2.2:5060>");
  EXPECT_THAT(alice.events(), ElementsAre("update_result 200 new answer"));
  EXPECT_THAT(bob.events(), ElementsAre("update new offer"));
  expect_all_over();
}

TEST_F(Updates, refusal_leaves_the_session_as_it_was) {
  establish();
  bob.on_event = [](InviteSession& session) { static_cast<void>(session.reject_update(488)); };
  alice.session().update("new offer").value();
  network.run_for(1s);
  EXPECT_THAT(alice.events(), ElementsAre("update_result 488"));
  EXPECT_EQ(alice.session().state(), InviteSession::State::Confirmed);
  bob.on_event = nullptr;
  accept_updates(bob);
  alice.session().update("another").value();
  network.run_for(1s);
  EXPECT_EQ(alice.events().back(), "update_result 200 new answer");
  expect_all_over();
}

TEST_F(Updates, late_answer_blocks_other_offers_both_ways) {
  establish();
  alice.session().update("new offer").value();
  network.run_for(20ms);
  EXPECT_FALSE(alice.session().update("another"));
  EXPECT_FALSE(alice.session().reinvite("another"));
  EXPECT_FALSE(bob.session().update("crossing"));
  EXPECT_FALSE(bob.session().reinvite("crossing"));
  bob.session().accept_update("late").value();
  EXPECT_FALSE(bob.session().accept_update("again"));
  network.run_for(20ms);
  EXPECT_EQ(alice.events().back(), "update_result 200 late");
  EXPECT_TRUE(bob.session().update("now"));
  expect_all_over();
}

TEST_F(Updates, offers_that_cross_are_refused_with_491_and_tried_again) {
  establish();
  accept_updates(alice);
  accept_updates(bob);
  alice.session().update("alice's").value();
  bob.session().update("bob's").value();
  network.run_for(30ms);
  EXPECT_EQ(log.count("b 491 UPDATE"), 1U);
  EXPECT_EQ(log.count("a 491 UPDATE"), 1U);
  network.run_for(10s);
  // A second had passed when they crossed.
  EXPECT_GE(log.times("a UPDATE")[1], 3120ms);
  EXPECT_LE(log.times("b UPDATE")[1], 3021ms);
  EXPECT_EQ(alice.events().back(), "update_result 200 new answer");
  expect_all_over();
}

TEST_F(Updates, update_that_crosses_a_reinvite_waits_for_it) {
  establish();
  accept_updates(alice);
  accept_updates(bob);
  alice.session().reinvite("by reinvite").value();
  bob.session().update("by update").value();
  network.run_for(1min);
  EXPECT_EQ(log.count("a 491 UPDATE"), 1U);
  EXPECT_EQ(log.count("b 491 INVITE"), 1U);
  EXPECT_THAT(alice.events(), ::testing::UnorderedElementsAre("update by update", "reinvite_result 200 new answer"));
  EXPECT_THAT(bob.events(), ::testing::UnorderedElementsAre("reinvite by reinvite", "confirmed", "update_result 200 new answer"));
  expect_all_over();
}

TEST_F(Updates, second_offer_before_the_answer_to_the_first_is_put_off_with_500) {
  establish();
  network.inject(alice.node.address(), bob.node.address(), from_alice("UPDATE", 10, "1", "one"));
  network.inject(alice.node.address(), bob.node.address(), from_alice("UPDATE", 11, "2", "two"));
  network.inject(alice.node.address(), bob.node.address(), from_alice("UPDATE", 12, "3", ""));
  network.inject(alice.node.address(), bob.node.address(), from_alice("INVITE", 13, "4", "three"));
  network.run_for(20ms);
  EXPECT_EQ(log.count("b 500 UPDATE"), 2U);
  EXPECT_EQ(log.count("b 500 INVITE"), 1U);
  EXPECT_LE(std::stoi(log.find("b 500 UPDATE").header("Retry-After")), 10);
  EXPECT_NE(log.find("b 500 INVITE").header("Retry-After"), "");
  EXPECT_THAT(bob.events(), ElementsAre("update one"));
  bob.session().accept_update("answer").value();
  expect_all_over();
}

TEST_F(Updates, overlapping_reinvites_are_put_off_with_500) {
  establish();
  network.inject(alice.node.address(), bob.node.address(), from_alice("INVITE", 10, "1", "one"));
  network.inject(alice.node.address(), bob.node.address(), from_alice("INVITE", 11, "2", "two"));
  network.inject(alice.node.address(), bob.node.address(), from_alice("UPDATE", 12, "3", "three"));
  network.run_for(20ms);
  EXPECT_EQ(log.count("b 500 INVITE"), 1U);
  EXPECT_EQ(log.count("b 500 UPDATE"), 1U);
  EXPECT_THAT(bob.events(), ElementsAre("reinvite one"));
  expect_all_over();
}

TEST_F(Updates, retry_after_of_a_500_is_heeded) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.headers = "Contact: <sip:peer@192.0.2.9>\r\nAllow: UPDATE\r\n", .body = "answer"});
  network.run_for(20ms);
  alice.session().update("new offer").value();
  network.run_for(20ms);
  peer.reply(peer.latest("UPDATE"), {.status = 500, .headers = "Retry-After: 7\r\n"});
  network.run_for(6900ms);
  EXPECT_EQ(peer.count("UPDATE"), 1U);
  network.run_for(200ms);
  ASSERT_EQ(peer.count("UPDATE"), 2U);
  peer.reply(peer.latest("UPDATE"), {.status = 481});
  network.run_for(20ms);
  EXPECT_THAT(alice.events(), ElementsAre("accepted answer", "update_result 481", "ended local 200"));
  EXPECT_EQ(peer.count("BYE"), 1U);
  expect_all_over();
}

TEST_F(Updates, peer_that_does_not_allow_it_gets_none) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.headers = "Contact: <sip:peer@192.0.2.9>\r\nAllow: INVITE, BYE\r\n", .body = "answer"});
  network.run_for(20ms);
  EXPECT_EQ(alice.session().update("x").error().code, base::make_error_code(base::Errc::Unsupported));
  expect_all_over();
}

TEST_F(Updates, bye_ends_an_update_that_was_not_answered) {
  establish();
  alice.session().update("new offer").value();
  network.run_for(20ms);
  bob.session().end();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a UPDATE", "b BYE", "b 487 UPDATE", "a 200 BYE"));
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 200"));
  expect_all_over();
}

TEST_F(Updates, new_contact_is_the_new_target) {
  establish();
  const std::string contact = "Contact: <sip:moved@192.0.2.1:5060>\r\n";
  std::string update = from_alice("UPDATE", 10, "1", "");
  update.insert(update.find("Content-Length"), contact);
  network.inject(alice.node.address(), bob.node.address(), update);
  network.run_for(20ms);
  EXPECT_EQ(log.count("b 200 UPDATE"), 1U);
  bob.session().end();
  EXPECT_TRUE(log.find("b BYE").start_line().starts_with("BYE sip:moved@192.0.2.1:5060"));
  expect_all_over();
}

}  // namespace
}  // namespace callwright::simulation
