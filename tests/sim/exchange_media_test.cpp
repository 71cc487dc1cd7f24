// Calls whose media pass through the exchange.
#include "sim/exchange_world.hpp"

#include "media/codec_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::MediaMode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kOurs = "c=IN IP4 192.0.2.1\r\n";

ExchangeWorld::Options with(MediaMode mode, std::vector<std::string> codecs = {"G722", "PCMA", "PCMU"}) {
  ExchangeWorld::Options options;
  options.media = ExchangeWorld::Options::Media::Fake;
  options.exchange.media.mode = mode;
  options.exchange.media.codecs = media::codecs_by_name(codecs).value();
  return options;
}

PhoneScript speaking(std::string audio, std::string address = "203.0.113.1") {
  PhoneScript script;
  script.audio = std::move(audio);
  script.address = std::move(address);
  return script;
}

/// The rest of the m= line of audio: "4000 RTP/AVP 0"; without the port "RTP/AVP 0".
std::string audio_of(const std::string& message) {
  const std::size_t at = message.find("m=audio ");
  if (at == std::string::npos) {
    return {};
  }
  const std::string line = message.substr(at + 8, message.find("\r\n", at) - at - 8);
  return line.substr(line.find(' ') + 1);
}

struct MediaWorld : ExchangeWorld {
  explicit MediaWorld(Options options) : ExchangeWorld(std::move(options)) {}

  /// Streams that are open, in the order in which they were opened.
  [[nodiscard]] std::vector<const media::FakeMediaPort::FakeStream*> streams() const {
    std::vector<const media::FakeMediaPort::FakeStream*> open;
    for (const auto& [id, stream] : exchange_media.streams()) {
      if (!stream.closed) {
        open.push_back(&stream);
      }
    }
    return open;
  }
  void end(ScriptedPhone& phone) {
    phone.hang_up();
    run_for(1s);
    EXPECT_TRUE(streams().empty());
    expect_nothing_left();
  }
};

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

struct RelayedCall : MediaWorld {
  explicit RelayedCall(Options options) : MediaWorld(std::move(options)), alice(add_phone("alice")), bob(add_phone("bob")), leg(alice.call("bob")) {
    run_for(1s);
    EXPECT_EQ(streams().size(), 2U);
    clear_wire();
  }
  ScriptedPhone& alice;
  ScriptedPhone& bob;
  PhoneLeg& leg;
};

TEST(ExchangeMedia, change_here_when_one_side_changes_its_address) {
  RelayedCall world(with(MediaMode::Relay));
  world.alice.script.address = "203.0.113.50";
  world.leg.reinvite(world.alice.sdp(2));
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "bob", ""), 0U);
  EXPECT_EQ(world.streams()[0]->parameters.back().remote_rtp.to_string(), "203.0.113.50:4000");
  world.leg.update(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "bob", ""), 0U);
  EXPECT_EQ(world.leg.log().back(), "UPDATE 200");
  world.end(world.bob);
}

TEST(ExchangeMedia, are_held_and_resumed_across_the_exchange) {
  RelayedCall world(with(MediaMode::Relay));
  world.bob.script.direction = "recvonly";
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_THAT(world.message("X", "bob", "INVITE").body(), HasSubstr("a=sendonly"));
  EXPECT_THAT(world.leg.remote_sdp(), HasSubstr("a=recvonly"));
  EXPECT_EQ(world.streams()[0]->parameters.back().direction, sdp::Direction::RecvOnly);
  EXPECT_EQ(world.streams()[1]->parameters.back().direction, sdp::Direction::SendOnly);
  world.bob.script.direction = "sendrecv";
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_THAT(world.leg.remote_sdp(), HasSubstr("a=sendrecv"));
  for (const auto* const stream : world.streams()) {
    EXPECT_EQ(stream->parameters.back().direction, sdp::Direction::SendRecv);
  }
  EXPECT_EQ(world.count("X", "bob", "INVITE"), 2U);
  world.end(world.alice);
}

TEST(ExchangeMedia, stay_when_the_other_side_refuses_a_change) {
  RelayedCall world(with(MediaMode::Relay));
  world.bob.script.reinvite = 488;
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_THAT(world.leg.log(), testing::Contains("re-INVITE 488"));
  EXPECT_EQ(world.streams()[0]->parameters.back().direction, sdp::Direction::SendRecv);
  world.bob.script.reinvite = 200;
  world.alice.script.address = "203.0.113.50";
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_EQ(world.streams()[0]->parameters.back().remote_rtp.to_string(), "203.0.113.50:4000");
  world.end(world.alice);
}

