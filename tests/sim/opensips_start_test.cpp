// CallStart and CallEnd over an OpenSIPS proxy.
#include "sim/opensips_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto kTalking = {"CallerAnswered", "Transferring", "TransferStart", "TransferPending: 180 Ringing", "CalleeAnswered", "Ended"};

/// Nothing waits, nothing is held.
void expect_quiet(const OpenSipsWorld& world) {
  EXPECT_TRUE(world.all_ended_once());
  EXPECT_EQ(world.connector.running(), 0U);
  EXPECT_EQ(world.connector.alive(), 0U);
  EXPECT_EQ(world.connector.requests(), 0U);
}

TEST(OpenSipsStart, rings_the_caller_transfers_it_and_leaves_one_dialog) {
  OpenSipsWorld world;
  const auto id = world.start();
  world.run_for(seconds(5));
  EXPECT_THAT(world.told(id), ::testing::ElementsAreArray(kTalking));
  const auto& last = world.events(id)[4];
  EXPECT_THAT(last.call_id, StartsWith("new"));
  EXPECT_EQ(last.caller, "sip:alice@p");
  EXPECT_EQ(last.callee, "sip:bob@p");
  EXPECT_EQ(world.events(id)[1].destination, "sip:bob@p");
  EXPECT_EQ(world.proxy.dialogs.size(), 1U);
  EXPECT_EQ(world.proxy.count("t_uac_dlg"), 1U);
  EXPECT_EQ(world.proxy.count("dlg_end_dlg"), 1U);
  expect_quiet(world);
}

TEST(OpenSipsStart, speaks_the_names_of_version_4_too) {
  OpenSipsWorld world({.version = 4});
  const auto id = world.start();
  world.run_for(seconds(5));
  EXPECT_THAT(world.told(id), ::testing::ElementsAreArray(kTalking));
}

TEST(OpenSipsStart, says_why_the_caller_did_not_answer) {
  OpenSipsWorld world;
  world.proxy.phones["sip:alice@p"].answer_status = 486;
  const auto busy = world.start();
  const auto unknown = world.submit(call::StartCall{"sip:nobody@p", "sip:bob@p", "c2"});
  world.run_for(seconds(5));
  EXPECT_THAT(world.told(busy), ElementsAre("Failed: failed to establish initial call: 486 Busy Here", "Ended"));
  EXPECT_THAT(world.told(unknown), ElementsAre("Failed: failed to establish initial call: 404 Not Found", "Ended"));
  EXPECT_EQ(world.proxy.count("call_transfer"), 0U);
  expect_quiet(world);
}

TEST(OpenSipsStart, gives_up_ringing_after_its_time_and_cancels) {
  OpenSipsWorld world({}, {.ring_timeout = seconds(10)});
  world.proxy.phones["sip:alice@p"].answer_after = minutes(5);
  const auto id = world.start();
  world.run_for(seconds(11));
  EXPECT_THAT(world.told(id), ElementsAre("Failed: failed to establish initial call: 408 Request Timeout", "Ended"));
  EXPECT_TRUE(world.proxy.dialogs.empty());
  expect_quiet(world);
}

TEST(OpenSipsStart, hangs_up_on_the_caller_when_the_callee_is_busy) {
  OpenSipsWorld world;
  world.proxy.phones["sip:bob@p"].answer_status = 486;
  const auto id = world.start();
  world.run_for(seconds(4));
  EXPECT_THAT(world.told(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "TransferPending: 180 Ringing",
                                          "Failed: failed to reach the callee: 486 Busy Here", "Ended"));
  EXPECT_TRUE(world.proxy.dialogs.empty());
  expect_quiet(world);
}

TEST(OpenSipsStart, waits_for_the_real_answer_after_a_provisional_one) {
  OpenSipsWorld world({.passes_provisional = true});
  const auto id = world.start();
  world.run_for(seconds(5));
  EXPECT_THAT(world.told(id), ::testing::ElementsAreArray(kTalking));
}

TEST(OpenSipsStart, ends_without_a_stray_bye_when_the_caller_hangs_up_first) {
  OpenSipsWorld world;
  world.proxy.phones["sip:alice@p"].hangs_up_after = milliseconds(1);
  const auto id = world.start();
  world.run_for(seconds(5));
  EXPECT_THAT(world.told(id), ElementsAre("CallerAnswered", "Failed: the caller hung up before the callee was connected", "Ended"));
  EXPECT_EQ(world.proxy.count("t_uac_dlg"), 1U);
  EXPECT_EQ(world.proxy.count("call_transfer"), 0U);
  expect_quiet(world);
}

