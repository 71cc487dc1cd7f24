// What agents agree on for their media: codecs, keys, ports.
#include "sim/agent_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using call::AgentOptions;
using media::StreamParameters;
using testing::HasSubstr;
using testing::StartsWith;

AgentOptions with_codecs(std::vector<std::string> codecs) {
  AgentOptions options;
  options.media.codecs = std::move(codecs);
  return options;
}

/// The first line of a message that begins so; "": there is none.
std::string line_of(const std::string& message, std::string_view prefix) {
  const std::size_t at = message.find("\r\n" + std::string(prefix));
  return at == std::string::npos ? std::string() : message.substr(at + 2, message.find("\r\n", at + 2) - at - 2);
}

/// Alice calls Bob; both have media with what they agreed on.
struct MediaWorld : AgentWorld {
  MediaWorld(AgentOptions alice_options, AgentOptions bob_options)
      : alice(add_agent("alice", std::move(alice_options))), bob(add_agent("bob", std::move(bob_options))) {}

  void call() {
    clear_wire();
    alice.dial("sip:bob@192.0.2.1");
    run_for(2s);
  }
  [[nodiscard]] const StreamParameters& of_alice() const { return media.streams().begin()->second.parameters.back(); }
  [[nodiscard]] const StreamParameters& of_bob() const { return media.streams().rbegin()->second.parameters.back(); }
  void end() {
    alice.hang_up_all();
    run_for(1s);
    expect_no_agent_calls();
  }

  call::Agent& alice;
  call::Agent& bob;
};

TEST(AgentMedia, is_opus_where_nobody_says_otherwise) {
  MediaWorld world({}, {});
  world.call();
  EXPECT_THAT(line_of(world.message("phones", "X", "INVITE").text, "m=audio"), testing::EndsWith(" RTP/AVP 96 9 8 0 101 97"));
  EXPECT_EQ(world.of_alice().codec->kind, audio::CodecKind::Opus);
  EXPECT_EQ(world.of_bob().codec->kind, audio::CodecKind::Opus);
  EXPECT_TRUE(world.of_bob().codec_options.in_band_fec) << "asked for by a=fmtp";
  EXPECT_EQ(world.of_alice().send_event_payload_type, world.of_bob().receive_event_payload_type);
  EXPECT_EQ(world.of_alice().send_event_payload_type, sdp::PayloadType{97}) << "at 48 kHz; 101 is the one at 8 kHz";
  world.end();
}

TEST(AgentMedia, follows_the_codecs_of_the_caller_that_the_called_has) {
  MediaWorld world(with_codecs({"L16", "G722", "PCMU", "CN"}), with_codecs({"CN", "PCMU", "G722"}));
  world.call();
  for (const StreamParameters* parameters : {&world.of_alice(), &world.of_bob()}) {
    EXPECT_EQ(parameters->codec->kind, audio::CodecKind::G722);
    EXPECT_EQ(parameters->send_payload_type, sdp::PayloadType{9});
    EXPECT_EQ(parameters->send_comfort_noise_payload_type, sdp::PayloadType{13});
    EXPECT_EQ(parameters->send_event_payload_type, sdp::PayloadType{101});
  }
  world.end();
}

TEST(AgentMedia, follows_the_codecs_of_the_called_that_prefers_its_own) {
  AgentOptions stubborn = with_codecs({"PCMA", "opus"});
  stubborn.media.codec_preference = sdp::CodecPreference::Ours;
  MediaWorld world({}, stubborn);
  world.call();
  EXPECT_EQ(world.of_alice().codec->kind, audio::CodecKind::Pcma);
  EXPECT_EQ(world.of_bob().codec->kind, audio::CodecKind::Pcma);
  world.end();
}

TEST(AgentMedia, is_refused_where_no_codec_is_common) {
  MediaWorld world(with_codecs({"opus"}), with_codecs({"PCMU"}));
  world.call();
  EXPECT_EQ(world.alice.calls() + world.bob.calls(), 0U);
  EXPECT_EQ(world.message("phones", "X", "488 INVITE").text.substr(0, 11), "SIP/2.0 488");
  world.end();
}

