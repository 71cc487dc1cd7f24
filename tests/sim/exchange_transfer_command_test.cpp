// Transfers that an API asks for: TransferCall.
#include "sim/exchange_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandEvent;
using call::CommandId;
using call::Side;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// Alice has called bob; carol is there, too.
struct TransferWorld : ExchangeWorld {
  explicit TransferWorld(PhoneScript alice_script = {}, PhoneScript bob_script = {}, PhoneScript carol_script = {}, Options options = {})
      : ExchangeWorld(std::move(options)),
        alice(add_phone("alice", alice_script)),
        bob(add_phone("bob", bob_script)),
        carol(add_phone("carol", carol_script)),
        leg(alice.call("bob")) {
    run_for(2s);
    EXPECT_TRUE(leg.confirmed());
    clear_wire();
  }

  CommandId transfer_bob(std::string_view destination = "carol") { return transfer(leg.call_id(), Side::Callee, destination); }
  /// Alice and bob talk to each other, and nobody else does.
  void expect_call_as_before() {
    run_for(1s);
    EXPECT_EQ(alice.active(), 1U);
    EXPECT_EQ(bob.active(), 1U);
    EXPECT_EQ(carol.active(), 0U);
    EXPECT_FALSE(leg.ended());
    EXPECT_EQ(alice.leg(0).hears(), "bob");
    EXPECT_EQ(exchange->calls(), 1U);
  }
  void finish() {
    alice.hang_up();
    bob.hang_up();
    carol.hang_up();
    run_for(2s);
    expect_nothing_left();
  }

  ScriptedPhone& alice;
  ScriptedPhone& bob;
  ScriptedPhone& carol;
  PhoneLeg& leg;
};

PhoneScript refuses_refer(int status = 405) {
  PhoneScript script;
  script.refer = status;
  return script;
}

PhoneScript answers_with(int status) {
  PhoneScript script;
  script.answer = status;
  return script;
}