TEST(OpenSipsStart, needs_no_notify) {
  OpenSipsWorld world;
  world.proxy.phones["sip:alice@p"].refer = ProxyPhone::Refer::FollowWithoutNotify;
  const auto id = world.start();
  world.run_for(seconds(5));
  EXPECT_THAT(world.told(id), ElementsAre("CallerAnswered", "Transferring", "TransferStart", "CalleeAnswered", "Ended"));
}

TEST(OpenSipsStart, fails_when_the_phone_ignores_the_refer_and_nothing_else_can_be_done) {
  OpenSipsWorld world({}, {.third_party = false});
  world.proxy.phones["sip:alice@p"].refer = ProxyPhone::Refer::Ignore;
  const auto id = world.start();
  world.run_for(seconds(35));
  EXPECT_THAT(world.told(id), ElementsAre("CallerAnswered", "Transferring", "Failed: failed to transfer the caller: 408 Request Timeout", "Ended"));
  EXPECT_TRUE(world.proxy.dialogs.empty());
  expect_quiet(world);
}

TEST(OpenSipsStart, calls_the_callee_itself_when_the_phone_does_not_know_refer) {
  for (const bool announced : {true, false}) {
    OpenSipsWorld world;
    world.proxy.phones["sip:alice@p"].allows_refer = !announced;
    world.proxy.phones["sip:alice@p"].refer = ProxyPhone::Refer::Reject;
    const auto id = world.start();
    world.run_for(seconds(10));
    EXPECT_THAT(world.told(id), ::testing::ElementsAreArray(kTalking));
    EXPECT_EQ(world.events(id)[4].call_id, "c1");
    EXPECT_EQ(world.proxy.count("call_transfer"), announced ? 0U : 1U);
    ASSERT_EQ(world.proxy.count("ua_session_client_start"), 1U);
    ASSERT_EQ(world.proxy.sessions.size(), 1U);
    // The phone's answer became an offer, the callee's answer the next offer to the phone.
    const auto started = std::ranges::find(world.proxy.methods, "ua_session_client_start") - world.proxy.methods.begin();
    const auto& params = world.proxy.requests[static_cast<std::size_t>(started)];
    EXPECT_THAT(std::string(opensips::text_of(params.find("body"))), HasSubstr("o=a 7 1 IN IP4 192.0.2.9\r\n"));
    EXPECT_THAT(std::string(opensips::text_of(params.find("body"))), HasSubstr("a=sendrecv\r\n"));
    // The call lasts, and each hang-up ends the other side.
    world.run_for(minutes(3));
    EXPECT_EQ(world.proxy.dialogs.size(), 1U);
    world.proxy.hang_up("c1");
    world.run_for(seconds(1));
    EXPECT_TRUE(world.proxy.sessions.empty());
    expect_quiet(world);
  }
}

TEST(OpenSipsStart, ends_a_call_that_it_holds_together_without_an_event_too) {
  OpenSipsWorld world({.reports_dialogs = false});
  world.proxy.phones["sip:alice@p"].allows_refer = false;
  world.start();
  world.run_for(seconds(5));
  ASSERT_EQ(world.proxy.sessions.size(), 1U);
  const auto end = world.submit(call::EndCall{"c1"});
  world.run_for(seconds(31));
  EXPECT_THAT(world.told(end), ElementsAre("Ended"));
  EXPECT_TRUE(world.proxy.sessions.empty());
  expect_quiet(world);
}

TEST(OpenSipsStart, hangs_up_when_a_callee_that_it_calls_itself_is_busy_or_the_media_do_not_fit) {
  OpenSipsWorld world;
  world.proxy.phones["sip:alice@p"].allows_refer = false;
  world.proxy.phones["sip:bob@p"].answer_status = 486;
  const auto busy = world.start();
  world.run_for(seconds(5));
  EXPECT_EQ(world.told(busy)[4], "Failed: failed to reach the callee: 486 Busy Here");
  EXPECT_TRUE(world.proxy.dialogs.empty());
  world.proxy.phones["sip:bob@p"].answer_status = 200;
  world.proxy.phones["sip:alice@p"].reinvite_status = 488;
  const auto unfit = world.start("c2");
  world.run_for(seconds(5));
  EXPECT_EQ(world.told(unfit)[4], "Failed: failed to join the media of caller and callee: 488 Not Acceptable Here");
  EXPECT_TRUE(world.proxy.dialogs.empty());
  EXPECT_TRUE(world.proxy.sessions.empty());
  expect_quiet(world);
}

