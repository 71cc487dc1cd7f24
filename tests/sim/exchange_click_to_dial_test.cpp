#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandEvent;
using call::CommandId;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// Alice is called first and asked to call bob.
struct AliceAndBob : ExchangeWorld {
  explicit AliceAndBob(PhoneScript alice_script = {}, PhoneScript bob_script = {}, Options options = {})
      : ExchangeWorld(std::move(options)), alice(add_phone("alice", alice_script)), bob(add_phone("bob", bob_script)) {}

  ScriptedPhone& alice;
  ScriptedPhone& bob;
};

TEST(ClickToDial, has_the_caller_call_the_callee_by_refer) {
  AliceAndBob world;
  const CommandId id = world.start("alice", "bob", "cmd-1");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "TransferPending 100 Trying",
                                                    "TransferPending 180 Ringing", "CalleeAnswered", "Ended"));
  world.run_for(10s);
  EXPECT_THAT(world.ladder("X", "alice", "cmd-1"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK", "> REFER", "< 202 REFER", "< NOTIFY",
                                                               "> 200 NOTIFY", "< NOTIFY", "> 200 NOTIFY", "> BYE", "< NOTIFY", "< 200 BYE", "> 200 NOTIFY"));
  EXPECT_THAT(world.ladder("alice", "X", world.alice.leg(1).call_id()), ElementsAre("> INVITE", "< 100 INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_EQ(world.alice.leg(1).hears(), "bob");
  EXPECT_EQ(world.bob.leg(0).hears(), "alice");
  EXPECT_EQ(world.exchange->calls(), 1U);
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ClickToDial, names_the_parties_and_the_new_call_in_its_events) {
  AliceAndBob world;
  const CommandId id = world.start("alice", "bob", "cmd-1");
  ASSERT_TRUE(world.run_until_ended(id));
  for (const CommandEvent& event : world.commands.events(id)) {
    EXPECT_EQ(event.caller, "sip:alice@192.0.2.1") << to_text(event);
    EXPECT_EQ(event.callee, "sip:bob@192.0.2.1") << to_text(event);
    const bool early = event.kind == CommandEvent::Kind::CallerAnswered || event.kind == CommandEvent::Kind::Transferring;
    EXPECT_EQ(event.call_id, early ? "" : world.alice.leg(1).call_id()) << to_text(event);
  }
  world.end(world.alice.leg(1).call_id());
  world.expect_nothing_left();
}

/// What could follow this NOTIFY: the end of the subscription, with no body.
std::string ending_without_a_word(const SentMessage& notify) {
  const std::string number = std::to_string(std::stoul(notify.header("CSeq")) + 1);
  return notify.text.substr(0, notify.text.find("\r\n")) +
         "\r\nVia: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKsilent\r\nMax-Forwards: 70\r\nFrom: " + notify.header("From") + "\r\nTo: " + notify.header("To") +
         "\r\nCall-ID: " + notify.header("Call-ID") + "\r\nCSeq: " + number + " NOTIFY\r\nEvent: " + notify.header("Event") +
         "\r\nSubscription-State: terminated;reason=noresource\r\nContact: " + notify.header("Contact") + "\r\nContent-Length: 0\r\n\r\n";
}

TEST(ClickToDial, waits_for_the_call_when_the_phone_ends_its_subscription_without_a_word) {
  PhoneScript slow;
  slow.dial_after = 2s;
  AliceAndBob world(slow);
  const CommandId id = world.start("alice", "bob", "cmd-1");
  ASSERT_TRUE(world.run_until_event(id, "Transferring"));
  world.run_for(1s);
  const SentMessage trying = world.message("alice", "X", "NOTIFY");
  world.network.inject(base::SocketAddress::parse("192.0.2.2:5060").value(), world.node.address(), ending_without_a_word(trying));
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  world.end(world.alice.leg(1).call_id());
  world.expect_nothing_left();
}

TEST(ClickToDial, offers_no_media_on_the_first_leg_and_shows_the_callee) {
  AliceAndBob world;
  ASSERT_TRUE(world.run_until_ended(world.start("alice", "bob", "cmd-1")));
  const SentMessage invite = world.message("X", "alice", "INVITE");
  EXPECT_EQ(invite.header("Call-ID"), "cmd-1");
  EXPECT_THAT(invite.body(), HasSubstr("c=IN IP4 0.0.0.0\r\n"));
  EXPECT_THAT(invite.body(), HasSubstr("m=audio 9 RTP/AVP 0 8\r\n"));
  EXPECT_THAT(invite.header("From"), StartsWith("<sip:bob@192.0.2.1>;tag="));
  EXPECT_EQ(invite.header("To"), "<sip:alice@192.0.2.1>");
}

TEST(ClickToDial, refers_to_itself_with_a_token_and_ends_the_first_leg_in_its_dialog) {
  AliceAndBob world;
  const CommandId id = world.start("alice", "bob", "cmd-1");
  ASSERT_TRUE(world.run_until_ended(id));
  const SentMessage ack = world.message("X", "alice", "ACK");
  const SentMessage refer = world.message("X", "alice", "REFER");
  const SentMessage bye = world.message("X", "alice", "BYE");
  EXPECT_THAT(refer.header("Refer-To"), StartsWith("<sip:bob@192.0.2.1:5060;cw-command=" + std::to_string(id.value) + "-"));
  EXPECT_EQ(refer.header("Referred-By"), "<sip:bob@192.0.2.1>");
  EXPECT_EQ(refer.header("CSeq"), "2 REFER");
  EXPECT_EQ(bye.header("CSeq"), "3 BYE");
  EXPECT_EQ(bye.header("From"), ack.header("From"));
  EXPECT_EQ(bye.header("To"), ack.header("To"));
  EXPECT_EQ(bye.header("Call-ID"), "cmd-1");
}

class ClickToDialRefusedByCaller : public testing::TestWithParam<int> {};
class ClickToDialRefused : public testing::TestWithParam<int> {};

TEST_P(ClickToDialRefusedByCaller, tells_the_status_of_a_caller_who_does_not_answer_the_call) {
  AliceAndBob world({.answer = GetParam()});
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  const std::string status = std::to_string(GetParam()) + " " + std::string(sip::reason_phrase(GetParam()));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Failed failed to establish initial call: " + status, "Ended"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 180 INVITE", "< " + std::to_string(GetParam()) + " INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "bob"), IsEmpty());
  world.expect_nothing_left();
}

TEST_P(ClickToDialRefused, tells_the_status_of_a_callee_and_hangs_up_the_caller) {
  AliceAndBob world({}, {.answer = GetParam()});
  const CommandId id = world.start("alice", "bob", "cmd-1");
  ASSERT_TRUE(world.run_until_ended(id));
  const std::string status = std::to_string(GetParam()) + " " + std::string(sip::reason_phrase(GetParam()));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "TransferPending 100 Trying",
                                                    "TransferPending 180 Ringing", "Failed failed to reach the callee: " + status, "Ended"));
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "alice", "BYE"), 1U);
  EXPECT_EQ(world.alice.active(), 0U);
  world.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(status, ClickToDialRefusedByCaller, testing::Values(404, 408, 480, 486, 500, 603));
