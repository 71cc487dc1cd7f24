// A call that rings is picked up by somebody else: INVITE with Replaces of an early dialog (RFC 3891 §3, RFC 5359 §2.17), by the names in dialog-info.
#include "sim/exchange_world.hpp"
#include "sim/lamp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAlice = "sip:alice@192.0.2.1";
constexpr const char* kElsewhere = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// The value of an attribute in XML that has it once.
std::string attribute(const std::string& xml, const std::string& name) {
  const std::size_t at = xml.find(" " + name + "=\"");
  if (at == std::string::npos) {
    return {};
  }
  const std::size_t value = at + name.size() + 3;
  return xml.substr(value, xml.find('"', value) - value);
}

struct Pickups : ExchangeWorld, testing::Test {
  Pickups() { bob.script.answer = 0; }

  /// Alice's call to bob, who lets it ring.
  PhoneLeg& ring() {
    PhoneLeg& call = alice.call("bob");
    run_for(500ms);
    return call;
  }
  /// What a phone with a lamp for bob puts into Replaces: its tags are those of the document, seen from the other side (RFC 4235 §4.1.2).
  std::string name_on_lamp(const Lamp& lamp) {
    const std::string& xml = lamp.bodies.back();
    return attribute(xml, "call-id") + ";to-tag=" + attribute(xml, "remote-tag") + ";from-tag=" + attribute(xml, "local-tag");
  }
  /// As bob's own phone knows it.
  std::string name_at_bob() { return bob.leg(0).session()->dialog().call_id + tags_at_bob(); }
  std::string tags_at_bob() {
    const sip::Dialog& dialog = bob.leg(0).session()->dialog();
    return ";to-tag=" + dialog.remote_tag + ";from-tag=" + dialog.local_tag;
  }
  PhoneLeg& pick_up(ScriptedPhone& phone, const std::string& name, std::string_view sdp) {
    PhoneLeg& call = phone.dial(std::string(kAlice) + "?Replaces=" + sip::escape_header_value(name), sdp);
    run_for(2s);
    return call;
  }
  void expect_connected(PhoneLeg& call, PhoneLeg& pickup) {
    EXPECT_TRUE(pickup.confirmed());
    EXPECT_EQ(pickup.hears(), "alice");
    EXPECT_TRUE(call.confirmed());
    EXPECT_EQ(call.hears(), "carol");
    EXPECT_EQ(bob.active(), 0U);
    EXPECT_EQ(exchange->calls(), 1U);
  }

  ScriptedPhone& alice = add_phone("alice");
  ScriptedPhone& bob = add_phone("bob");
  ScriptedPhone& carol = add_phone("carol");
};