TEST(TransferCommand, has_the_called_party_call_the_destination_and_ends_the_call_when_that_answers) {
  TransferWorld world;
  const CommandId id = world.transfer_bob();
  ASSERT_TRUE(world.run_until_event(id, "TransferSuccessful"));
  EXPECT_THAT(world.commands.texts(id),
              ElementsAre("Transferring", "TransferStart", "TransferPending 100 Trying", "TransferPending 180 Ringing", "TransferSuccessful", "Ended"));
  world.run_for(5s);
  EXPECT_THAT(world.ladder("X", "bob", world.bob.leg(0).call_id()),
              ElementsAre("> REFER", "< 202 REFER", "< NOTIFY", "> 200 NOTIFY", "< NOTIFY", "> 200 NOTIFY", "> BYE", "< NOTIFY", "< 200 BYE", "> 200 NOTIFY"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> BYE", "< 200 BYE"));
  EXPECT_EQ(world.bob.leg(1).hears(), "carol");
  EXPECT_EQ(world.carol.leg(0).hears(), "bob");
  EXPECT_EQ(world.exchange->calls(), 1U);
  EXPECT_EQ(world.message("X", "carol", "INVITE").header("To"), "<sip:carol@192.0.2.1>") << "without the token";
  for (const CommandEvent& event : world.commands.events(id)) {
    const bool early = event.kind == CommandEvent::Kind::Transferring;
    EXPECT_EQ(event.call_id, early ? "" : world.bob.leg(1).call_id()) << to_text(event);
    EXPECT_THAT(event.destination, StartsWith("sip:carol@")) << to_text(event);
  }
  world.finish();
}

TEST(TransferCommand, names_the_exchange_the_destination_and_the_other_party_in_refer) {
  TransferWorld world;
  const CommandId id = world.transfer_bob();
  ASSERT_TRUE(world.run_until_ended(id));
  const SentMessage refer = world.message("X", "bob", "REFER");
  EXPECT_THAT(refer.header("Refer-To"), StartsWith("<sip:carol@192.0.2.1:5060;cw-command=" + std::to_string(id.value) + "-"));
  EXPECT_EQ(refer.header("Referred-By"), "<sip:alice@192.0.2.1>");
  world.finish();
}

TEST(TransferCommand, transfers_the_calling_party_as_well_by_either_call_id) {
  TransferWorld world;
  const CommandId id = world.transfer(world.bob.leg(0).call_id(), Side::Caller, "carol");
  ASSERT_TRUE(world.run_until_event(id, "TransferSuccessful"));
  EXPECT_THAT(world.message("X", "alice", "REFER").header("Refer-To"), StartsWith("<sip:carol@192.0.2.1"));
  world.run_for(2s);
  EXPECT_EQ(world.alice.leg(1).hears(), "carol");
  EXPECT_EQ(world.bob.active(), 0U);
  EXPECT_EQ(world.carol.leg(0).hears(), "alice");
  world.finish();
}

TEST(TransferCommand, is_refused_for_a_call_that_is_not_there_or_not_up) {
  TransferWorld world;
  const CommandId unknown = world.transfer("nobody's", Side::Caller, "carol");
  EXPECT_THAT(world.commands.texts(unknown), ElementsAre("Failed 404 Dialog not found", "Ended"));
  world.add_phone("dave", answers_with(0));
  PhoneLeg& ringing = world.carol.call("dave");
  world.run_for(1s);
  const CommandId early = world.transfer(ringing.call_id(), Side::Caller, "bob");
  EXPECT_THAT(world.commands.texts(early), ElementsAre("Failed 410 Dialog not ready", "Ended"));
  world.finish();
}

TEST(TransferCommand, takes_one_transfer_of_a_party_at_a_time) {
  TransferWorld world;
  const CommandId first = world.transfer_bob();
  const CommandId second = world.transfer_bob();
  EXPECT_THAT(world.commands.texts(second), ElementsAre("Failed 491 Request Pending", "Ended"));
  ASSERT_TRUE(world.run_until_event(first, "TransferSuccessful"));
  world.finish();
}

TEST(TransferCommand, leaves_the_call_as_it_was_when_the_destination_refuses_and_may_be_tried_again) {
  TransferWorld world({}, {}, answers_with(486));
  const CommandId id = world.transfer_bob();
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), Contains("Failed failed to reach the destination: 486 Busy Here"));
  EXPECT_EQ(world.count("X", "bob", "BYE"), 0U);
  world.expect_call_as_before();
  world.carol.script.answer = 200;
  const CommandId again = world.transfer_bob();
  ASSERT_TRUE(world.run_until_event(again, "TransferSuccessful"));
  world.finish();
}

TEST(TransferCommand, tells_that_the_destination_cannot_be_found) {
  TransferWorld world;
  const CommandId id = world.transfer_bob("nobody");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Transferring", "Failed failed to reach the destination: 404 Not Found", "Ended"));
  world.expect_call_as_before();
  world.finish();
}

TEST(TransferCommand, gives_up_a_phone_that_agrees_to_call_but_does_not) {
  PhoneScript idle;
  idle.dials = PhoneScript::Dials::No;
  TransferWorld world({}, idle);
  const CommandId id = world.transfer_bob();
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), Contains("Failed the phone agreed to call the destination but did not"));
  world.expect_call_as_before();
  world.finish();
}

TEST(TransferCommand, goes_on_when_the_phone_hangs_up_as_soon_as_it_calls) {
  PhoneScript hasty;
  hasty.after_refer = PhoneScript::AfterRefer::HangsUp;
  TransferWorld world({}, hasty);
  const CommandId id = world.transfer_bob();
  ASSERT_TRUE(world.run_until_event(id, "TransferSuccessful"));
  world.run_for(2s);
  EXPECT_EQ(world.bob.leg(1).hears(), "carol");
  EXPECT_EQ(world.alice.active(), 0U);
  world.finish();
}

class DirectTransfer : public testing::TestWithParam<int> {};