INSTANTIATE_TEST_SUITE_P(status, ClickToDialRefused, testing::Values(404, 408, 480, 486, 488, 500, 603));

TEST(ClickToDial, offers_no_stream_to_a_caller_who_cannot_take_the_first_offer) {
  AliceAndBob world({.answer = 488});
  const CommandId id = world.start("alice", "bob", "cmd-1");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Failed failed to establish initial call: 488 Not Acceptable Here", "Ended")) << "once is enough";
  EXPECT_THAT(world.ladder("X", "alice", "cmd-1"),
              ElementsAre("> INVITE", "< 180 INVITE", "< 488 INVITE", "> ACK", "> INVITE", "< 180 INVITE", "< 488 INVITE", "> ACK"));
  EXPECT_THAT(world.message("X", "alice", "INVITE", 1).body(), Not(HasSubstr("m=")));
  world.expect_nothing_left();
}

TEST(ClickToDial, gives_up_a_caller_who_never_answers) {
  AliceAndBob world({.answer = 0});
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Failed failed to establish initial call: 408 Request Timeout", "Ended"));
  world.run_for(1s);
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 180 INVITE", "> CANCEL", "< 200 CANCEL", "< 487 INVITE", "> ACK"));
  world.expect_nothing_left();
}

TEST(ClickToDial, gives_up_a_caller_whose_phone_is_unplugged) {
  AliceAndBob world;
  world.drop("", "alice", "");
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Failed failed to establish initial call: 408 Request Timeout", "Ended"));
  world.stop_dropping();
  world.expect_nothing_left();
}

TEST(ClickToDial, fails_when_the_caller_is_not_registered) {
  AliceAndBob world;
  const CommandId id = world.start("nobody", "bob");
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Failed failed to establish initial call: 404 Not Found", "Ended"));
  world.expect_nothing_left();
}

TEST(ClickToDial, fails_when_the_callee_is_not_registered) {
  AliceAndBob world;
  const CommandId id = world.start("alice", "nobody");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "Failed failed to reach the callee: 404 Not Found", "Ended"));
  world.expect_nothing_left();
}

