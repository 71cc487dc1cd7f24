// What happens inside a call: re-INVITE with its glare, REFER with its NOTIFYs.
#include "sim/raw_peer.hpp"
#include "sim/recording_phone.hpp"
#include "sim/simulated_network.hpp"
#include "sim/wire_log.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::InviteSession;
using ::testing::ElementsAre;
using Times = std::vector<std::chrono::milliseconds>;

class Calls : public ::testing::Test {
 protected:
  Calls() {
    bob.on_incoming = [](InviteSession& session) { session.accept("answer").value(); };
    alice.call(bob.uri(), "offer");
    network.run_for(1s);
    log = std::make_unique<WireLog>(network);
    log->name(alice.node, "a");
    log->name(bob.node, "b");
    alice.clear_events();
    bob.clear_events();
  }

  void expect_all_over() {
    alice.retire();
    bob.retire();
    EXPECT_TRUE(network.run_until_idle());
    EXPECT_TRUE(alice.nothing_left());
    EXPECT_TRUE(bob.nothing_left());
  }
  static void accept_reinvites(RecordingPhone& phone) {
    phone.on_event = [&phone](InviteSession& session) {
      if (phone.events().back().starts_with("reinvite ")) {
        session.accept_reinvite("new answer").value();
      }
    };
  }
  static void accept_refers(RecordingPhone& phone) {
    phone.on_event = [&phone](InviteSession& session) {
      if (phone.events().back().starts_with("refer ")) {
        session.accept_refer().value();
      }
    };
  }
  void drop(std::string what, std::size_t times) {
    network.set_filter([what = std::move(what), times](const Packet& packet) mutable { return what_is(packet.message) == what && times > 0 && times-- > 0; });
  }

  SimulatedNetwork network{1};
  FakeResolver resolver;
  RecordingPhone alice{network, resolver, "192.0.2.1:5060"};
  RecordingPhone bob{network, resolver, "192.0.2.2:5060"};
  std::unique_ptr<WireLog> log;
};

TEST_F(Calls, reinvite_by_the_caller) {
  accept_reinvites(bob);
  alice.session().reinvite("new offer").value();
  network.run_for(1s);
  EXPECT_THAT(log->flow(), ElementsAre("a INVITE", "b 100 INVITE", "b 200 INVITE", "a ACK"));
  EXPECT_EQ(log->find("a INVITE").header("CSeq"), "2 INVITE");
  EXPECT_EQ(log->find("a INVITE").body(), "new offer");
  EXPECT_NE(log->find("a INVITE").parameter("To", "tag"), "");
  EXPECT_THAT(alice.events(), ElementsAre("reinvite_result 200 new answer"));
  EXPECT_THAT(bob.events(), ElementsAre("reinvite new offer", "confirmed"));
  expect_all_over();
}

TEST_F(Calls, reinvite_by_the_answerer) {
  accept_reinvites(alice);
  bob.session().reinvite("new offer").value();
  network.run_for(1s);
  EXPECT_THAT(log->flow(), ElementsAre("b INVITE", "a 100 INVITE", "a 200 INVITE", "b ACK"));
  EXPECT_EQ(log->find("b INVITE").start_line(), "INVITE sip:alice@192.0.2.1:5060 SIP/2.0");
  EXPECT_EQ(log->find("b INVITE").header("CSeq"), "1 INVITE");
  EXPECT_THAT(bob.events(), ElementsAre("reinvite_result 200 new answer"));
  expect_all_over();
}

TEST_F(Calls, reinvite_without_offer_is_answered_in_the_ack) {
  bob.on_event = [this](InviteSession& session) {
    if (bob.events().back() == "reinvite") {
      session.accept_reinvite("bob's offer").value();
    }
  };
  alice.on_event = [](InviteSession& session) { session.acknowledge("alice's answer").value(); };
  alice.session().reinvite("").value();
  network.run_for(1s);
  EXPECT_THAT(alice.events(), ElementsAre("reinvite_result 200 bob's offer"));
  EXPECT_THAT(bob.events(), ElementsAre("reinvite", "confirmed alice's answer"));
  expect_all_over();
}

