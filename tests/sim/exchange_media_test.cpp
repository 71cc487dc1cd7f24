// Calls whose media pass through the exchange.
#include "sim/exchange_media_world.hpp"
#include "sim/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::MediaMode;
using testing::HasSubstr;
using testing::Not;

TEST(ExchangeMedia, bypass_the_exchange_where_nothing_speaks_against_it) {
  MediaWorld world(with(MediaMode::Auto));
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(world.message("X", "bob", "INVITE").body(), alice.sdp());
  EXPECT_EQ(leg.hears(), "bob");
  EXPECT_TRUE(world.exchange_media.streams().empty());
  world.end(alice);
}

TEST(ExchangeMedia, pass_through_the_exchange_in_relay_mode) {
  MediaWorld world(with(MediaMode::Relay));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 8 0 18", "203.0.113.7"));
  ScriptedPhone& bob = world.add_phone("bob", speaking("RTP/AVP 0", "203.0.113.8"));
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  const std::string offer = world.message("X", "bob", "INVITE").body();
  EXPECT_THAT(offer, HasSubstr(kOurs));
  EXPECT_THAT(offer, Not(HasSubstr("203.0.113.7")));
  EXPECT_EQ(audio_of(offer), "RTP/AVP 8 0") << "what can be played here, in the order of the caller";
  EXPECT_THAT(leg.remote_sdp(), HasSubstr(kOurs));
  EXPECT_EQ(audio_of(leg.remote_sdp()), "RTP/AVP 0") << "as the callee has chosen";
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0]->joined, streams[1]->opened.id);
  EXPECT_EQ(streams[0]->parameters.back().remote_rtp.to_string(), "203.0.113.7:4000");
  EXPECT_EQ(streams[1]->parameters.back().remote_rtp.to_string(), "203.0.113.8:4000");
  EXPECT_EQ(streams[0]->parameters.back().codec, streams[1]->parameters.back().codec);
  world.end(bob);
}

TEST(ExchangeMedia, are_refused_in_relay_mode_without_a_common_codec) {
  MediaWorld world(with(MediaMode::Relay));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 18"));
  world.add_phone("bob");
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(leg.end_status(), 488);
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 0U);
  world.end(alice);
}

TEST(ExchangeMedia, in_the_clear_of_a_phone_that_has_to_encrypt_are_refused_before_anybody_rings) {
  auto options = with(MediaMode::Relay);
  options.encrypt("alice");
  MediaWorld world(options);
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0"));
  world.add_phone("bob");
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(leg.end_status(), 488);
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 0U);
  world.end(alice);
}

TEST(ExchangeMedia, are_translated_between_codecs_in_process_mode) {
  MediaWorld world(with(MediaMode::Process));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0"));
  world.add_phone("bob", speaking("RTP/AVP 9"));
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(audio_of(world.message("X", "bob", "INVITE").body()), "RTP/AVP 0 9 8 101") << "those of the caller first";
  EXPECT_EQ(audio_of(leg.remote_sdp()), "RTP/AVP 0");
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0]->parameters.back().codec->kind, audio::CodecKind::Pcmu);
  EXPECT_EQ(streams[1]->parameters.back().codec->kind, audio::CodecKind::G722);
  world.end(alice);
}

TEST(ExchangeMedia, are_always_decoded_in_process_mode_and_else_only_when_needed) {
  const auto listening = [](MediaMode mode) {
    MediaWorld world(with(mode));
    ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0", "10.0.0.7"));
    world.add_phone("bob");
    alice.call("bob");
    world.run_for(1s);
    std::vector<media::Listening> all;
    for (const auto* const stream : world.streams()) {
      EXPECT_EQ(stream->parameters.back().codec->kind, audio::CodecKind::Pcmu);
      all.push_back(stream->listening);
    }
    world.end(alice);
    EXPECT_EQ(all.size(), 2U);
    return all;
  };
  for (const media::Listening& side : listening(MediaMode::Process)) {
    EXPECT_EQ(side.when, media::Listening::Always);
    EXPECT_FALSE(side.tones || side.keys) << "nobody has asked for these";
  }
  for (const MediaMode mode : {MediaMode::Relay, MediaMode::Auto}) {
    for (const media::Listening& side : listening(mode)) {
      EXPECT_EQ(side.when, media::Listening::Alone);
    }
  }
}

