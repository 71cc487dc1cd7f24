// Requests that name another dialog: Replaces (RFC 3891), Join (RFC 3911), Target-Dialog (RFC 4538), REFER with Replaces or without a subscription.
#include "sim/two_phones.hpp"

#include <gmock/gmock.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using sip::DialogName;
using sip::InviteSession;
using sip::SessionPolicy;
using ::testing::ElementsAre;

class NamedDialogs : public TwoPhones {
 protected:
  NamedDialogs() { set_policies({.named_dialogs = SessionPolicy::NamedDialogs::Heeded}); }

  /// An INVITE of a stranger to bob.
  void send_invite(std::string_view call_id, const std::string& lines) {
    const std::string via = "SIP/2.0/UDP h;rport;branch=z9hG4bK" + std::string(call_id);
    peer.send(bob.node, RawPeer::make_request({.method = "INVITE", .via = via, .call_id = call_id, .headers = lines, .body = "offer"}));
    network.run_for(20ms);
  }
  [[nodiscard]] std::string replaces(const InviteSession& session, std::string_view extra = {}) {
    return "Replaces: " + session.name_at_peer().to_string() + std::string(extra) + "\r\n";
  }

  RawPeer peer{network, "192.0.2.9:5060"};
};

TEST_F(NamedDialogs, call_takes_the_place_of_another) {
  RecordingPhone carol(network, resolver, "192.0.2.3:5060");
  establish();
  bob.on_named = [this](InviteSession& replaced) {
    bob.session().accept("answer for carol").value();
    replaced.end(480, sip::Reason{"SIP", 200, "Replaced"});
  };
  InviteSession::CallerOptions options;
  options.uri = bob.uri();
  options.to = "<" + bob.uri() + ">";
  options.replaces = alice.session().name_at_peer();
  carol.call(std::move(options), "carol's offer");
  network.run_for(1s);
  const WireMessage& invite = log.find("192.0.2.3:5060 INVITE");
  EXPECT_EQ(invite.header("Replaces"), alice.session().name_at_peer().to_string());
  EXPECT_EQ(invite.header("Require"), "replaces");
  EXPECT_THAT(carol.events(), ElementsAre("accepted answer for carol"));
  EXPECT_THAT(alice.events(), ElementsAre("ended remote 200"));
  ASSERT_TRUE(alice.last_end.cause);
  EXPECT_EQ(alice.last_end.cause->text, "Replaced");
  EXPECT_EQ(bob.session().state(), InviteSession::State::Confirmed);
  carol.retire();
  expect_all_over();
  EXPECT_TRUE(carol.nothing_left());
}

TEST_F(NamedDialogs, unknown_and_malformed_names_are_refused) {
  establish();
  const std::string good = replaces(alice.session());
  send_invite("1", "Replaces: other;to-tag=1;from-tag=2\r\n");
  send_invite("2", "Replaces: nonsense\r\n");
  send_invite("3", good + good);
  send_invite("4", good + "Join: x;to-tag=1;from-tag=2\r\n");
  DialogName swapped = alice.session().name_at_peer();
  std::swap(swapped.local_tag, swapped.remote_tag);
  send_invite("5", "Replaces: " + swapped.to_string() + "\r\n");
  EXPECT_EQ(peer.count("481 INVITE"), 2U);
  EXPECT_EQ(peer.count("400 INVITE"), 3U);
  EXPECT_TRUE(bob.events().empty());
  expect_all_over();
}

TEST_F(NamedDialogs, early_only_does_not_take_an_answered_call) {
  establish();
  send_invite("1", replaces(alice.session(), ";early-only"));
  EXPECT_EQ(peer.count("486 INVITE"), 1U);
  expect_all_over();
}

TEST_F(NamedDialogs, call_that_has_ended_is_declined) {
  establish();
  const std::string name = replaces(alice.session());
  // Bob's BYE is on its way, so that bob still remembers the call.
  drop("BYE");
  bob.session().end();
  send_invite("1", name);
  EXPECT_EQ(peer.count("603 INVITE"), 1U);
  expect_all_over();
}

TEST_F(NamedDialogs, ringing_call_may_be_taken_from_its_caller_but_not_from_the_called) {
  bob.on_incoming = [](InviteSession& session) { session.provisional(183, "early").value(); };
  alice.call(bob.uri(), "offer");
  network.run_for(100ms);
  const DialogName at_bob{alice.session().call_id(), bob.session().dialog().local_tag, alice.session().dialog().local_tag, DialogName::Stage::EarlyOnly};
  send_invite("1", "Replaces: " + at_bob.to_string() + "\r\n");
  EXPECT_EQ(peer.count("481 INVITE"), 1U);
  alice.on_named = [this](InviteSession& replaced) {
    alice.session().accept("picked up").value();
    replaced.end();
  };
  const std::string via = "SIP/2.0/UDP h;rport;branch=z9hG4bKpick";
  const std::string lines = replaces(bob.session(), ";early-only");
  peer.send(alice.node, RawPeer::make_request({.method = "INVITE", .via = via, .call_id = "pick", .headers = lines, .body = "offer"}));
  network.run_for(100ms);
  EXPECT_GE(peer.count("200 INVITE"), 1U);
  EXPECT_EQ(bob.events().back(), "ended remote 487");
  expect_all_over();
}