TEST(ClickToDial, gives_up_a_callee_who_never_answers) {
  AliceAndBob world({}, {.answer = 0});
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id).at(5), "Failed failed to reach the callee: 480 No answer");
  EXPECT_EQ(world.count("X", "bob", "CANCEL"), 1U);
  world.expect_nothing_left();
}

TEST(ClickToDial, needs_no_notify) {
  AliceAndBob world;
  world.drop("alice", "X", "NOTIFY");
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "CalleeAnswered", "Ended"));
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ClickToDial, keeps_what_notify_says_until_the_call_comes) {
  AliceAndBob world({.dial_after = 3s});
  const CommandId id = world.start("alice", "bob");
  world.run_for(2s);
  EXPECT_EQ(world.count("alice", "X", "NOTIFY"), 1U);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring"));
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "TransferPending 100 Trying",
                                                    "TransferPending 180 Ringing", "CalleeAnswered", "Ended"));
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ClickToDial, accepts_a_phone_that_hangs_up_on_the_refer_and_calls) {
  AliceAndBob world({.after_refer = PhoneScript::AfterRefer::HangsUp});
  const CommandId id = world.start("alice", "bob", "cmd-1");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id).back(), "Ended");
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "alice", "BYE"), 0U);
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ClickToDial, accepts_a_phone_that_loses_the_token_once_it_has_proved_who_it_is) {
  AliceAndBob world({.token = PhoneScript::Token::Lost});
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  EXPECT_EQ(world.count("X", "alice", "401 INVITE"), 1U);
  world.alice.hang_up();
  world.expect_nothing_left();
}

TEST(ClickToDial, does_not_take_the_call_of_another_user_who_claims_to_be_the_caller) {
  AliceAndBob world({.dials = PhoneScript::Dials::No});
  ScriptedPhone& mallory = world.add_phone("mallory");
  const CommandId id = world.start("alice", "bob");
  world.run_for(1s);
  mallory.call("bob");
  world.run_for(1s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallerAnswered", "Transferring"));
  mallory.hang_up();
  world.expect_nothing_left();
}

TEST(ClickToDial, refuses_a_wrong_token) {
  AliceAndBob world({.dials = PhoneScript::Dials::No});
  ScriptedPhone& mallory = world.add_phone("mallory");
  const CommandId id = world.start("alice", "bob");
  world.run_for(1s);
  for (const std::string& token :
       {std::to_string(id.value) + "-aaaaaaaaaaaaaaaaaaaaaaaa", std::to_string(id.value), std::string("99999999999999999999-x"), std::string("x")}) {
    mallory.dial("sip:bob@192.0.2.1;cw-command=" + token, mallory.sdp());
  }
  mallory.dial("sip:bob@192.0.2.1;cw-command", mallory.sdp());
  world.run_for(1s);
  for (std::size_t i = 0; i < mallory.legs(); ++i) {
    EXPECT_EQ(mallory.leg(i).end_status(), 403) << i;
  }
  EXPECT_THAT(world.ladder("X", "bob"), IsEmpty());
  world.expect_nothing_left();
}

TEST(ClickToDial, takes_a_token_once) {
  AliceAndBob world;
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  const SentMessage invite = world.message("alice", "X", "INVITE");
  world.alice.dial(invite.text.substr(7, invite.text.find(" SIP/2.0") - 7), world.alice.sdp());
  world.run_for(1s);
  EXPECT_EQ(world.alice.leg(2).end_status(), 403);
  world.bob.hang_up();
  world.expect_nothing_left();
}

TEST(ClickToDial, fails_when_the_phone_agrees_but_does_not_call) {
  AliceAndBob world({.dials = PhoneScript::Dials::No});
  const CommandId id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id),
              ElementsAre("CallerAnswered", "Transferring", "Failed the caller's phone agreed to call the callee but did not", "Ended"));
  EXPECT_EQ(world.count("X", "alice", "BYE"), 1U);
  world.expect_nothing_left();
}

TEST(ClickToDial, calls_whoever_is_outside_by_way_of_itself) {
  AliceAndBob world;
  ScriptedPhone& carol = world.add_stranger("carol");
  call::StartCall command{"sip:alice@192.0.2.1", "sip:carol@192.0.2.13", "cmd-1"};
  const CommandId id{500};
  world.exchange->submit(id, command, world.commands);
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.message("X", "alice", "REFER").header("Refer-To"), StartsWith("<sip:carol@192.0.2.1:5060;cw-command="));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  EXPECT_EQ(carol.leg(0).hears(), "alice");
  carol.hang_up();
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