TEST_F(Calls, refused_reinvite_leaves_the_call_as_it_was) {
  bob.on_event = [this](InviteSession& session) {
    if (bob.events().back().starts_with("reinvite")) {
      session.reject_reinvite(488).value();
    }
  };
  alice.session().reinvite("new offer").value();
  network.run_for(1s);
  EXPECT_THAT(log->flow(), ElementsAre("a INVITE", "b 100 INVITE", "b 488 INVITE", "a ACK"));
  EXPECT_THAT(alice.events(), ElementsAre("reinvite_result 488"));
  EXPECT_EQ(alice.session().state(), InviteSession::State::Confirmed);
  EXPECT_EQ(bob.session().state(), InviteSession::State::Confirmed);
  expect_all_over();
}

TEST_F(Calls, silence_after_a_reinvite_ends_the_call) {
  network.set_filter([](const Packet& packet) { return what_is(packet.message) == "INVITE"; });
  alice.session().reinvite("new offer").value();
  network.run_for(33s);
  EXPECT_THAT(alice.events(), ElementsAre("reinvite_result 408", "ended local 200"));
  EXPECT_THAT(bob.events(), ElementsAre("ended remote 200"));
  expect_all_over();
}

TEST_F(Calls, glare_is_refused_on_both_sides_and_tried_again) {
  accept_reinvites(alice);
  accept_reinvites(bob);
  alice.session().reinvite("alice's").value();
  bob.session().reinvite("bob's").value();
  network.run_for(20ms);
  EXPECT_THAT(log->flow(), ElementsAre("a INVITE", "b INVITE", "b 491 INVITE", "a 491 INVITE", "a ACK", "b ACK"));
  EXPECT_FALSE(alice.session().reinvite("a third"));
  network.run_for(10s);
  // RFC 3261 §14.1: whoever made the Call-ID waits 2.1 to 4 s, the other one 0 to 2 s.
  ASSERT_EQ(log->count("a INVITE"), 2U);
  ASSERT_EQ(log->count("b INVITE"), 2U);
  EXPECT_GE(log->times("a INVITE")[1], 2120ms);
  EXPECT_LE(log->times("a INVITE")[1], 4021ms);
  EXPECT_LE(log->times("b INVITE")[1], 2021ms);
  EXPECT_THAT(alice.events(), ::testing::UnorderedElementsAre("reinvite bob's", "confirmed", "reinvite_result 200 new answer"));
  EXPECT_THAT(bob.events(), ::testing::UnorderedElementsAre("reinvite alice's", "confirmed", "reinvite_result 200 new answer"));
  expect_all_over();
}

TEST_F(Calls, reinvite_that_is_refused_with_491_for_ever_fails) {
  bob.on_event = [this](InviteSession& session) {
    if (bob.events().back().starts_with("reinvite")) {
      session.reject_reinvite(491).value();
    }
  };
  alice.session().reinvite("new offer").value();
  network.run_for(1min);
  EXPECT_EQ(log->count("a INVITE"), 5U);
  EXPECT_THAT(alice.events(), ElementsAre("reinvite_result 491"));
  expect_all_over();
}

TEST_F(Calls, repeated_200_of_a_former_reinvite_gets_its_own_ack) {
  accept_reinvites(bob);
  drop("ACK", 1);
  alice.session().reinvite("first").value();
  network.run_for(100ms);
  alice.session().reinvite("second").value();
  network.run_for(1min);
  // Bob answered the second with 491 while he waited for the first ACK; nobody hung up over it.
  EXPECT_THAT(alice.events(), ElementsAre("reinvite_result 200 new answer", "reinvite_result 200 new answer"));
  EXPECT_EQ(log->count("b BYE"), 0U);
  EXPECT_EQ(bob.session().state(), InviteSession::State::Confirmed);
  std::vector<std::string> acknowledged;
  for (const WireMessage& message : log->messages()) {
    if (message.what() == "ACK" && message.fate == Packet::Fate::Delivered) {
      acknowledged.push_back(message.header("CSeq"));
    }
  }
  EXPECT_THAT(acknowledged, ElementsAre("3 ACK", "2 ACK", "4 ACK"));
  expect_all_over();
}