TEST_P(DirectTransfer, puts_the_destination_in_the_place_of_the_other_where_the_phone_does_not_know_refer) {
  TransferWorld world({}, refuses_refer(GetParam()));
  const CommandId id = world.transfer_bob();
  ASSERT_TRUE(world.run_until_event(id, "TransferSuccessful"));
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Transferring", "TransferStart", "TransferPending 180 Ringing", "TransferSuccessful", "Ended"));
  world.run_for(2s);
  EXPECT_THAT(world.ladder("X", "carol"), ElementsAre("> INVITE", "< 180 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "bob"),
              ElementsAre("> REFER", "< " + std::to_string(GetParam()) + " REFER", "> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.message("X", "carol", "INVITE").header("From"), HasSubstr("sip:bob@192.0.2.1"));
  EXPECT_EQ(world.alice.active(), 0U);
  EXPECT_EQ(world.bob.leg(0).hears(), "carol");
  EXPECT_EQ(world.carol.leg(0).hears(), "bob");
  EXPECT_EQ(world.exchange->calls(), 1U);
  world.end(world.commands.events(id).back().call_id);
  world.run_for(2s);
  EXPECT_EQ(world.bob.active() + world.carol.active(), 0U) << "the call goes by the Call-ID of the event";
  world.finish();
}

INSTANTIATE_TEST_SUITE_P(status, DirectTransfer, testing::Values(405, 501, 603));

TEST(TransferCommand, calls_the_destination_itself_when_the_phone_does_not_answer_refer) {
  TransferWorld world;
  world.drop("X", "bob", "REFER");
  const CommandId id = world.transfer_bob();
  ASSERT_TRUE(world.run_until_event(id, "TransferSuccessful"));
  world.stop_dropping();
  world.run_for(40s);
  EXPECT_EQ(world.bob.leg(0).hears(), "carol");
  EXPECT_EQ(world.alice.active(), 0U);
  world.finish();
}

TEST(TransferCommand, leaves_the_call_as_it_was_when_the_destination_does_not_answer_the_exchange) {
  for (const int status : {0, 486, 603}) {
    TransferWorld world({}, refuses_refer(), answers_with(status));
    const CommandId id = world.transfer_bob();
    ASSERT_TRUE(world.run_until_ended(id));
    EXPECT_THAT(world.commands.texts(id), Contains(StartsWith("Failed failed to reach the destination: " + std::to_string(status == 0 ? 408 : status))));
    world.expect_call_as_before();
    world.finish();
  }
}

TEST(TransferCommand, leaves_the_call_as_it_was_when_the_party_refuses_the_media_of_the_destination) {
  PhoneScript stubborn = refuses_refer();
  stubborn.reinvite = 488;
  TransferWorld world({}, stubborn);
  const CommandId id = world.transfer_bob();
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), Contains("Failed failed to join the media of the party and the destination: 488 Not Acceptable Here"));
  world.expect_call_as_before();
  world.finish();
}

/// Alice talks to bob and has carol on the other line.
struct Consultation : TransferWorld {
  explicit Consultation(PhoneScript bob_script = {}, PhoneScript carol_script = {}) : TransferWorld({}, bob_script, carol_script), other(alice.call("carol")) {
    run_for(2s);
    EXPECT_TRUE(other.confirmed());
    clear_wire();
  }
  CommandId join_bob_and_carol() { return transfer({leg.call_id(), Side::Callee}, {other.call_id(), Side::Callee}); }
  void expect_calls_as_before() {
    run_for(1s);
    EXPECT_EQ(alice.active(), 2U);
    EXPECT_EQ(bob.active(), 1U);
    EXPECT_EQ(carol.active(), 1U);
    EXPECT_EQ(exchange->calls(), 2U);
  }

  PhoneLeg& other;
};

TEST(AttendedTransferCommand, connects_the_two_with_whom_somebody_talks) {
  Consultation world;
  const CommandId id = world.join_bob_and_carol();
  ASSERT_TRUE(world.run_until_event(id, "TransferSuccessful"));
  world.run_for(5s);
  const auto texts = world.commands.texts(id);
  EXPECT_EQ(std::vector(texts.begin(), texts.begin() + 2), (std::vector<std::string>{"Transferring", "TransferStart"}));
  EXPECT_THAT(texts, Contains("TransferPending 100 Trying"));
  EXPECT_THAT(world.message("X", "bob", "REFER").header("Refer-To"), StartsWith("<sip:carol@192.0.2.1:5060;cw-command=" + std::to_string(id.value) + "-"));
  EXPECT_THAT(world.message("X", "carol", "INVITE").header("To"), HasSubstr("carol")) << "a re-INVITE";
  EXPECT_EQ(world.bob.leg(1).hears(), "carol");
  EXPECT_EQ(world.carol.leg(0).hears(), "bob");
  EXPECT_EQ(world.alice.active(), 0U);
  EXPECT_EQ(world.bob.active(), 1U);
  EXPECT_EQ(world.exchange->calls(), 1U);
  const CommandEvent& last = world.commands.events(id).back();
  EXPECT_EQ(last.call_id, world.bob.leg(1).call_id());
  EXPECT_EQ(last.destination, "sip:carol@192.0.2.1");
  world.finish();
}

TEST(AttendedTransferCommand, takes_the_callers_of_both_calls_as_well) {
  ExchangeWorld world;
  ScriptedPhone& alice = world.add_phone("alice");
  ScriptedPhone& bob = world.add_phone("bob");
  ScriptedPhone& carol = world.add_phone("carol");
  PhoneLeg& first = bob.call("alice");
  PhoneLeg& second = carol.call("alice");
  world.run_for(2s);
  const CommandId id = world.transfer({first.call_id(), Side::Caller}, {second.call_id(), Side::Caller});
  ASSERT_TRUE(world.run_until_event(id, "TransferSuccessful"));
  world.run_for(2s);
  EXPECT_EQ(bob.leg(1).hears(), "carol");
  EXPECT_EQ(carol.leg(0).hears(), "bob");
  EXPECT_EQ(alice.active(), 0U);
  bob.hang_up();
  world.run_for(1s);
  world.expect_nothing_left();
}

TEST(AttendedTransferCommand, is_refused_where_a_call_is_not_there) {
  Consultation world;
  const std::string known = world.leg.call_id();
  EXPECT_THAT(world.commands.texts(world.transfer({known, Side::Callee}, {"nobody's", Side::Callee})),
              ElementsAre("Failed 404 Transfer dialog not found", "Ended"));
  EXPECT_THAT(world.commands.texts(world.transfer({"nobody's", Side::Callee}, {known, Side::Callee})), ElementsAre("Failed 404 Dialog not found", "Ended"));
  EXPECT_THAT(world.commands.texts(world.transfer({known, Side::Callee}, {known, Side::Caller})), ElementsAre("Failed 400 the two calls are one", "Ended"));
  world.expect_calls_as_before();
  world.finish();
}

TEST(AttendedTransferCommand, leaves_both_calls_as_they_were_when_a_phone_refuses) {
  PhoneScript stubborn;
  stubborn.reinvite = 488;
  Consultation world({}, stubborn);
  const CommandId id = world.join_bob_and_carol();
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), Contains("Failed failed to reach the destination: 488 Not Acceptable Here"));
  world.expect_calls_as_before();
  world.finish();
}