TEST(ExchangeMedia, speak_with_a_party_only_what_is_configured_for_it) {
  auto options = with(MediaMode::Process);
  call::MediaProfile profile;
  profile.codecs = media::codecs_by_name(std::vector<std::string>{"PCMA", "G722"}).value();
  options.exchange.media_of["bob"] = std::make_shared<call::MediaProfile>(profile);
  MediaWorld world(std::move(options));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0 8"));
  ScriptedPhone& bob = world.add_phone("bob", speaking("RTP/AVP 9 8"));
  alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(audio_of(world.message("X", "bob", "INVITE").body()), "RTP/AVP 8 9 101");
  world.end(alice);
  EXPECT_TRUE(bob.leg(0).ended());
}

TEST(ExchangeMedia, follow_the_mode_of_the_called_user) {
  auto options = with(MediaMode::Bypass);
  call::MediaProfile relayed;
  relayed.mode = MediaMode::Relay;
  options.exchange.media_of["bob"] = std::make_shared<call::MediaProfile>(relayed);
  MediaWorld world(std::move(options));
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  world.add_phone("carol");
  alice.call("carol");
  world.run_for(1s);
  EXPECT_TRUE(world.exchange_media.streams().empty());
  alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(world.streams().size(), 2U);
  world.end(alice);
}

/// A description of somebody behind a trunk.
std::string description(std::string_view address) {
  return "v=0\r\no=- 1 1 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 " + std::string(address) + "\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
}

TEST(ExchangeMedia, go_to_the_phone_that_answers_also_when_another_was_heard_before) {
  auto options = with(call::MediaMode::Relay);
  options.exchange.routes = {{.user = "0049*", .target = "sip:192.0.2.99:5060", .credentials = {}}};
  for (const std::string required : {"Require: 100rel\r\nRSeq: 7\r\n", ""}) {
    MediaWorld world(options);
    ScriptedPhone& alice = world.add_phone("alice");
    RawPeer trunk(world.network, "192.0.2.99:5060");
    const PhoneLeg& call = alice.call("0049123");
    world.run_for(500ms);
    const std::string invite = trunk.latest("INVITE");
    trunk.reply(invite, {.status = 183, .to_tag = "voice", .headers = "Contact: <sip:voice@192.0.2.99>\r\n" + required, .body = description("203.0.113.66")});
    world.run_for(100ms);
    if (!required.empty()) {
      trunk.reply(trunk.latest("PRACK"), {});
    }
    ASSERT_EQ(world.streams().size(), 2U);
    EXPECT_EQ(world.streams()[1]->parameters.back().remote_rtp.to_string(), "203.0.113.66:4000");
    trunk.reply(invite, {.to_tag = "phone", .headers = "Contact: <sip:phone@192.0.2.99>\r\n", .body = description("203.0.113.77")});
    world.run_for(1s);
    EXPECT_TRUE(call.confirmed());
    EXPECT_EQ(world.streams()[1]->parameters.back().remote_rtp.to_string(), "203.0.113.77:4000") << required;
    alice.hang_up();
    world.run_for(100ms);
    trunk.reply(trunk.latest("BYE"), {});
    world.run_for(1s);
    EXPECT_TRUE(world.streams().empty());
  }
}

TEST(ExchangeMedia, of_a_phone_behind_a_nat_pass_through_the_exchange) {
  MediaWorld world(with(MediaMode::Auto));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0", "10.0.0.7"));
  world.add_phone("bob");
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  EXPECT_THAT(world.message("X", "bob", "INVITE").body(), HasSubstr(kOurs));
  EXPECT_THAT(leg.remote_sdp(), HasSubstr(kOurs));
  world.end(alice);
}