TEST(ExchangeMedia, go_on_when_both_sides_change_them_at_once) {
  RelayedCall world(with(MediaMode::Relay));
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.bob.leg(0).reinvite(world.bob.sdp(2, "sendonly"));
  world.run_for(30s);
  EXPECT_FALSE(world.leg.ended());
  EXPECT_FALSE(world.bob.leg(0).ended());
  world.end(world.alice);
}

TEST(ExchangeMedia, of_a_held_party_are_music) {
  auto options = with(MediaMode::Relay);
  options.exchange.media.hold_music = media::SoundFile{"hold.wav", audio::Repeat::Loop};
  RelayedCall world(std::move(options));
  world.leg.reinvite(world.alice.sdp(2, "inactive"));
  world.run_for(1s);
  EXPECT_EQ(world.count("X", "bob", ""), 0U) << "he need not know";
  EXPECT_THAT(world.leg.remote_sdp(), HasSubstr("a=inactive"));
  EXPECT_TRUE(std::holds_alternative<media::SoundFile>(world.streams()[1]->source));
  EXPECT_TRUE(std::holds_alternative<media::Silence>(world.streams()[0]->source));
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_TRUE(std::holds_alternative<media::Silence>(world.streams()[1]->source));
  EXPECT_THAT(world.leg.remote_sdp(), HasSubstr("a=sendrecv"));
  world.end(world.alice);
}

TEST(ExchangeMedia, end_the_call_when_a_stream_fails) {
  RelayedCall world(with(MediaMode::Relay));
  world.exchange_media.emit(world.streams()[1]->opened.id, media::StreamFailed{base::Error(base::Errc::Refused, "wrong certificate")});
  world.run_for(1s);
  EXPECT_TRUE(world.leg.ended());
  EXPECT_TRUE(world.bob.leg(0).ended());
  EXPECT_THAT(world.message("X", "bob", "BYE").header("Reason"), HasSubstr("SIP;cause=500"));
  world.end(world.alice);
}

TEST(ExchangeMedia, follow_a_party_that_takes_the_place_of_another) {
  RelayedCall world(with(MediaMode::Relay));
  ScriptedPhone& carol = world.add_phone("carol", speaking("RTP/AVP 0", "203.0.113.30"));
  // Bob talks to Carol, then has Alice call her in the place of that call.
  PhoneLeg& consultation = world.bob.call("carol");
  world.run_for(1s);
  EXPECT_EQ(world.streams().size(), 4U);
  world.bob.leg(0).refer("sip:carol@192.0.2.1", consultation);
  world.run_for(5s);
  ASSERT_EQ(world.alice.legs(), 2U);
  EXPECT_TRUE(world.alice.leg(1).confirmed());
  EXPECT_THAT(world.alice.leg(1).remote_sdp(), HasSubstr(kOurs));
  consultation.hang_up();
  world.leg.hang_up();
  world.run_for(1s);
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U) << "those of Alice and Carol";
  EXPECT_EQ(streams[0]->joined, streams[1]->opened.id);
  world.end(carol);
}

TEST(ExchangeMedia, follow_a_call_that_is_picked_up) {
  MediaWorld world(with(MediaMode::Relay));
  ScriptedPhone& alice = world.add_phone("alice", speaking("RTP/AVP 0", "203.0.113.7"));
  PhoneScript rings;
  rings.answer = 0;
  ScriptedPhone& bob = world.add_phone("bob", rings);
  ScriptedPhone& carol = world.add_phone("carol", speaking("RTP/AVP 0", "203.0.113.30"));
  PhoneLeg& leg = alice.call("bob");
  world.run_for(1s);
  const sip::Dialog& ringing = bob.leg(0).session()->dialog();
  const std::string name = ringing.call_id + ";to-tag=" + ringing.remote_tag + ";from-tag=" + ringing.local_tag;
  carol.dial("sip:bob@192.0.2.1?Replaces=" + sip::escape_header_value(name), carol.sdp());
  world.run_for(2s);
  EXPECT_TRUE(leg.confirmed());
  EXPECT_TRUE(carol.leg(0).confirmed());
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0]->joined, streams[1]->opened.id);
  EXPECT_EQ(streams[1]->parameters.back().remote_rtp.to_string(), "203.0.113.30:4000");
  EXPECT_EQ(streams[0]->parameters.back().direction, sdp::Direction::SendRecv);
  world.end(alice);
}