TEST(AttendedTransferCommand, connects_the_two_where_the_phone_does_not_know_REFER) {
  for (const int refer : {405, 501, 603}) {
    Consultation world(refuses_refer(refer));
    const CommandId id = world.join_bob_and_carol();
    ASSERT_TRUE(world.run_until_ended(id)) << refer;
    const auto texts = world.commands.texts(id);
    EXPECT_THAT(texts, ElementsAre(StartsWith("Transferring"), StartsWith("TransferStart"), StartsWith("TransferSuccessful"), "Ended")) << refer;
    world.run_for(2s);
    EXPECT_EQ(world.bob.leg(0).hears(), "carol") << refer;
    EXPECT_EQ(world.carol.leg(0).hears(), "bob") << refer;
    EXPECT_EQ(world.alice.active(), 0U) << refer;
    world.finish();
  }
}

TEST(AttendedTransferCommand, waits_for_an_offer_of_the_call_before_that_the_party_has_under_way) {
  Consultation world(refuses_refer());
  const CommandId id = world.join_bob_and_carol();
  ASSERT_TRUE(world.run_until_event(id, "TransferStart"));
  // Alice's phone takes bob back from hold when the consultation ends, and the answer to that is late.
  world.drop("bob", "X", "200 INVITE");
  world.leg.reinvite(world.alice.sdp(2));
  world.run_for(1s);
  EXPECT_THAT(world.commands.texts(id), testing::Not(Contains("Ended")));
  world.stop_dropping();
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), Contains(StartsWith("TransferSuccessful")));
  world.run_for(2s);
  EXPECT_EQ(world.bob.leg(0).hears(), "carol");
  EXPECT_EQ(world.carol.leg(0).hears(), "bob");
  EXPECT_EQ(world.alice.active(), 0U);
  world.finish();
}