TEST_F(Calls, bye_ends_a_reinvite_that_was_not_answered) {
  alice.session().reinvite("new offer").value();
  network.run_for(100ms);
  bob.session().end();
  network.run_for(1s);
  EXPECT_THAT(log->flow(), ElementsAre("a INVITE", "b 100 INVITE", "b BYE", "b 487 INVITE", "a 200 BYE", "a ACK"));
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 200"));
  expect_all_over();
}

TEST_F(Calls, new_contact_in_a_reinvite_is_the_new_target) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.retire();
  network.run_for(1s);
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.headers = "Contact: <sip:old@192.0.2.9>\r\n"});
  network.run_for(20ms);
  const std::string tag = alice.session().dialog().local_tag;
  peer.send(alice.node, RawPeer::make_request({.method = "INVITE",
                                               .uri = "sip:alice@192.0.2.1",
                                               .from_tag = "peer",
                                               .to_tag = tag,
                                               .call_id = alice.session().call_id(),
                                               .cseq = 1,
                                               .headers = "Contact: <sip:new@192.0.2.9>\r\n",
                                               .body = "x"}));
  network.run_for(20ms);
  alice.session().accept_reinvite("y").value();
  network.run_for(20ms);
  alice.session().end();
  network.run_for(20ms);
  EXPECT_TRUE(peer.latest("BYE").starts_with("BYE sip:new@192.0.2.9 SIP/2.0"));
  expect_all_over();
}

// REFER

TEST_F(Calls, refer_is_followed_by_notifies_until_the_final_status) {
  accept_refers(bob);
  alice.session().refer("sip:carol@example.com", "sip:alice@example.com").value();
  network.run_for(100ms);
  EXPECT_TRUE(alice.session().refer_pending());
  bob.session().notify_refer(180).value();
  network.run_for(100ms);
  bob.session().notify_refer(200).value();
  EXPECT_FALSE(bob.session().notify_refer(200));
  network.run_for(100ms);
  EXPECT_THAT(log->flow(), ElementsAre("a REFER", "b 202 REFER", "b NOTIFY", "a 200 NOTIFY", "b NOTIFY", "a 200 NOTIFY", "b NOTIFY", "a 200 NOTIFY"));
  EXPECT_EQ(log->find("a REFER").header("Refer-To"), "<sip:carol@example.com>");
  EXPECT_EQ(log->find("a REFER").header("Referred-By"), "<sip:alice@example.com>");
  EXPECT_THAT(bob.events(), ElementsAre("refer sip:carol@example.com sip:alice@example.com"));
  EXPECT_THAT(alice.events(), ElementsAre("refer_result 202", "refer_progress 100 Trying", "refer_progress 180 Ringing", "refer_progress last 200 OK"));
  const WireMessage& last = log->find("b NOTIFY", 2);
  EXPECT_EQ(last.header("Event"), "refer");
  EXPECT_TRUE(last.header("Subscription-State").starts_with("terminated"));
  EXPECT_TRUE(log->find("b NOTIFY", 1).header("Subscription-State").starts_with("active"));
  EXPECT_EQ(last.header("Content-Type"), "message/sipfrag;version=2.0");
  EXPECT_EQ(last.body(), "SIP/2.0 200 OK\r\n");
  EXPECT_FALSE(alice.session().refer_pending());
  expect_all_over();
}

TEST_F(Calls, answerer_may_refer_too) {
  accept_refers(alice);
  bob.session().refer("sip:carol@example.com", "").value();
  network.run_for(100ms);
  alice.session().notify_refer(486).value();
  network.run_for(100ms);
  EXPECT_THAT(bob.events(), ElementsAre("refer_result 202", "refer_progress 100 Trying", "refer_progress last 486 Busy Here"));
  EXPECT_EQ(log->find("b REFER").header("Referred-By"), "");
  expect_all_over();
}