TEST_F(NamedDialogs, join_is_handed_over_with_its_call) {
  establish();
  const InviteSession* joined = nullptr;
  const InviteSession* const call = &bob.session();
  bob.on_named = [&](InviteSession& session) {
    joined = &session;
    bob.session().accept("conference").value();
  };
  send_invite("1", "Join: " + alice.session().name_at_peer().to_string() + "\r\n");
  EXPECT_EQ(joined, call);
  EXPECT_EQ(bob.events().back(), "joining offer");
  EXPECT_GE(peer.count("200 INVITE"), 1U);
  expect_all_over();
}

TEST_F(NamedDialogs, target_dialog_finds_the_call) {
  establish();
  const std::string text = RawPeer::make_request({.method = "REFER"});
  const auto with = [&text](const std::string& value) {
    std::string changed = text;
    return changed.insert(changed.find("Content-Length"), "Target-Dialog: " + value + "\r\n");
  };
  const std::string good = with(alice.session().name_at_peer().to_target_string());
  const std::string bad = with("x;local-tag=1;remote-tag=2");
  sip::Message message;
  ASSERT_TRUE(message.parse(good));
  EXPECT_EQ(bob.agent.target_dialog(message), &bob.session());
  ASSERT_TRUE(message.parse(bad));
  EXPECT_EQ(bob.agent.target_dialog(message), nullptr);
  ASSERT_TRUE(message.parse(text));
  EXPECT_EQ(bob.agent.target_dialog(message), nullptr);
  expect_all_over();
}

TEST_F(NamedDialogs, ignored_when_not_heeded_and_420_when_required) {
  set_policies({});
  establish();
  bob.on_incoming = [](InviteSession& session) { session.reject(486).value(); };
  send_invite("1", "Require: replaces\r\n" + replaces(alice.session()));
  EXPECT_EQ(header_of(peer.latest("420 INVITE"), "Unsupported"), "replaces");
  expect_all_over();
}

// REFER

TEST_F(NamedDialogs, refer_carries_replaces_in_its_target) {
  establish();
  bob.on_event = [](InviteSession& session) { static_cast<void>(session.accept_refer()); };
  const DialogName name{"a84b@carol", "t1", "t2"};
  alice.session().refer("sip:carol@192.0.2.3?Replaces=" + sip::escape_header_value(name.to_string()), "sip:alice@192.0.2.1").value();
  network.run_for(100ms);
  ASSERT_TRUE(bob.last_replaces);
  EXPECT_EQ(bob.last_replaces->to_string(), name.to_string());
  EXPECT_TRUE(bob.events().back().starts_with("refer sip:carol@192.0.2.3?Replaces="));
  bob.session().notify_refer(200).value();
  network.run_for(100ms);
  alice.session().refer("sip:carol@192.0.2.3?Replaces=nonsense", "").value();
  network.run_for(100ms);
  EXPECT_EQ(alice.events().back(), "refer_result 400");
  expect_all_over();
}

TEST_F(NamedDialogs, refer_without_subscription_is_followed_by_nothing) {
  establish();
  bob.on_event = [](InviteSession& session) { static_cast<void>(session.accept_refer()); };
  alice.session().refer("sip:carol@192.0.2.3", "", sip::IncomingRefer::Subscription::Unwanted).value();
  network.run_for(1s);
  EXPECT_THAT(log.flow(), ElementsAre("a REFER", "b 202 REFER"));
  EXPECT_EQ(log.find("a REFER").header("Refer-Sub"), "false");
  EXPECT_THAT(log.find("a REFER").header("Supported"), ::testing::HasSubstr("norefersub"));
  EXPECT_EQ(log.find("b 202 REFER").header("Refer-Sub"), "false");
  EXPECT_FALSE(alice.session().refer_pending());
  EXPECT_FALSE(bob.session().notify_refer(200));
  EXPECT_THAT(alice.events(), ElementsAre("refer_result 202"));
  expect_all_over();
}

TEST_F(NamedDialogs, peer_that_does_not_know_refer_sub_subscribes_us_all_the_same) {
  alice.call("sip:192.0.2.9", "offer");
  network.run_for(20ms);
  peer.reply(peer.latest("INVITE"), {.headers = "Contact: <sip:peer@192.0.2.9>\r\n", .body = "answer"});
  network.run_for(20ms);
  alice.session().refer("sip:carol@192.0.2.3", "", sip::IncomingRefer::Subscription::Unwanted).value();
  network.run_for(20ms);
  peer.reply(peer.latest("REFER"), {.status = 202});
  network.run_for(20ms);
  EXPECT_TRUE(alice.session().refer_pending());
  expect_all_over();
}

}  // namespace
}  // namespace callwright::simulation
