// Transfers and hold over an OpenSIPS proxy.
#include "sim/opensips_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::sim {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using Change = call::HoldCall::Change;

class OpenSipsCalls : public ::testing::Test {
 protected:
  OpenSipsCalls() { add_calls(world); }
  static void add_calls(OpenSipsWorld& to) {
    to.proxy.add_call("x1", "sip:alice@p", "sip:bob@p");
    to.proxy.add_call("x2", "sip:alice@p", "sip:carol@p");
  }
  void expect_quiet() const {
    EXPECT_TRUE(world.all_ended_once());
    EXPECT_EQ(world.connector.alive(), 0U);
    EXPECT_EQ(world.connector.requests(), 0U);
  }
  OpenSipsWorld world;
};

TEST_F(OpenSipsCalls, transfers_a_party_and_ends_the_old_call_after_the_answer) {
  const auto id = world.submit(call::TransferCall{{"x1", call::Side::Callee}, "sip:carol@p"});
  world.run_for(seconds(5));
  EXPECT_THAT(world.told(id), ElementsAre("Transferring", "TransferStart", "TransferPending: 180 Ringing", "TransferSuccessful", "Ended"));
  EXPECT_EQ(world.events(id)[3].call_id, "new1@sip:bob@p");
  EXPECT_EQ(world.events(id)[3].destination, "sip:carol@p");
  EXPECT_FALSE(world.proxy.dialogs.contains("x1"));
  expect_quiet();
}

TEST_F(OpenSipsCalls, leaves_the_call_when_the_target_is_busy_and_says_that_it_is_transferred_once) {
  OpenSipsWorld unhelped({}, {.third_party = false});
  add_calls(unhelped);
  unhelped.proxy.phones["sip:carol@p"].answer_status = 486;
  const auto busy = unhelped.submit(call::TransferCall{{"x1", call::Side::Caller}, "sip:carol@p"});
  unhelped.run_for(seconds(5));
  EXPECT_THAT(unhelped.told(busy),
              ElementsAre("Transferring", "TransferStart", "TransferPending: 180 Ringing", "Failed: failed to reach the destination: 486 Busy Here", "Ended"));
  EXPECT_EQ(unhelped.proxy.dialogs.at("x1").state, 4);
  const auto again = unhelped.submit(call::TransferCall{{"x1", call::Side::Caller}, "sip:carol@p"});
  unhelped.run_for(seconds(5));
  EXPECT_THAT(unhelped.told(again), ElementsAre("Failed: 491 Request Pending: OpenSIPS takes no second transfer of a call", "Ended"));
  EXPECT_EQ(unhelped.connector.alive(), 0U);
}

TEST_F(OpenSipsCalls, asks_for_another_transfer_at_once_when_one_has_failed) {
  world.proxy.phones["sip:carol@p"].answer_status = 486;
  const auto busy = world.submit(call::TransferCall{{"x1", call::Side::Caller}, "sip:carol@p"});
  while (world.told(busy).empty() || world.told(busy).back() != "Ended") {
    world.run_for(std::chrono::milliseconds(1));
  }
  world.proxy.phones["sip:carol@p"].answer_status = 200;
  const auto again = world.submit(call::TransferCall{{"x1", call::Side::Caller}, "sip:carol@p"});
  // Of the first one, from another process of the proxy.
  world.connector.on_datagram(
      R"({"method":"E_CALL_TRANSFER","params":{"callid":"x1","transfer_callid":"new1@sip:alice@p","state":"notify","status":"486 Busy Here"}})");
  world.run_for(seconds(5));
  EXPECT_THAT(world.told(again), ElementsAre("Transferring", "TransferStart", "TransferPending: 180 Ringing", "TransferSuccessful", "Ended"));
}

TEST_F(OpenSipsCalls, names_what_cannot_be_transferred) {
  const auto unknown = world.submit(call::TransferCall{{"x9", call::Side::Caller}, "sip:carol@p"});
  const auto joined = world.submit(call::TransferCall{{"x1", call::Side::Caller}, "", call::CallParty{"x9", call::Side::Caller}});
  const auto self = world.submit(call::TransferCall{{"x2", call::Side::Caller}, "", call::CallParty{"x2", call::Side::Callee}});
  world.run_for(seconds(1));
  EXPECT_THAT(world.told(unknown), ElementsAre("Failed: 404 Dialog not found", "Ended"));
  EXPECT_THAT(world.told(joined), ElementsAre("Failed: 404 Transfer dialog not found", "Ended"));
  EXPECT_THAT(world.told(self), ElementsAre("Failed: 400 the two calls are one", "Ended"));
  expect_quiet();
}

TEST_F(OpenSipsCalls, connects_parties_of_two_calls) {
  const auto id = world.submit(call::TransferCall{{"x1", call::Side::Callee}, "", call::CallParty{"x2", call::Side::Callee}});
  world.run_for(seconds(5));
  EXPECT_THAT(world.told(id), ElementsAre("Transferring", "TransferStart", "TransferPending: 180 Ringing", "TransferSuccessful", "Ended"));
  EXPECT_FALSE(world.proxy.dialogs.contains("x1"));
  expect_quiet();
}