TEST(ExchangeMedia, of_a_call_that_a_command_sets_up_itself) {
  MediaWorld world(with(MediaMode::Process));
  PhoneScript no_refer = speaking("RTP/AVP 0");
  no_refer.refer = 405;
  ScriptedPhone& alice = world.add_phone("alice", no_refer);
  ScriptedPhone& bob = world.add_phone("bob", speaking("RTP/AVP 9"));
  const auto id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  EXPECT_TRUE(world.commands.has(id, "CalleeAnswered"));
  world.run_for(1s);
  EXPECT_EQ(audio_of(bob.leg(0).remote_sdp()), "RTP/AVP 9");
  EXPECT_THAT(alice.leg(0).remote_sdp(), HasSubstr(kOurs));
  const auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_NE(streams[0]->parameters.back().codec, streams[1]->parameters.back().codec);
  world.end(alice);
}

/// The number in the o= line after the session's.
int version_of(const std::string& description) {
  const std::size_t at = description.find("\r\no=");
  const std::size_t number = description.find(' ', description.find(' ', at) + 1) + 1;
  return std::stoi(description.substr(number));
}

struct CallWithMusic : MediaWorld {
  CallWithMusic() : MediaWorld(options()), alice(add_phone("alice")), bob(add_phone("bob")), leg(alice.call("bob")) {
    run_for(1s);
    EXPECT_TRUE(exchange_media.streams().empty());
    clear_wire();
  }
  static Options options() {
    Options made = with(MediaMode::Auto);
    made.exchange.media.hold_music = media::SoundFile{"hold.wav", audio::Repeat::Loop};
    return made;
  }
  ScriptedPhone& alice;
  ScriptedPhone& bob;
  PhoneLeg& leg;
};

TEST(ExchangeMedia, are_taken_in_when_a_held_party_is_to_hear_music) {
  CallWithMusic world;
  const std::string before = world.leg.remote_sdp();
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  const std::string offer = world.message("X", "bob", "INVITE").body();
  EXPECT_THAT(offer, HasSubstr(kOurs));
  EXPECT_THAT(offer, HasSubstr("a=sendrecv"));
  EXPECT_THAT(offer, HasSubstr("\r\no=alice 1 ")) << "goes on as the description of alice";
  EXPECT_GT(version_of(offer), version_of(world.alice.sdp(2)));
  EXPECT_THAT(world.leg.remote_sdp(), HasSubstr(kOurs));
  EXPECT_EQ(world.leg.hears(), "bob");
  EXPECT_GT(version_of(world.leg.remote_sdp()), version_of(before));
  auto streams = world.streams();
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<media::SoundFile>(streams[1]->source)) << "to bob";
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_TRUE(std::holds_alternative<media::Silence>(streams[1]->source));
  EXPECT_EQ(streams[0]->joined, streams[1]->opened.id);
  EXPECT_EQ(streams[0]->parameters.back().direction, sdp::Direction::SendRecv);
  world.end(world.alice);
}

TEST(ExchangeMedia, stay_outside_when_the_held_party_refuses_to_have_them_taken_in) {
  CallWithMusic world;
  world.bob.script.reinvite = 488;
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_TRUE(world.streams().empty());
  world.bob.script.reinvite = 200;
  world.leg.reinvite(world.alice.sdp(3));
  world.run_for(1s);
  EXPECT_EQ(world.message("X", "bob", "INVITE", 1).body(), world.alice.sdp(3));
  world.end(world.alice);
}

TEST(ExchangeMedia, stay_outside_without_ports_for_music) {
  CallWithMusic world;
  world.exchange_media.refuse_open = base::Error(base::Errc::LimitReached, "no ports");
  world.leg.reinvite(world.alice.sdp(2, "sendonly"));
  world.run_for(1s);
  EXPECT_EQ(world.message("X", "bob", "INVITE").body(), world.alice.sdp(2, "sendonly"));
  EXPECT_THAT(world.leg.log(), testing::Contains("re-INVITE 200"));
  world.end(world.alice);
}

}  // namespace
}  // namespace callwright::simulation