TEST(ExchangeMedia, of_video_calls_bypass_the_exchange_by_themselves) {
  MediaWorld world(with(MediaMode::Auto));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0\r\nm=video 4002 RTP/AVP 31", "10.0.0.7"));
  world.add_phone("bob");
  alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(world.message("X", "bob", "INVITE").body(), alice.sdp());
  world.end(alice);
}

TEST(ExchangeMedia, of_a_browser_and_a_phone_are_translated) {
  const std::string fingerprint = "a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
  MediaWorld world(with(MediaMode::Auto));
  ScriptedPhone& alice = world.add_phone(
      "alice", speaking("UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\n" + fingerprint));
  world.add_phone("bob");
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(audio_of(world.message("X", "bob", "INVITE").body()).substr(0, 8), "RTP/AVP ");
  EXPECT_EQ(audio_of(leg.remote_sdp()), "UDP/TLS/RTP/SAVPF 0");
  EXPECT_THAT(leg.remote_sdp(), HasSubstr("a=ice-lite"));
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<media::DtlsParameters>(streams[0]->parameters.back().security));
  EXPECT_TRUE(streams[0]->parameters.back().ice);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(streams[1]->parameters.back().security));
  world.end(alice);
}

TEST(ExchangeMedia, are_offered_once_more_by_the_exchange_to_a_phone_that_dislikes_an_offer) {
  MediaWorld world(with(MediaMode::Auto));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0"));
  PhoneScript picky = speaking("RTP/AVP 9");
  picky.answer = 488;
  picky.answer_other = 200;
  world.add_phone("bob", picky);
  PhoneLeg& leg = alice.call("bob");
  world.run_for(2s);
  EXPECT_EQ(world.message("X", "bob", "INVITE", 0).body(), alice.sdp());
  EXPECT_EQ(audio_of(world.message("X", "bob", "INVITE", 1).body()), "RTP/AVP 0 9 8 101");
  EXPECT_TRUE(leg.confirmed());
  EXPECT_EQ(audio_of(leg.remote_sdp()), "RTP/AVP 0");
  world.end(alice);
}

TEST(ExchangeMedia, are_not_offered_a_third_time) {
  MediaWorld world(with(MediaMode::Auto));
  ScriptedPhone& alice = world.add_phone("alice");
  PhoneScript deaf;
  deaf.answer = 488;
  world.add_phone("bob", deaf);
  PhoneLeg& leg = alice.call("bob");
  world.run_for(2s);
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 2U);
  EXPECT_EQ(leg.end_status(), 488);
  world.end(alice);
}

TEST(ExchangeMedia, bypass_the_exchange_when_it_has_no_ports_left) {
  MediaWorld world(with(MediaMode::Auto));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0", "10.0.0.7"));
  world.add_phone("bob");
  world.exchange_media.refuse_open = base::Error(base::Errc::LimitReached, "no ports");
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(leg.hears(), "bob");
  world.end(alice);
}

TEST(ExchangeMedia, keep_no_port_for_a_call_that_bypasses_the_exchange_when_the_second_one_is_missing) {
  MediaWorld world(with(MediaMode::Auto));
  PhoneScript slow;
  slow.answer_after = 5s;
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0", "10.0.0.7"));
  world.add_phone("bob", slow);
  world.exchange_media.refuse_open = base::Error(base::Errc::LimitReached, "no ports");
  world.exchange_media.opens_before = 1;
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  EXPECT_TRUE(world.streams().empty());
  world.run_for(5s);
  EXPECT_TRUE(leg.confirmed());
  EXPECT_EQ(leg.hears(), "bob");
  world.end(alice);
}

TEST(ExchangeMedia, keep_no_port_of_a_call_that_is_refused_since_the_second_one_is_missing) {
  MediaWorld world(with(MediaMode::Relay));
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  world.exchange_media.refuse_open = base::Error(base::Errc::LimitReached, "no ports");
  world.exchange_media.opens_before = 1;
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(leg.end_status(), 503);
  world.end(alice);
}

