// Transfers over an OpenSIPS proxy for phones that do not follow REFER: the proxy itself joins the two (RFC 3725).
#include "sim/opensips_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OpenSipsHelpedTransfer : public ::testing::Test {
 protected:
  OpenSipsHelpedTransfer() {
    world.proxy.add_call("x1", "sip:alice@p", "sip:bob@p");
    world.proxy.add_call("x2", "sip:alice@p", "sip:carol@p");
    world.proxy.phones["sip:bob@p"].refer = ProxyPhone::Refer::Ignore;
  }
  call::CommandId transfer() { return world.submit(call::TransferCall{{"x1", call::Side::Callee}, "sip:carol@p"}); }
  call::CommandId connect() { return world.submit(call::TransferCall{{"x1", call::Side::Callee}, "", call::CallParty{"x2", call::Side::Callee}}); }
  std::string told(const std::string& call_id, const std::string& leg) { return world.proxy.dialogs.at(call_id).told[leg]; }
  void expect_quiet() const {
    EXPECT_TRUE(world.all_ended_once());
    EXPECT_EQ(world.connector.alive(), 0U);
    EXPECT_EQ(world.connector.requests(), 0U);
  }
  OpenSipsWorld world;
};

TEST_F(OpenSipsHelpedTransfer, calls_the_destination_with_what_the_phone_had_offered_and_parts_from_the_other) {
  const auto id = transfer();
  world.run_for(seconds(8));
  EXPECT_THAT(world.told(id), ElementsAre("Transferring", "TransferStart", "TransferPending: 180 Ringing", "TransferSuccessful", "Ended"));
  EXPECT_EQ(world.events(id)[3].call_id, "x1");
  EXPECT_EQ(world.events(id)[3].destination, "sip:carol@p");
  // The origin is the one that the phone knows, one version on (RFC 3264 §8).
  EXPECT_THAT(told("x1", "callee"), HasSubstr("custom:application/sdp:v=0\r\no=sip:alice@p 7 2 IN IP4 192.0.2.9\r\n"));
  EXPECT_EQ(told("x1", "caller"), "BYE");
  EXPECT_TRUE(world.proxy.sessions.contains("B2B.1"));
}

TEST_F(OpenSipsHelpedTransfer, ends_one_side_when_the_other_hangs_up) {
  transfer();
  world.run_for(seconds(8));
  world.proxy.hang_up("x1");
  world.run_for(seconds(1));
  EXPECT_THAT(world.proxy.sessions, IsEmpty());
  expect_quiet();
}

TEST_F(OpenSipsHelpedTransfer, ends_the_party_when_the_destination_hangs_up) {
  transfer();
  world.run_for(seconds(8));
  world.proxy.hang_up_session("B2B.1");
  world.run_for(seconds(1));
  EXPECT_FALSE(world.proxy.dialogs.contains("x1"));
  expect_quiet();
}

TEST_F(OpenSipsHelpedTransfer, leaves_the_call_as_it_was_when_the_destination_is_busy) {
  world.proxy.phones["sip:carol@p"].answer_status = 486;
  const auto id = transfer();
  world.run_for(seconds(15));
  EXPECT_EQ(world.told(id)[3], "Failed: failed to reach the destination: 486 Busy Here");
  EXPECT_EQ(told("x1", "callee"), "");
  EXPECT_EQ(told("x1", "caller"), "");
  expect_quiet();
}

TEST_F(OpenSipsHelpedTransfer, leaves_the_call_as_it_was_when_the_phone_refuses_the_new_offer) {
  world.proxy.phones["sip:bob@p"].reinvite_status = 488;
  const auto id = transfer();
  world.run_for(seconds(15));
  EXPECT_EQ(world.told(id)[3], "Failed: failed to join the media of the two: 488 Not Acceptable Here");
  EXPECT_EQ(told("x1", "caller"), "");
  EXPECT_THAT(world.proxy.sessions, IsEmpty());
  expect_quiet();
}

TEST_F(OpenSipsHelpedTransfer, can_be_cancelled_while_the_destination_rings) {
  world.proxy.phones["sip:carol@p"].answer_after = seconds(60);
  const auto id = transfer();
  world.run_for(seconds(8));
  world.connector.cancel(id);
  world.run_for(seconds(5));
  EXPECT_EQ(world.told(id).back(), "Ended");
  EXPECT_THAT(world.proxy.sessions, IsEmpty());
  EXPECT_EQ(told("x1", "caller"), "");
  expect_quiet();
}

