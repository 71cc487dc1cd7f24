#include "app/phone_options.hpp"

#include <gmock/gmock.h>

namespace callwright::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(PhoneOptions, of_nobody_make_a_phone_on_loopback_that_answers_and_is_silent) {
  const auto plan = plan_of({});
  ASSERT_TRUE(plan);
  EXPECT_FALSE(plan->registers);
  EXPECT_EQ(plan->listen.to_string(), "127.0.0.1:0");
  EXPECT_EQ(plan->agent.name, "phone");
  EXPECT_EQ(plan->agent.address_of_record, "sip:phone@127.0.0.1");
  EXPECT_EQ(plan_of({.name = "echo", .listen = "[::1]:5070"})->agent.address_of_record, "sip:echo@[::1]:5070");
  EXPECT_EQ(plan->agent.answering, call::AgentOptions::Answering::AtOnce);
  EXPECT_TRUE(std::holds_alternative<media::Silence>(plan->agent.source));
  EXPECT_EQ(plan->agent.media.security.policy, sdp::MediaSecurity::Off);
}

TEST(PhoneOptions, name_an_account_in_short) {
  const auto plan = plan_of({.account = "alice@127.0.0.1:5070", .password = "secret"});
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->registers);
  EXPECT_EQ(plan->agent.address_of_record, "sip:alice@127.0.0.1:5070");
  EXPECT_EQ(plan->agent.registrar, "sip:127.0.0.1:5070");
  EXPECT_EQ(plan->agent.name, "alice");
  EXPECT_EQ(uri_of("bob", plan->agent), "sip:bob@127.0.0.1:5070");
  EXPECT_EQ(uri_of("bob@192.0.2.7", plan->agent), "sip:bob@192.0.2.7");
  EXPECT_EQ(uri_of("sip:192.0.2.7;transport=tcp", plan->agent), "sip:192.0.2.7;transport=tcp");
}

TEST(PhoneOptions, require_encryption_unless_they_say_optional) {
  const auto required = plan_of({.codecs = "G722,PCMA", .srtp = "dtls", .ice = true});
  ASSERT_TRUE(required);
  EXPECT_THAT(required->agent.media.codecs, ElementsAre("G722", "PCMA"));
  EXPECT_EQ(required->agent.media.security.policy, sdp::MediaSecurity::Required);
  EXPECT_EQ(required->agent.media.security.kind, call::AgentSecurity::Kind::Dtls);
  EXPECT_EQ(required->agent.media.ice, call::AgentMedia::Ice::Lite);
  EXPECT_FALSE(required->agent.recording);
  EXPECT_EQ(plan_of({.record = "calls"})->agent.recording->folder, "calls");
  EXPECT_EQ(plan_of({.srtp = "sdes", .srtp_optional = true})->agent.media.security.policy, sdp::MediaSecurity::Optional);
}

TEST(PhoneOptions, say_which_one_is_wrong) {
  EXPECT_THAT(plan_of({.account = "127.0.0.1"}).error().detail, StartsWith("--account: \"127.0.0.1\" names no user"));
  EXPECT_THAT(plan_of({.listen = "0.0.0.0:5060"}).error().detail, StartsWith("--listen: \"0.0.0.0:5060\" is no address of this machine"));
  EXPECT_THAT(plan_of({.answer = "never"}).error().detail, HasSubstr("say auto or manual"));
  EXPECT_THAT(plan_of({.srtp = "on"}).error().detail, HasSubstr("say off, sdes or dtls"));
  EXPECT_THAT(plan_of({.play = "tone:high"}).error().detail, StartsWith("--play: \"tone:high\" is no tone"));
  EXPECT_THAT(plan_of({.keys = "12x"}).error().detail, StartsWith("--keys: "));
}

TEST(PhoneOptions, name_sounds) {
  EXPECT_EQ(source_of("tone:440").value(), media::SourceSpec(media::Tone{440, -20}));
  EXPECT_EQ(source_of("tone:1004@-10.5").value(), media::SourceSpec(media::Tone{1004, -10.5}));
  EXPECT_EQ(source_of("hello.wav").value(), media::SourceSpec(media::SoundFile{"hello.wav", media::Repeat::Once}));
  EXPECT_EQ(source_of("loop:hello.wav").value(), media::SourceSpec(media::SoundFile{"hello.wav", media::Repeat::Loop}));
  EXPECT_EQ(source_of("noise").value(), media::SourceSpec(media::Noise{}));
  for (const char* const wrong : {"tone:", "tone:440@", "tone:440@3", "tone:nan", "tone:-1", "tone:1e9", "", "loop:"}) {
    EXPECT_FALSE(source_of(wrong)) << wrong;
  }
}

TEST(PhoneCommand, has_an_argument_or_none) {
  EXPECT_EQ(read_phone_command("dial sip:bob@127.0.0.1")->argument, "sip:bob@127.0.0.1");
  EXPECT_EQ(read_phone_command("play  my file.wav")->argument, "my file.wav");
  EXPECT_EQ(read_phone_command("hang-up")->kind, PhoneCommand::Kind::HangUp);
  EXPECT_EQ(read_phone_command("press").error().detail, "\"press\" takes keys behind it");
  EXPECT_EQ(read_phone_command("press ").error().detail, "\"press\" takes keys behind it");
  EXPECT_EQ(read_phone_command("hold me").error().detail, "\"hold\" takes nothing behind it");
  EXPECT_THAT(read_phone_command("explode").error().detail, StartsWith("There is no \"explode\"; say dial, answer"));
}

}  // namespace
}  // namespace callwright::app