TEST(AttendedTransferCommand, leaves_the_call_of_a_phone_without_REFER_when_the_destination_does_not_agree) {
  PhoneScript stubborn;
  stubborn.reinvite = 488;
  Consultation world(refuses_refer(), stubborn);
  const CommandId id = world.join_bob_and_carol();
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_THAT(world.commands.texts(id), Contains("Failed the destination does not agree: 488 Not Acceptable Here"));
  world.run_for(1s);
  EXPECT_EQ(world.bob.leg(0).hears(), "alice");
  world.finish();
}

TEST(AttendedTransferCommand, survives_a_hang_up_of_anybody_at_any_moment) {
  for (const char* const who : {"alice", "bob", "carol", "first call", "second call", "cancel"}) {
    for (base::Duration after = 0ms; after < 600ms; after += 20ms) {
      Consultation world;
      const std::string first = world.leg.call_id();
      const std::string second = world.other.call_id();
      const CommandId id = world.join_bob_and_carol();
      world.run_for(after);
      const std::string_view name = who;
      if (name == "cancel") {
        world.exchange->cancel(id);
      } else if (name.ends_with("call")) {
        world.end(name == "first call" ? first : second);
      } else {
        (name == "alice" ? world.alice : name == "bob" ? world.bob : world.carol).hang_up();
      }
      ASSERT_TRUE(world.run_until_ended(id)) << who << " after " << after / 1ms << " ms";
      world.finish();
    }
  }
}

/// Whoever hangs up at whatever moment of a transfer: it ends, and nothing hangs.
struct Moment {
  const char* who;
  bool knows_refer;
};
class TransferMoments : public testing::TestWithParam<Moment> {};

TEST_P(TransferMoments, survive_a_hang_up) {
  for (base::Duration after = 0ms; after < 1s; after += 20ms) {
    TransferWorld world({}, GetParam().knows_refer ? PhoneScript{} : refuses_refer());
    const CommandId id = world.transfer_bob();
    world.run_for(after);
    const std::string who = GetParam().who;
    if (who == "alice") {
      world.alice.hang_up();
    } else if (who == "bob") {
      world.bob.hang_up();
    } else if (who == "carol") {
      world.carol.hang_up();
    } else if (who == "the call") {
      world.end(world.leg.call_id());
    } else {
      world.exchange->cancel(id);
    }
    ASSERT_TRUE(world.run_until_ended(id)) << who << " after " << after / 1ms << " ms";
    world.finish();
  }
}

INSTANTIATE_TEST_SUITE_P(who, TransferMoments,
                         testing::Values(Moment{"alice", true}, Moment{"alice", false}, Moment{"bob", true}, Moment{"bob", false}, Moment{"carol", true},
                                         Moment{"carol", false}, Moment{"the call", true}, Moment{"the call", false}, Moment{"cancel", true},
                                         Moment{"cancel", false}),
                         [](const auto& moment) {
                           std::string name = moment.param.who;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name + (moment.param.knows_refer ? "_with_refer" : "_without_refer");
                         });

}  // namespace
}  // namespace callwright::simulation