TEST_F(Calls, late_notify_of_an_earlier_refer_says_nothing_of_the_next) {
  RawPeer peer(network, "192.0.2.9:5060");
  alice.retire();
  network.run_for(1s);
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.headers = "Contact: <sip:raw@192.0.2.9>\r\n"});
  network.run_for(20ms);
  const auto refer = [&] {
    alice.session().refer("sip:carol@example.com", "").value();
    network.run_for(20ms);
    peer.reply(peer.latest("REFER"), {.status = 202});
    network.run_for(20ms);
    return header_of(peer.latest("REFER"), "CSeq").substr(0, 1);
  };
  const auto notify = [&](const std::string& id, unsigned cseq, std::string_view body) {
    const std::string headers = "Event: refer;id=" + id + "\r\nSubscription-State: terminated\r\n";
    const sip::Dialog& dialog = alice.session().dialog();
    const std::string via = "SIP/2.0/UDP h;rport;branch=z9hG4bK" + id;
    RawPeer::Request request{"NOTIFY", "sip:alice@192.0.2.1", via, "peer", dialog.local_tag, alice.session().call_id(), cseq, headers, body};
    peer.send(alice.node, RawPeer::make_request(request));
    network.run_for(20ms);
  };
  alice.clear_events();
  const std::string first = refer();
  const std::string second = refer();
  EXPECT_NE(first, second);
  notify(first, 1, "SIP/2.0 486 Busy Here\r\n");
  EXPECT_EQ(peer.count("200 NOTIFY"), 1U);
  EXPECT_TRUE(alice.session().refer_pending());
  notify(second, 2, "SIP/2.0 200 OK\r\n");
  EXPECT_THAT(alice.events(), ElementsAre("refer_result 202", "refer_result 202", "refer_progress last 200 OK"));
  EXPECT_FALSE(alice.session().refer_pending());
  alice.session().end();
  network.run_for(20ms);
  peer.reply(peer.latest("BYE"), {});
  expect_all_over();
}

TEST_F(Calls, notifies_name_their_refer_from_the_second_on) {
  accept_refers(bob);
  const auto refer = [this](int status) {
    alice.session().refer("sip:carol@example.com", "").value();
    network.run_for(100ms);
    bob.session().notify_refer(status).value();
    network.run_for(100ms);
    const std::string cseq = log->find("a REFER", log->count("a REFER") - 1).header("CSeq");
    return cseq.substr(0, cseq.find(' '));
  };
  refer(486);
  bob.on_event = nullptr;
  alice.session().refer("sip:dave@example.com", "").value();  // Declined, and counts all the same.
  network.run_for(100ms);
  accept_refers(bob);
  const std::string third = refer(200);
  ASSERT_EQ(log->count("b NOTIFY"), 4U);
  for (const std::size_t number : {0U, 1U}) {
    EXPECT_EQ(log->find("b NOTIFY", number).header("Event"), "refer") << "the first may go without";
  }
  for (const std::size_t number : {2U, 3U}) {
    EXPECT_EQ(log->find("b NOTIFY", number).header("Event"), "refer;id=" + third);
  }
  EXPECT_EQ(alice.events().back(), "refer_progress last 200 OK");
  expect_all_over();
}

TEST_F(Calls, notify_of_a_refer_that_ends_while_the_next_begins_names_its_own) {
  accept_refers(bob);
  alice.session().refer("sip:carol@example.com", "").value();
  network.run_for(100ms);
  drop("200 NOTIFY", 1);
  bob.session().notify_refer(486).value();
  network.run_for(50ms);
  alice.session().refer("sip:dave@example.com", "").value();
  network.run_for(5s);
  const std::string cseq = log->find("a REFER", 1).header("CSeq");
  EXPECT_EQ(log->find("b NOTIFY", 1).header("Event"), "refer");
  EXPECT_EQ(log->find("b NOTIFY", log->count("b NOTIFY") - 1).header("Event"), "refer;id=" + cseq.substr(0, cseq.find(' ')));
  bob.session().notify_refer(200).value();
  network.run_for(1s);
  expect_all_over();
}

TEST_F(Calls, refer_that_nobody_answers_is_declined) {
  alice.session().refer("sip:carol@example.com", "").value();
  network.run_for(100ms);
  EXPECT_THAT(alice.events(), ElementsAre("refer_result 603"));
  EXPECT_FALSE(alice.session().refer_pending());
  expect_all_over();
}