TEST(OpenSipsStart, is_undone_by_a_cancel_at_any_time) {
  for (int step = 0; step < 60; ++step) {
    OpenSipsWorld world({.seed = static_cast<std::uint64_t>(step) + 1});
    world.proxy.phones["sip:alice@p"].allows_refer = step % 2 == 0;
    const auto id = world.start();
    world.run_for(milliseconds(40) * step);
    world.connector.cancel(id);
    world.run_for(seconds(36));
    EXPECT_TRUE(world.all_ended_once());
    const bool was_connected = world.told(id).size() == kTalking.size() && world.told(id)[4] == "CalleeAnswered";
    if (!was_connected) {
      EXPECT_TRUE(world.proxy.dialogs.empty()) << step;
      EXPECT_TRUE(world.proxy.sessions.empty()) << step;
      expect_quiet(world);
    }
  }
}

TEST(OpenSipsEnd, ends_a_call_and_names_one_that_there_is_not) {
  OpenSipsWorld world;
  world.proxy.add_call("x1", "sip:alice@p", "sip:bob@p");
  const auto end = world.submit(call::EndCall{"x1"});
  const auto unknown = world.submit(call::EndCall{"x2"});
  world.run_for(seconds(1));
  EXPECT_THAT(world.told(end), ElementsAre("Ended"));
  EXPECT_THAT(world.told(unknown), ElementsAre("Failed: 404 Requested Dialog not found", "Ended"));
  EXPECT_TRUE(world.proxy.dialogs.empty());
  expect_quiet(world);
}

TEST(OpenSipsStart, shows_what_was_asked_for_to_both_phones) {
  OpenSipsWorld world;
  call::StartCall command{"sip:alice@p", "sip:bob@p", "c1"};
  command.look = {.caller_name = "Alice, \"A\"",
                  .callee_name = "Bob",
                  .caller_id = "sip:+491@p",
                  .headers = "X-Order: 7\r\n",
                  .credentials = {},
                  .codecs = {{.name = "opus", .clock_rate = 48000, .channels = 2, .payload_type = sdp::PayloadType{96}, .fmtp = "useinbandfec=1"}},
                  .timeout = {}};
  const auto id = world.submit(command);
  world.run_for(seconds(5));
  EXPECT_EQ(world.told(id).back(), "Ended");
  const auto request_of = [&world](std::string_view method) {
    return world.proxy.requests.at(static_cast<std::size_t>(std::ranges::find(world.proxy.methods, method) - world.proxy.methods.begin()));
  };
  const auto get = [](const base::Json& params, std::string_view name) { return std::string(opensips::text_of(params.find(name))); };
  const base::Json invite = request_of("t_uac_dlg");
  EXPECT_THAT(get(invite, "headers"), ::testing::AllOf(::testing::HasSubstr("From: \"Bob\" <sip:bob@p>\r\nTo: \"Alice, \\\"A\\\"\" <sip:alice@p>\r\n"),
                                                       ::testing::HasSubstr("X-Order: 7\r\n")));
  EXPECT_THAT(get(invite, "body"), ::testing::HasSubstr("m=audio 9 RTP/AVP 96 101\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"));
  const base::Json session = request_of("ua_session_client_start");
  EXPECT_EQ(get(session, "from"), "\"Alice  \\\"A\\\"\",sip:+491@p");
  EXPECT_EQ(get(session, "to"), "\"Bob\",sip:bob@p");
  EXPECT_EQ(get(session, "extra_headers"), "X-Order: 7\r\n");
  EXPECT_EQ(world.proxy.count("call_transfer"), 0U);
}

TEST(OpenSipsStart, lets_a_phone_ring_for_as_long_as_was_asked_for) {
  OpenSipsWorld world;
  world.proxy.phones["sip:alice@p"].answer_after = seconds(60);
  call::StartCall command{"sip:alice@p", "sip:bob@p", "c1"};
  command.look.timeout = seconds(5);
  const auto id = world.submit(command);
  world.run_for(seconds(6));
  EXPECT_THAT(world.told(id), ElementsAre("Failed: failed to establish initial call: 408 Request Timeout", "Ended"));
}

}  // namespace
}  // namespace callwright::sim