TEST(ExchangeMedia, change_early_also_in_a_call_that_bypasses_the_exchange_for_lack_of_ports) {
  MediaWorld world(with(MediaMode::Auto));
  PhoneScript early;
  early.ring = 183;
  early.ring_sdp = PhoneScript::RingSdp::Early;
  early.answer_after = 5s;
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0", "10.0.0.7"));
  ScriptedPhone& bob = world.add_phone("bob", early);
  world.exchange_media.refuse_open = base::Error(base::Errc::LimitReached, "no ports");
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  leg.update(alice.sdp(2));
  world.run_for(1s);
  EXPECT_EQ(leg.log().back(), "UPDATE 200");
  bob.leg(0).update(bob.sdp(2));
  world.run_for(1s);
  EXPECT_EQ(bob.leg(0).log().back(), "UPDATE 200");
  EXPECT_EQ(leg.hears(), "bob");
  world.end(alice);
}

TEST(ExchangeMedia, cannot_be_relayed_without_ports) {
  MediaWorld world(with(MediaMode::Relay));
  ScriptedPhone& alice = world.add_phone("alice");
  world.add_phone("bob");
  world.exchange_media.refuse_open = base::Error(base::Errc::LimitReached, "no ports");
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  EXPECT_EQ(leg.end_status(), 503);
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 0U);
  world.exchange_media.refuse_open.reset();
  world.end(alice);
}

TEST(ExchangeMedia, ring_at_several_phones_with_a_stream_for_each) {
  MediaWorld world(with(MediaMode::Relay));
  ScriptedPhone& alice = world.add_phone("alice");
  PhoneScript slow;
  slow.answer_after = 5s;
  ScriptedPhone& bob = world.add_phone("bob", slow);
  world.add_second_phone("bob", speaking("RTP/AVP 0", "203.0.113.99"));
  PhoneLeg& leg = alice.call("bob");
  world.run_for(100ms);
  EXPECT_EQ(world.streams().size(), 3U);
  world.run_for(2s);
  ASSERT_EQ(world.streams().size(), 2U);
  EXPECT_EQ(world.streams()[1]->parameters.back().remote_rtp.to_string(), "203.0.113.99:4000");
  EXPECT_TRUE(leg.confirmed());
  EXPECT_TRUE(bob.leg(0).ended());
  world.end(alice);
}

TEST(ExchangeMedia, flow_early) {
  for (const bool reliable : {true, false}) {
    MediaWorld world(with(MediaMode::Relay));
    PhoneScript early;
    early.ring = 183;
    early.ring_sdp = PhoneScript::RingSdp::Early;
    early.answer_after = 5s;
    ScriptedPhone& alice = world.add_phone("alice");
    ScriptedPhone& bob = world.add_phone("bob", early);
    if (!reliable) {
      sip::SessionPolicy policy = bob.user_agent().session_policy();
      policy.reliable = sip::SessionPolicy::Reliable::Off;
      bob.user_agent().set_session_policy(policy);
    }
    PhoneLeg& leg = alice.call("bob");
    world.run_for(1s);
    EXPECT_THAT(leg.remote_sdp(), HasSubstr(kOurs));
    ASSERT_EQ(world.streams().size(), 2U);
    EXPECT_TRUE(world.streams()[0]->joined);
    const std::string before = leg.remote_sdp();
    world.run_for(6s);
    EXPECT_TRUE(leg.confirmed());
    EXPECT_EQ(leg.remote_sdp(), before) << "no other description for the same";
    world.end(alice);
  }
}

TEST(ExchangeMedia, are_offered_by_the_callee_where_the_caller_makes_no_offer) {
  MediaWorld world(with(MediaMode::Relay));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0", "203.0.113.7"));
  world.add_phone("bob", speaking("RTP/AVP 0", "203.0.113.8"));
  PhoneLeg& leg = alice.dial("sip:bob@192.0.2.1", "");
  world.run_for(1s);
  EXPECT_THAT(leg.remote_sdp(), HasSubstr(kOurs));
  EXPECT_THAT(world.message("X", "bob", "ACK").body(), HasSubstr(kOurs));
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  for (const auto* const stream : streams) {
    EXPECT_TRUE(stream->joined);
    EXPECT_EQ(stream->parameters.size(), 1U);
  }
  world.end(alice);
}

}  // namespace
}  // namespace callwright::simulation
