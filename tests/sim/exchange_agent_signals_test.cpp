// What the media of an agent's call tells, and what the agent does about it.
#include "sim/agent_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using call::AgentMedia;
using call::AgentOptions;
using testing::ElementsAre;
using testing::HasSubstr;

/// Alice, with these options, calls Bob, who has the usual ones.
struct SignalWorld : AgentWorld {
  explicit SignalWorld(AgentOptions options = {}) : alice(add_agent("alice", std::move(options))), bob(add_agent("bob")) {
    journal.lines.clear();
    call = &alice.dial("sip:bob@192.0.2.1");
    run_for(2s);
    clear_wire();
    EXPECT_EQ(alice.calls() + bob.calls(), 2U);
  }
  [[nodiscard]] media::StreamId stream_of_alice() const { return media.streams().begin()->first; }
  [[nodiscard]] media::StreamId stream_of_bob() const { return media.streams().rbegin()->first; }
  void end() {
    alice.hang_up_all();
    run_for(1s);
    expect_no_agent_calls();
  }

  call::Agent& alice;
  call::Agent& bob;
  call::AgentCall* call = nullptr;
};

TEST(AgentSignals, of_a_silent_partner_are_told_and_the_call_goes_on) {
  SignalWorld world;
  EXPECT_EQ(world.media.stream(world.stream_of_alice())->parameters.back().silence_limit, 60s);
  world.media.emit(world.stream_of_alice(), media::PartnerSilent{60s});
  world.media.emit(world.stream_of_alice(), media::PartnerBack{75s});
  world.run_for(1s);
  EXPECT_THAT(world.journal.of("alice"), ElementsAre("CallStarted", "CallRinging", "CallAnswered", "MediaAgreed", "PartnerSilent", "PartnerBack"));
  EXPECT_EQ(world.alice.calls(), 1U);
  world.end();
}

TEST(AgentSignals, of_a_silent_partner_end_the_call_where_that_is_wanted) {
  AgentOptions options;
  options.media.silence_limit = 10s;
  options.media.on_silence = AgentMedia::OnSilence::EndCall;
  SignalWorld world(std::move(options));
  EXPECT_EQ(world.media.stream(world.stream_of_alice())->parameters.back().silence_limit, 10s);
  world.media.emit(world.stream_of_alice(), media::PartnerSilent{10s});
  world.run_for(1s);
  EXPECT_EQ(world.message("phones", "X", "BYE").header("Reason"), "SIP;cause=408;text=\"RTP timeout\"");
  EXPECT_EQ(world.alice.calls() + world.bob.calls(), 0U);
  EXPECT_THAT(world.journal.of("alice"), ElementsAre("CallStarted", "CallRinging", "CallAnswered", "MediaAgreed", "PartnerSilent", "CallEnded"));
  world.end();
}

AgentOptions with_keys(AgentMedia::Keys keys) {
  AgentOptions options;
  options.media.keys = keys;
  return options;
}

std::string text_of(const std::vector<call::KeyPressed>& keys) {
  std::string text;
  for (const call::KeyPressed& key : keys) {
    text += key.key;
  }
  return text;
}

TEST(AgentSignals, by_info_are_one_key_each_in_their_order) {
  SignalWorld world(with_keys(AgentMedia::Keys::Info));
  ASSERT_TRUE(world.call->press("12#2", {.press = 250ms, .gap = 50ms}));
  world.run_for(100ms);
  EXPECT_EQ(world.count("phones", "X", "INFO"), 1U) << "the others follow when it is over";
  ASSERT_TRUE(world.call->press("D"));
  world.run_for(5s);
  EXPECT_EQ(world.count("phones", "X", "INFO"), 5U);
  EXPECT_EQ(world.message("phones", "X", "INFO").header("Content-Type"), "application/dtmf-relay");
  EXPECT_EQ(world.message("phones", "X", "INFO").body(), "Signal=1\r\nDuration=250\r\n");
  const std::vector<call::KeyPressed>& heard = world.journal.keys["bob"];
  EXPECT_EQ(text_of(heard), "12#2D");
  EXPECT_EQ(heard.at(0).duration, 250ms);
  EXPECT_EQ(heard.at(0).by, call::KeyPressed::By::Info);
  EXPECT_EQ(world.media.stream(world.stream_of_alice())->keys, "") << "not in the media, too";
  world.end();
}