TEST_F(Pickups, ringing_call_is_picked_up_by_the_names_on_the_lamp) {
  Lamp lamp(carol, "bob", "dialog");
  PhoneLeg& call = ring();
  ASSERT_THAT(lamp.bodies.back(), HasSubstr("<state>early</state>"));
  EXPECT_EQ(name_on_lamp(lamp), name_at_bob());
  PhoneLeg& pickup = pick_up(carol, name_on_lamp(lamp) + ";early-only", carol.sdp());
  expect_connected(call, pickup);
  EXPECT_EQ(message("X", "bob", "CANCEL").header("Reason"), kElsewhere);
  EXPECT_THAT(ladder("X", "alice", call.call_id()), ElementsAre("< INVITE", "> 401 INVITE", "< ACK", "< INVITE", "> 100 INVITE", "> 180 INVITE", "> 200 INVITE",
                                                                "< ACK", "> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(message("X", "alice", "200 INVITE").body(), HasSubstr("a=inactive")) << "whom she talks to is not settled yet";
  EXPECT_EQ(message("X", "alice", "INVITE").body(), carol.sdp());
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("<state>terminated</state>"));
  call.hang_up();
  run_for(1s);
  EXPECT_TRUE(pickup.ended());
  lamp.subscriber->stop();
  expect_nothing_left();
}

TEST_F(Pickups, lamps_tell_who_talks_now) {
  ring();
  pick_up(carol, name_at_bob(), carol.sdp());
  Lamp lamp(bob, "carol", "dialog");
  run_for(1s);
  EXPECT_THAT(lamp.bodies.at(0), HasSubstr("direction=\"recipient\"><state>confirmed</state><remote><identity>sip:alice@192.0.2.1</identity>"));
  EXPECT_THAT(lamp.bodies.at(0), Not(HasSubstr("call-id"))) << "nobody is to be pushed out of a call";
  alice.hang_up();
  lamp.subscriber->stop();
  expect_nothing_left();
  EXPECT_EQ(exchange->states().dialogs().calls(), 0U);
}

TEST_F(Pickups, lamp_of_the_caller_names_nothing) {
  Lamp lamp(carol, "alice", "dialog");
  ring();
  EXPECT_THAT(lamp.bodies.back(), HasSubstr("direction=\"initiator\"><state>early</state>"));
  EXPECT_THAT(lamp.bodies.back(), Not(HasSubstr("call-id")));
  alice.hang_up();
  lamp.subscriber->stop();
  expect_nothing_left();
}

TEST_F(Pickups, every_phone_that_rings_stops) {
  ScriptedPhone& desk = add_second_phone("bob", {.answer = 0});
  PhoneLeg& call = ring();
  ASSERT_EQ(desk.legs(), 1U);
  expect_connected(call, pick_up(carol, name_at_bob(), carol.sdp()));
  EXPECT_EQ(desk.active(), 0U);
  EXPECT_EQ(count("X", "bob", "CANCEL"), 1U);
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Pickups, phone_that_lost_the_race_is_told_that_another_answered) {
  bob.script.answer = 200;
  add_second_phone("bob", {.answer = 0});
  PhoneLeg& call = alice.call("bob");
  run_for(2s);
  EXPECT_TRUE(call.confirmed());
  EXPECT_EQ(message("X", "", "CANCEL").header("Reason"), kElsewhere);
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Pickups, early_media_given_reliably_does_not_matter) {
  bob.script.ring_sdp = PhoneScript::RingSdp::Early;
  PhoneLeg& call = ring();
  ASSERT_EQ(call.hears(), "bob");
  expect_connected(call, pick_up(carol, name_at_bob(), carol.sdp()));
  EXPECT_EQ(message("X", "alice", "200 INVITE").body(), "");
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Pickups, newcomer_without_offer_gets_that_of_the_caller) {
  PhoneLeg& call = ring();
  expect_connected(call, pick_up(carol, name_at_bob(), {}));
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Pickups, caller_without_offer_gets_that_of_the_newcomer) {
  PhoneLeg& call = alice.dial("sip:bob@192.0.2.1", {});
  run_for(500ms);
  EXPECT_EQ(pick_up(carol, name_at_bob(), {}).end_status(), 488) << "nobody makes an offer";
  expect_connected(call, pick_up(carol, name_at_bob(), carol.sdp()));
  EXPECT_EQ(message("X", "alice", "200 INVITE").body(), carol.sdp());
  EXPECT_EQ(count("X", "alice", "INVITE"), 0U);
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Pickups, those_with_no_codec_in_common_are_refused_and_it_rings_on) {
  PhoneLeg& call = ring();
  std::string sdp = carol.sdp();
  sdp.replace(sdp.find("RTP/AVP 0\r\na=rtpmap:0 PCMU"), 26, "RTP/AVP 9\r\na=rtpmap:9 G722");
  EXPECT_EQ(pick_up(carol, name_at_bob(), sdp).end_status(), 488);
  EXPECT_EQ(bob.active(), 1U);
  EXPECT_FALSE(call.confirmed());
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Pickups, only_users_who_know_the_dialog_may) {
  PhoneLeg& call = ring();
  const std::string name = name_at_bob();
  EXPECT_EQ(pick_up(add_stranger("mallory"), name, carol.sdp()).end_status(), 403);
  EXPECT_EQ(pick_up(carol, bob.leg(0).call_id() + ";to-tag=guessed;from-tag=guessed", carol.sdp()).end_status(), 481);
  const sip::Dialog& dialog = bob.leg(0).session()->dialog();
  EXPECT_EQ(pick_up(carol, dialog.call_id + ";to-tag=" + dialog.remote_tag + ";from-tag=guessed", carol.sdp()).end_status(), 481);
  EXPECT_EQ(bob.active(), 1U);
  EXPECT_FALSE(call.confirmed());
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Pickups, dialog_of_the_caller_cannot_be_replaced_while_it_rings) {
  bob.script.ring_sdp = PhoneScript::RingSdp::Early;
  PhoneLeg& call = ring();
  const std::string to = message("X", "alice", "180 INVITE").header("To");
  const std::string from = message("X", "alice", "180 INVITE").header("From");
  const auto tag = [](const std::string& field) { return field.substr(field.find(";tag=") + 5); };
  EXPECT_EQ(pick_up(carol, call.call_id() + ";to-tag=" + tag(to) + ";from-tag=" + tag(from), carol.sdp()).end_status(), 481)
      << "RFC 3891 §3: the exchange did not start that dialog";
  EXPECT_EQ(bob.active(), 1U);
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Pickups, early_only_is_too_late_once_it_is_answered) {
  bob.script.answer = 200;
  ring();
  ASSERT_TRUE(bob.leg(0).confirmed());
  EXPECT_EQ(pick_up(carol, name_at_bob() + ";early-only", carol.sdp()).end_status(), 486);
  EXPECT_EQ(bob.active(), 1U);
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Pickups, answer_that_crosses_the_cancel_gets_bye) {
  PhoneLeg& call = ring();
  const std::string name = name_at_bob();
  drop("X", "bob", "CANCEL");
  PhoneLeg& pickup = carol.dial(std::string(kAlice) + "?Replaces=" + sip::escape_header_value(name), carol.sdp());
  run_for(100ms);
  ASSERT_TRUE(bob.leg(0).session()->accept(bob.sdp()));
  run_for(2s);
  EXPECT_EQ(count("X", "bob", "BYE"), 1U);
  expect_connected(call, pickup);
  stop_dropping();
  alice.hang_up();
  expect_nothing_left();
}

TEST_F(Pickups, newcomer_who_gives_up_ends_the_call) {
  PhoneLeg& call = ring();
  drop("alice", "X", "ACK");
  PhoneLeg& pickup = carol.dial(std::string(kAlice) + "?Replaces=" + sip::escape_header_value(name_at_bob()), carol.sdp());
  run_for(300ms);
  pickup.hang_up();
  stop_dropping();
  run_for(5s);
  EXPECT_EQ(pickup.end_status(), 487);
  EXPECT_TRUE(call.ended());
  expect_nothing_left();
}

TEST_F(Pickups, caller_who_hangs_up_meanwhile_ends_the_call) {
  PhoneLeg& call = ring();
  drop("alice", "X", "200 INVITE");
  PhoneLeg& pickup = carol.dial(std::string(kAlice) + "?Replaces=" + sip::escape_header_value(name_at_bob()), carol.sdp());
  run_for(300ms);
  call.hang_up();
  stop_dropping();
  run_for(5s);
  EXPECT_TRUE(pickup.ended());
  EXPECT_FALSE(pickup.confirmed());
  expect_nothing_left();
}

TEST_F(Pickups, caller_who_refuses_the_newcomers_offer_ends_the_call) {
  alice.script.reinvite = 488;
  PhoneLeg& call = ring();
  PhoneLeg& pickup = pick_up(carol, name_at_bob(), carol.sdp());
  EXPECT_EQ(pickup.end_status(), 488);
  EXPECT_TRUE(call.ended());
  expect_nothing_left();
}

TEST_F(Pickups, call_that_a_command_asked_for_counts_as_answered) {
  const call::CommandId id = start("alice", "bob");
  run_for(1s);
  ASSERT_EQ(bob.legs(), 1U);
  PhoneLeg& pickup = pick_up(carol, name_at_bob(), carol.sdp());
  EXPECT_TRUE(pickup.confirmed());
  EXPECT_EQ(pickup.hears(), "alice");
  EXPECT_TRUE(commands.has(id, "CalleeAnswered"));
  EXPECT_TRUE(commands.ended(id));
  carol.hang_up();
  run_for(1s);
  EXPECT_EQ(alice.active(), 0U);
  expect_nothing_left();
}

TEST_F(Pickups, command_that_is_cancelled_meanwhile_ends_it_for_all) {
  const call::CommandId id = start("alice", "bob");
  run_for(1s);
  ASSERT_EQ(bob.legs(), 1U);
  drop("alice", "X", "200 INVITE");
  PhoneLeg& pickup = carol.dial(std::string(kAlice) + "?Replaces=" + sip::escape_header_value(name_at_bob()), carol.sdp());
  run_for(300ms);
  ASSERT_FALSE(commands.ended(id));
  exchange->cancel(id);
  stop_dropping();
  run_for(5s);
  EXPECT_TRUE(commands.ended(id));
  EXPECT_TRUE(pickup.ended());
  EXPECT_EQ(alice.active(), 0U);
  expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