TEST_F(OpenSipsHelpedTransfer, ends_when_the_call_does) {
  world.proxy.phones["sip:carol@p"].answer_after = seconds(60);
  const auto id = transfer();
  world.run_for(seconds(8));
  world.proxy.hang_up("x1");
  world.run_for(seconds(5));
  EXPECT_EQ(world.told(id)[3], "Failed: the call has ended");
  EXPECT_THAT(world.proxy.sessions, IsEmpty());
  expect_quiet();
}

TEST_F(OpenSipsHelpedTransfer, joins_the_parties_of_two_calls) {
  const auto id = connect();
  world.run_for(seconds(8));
  EXPECT_THAT(world.told(id), ElementsAre("Transferring", "TransferStart", "TransferSuccessful", "Ended"));
  EXPECT_EQ(world.events(id)[2].call_id, "x1");
  EXPECT_EQ(world.events(id)[2].destination, "sip:carol@p");
  for (const std::string call_id : {"x1", "x2"}) {
    EXPECT_EQ(told(call_id, "caller"), "BYE");
    EXPECT_THAT(told(call_id, "callee"), HasSubstr("m=audio"));
  }
  world.proxy.hang_up("x2");
  world.run_for(seconds(1));
  EXPECT_THAT(world.proxy.dialogs, IsEmpty());
  expect_quiet();
}

TEST_F(OpenSipsHelpedTransfer, joins_the_parties_of_two_calls_wherever_the_phone_was_to_call) {
  const auto id = world.submit(call::TransferCall{{"x1", call::Side::Callee}, "sip:carol@192.0.2.9", call::CallParty{"x2", call::Side::Callee}});
  world.run_for(seconds(8));
  EXPECT_THAT(world.told(id), ElementsAre("Transferring", "TransferStart", "TransferSuccessful", "Ended"));
  EXPECT_THAT(world.proxy.sessions, IsEmpty()) << "carol is not called once more";
}

TEST_F(OpenSipsHelpedTransfer, ends_the_call_of_a_phone_that_follows_after_all) {
  world.proxy.phones["sip:carol@p"].answer_after = seconds(60);
  const auto id = transfer();
  world.run_for(seconds(5));
  world.connector.cancel(id);
  world.run_for(milliseconds(500));
  world.proxy.follow_late("x1", "sip:bob@p", "sip:carol@p");
  EXPECT_EQ(world.proxy.dialogs.size(), 3U);
  world.run_for(seconds(10));
  EXPECT_EQ(world.proxy.dialogs.size(), 2U) << "the two that there were";
  expect_quiet();
}

TEST_F(OpenSipsHelpedTransfer, is_taken_back_once_the_offer_that_is_under_way_is_over) {
  const auto id = connect();
  while (world.proxy.count("dlg_send_sequential") == 0) {
    world.run_for(milliseconds(1));
  }
  world.connector.cancel(id);
  world.run_for(seconds(5));
  EXPECT_EQ(world.told(id).back(), "Ended");
  EXPECT_THAT(told("x2", "callee"), HasSubstr("o=sip:alice@p 7 3 ")) << "its own partner again";
  EXPECT_EQ(world.proxy.dialogs.size(), 2U);
  expect_quiet();
}

TEST_F(OpenSipsHelpedTransfer, puts_both_calls_back_when_one_of_them_refuses) {
  world.proxy.phones["sip:bob@p"].reinvite_status = 488;
  const auto id = connect();
  world.run_for(seconds(15));
  EXPECT_EQ(world.told(id).at(2), "Failed: failed to join the media of the two: 488 Not Acceptable Here");
  EXPECT_THAT(told("x2", "callee"), HasSubstr("o=sip:alice@p 7 3 "));
  EXPECT_EQ(told("x1", "callee"), "");
  EXPECT_EQ(world.proxy.dialogs.size(), 2U);
  expect_quiet();
}

TEST_F(OpenSipsHelpedTransfer, says_of_whom_it_cannot_reach) {
  world.proxy.phones["sip:carol@p"].reinvite_status = 486;
  const auto id = connect();
  world.run_for(seconds(15));
  EXPECT_EQ(world.told(id).at(2), "Failed: failed to reach the destination: 486 Busy Here");
  EXPECT_EQ(world.proxy.dialogs.size(), 2U);
  expect_quiet();
}

}  // namespace
}  // namespace callwright::sim