AgentOptions encrypted(sdp::MediaSecurity policy, call::AgentSecurity::Kind kind) {
  AgentOptions options;
  options.media.security.policy = policy;
  options.media.security.kind = kind;
  return options;
}

constexpr auto kSdes = call::AgentSecurity::Kind::Sdes;
constexpr auto kDtls = call::AgentSecurity::Kind::Dtls;
using sdp::MediaSecurity;

TEST(AgentMedia, is_encrypted_by_keys_in_the_descriptions) {
  for (const MediaSecurity policy : {MediaSecurity::Optional, MediaSecurity::Required}) {
    MediaWorld world(encrypted(policy, kSdes), encrypted(MediaSecurity::Optional, kSdes));
    world.call();
    const std::string offer = line_of(world.message("phones", "X", "INVITE").text, "m=audio");
    EXPECT_THAT(offer, HasSubstr(policy == MediaSecurity::Required ? " RTP/SAVP " : " RTP/AVP "));
    const auto& mine = std::get<sdp::CryptoAgreement>(world.of_alice().security);
    const auto& theirs = std::get<sdp::CryptoAgreement>(world.of_bob().security);
    EXPECT_EQ(mine.local, theirs.remote);
    EXPECT_EQ(mine.remote, theirs.local);
    EXPECT_EQ(world.of_alice().rtcp_port, media::RtcpPort::Shared);
    world.end();
  }
}

TEST(AgentMedia, is_encrypted_by_dtls_with_one_side_that_begins) {
  MediaWorld world(encrypted(MediaSecurity::Required, kDtls), encrypted(MediaSecurity::Required, kDtls));
  world.call();
  const auto& mine = std::get<media::DtlsParameters>(world.of_alice().security);
  const auto& theirs = std::get<media::DtlsParameters>(world.of_bob().security);
  EXPECT_EQ(mine.role, rtp::DtlsRole::Passive);
  EXPECT_EQ(theirs.role, rtp::DtlsRole::Active);
  EXPECT_EQ(mine.remote, world.media.fingerprint());
  EXPECT_EQ(theirs.remote, world.media.fingerprint());
  world.end();
}

TEST(AgentMedia, that_has_to_be_encrypted_is_never_in_the_clear) {
  for (const auto kind : {kSdes, kDtls}) {
    for (const bool caller_requires : {true, false}) {
      MediaWorld world(caller_requires ? encrypted(MediaSecurity::Required, kind) : AgentOptions{},
                       caller_requires ? AgentOptions{} : encrypted(MediaSecurity::Required, kind));
      world.call();
      EXPECT_EQ(world.message("phones", "X", "488 INVITE").text.substr(0, 11), "SIP/2.0 488");
      for (const auto& [id, stream] : world.media.streams()) {
        EXPECT_TRUE(stream.parameters.empty()) << "no packet was ever sent";
      }
      world.end();
    }
  }
}

