// What agents agree on for their media: codecs, keys, ports.
#include "sim/agent_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using call::AgentOptions;
using media::StreamParameters;
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
  MediaWorld(AgentOptions alice_options, AgentOptions bob_options) : alice(add_agent("alice", std::move(alice_options))), bob(add_agent("bob", std::move(bob_options))) {}

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

TEST(AgentMedia, is_an_error_of_the_agent_where_an_option_is_wrong) {
  AgentWorld world;
  AgentOptions options = with_codecs({"opus", "G729"});
  options.address_of_record = "sip:alice@192.0.2.1";
  const auto made = world.agents.add(world.media, world.journal, options);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().detail, StartsWith("There is no codec \"G729\"; did you mean G722? There are opus, G722, PCMU"));
  EXPECT_TRUE(world.agents.all().empty());
}

}  // namespace
}  // namespace callwright::simulation