TEST_F(OpenSipsCalls, ends_a_transfer_that_the_phone_ignores_where_the_proxy_may_not_help) {
  OpenSipsWorld unhelped({}, {.third_party = false});
  add_calls(unhelped);
  unhelped.proxy.phones["sip:bob@p"].refer = ProxyPhone::Refer::Ignore;
  const auto id = unhelped.submit(call::TransferCall{{"x1", call::Side::Callee}, "sip:carol@p"});
  unhelped.run_for(seconds(33));
  EXPECT_THAT(unhelped.told(id), ElementsAre("Transferring", "Failed: failed to transfer: 408 Request Timeout, the phone has not followed the REFER", "Ended"));
  EXPECT_EQ(unhelped.connector.alive(), 0U);
}

TEST_F(OpenSipsCalls, cancels_a_call_that_a_cancelled_transfer_has_begun) {
  world.proxy.phones["sip:carol@p"].answer_after = seconds(60);
  const auto id = world.submit(call::TransferCall{{"x1", call::Side::Callee}, "sip:carol@p"});
  world.run_for(seconds(1));
  ASSERT_EQ(world.proxy.dialogs.size(), 3U);
  world.connector.cancel(id);
  world.run_for(seconds(1));
  EXPECT_EQ(world.told(id).back(), "Ended");
  EXPECT_EQ(world.proxy.dialogs.size(), 2U);
  expect_quiet();
}

TEST_F(OpenSipsCalls, holds_and_takes_back_both_parties) {
  const auto held = world.submit(call::HoldCall{"x1"});
  world.run_for(seconds(1));
  EXPECT_EQ(world.told(held).back(), "Ended");
  EXPECT_THAT(world.told(held), UnorderedElementsAre("CallHolding", "CallHoldStart caller", "CallHoldStart callee", "CallHoldSuccessful caller",
                                                     "CallHoldSuccessful callee", "Ended"));
  const auto twice = world.submit(call::HoldCall{"x1"});
  world.run_for(seconds(1));
  EXPECT_THAT(world.told(twice), ElementsAre("Failed: 480 Both dialog legs are on hold", "Ended"));
  const auto back = world.submit(call::HoldCall{"x1", {}, Change::Unhold});
  world.run_for(seconds(1));
  EXPECT_EQ(world.told(back).size(), 6U);
  const auto none = world.submit(call::HoldCall{"x1", {}, Change::Unhold});
  world.run_for(seconds(1));
  EXPECT_THAT(world.told(none), ElementsAre("Failed: 480 No dialog legs on hold", "Ended"));
  expect_quiet();
}

TEST_F(OpenSipsCalls, ends_a_hold_of_which_one_party_is_held_already) {
  world.proxy.dialogs.at("x1").held.insert("caller");
  const auto id = world.submit(call::HoldCall{"x1"});
  world.run_for(seconds(3));
  EXPECT_THAT(world.told(id), UnorderedElementsAre("CallHolding", "CallHoldStart callee", "CallHoldSuccessful callee", "Ended"));
  expect_quiet();
}

TEST_F(OpenSipsCalls, keeps_the_events_of_two_calls_apart) {
  const auto one = world.submit(call::HoldCall{"x1"});
  const auto two = world.submit(call::HoldCall{"x2"});
  const auto same = world.submit(call::HoldCall{"x1"});
  world.run_for(seconds(3));
  EXPECT_EQ(world.told(one).size(), 6U);
  EXPECT_EQ(world.told(two).size(), 6U);
  EXPECT_THAT(world.told(same), ElementsAre("Failed: 491 Request Pending", "Ended"));
  expect_quiet();
}

TEST_F(OpenSipsCalls, takes_the_other_party_back_when_one_refuses_the_hold) {
  world.proxy.phones["sip:bob@p"].reinvite_status = 488;
  const auto id = world.submit(call::HoldCall{"x1"});
  world.run_for(seconds(3));
  const auto told = world.told(id);
  EXPECT_EQ(told.back(), "Ended");
  EXPECT_THAT(told[told.size() - 2], ::testing::StartsWith("Failed: callee: the phone has refused the re-INVITE"));
  EXPECT_TRUE(world.proxy.dialogs.at("x1").held.empty());
  expect_quiet();
}

TEST_F(OpenSipsCalls, have_no_media_that_could_be_measured) {
  const auto id = world.submit(call::MeasureCall{{"x1"}});
  world.run_for(seconds(1));
  EXPECT_THAT(world.told(id), ElementsAre(::testing::StartsWith("MediaMeasured"), "Ended"));
  expect_quiet();
}

TEST_F(OpenSipsCalls, holds_one_party_where_the_proxy_can) {
  const auto three = world.submit(call::HoldCall{"x1", call::Side::Caller});
  world.run_for(seconds(3));
  EXPECT_THAT(world.told(three),
              ElementsAre("Failed: 501 Not Implemented: OpenSIPS 3 holds both parties of a call; leave out leg, or use OpenSIPS 4", "Ended"));
  OpenSipsWorld four({.version = 4});
  add_calls(four);
  const auto id = four.submit(call::HoldCall{"x1", call::Side::Caller});
  four.run_for(seconds(3));
  EXPECT_EQ(four.told(id).size(), 6U);
  const auto asked = std::ranges::find(four.proxy.methods, "call_hold") - four.proxy.methods.begin();
  EXPECT_EQ(opensips::text_of(four.proxy.requests.at(static_cast<std::size_t>(asked)).find("leg")), "caller");
}

}  // namespace
}  // namespace callwright::sim