TEST(AgentSignals, by_info_arrive_once_each_where_packets_are_lost) {
  SignalWorld world(with_keys(AgentMedia::Keys::Info));
  world.drop("X", "phones", "200 INFO");
  ASSERT_TRUE(world.call->press("7"));
  world.run_for(3s);
  world.stop_dropping();
  world.run_for(3s);
  EXPECT_GT(world.count("phones", "X", "INFO"), 1U);
  EXPECT_EQ(text_of(world.journal.keys["bob"]), "7");
  world.end();
}

TEST(AgentSignals, by_info_are_tried_in_both_forms_before_they_fail) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice", with_keys(AgentMedia::Keys::Info));
  PhoneScript script;
  script.content = 415;
  world.add_phone("carol", script);
  call::AgentCall& call = alice.dial("sip:carol@192.0.2.1");
  world.run_for(2s);
  ASSERT_TRUE(call.press("55"));
  world.run_for(2s);
  ASSERT_EQ(world.count("phones", "X", "INFO"), 2U);
  EXPECT_EQ(world.message("phones", "X", "INFO", 1).header("Content-Type"), "application/dtmf");
  EXPECT_EQ(world.message("phones", "X", "INFO", 1).body(), "5");
  EXPECT_EQ(world.journal.of("alice").back(), "KeysFailed");
  alice.hang_up_all();
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(AgentSignals, by_info_that_are_hostile_are_refused) {
  AgentWorld world;
  call::Agent& bob = world.add_agent("bob");
  ScriptedPhone& carol = world.add_phone("carol");
  PhoneLeg& leg = carol.call("bob");
  world.run_for(2s);
  const auto answer_to = [&](std::string_view type, const std::string& body) {
    world.clear_wire();
    EXPECT_TRUE(leg.session()->send_content(sip::Method::Info, type, body));
    world.run_for(1s);
    for (const char* const status : {"200", "400", "415"}) {
      if (world.count("X", "carol", std::string(status) + " INFO") == 1) {
        return std::string(status);
      }
    }
    return std::string("another");
  };
  EXPECT_EQ(answer_to("application/dtmf-relay", "Signal=16\r\n"), "400");
  EXPECT_EQ(answer_to("application/dtmf-relay", std::string(2000, '1')), "400");
  EXPECT_EQ(answer_to("application/dtmf", "12345"), "400");
  EXPECT_EQ(answer_to("application/media_control+xml", "<x/>"), "415");
  EXPECT_TRUE(world.journal.keys["bob"].empty());
  EXPECT_EQ(answer_to("application/dtmf", "9"), "200");
  EXPECT_EQ(text_of(world.journal.keys["bob"]), "9");
  bob.hang_up_all();
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(AgentSignals, of_one_press_in_two_ways_are_one) {
  SignalWorld world(with_keys(AgentMedia::Keys::Info));
  for (int i = 0; i < 2; ++i) {
    world.media.emit(world.stream_of_bob(), media::KeyPressed{'4', 120ms, media::KeyPressed::By::Event});
    ASSERT_TRUE(world.call->press("4"));
    world.run_for(500ms);
  }
  EXPECT_EQ(text_of(world.journal.keys["bob"]), "44");
  EXPECT_EQ(world.journal.keys["bob"].at(1).by, call::KeyPressed::By::Event);
  world.end();
}

TEST(AgentSignals, go_the_way_that_the_option_says) {
  {
    SignalWorld world(with_keys(AgentMedia::Keys::Auto));
    ASSERT_TRUE(world.call->press("1"));
    EXPECT_EQ(world.media.stream(world.stream_of_alice())->keys, "1");
    EXPECT_TRUE(world.media.stream(world.stream_of_alice())->parameters.back().send_event_payload_type);
    EXPECT_FALSE(world.call->press("x"));
    world.end();
  }
  {
    SignalWorld world(with_keys(AgentMedia::Keys::Sound));
    ASSERT_TRUE(world.call->press("2"));
    EXPECT_EQ(world.media.stream(world.stream_of_alice())->keys, "2");
    EXPECT_FALSE(world.media.stream(world.stream_of_alice())->parameters.back().send_event_payload_type) << "so that they are sound";
    EXPECT_TRUE(world.media.stream(world.stream_of_alice())->parameters.back().receive_event_payload_type);
    world.end();
  }
  SignalWorld world(with_keys(AgentMedia::Keys::Event));
  ASSERT_TRUE(world.call->press("3"));
  EXPECT_EQ(world.media.stream(world.stream_of_alice())->keys, "3");
  world.end();
}

TEST(AgentSignals, wait_for_an_answer_and_for_telephone_events_where_they_have_to_be_such) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice", with_keys(AgentMedia::Keys::Event));
  world.add_phone("carol");  // Knows no telephone-events.
  call::AgentCall& call = alice.dial("sip:carol@192.0.2.1");
  EXPECT_EQ(call.press("1").error().code, base::Errc::WrongState);
  world.run_for(2s);
  EXPECT_EQ(call.press("1").error().code, base::Errc::Unsupported);
  alice.hang_up_all();
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(AgentSignals, of_other_codecs_and_of_hold_are_offered_in_the_call) {
  SignalWorld world;
  const auto parameters = [&](media::StreamId id) { return world.media.stream(id)->parameters.back(); };
  ASSERT_EQ(parameters(world.stream_of_bob()).codec->kind, audio::CodecKind::Opus);
  ASSERT_TRUE(world.call->renegotiate({"PCMA", "PCMU"}));
  EXPECT_EQ(world.call->renegotiate({"G722"}).error().code, base::Errc::WrongState) << "one after the other";
  world.run_for(2s);
  for (const media::StreamId id : {world.stream_of_alice(), world.stream_of_bob()}) {
    EXPECT_EQ(parameters(id).codec->kind, audio::CodecKind::Pcma);
    EXPECT_EQ(parameters(id).direction, sdp::Direction::SendRecv);
  }
  EXPECT_EQ(world.journal.of("alice").back(), "Renegotiated");
  ASSERT_TRUE(world.call->renegotiate({"PCMA"}, sdp::Direction::SendOnly));
  world.run_for(2s);
  EXPECT_EQ(parameters(world.stream_of_alice()).direction, sdp::Direction::SendOnly);
  EXPECT_EQ(parameters(world.stream_of_bob()).direction, sdp::Direction::RecvOnly);
  EXPECT_EQ(parameters(world.stream_of_bob()).codec->kind, audio::CodecKind::Pcma);
  EXPECT_FALSE(world.call->renegotiate({"G729"}));
  world.end();
}

TEST(AgentSignals, that_the_other_side_refuses_in_the_call_change_nothing) {
  SignalWorld world;
  ASSERT_TRUE(world.call->renegotiate({"L16"}));
  world.run_for(2s);
  EXPECT_EQ(world.message("phones", "X", "488 INVITE").text.substr(0, 11), "SIP/2.0 488");
  EXPECT_EQ(world.journal.of("alice").back(), "Renegotiated");
  EXPECT_EQ(world.media.stream(world.stream_of_alice())->parameters.size(), 1U);
  ASSERT_TRUE(world.call->renegotiate({"G722"}));
  world.run_for(2s);
  EXPECT_EQ(world.media.stream(world.stream_of_bob())->parameters.back().codec->kind, audio::CodecKind::G722);
  world.end();
}

AgentOptions behind_a_nat() {
  AgentOptions options;
  options.media.stun_server = base::SocketAddress::parse("198.51.100.1:3478").value();
  return options;
}

TEST(AgentSignals, of_a_stun_server_stand_in_the_descriptions) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice", behind_a_nat());
  world.add_agent("bob", behind_a_nat());
  alice.dial("sip:bob@192.0.2.1");
  world.run_for(1s);
  EXPECT_EQ(world.count("phones", "X", "INVITE"), 0U) << "it waits for the address";
  ASSERT_EQ(world.media.streams().size(), 1U);
  EXPECT_EQ(world.media.streams().begin()->second.options.stun_server, behind_a_nat().media.stun_server);
  world.media.emit(world.media.streams().begin()->first,
                   media::AddressLearned{base::SocketAddress::parse("203.0.113.5:40000").value(), base::SocketAddress::parse("203.0.113.5:51111").value()});
  world.run_for(1s);
  const std::string offer = world.message("phones", "X", "INVITE").text;
  EXPECT_THAT(offer, HasSubstr("c=IN IP4 203.0.113.5\r\n"));
  EXPECT_THAT(offer, HasSubstr("m=audio 40000 "));
  EXPECT_THAT(offer, HasSubstr("a=rtcp:51111 IN IP4 203.0.113.5\r\n"));
  EXPECT_EQ(world.count("phones", "X", "200 INVITE"), 0U);
  ASSERT_EQ(world.media.streams().size(), 2U);
  world.media.emit(world.media.streams().rbegin()->first,
                   media::AddressLearned{base::SocketAddress::parse("203.0.113.5:40002").value(), base::SocketAddress::parse("203.0.113.5:40003").value()});
  world.run_for(1s);
  const std::string answer = world.message("phones", "X", "200 INVITE").text;
  EXPECT_THAT(answer, HasSubstr("m=audio 40002 "));
  EXPECT_THAT(answer, testing::Not(HasSubstr("a=rtcp:")));
  EXPECT_EQ(world.media.streams().begin()->second.parameters.back().remote_rtp, base::SocketAddress::parse("203.0.113.5:40002").value());
  alice.hang_up_all();
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(AgentSignals, of_no_stun_server_let_the_call_go_on_with_the_address_of_the_machine) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice", behind_a_nat());
  world.add_agent("bob");
  alice.dial("sip:bob@192.0.2.1");
  world.run_for(1s);
  world.media.emit(world.media.streams().begin()->first, media::AddressUnknown{{base::Errc::TimedOut, "No answer"}});
  world.run_for(2s);
  EXPECT_THAT(world.message("phones", "X", "INVITE").text, HasSubstr("c=IN IP4 192.0.2.11\r\n"));
  EXPECT_THAT(world.journal.of("alice"), ElementsAre("Registered", "CallStarted", "AddressUnknown", "CallRinging", "CallAnswered", "MediaAgreed"));
  alice.hang_up_all();
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(AgentSignals, of_a_stun_server_come_too_late_for_a_call_that_is_over) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice", behind_a_nat());
  call::Agent& bob = world.add_agent("bob", behind_a_nat());
  alice.dial("sip:bob@192.0.2.1");
  alice.hang_up_all();
  const media::StreamId gone = world.media.streams().begin()->first;
  world.media.emit(gone, media::AddressLearned{base::SocketAddress::parse("203.0.113.5:40000").value(), std::nullopt});
  world.run_for(1s);
  EXPECT_EQ(world.count("phones", "X", "INVITE"), 0U);
  EXPECT_EQ(alice.calls(), 0U);
  ScriptedPhone& carol = world.add_phone("carol");
  carol.call("bob");
  world.run_for(1s);
  carol.hang_up();  // CANCEL, while the agent waits.
  world.run_for(1s);
  EXPECT_EQ(bob.calls(), 0U);
  world.expect_no_agent_calls();
}

TEST(AgentSignals, that_no_agent_can_wait_for_are_refused) {
  AgentWorld world;
  AgentOptions options;
  options.media.silence_limit = -1s;
  EXPECT_THAT(world.agents.add(world.media, world.journal, options).error().detail, HasSubstr("0 for never"));
  options.media = {};
  options.media.silence_sending = media::SilenceSending::ComfortNoise;
  EXPECT_THAT(world.agents.add(world.media, world.journal, options).error().detail, HasSubstr("name CN among the codecs"));
}

}  // namespace
}  // namespace callwright::simulation