TEST(AgentMedia, that_is_answered_in_the_clear_although_it_has_to_be_encrypted_ends_the_call) {
  AgentWorld world;
  call::Agent& alice = world.add_agent("alice", encrypted(MediaSecurity::Required, kSdes));
  world.add_phone("carol");  // Answers every offer with a description of its own, in the clear.
  alice.dial("sip:carol@192.0.2.1");
  world.run_for(2s);
  EXPECT_EQ(alice.calls(), 0U);
  EXPECT_EQ(world.count("phones", "X", "BYE"), 1U);
  EXPECT_TRUE(world.media.streams().begin()->second.parameters.empty());
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(AgentMedia, keeps_its_keys_when_it_is_held) {
  for (const auto kind : {kSdes, kDtls}) {
    AgentWorld world;
    call::Agent& bob = world.add_agent("bob", encrypted(MediaSecurity::Required, kind));
    ScriptedPhone& carol = world.add_phone("carol");
    sdp::AudioCapabilities capabilities = call::capabilities_of(encrypted(MediaSecurity::Required, kind).media, world.media.fingerprint()).value();
    capabilities.address = base::SocketAddress::parse("203.0.113.7:4000").value();
    base::DeterministicRandom random(5);
    capabilities.protection.crypto = kind == kSdes ? sdp::make_crypto_offer(sdp::kUsualSuites, random) : std::vector<sdp::Crypto>();
    sdp::Session phone(1, capabilities.address.ip);
    PhoneLeg& leg = carol.dial("sip:bob@192.0.2.1", phone.make_offer(capabilities).to_string());
    world.run_for(2s);
    ASSERT_TRUE(phone.accept_answer(sdp::Description::parse(leg.remote_sdp()).value()));
    capabilities.direction = sdp::Direction::SendOnly;
    leg.reinvite(phone.make_offer(capabilities).to_string());
    world.run_for(2s);
    const auto& parameters = world.media.streams().begin()->second.parameters;
    ASSERT_EQ(parameters.size(), 2U);
    EXPECT_EQ(parameters[1].direction, sdp::Direction::RecvOnly);
    EXPECT_EQ(parameters[1].security, parameters[0].security);
    ASSERT_TRUE(phone.accept_answer(sdp::Description::parse(leg.remote_sdp()).value()));
    // Another key of the phone gets another key of the agent.
    if (kind == kSdes) {
      capabilities.protection.crypto = sdp::make_crypto_offer(sdp::kUsualSuites, random);
      leg.reinvite(phone.make_offer(capabilities).to_string());
      world.run_for(2s);
      ASSERT_EQ(parameters.size(), 3U);
      EXPECT_NE(std::get<sdp::CryptoAgreement>(parameters[2].security).local.key_and_salt,
                std::get<sdp::CryptoAgreement>(parameters[1].security).local.key_and_salt);
    }
    bob.hang_up_all();
    world.run_for(1s);
    world.expect_no_agent_calls();
  }
}

/// What a browser offers, with these credentials.
std::string browser_offer(const rtp::Fingerprint& certificate, const std::string& ufrag) {
  return "v=0\r\no=carol 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:" +
         ufrag + "\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=fingerprint:" + certificate.algorithm + " " + certificate.value +
         "\r\na=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n";
}

TEST(AgentMedia, of_a_browser_is_checked_and_has_new_credentials_after_a_restart) {
  AgentWorld world;
  AgentOptions options = encrypted(MediaSecurity::Required, kDtls);
  options.media.ice = call::AgentMedia::Ice::Lite;
  call::Agent& bob = world.add_agent("bob", options);
  ScriptedPhone& carol = world.add_phone("carol");
  PhoneLeg& leg = carol.dial("sip:bob@192.0.2.1", browser_offer(world.media.fingerprint(), "EsAw"));
  world.run_for(2s);
  EXPECT_THAT(leg.remote_sdp(), HasSubstr("a=ice-lite\r\n"));
  leg.reinvite(browser_offer(world.media.fingerprint(), "EsAw"));
  world.run_for(2s);
  leg.reinvite(browser_offer(world.media.fingerprint(), "Other"));
  world.run_for(2s);
  const auto& parameters = world.media.streams().begin()->second.parameters;
  ASSERT_EQ(parameters.size(), 3U);
  ASSERT_TRUE(parameters[0].ice && parameters[1].ice && parameters[2].ice);
  EXPECT_EQ(parameters[0].ice->remote_ufrag, "EsAw");
  EXPECT_EQ(parameters[1].ice, parameters[0].ice);
  EXPECT_EQ(parameters[2].ice->remote_ufrag, "Other");
  EXPECT_NE(parameters[2].ice->local, parameters[0].ice->local);
  EXPECT_EQ(parameters[2].security, parameters[0].security) << "the same certificate: the association goes on";
  EXPECT_EQ(parameters[0].rtcp_port, media::RtcpPort::Shared);
  EXPECT_EQ(parameters[0].direction, sdp::Direction::SendRecv);
  bob.hang_up_all();
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(AgentMedia, is_an_error_of_the_agent_where_an_option_is_wrong) {
  AgentWorld world;
  AgentOptions options = with_codecs({"opus", "G729"});
  options.address_of_record = "sip:alice@192.0.2.1";
  const auto made = world.agents.add(world.media, world.journal, options);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().detail, StartsWith("There is no codec \"G729\"; did you mean G722? There are opus, G722, PCMU"));
  AgentOptions unsafe = encrypted(MediaSecurity::Required, kSdes);
  unsafe.media.security.suites.clear();
  EXPECT_THAT(world.agents.add(world.media, world.journal, unsafe).error().detail, StartsWith("No suite for SRTP is named"));
  unsafe.media.security.suites = {sdp::CryptoSuite::AeadAes128Gcm, sdp::CryptoSuite::AeadAes128Gcm};
  EXPECT_THAT(world.agents.add(world.media, world.journal, unsafe).error().detail, StartsWith("A suite for SRTP is named twice"));
  AgentOptions apart;
  apart.media.ice = call::AgentMedia::Ice::Lite;
  apart.media.rtcp_port = media::RtcpPort::Separate;
  EXPECT_THAT(world.agents.add(world.media, world.journal, apart).error().detail, StartsWith("ICE needs RTCP on the port of RTP"));
  EXPECT_TRUE(world.agents.all().empty());
}

TEST(AgentMedia, are_held_and_resumed_by_who_asks_for_it) {
  MediaWorld world({}, {});
  EXPECT_EQ(world.alice.find("nobody"), nullptr);
  world.clear_wire();
  call::AgentCall& call = world.alice.dial("sip:bob@192.0.2.1");
  EXPECT_EQ(call.hold().error().code, base::Errc::WrongState) << "not answered";
  world.run_for(2s);
  EXPECT_EQ(world.alice.find(call.call_id()), &call);
  EXPECT_TRUE(call.hold());
  EXPECT_FALSE(call.resume()) << "while the offer is under way";
  world.run_for(1s);
  EXPECT_EQ(world.of_alice().direction, sdp::Direction::SendOnly);
  EXPECT_EQ(world.of_bob().direction, sdp::Direction::RecvOnly);
  EXPECT_TRUE(call.resume());
  world.run_for(1s);
  EXPECT_EQ(world.of_alice().direction, sdp::Direction::SendRecv);
  EXPECT_EQ(world.of_bob().direction, sdp::Direction::SendRecv);
  world.end();
}

TEST(AgentMedia, are_told_of_until_the_stream_has_had_its_end) {
  MediaWorld world({}, {});
  world.call();
  const media::StreamId stream = world.media.streams().begin()->first;
  world.media.emit(stream, media::KeyPressed{'5', 100ms, media::KeyPressed::By::Event});
  world.media.emit(stream, media::SourceEnded{});
  world.alice.hang_up_all();
  world.run_for(1s);
  EXPECT_EQ(world.alice.calls(), 0U);
  EXPECT_EQ(world.alice.ending_streams(), 1U);
  EXPECT_EQ(world.journal.of("alice").back(), "CallEnded");
  world.media.finish_closing();
  EXPECT_EQ(world.alice.ending_streams(), 0U);
  EXPECT_THAT(world.journal.of("alice"), testing::ElementsAre("Registered", "CallStarted", "CallRinging", "CallAnswered", "MediaAgreed", "KeyPressed",
                                                              "SoundPlayed", "CallEnded", "MediaEnded"));
  EXPECT_EQ(world.journal.of("bob").back(), "MediaEnded");
  world.end();
}

TEST(AgentMedia, do_what_a_program_asks_of_the_call) {
  MediaWorld world({}, {});
  call::AgentCall& call = world.alice.dial("sip:bob@192.0.2.1");
  world.run_for(2s);
  call.play(media::Noise{});
  EXPECT_TRUE(call.press("12#"));
  const auto& stream = world.media.streams().begin()->second;
  EXPECT_EQ(stream.source, media::SourceSpec(media::Noise{}));
  EXPECT_EQ(stream.keys, "12#");
  world.end();
}

}  // namespace
}  // namespace callwright::simulation