TEST_F(Calls, subscription_outlives_the_call) {
  accept_refers(bob);
  alice.session().refer("sip:carol@example.com", "").value();
  network.run_for(100ms);
  alice.session().end();
  network.run_for(100ms);
  EXPECT_EQ(alice.events().back(), "ended local 200");
  EXPECT_TRUE(alice.session().refer_pending());
  bob.session().notify_refer(180).value();
  bob.session().notify_refer(200).value();
  network.run_for(100ms);
  EXPECT_THAT(alice.events(),
              ElementsAre("refer_result 202", "refer_progress 100 Trying", "ended local 200", "refer_progress 180 Ringing", "refer_progress last 200 OK"));
  EXPECT_EQ(alice.agent.dialogs(), 0U);
  EXPECT_EQ(bob.agent.dialogs(), 0U);
  expect_all_over();
}

TEST_F(Calls, subscription_without_notifies_ends_64_t1_after_the_call) {
  accept_refers(bob);
  alice.session().refer("sip:carol@example.com", "").value();
  network.run_for(100ms);
  alice.session().end();
  network.run_for(31999ms);
  EXPECT_TRUE(alice.session().refer_pending());
  network.run_for(2ms);
  EXPECT_FALSE(alice.session().refer_pending());
  EXPECT_EQ(alice.events().back(), "refer_progress last");
  EXPECT_EQ(alice.agent.dialogs(), 0U);
  expect_all_over();
}

TEST_F(Calls, notify_that_overtakes_the_202_stands_for_it) {
  accept_refers(bob);
  drop("202 REFER", 1);
  alice.session().refer("sip:carol@example.com", "").value();
  network.run_for(100ms);
  EXPECT_THAT(alice.events(), ElementsAre("refer_result 202", "refer_progress 100 Trying"));
  network.run_for(10s);
  EXPECT_EQ(log->count("a REFER"), 2U);
  EXPECT_THAT(alice.events(), ElementsAre("refer_result 202", "refer_progress 100 Trying"));
  expect_all_over();
}

TEST_F(Calls, notify_that_a_later_request_overtook_is_sent_with_a_new_number) {
  accept_refers(bob);
  alice.session().refer("sip:carol@example.com", "").value();
  network.run_for(100ms);
  drop("NOTIFY", 1);
  bob.session().notify_refer(200).value();
  bob.session().end();
  network.run_for(2s);
  EXPECT_EQ(log->count("a 500 NOTIFY"), 1U);
  EXPECT_THAT(alice.events(), ElementsAre("refer_result 202", "refer_progress 100 Trying", "ended remote 200", "refer_progress last 200 OK"));
  expect_all_over();
}

TEST_F(Calls, unwanted_notifies_are_refused_and_stop) {
  accept_refers(bob);
  alice.session().refer("sip:carol@example.com", "").value();
  network.run_for(100ms);
  bob.session().notify_refer(200).value();
  network.run_for(100ms);
  RawPeer peer(network, "192.0.2.9:5060");
  const auto notify = [this](std::string_view event, unsigned cseq, std::string_view branch) {
    const std::string via = "SIP/2.0/UDP h;rport;branch=z9hG4bK" + std::string(branch);
    const std::string headers = "Event: " + std::string(event) + "\r\n";
    return RawPeer::make_request({.method = "NOTIFY",
                                  .uri = "sip:alice@192.0.2.1",
                                  .via = via,
                                  .from_tag = bob.session().dialog().local_tag,
                                  .to_tag = alice.session().dialog().local_tag,
                                  .call_id = alice.session().call_id(),
                                  .cseq = cseq,
                                  .headers = headers});
  };
  peer.send(alice.node, notify("refer", 90, "1"));
  peer.send(alice.node, notify("presence", 91, "2"));
  network.run_for(100ms);
  EXPECT_EQ(peer.count("481 NOTIFY"), 1U);
  EXPECT_EQ(peer.count("489 NOTIFY"), 1U);
  expect_all_over();
}

TEST_F(Calls, flood_of_progress_is_thinned_but_the_end_is_told) {
  accept_refers(bob);
  alice.session().refer("sip:carol@example.com", "").value();
  network.run_for(100ms);
  for (int i = 0; i < 1000; ++i) {
    bob.session().notify_refer(180).value();
  }
  bob.session().notify_refer(200).value();
  network.run_for(10s);
  EXPECT_LE(log->count("b NOTIFY"), 12U);
  EXPECT_EQ(alice.events().back(), "refer_progress last 200 OK");
  expect_all_over();
}

}  // namespace
}  // namespace callwright::simulation
