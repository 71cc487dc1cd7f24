// What an API does with the sound of calls: PlaySound, StopSound, PressKeys, MuteParty, RecordCall.
#include "sim/exchange_media_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::simulation {
namespace {

using namespace std::chrono_literals;
using call::CommandId;
using call::MediaMode;
using call::Side;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// Alice has called bob.
struct SoundWorld : MediaWorld {
  explicit SoundWorld(MediaMode mode = MediaMode::Relay, PhoneScript alice_script = {}, PhoneScript bob_script = {})
      : MediaWorld(options_with(mode)), alice(add_phone("alice", alice_script)), bob(add_phone("bob", bob_script)), leg(alice.call("bob")) {
    run_for(2s);
    EXPECT_TRUE(leg.confirmed());
  }

  static Options options_with(MediaMode mode) {
    Options options = with(mode);
    options.exchange.media.sounds = "/sounds";
    options.exchange.media.recordings = "/recordings";
    return options;
  }

  CommandId submit(const call::Command& command) {
    const CommandId id{next_++};
    exchange->submit(id, command, commands);
    run_for(1s);
    return id;
  }
  CommandId play(std::optional<Side> party, const std::string& file = "welcome.wav") {
    return submit(call::PlaySound{.call_id = leg.call_id(), .party = party, .file = file});
  }
  std::vector<std::string> told(const call::Command& command) { return commands.texts(submit(command)); }
  /// Of the stream with the caller, or the callee.
  [[nodiscard]] media::StreamId stream_id(Side side) {
    std::vector<media::StreamId> open;
    for (const auto& [id, stream] : exchange_media.streams()) {
      if (!stream.closed) {
        open.push_back(id);
      }
    }
    return open.at(side == Side::Caller ? 0 : 1);
  }
  [[nodiscard]] std::string played(Side side) {
    const media::SourceSpec& source = exchange_media.stream(stream_id(side))->source;
    const auto* const file = std::get_if<media::SoundFile>(&source);
    return file != nullptr ? file->path.string() : std::holds_alternative<media::Silence>(source) ? "" : "something else";
  }
  void leave() {
    alice.hang_up();
    run_for(2s);
    exchange_media.finish_closing();
    run_for(1s);
    EXPECT_TRUE(streams().empty());
    expect_nothing_left();
  }

  ScriptedPhone& alice;
  ScriptedPhone& bob;
  PhoneLeg& leg;
  std::uint64_t next_ = 1000;
};

TEST(PlaySound, is_heard_by_both_until_its_end) {
  SoundWorld world;
  const CommandId id = world.play({});
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallPlayStart caller", "CallPlayStart callee"));
  EXPECT_EQ(world.played(Side::Caller), "/sounds/welcome.wav");
  EXPECT_EQ(world.played(Side::Callee), "/sounds/welcome.wav");
  world.exchange_media.emit(world.stream_id(Side::Callee), media::SourceEnded{});
  world.run_for(1s);
  EXPECT_FALSE(world.commands.ended(id));
  world.exchange_media.emit(world.stream_id(Side::Caller), media::SourceEnded{});
  world.run_for(1s);
  EXPECT_THAT(world.commands.texts(id),
              ElementsAre("CallPlayStart caller", "CallPlayStart callee", "CallPlaySuccessful callee", "CallPlaySuccessful caller", "Ended"));
  EXPECT_EQ(world.played(Side::Caller), "");
  world.leave();
}

TEST(PlaySound, is_stopped_and_gives_way_to_another) {
  SoundWorld world;
  const CommandId first = world.play(Side::Callee);
  EXPECT_EQ(world.played(Side::Caller), "");
  const CommandId second = world.play(Side::Callee, "news.wav");
  EXPECT_THAT(world.commands.texts(first), ElementsAre("CallPlayStart callee", "CallPlayStopped callee", "Ended"));
  EXPECT_EQ(world.played(Side::Callee), "/sounds/news.wav");
  EXPECT_THAT(world.told(call::StopSound{world.leg.call_id()}), ElementsAre("Ended"));
  EXPECT_THAT(world.commands.texts(second), ElementsAre("CallPlayStart callee", "CallPlayStopped callee", "Ended"));
  EXPECT_THAT(world.told(call::StopSound{world.leg.call_id()}), ElementsAre("Failed 480 Nothing is played there", "Ended"));
  world.leave();
}

TEST(PlaySound, tells_of_a_file_that_cannot_be_played) {
  SoundWorld world;
  const CommandId id = world.play(Side::Caller, "missing.wav");
  world.exchange_media.emit(world.stream_id(Side::Caller), media::FileFailed{base::Error(base::Errc::NotFound, "missing.wav: no such file")});
  world.run_for(1s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallPlayStart caller", HasSubstr("no such file"), "Ended"));
  world.leave();
}

TEST(PlaySound, ends_with_the_call) {
  SoundWorld world;
  const CommandId id = world.play({});
  world.alice.hang_up();
  world.run_for(2s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallPlayStart caller", "CallPlayStart callee", StartsWith("Failed the call ended"), "Ended"));
  world.exchange_media.finish_closing();
  world.expect_nothing_left();
}

TEST(PlaySound, is_cancelled) {
  SoundWorld world;
  const CommandId id = world.play({});
  world.exchange->cancel(id);
  world.run_for(1s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallPlayStart caller", "CallPlayStart callee", "Failed the command was cancelled", "Ended"));
  EXPECT_EQ(world.played(Side::Callee), "");
  world.leave();
}

TEST(PlaySound, takes_media_in_that_bypass_the_exchange) {
  SoundWorld world(MediaMode::Bypass);
  EXPECT_TRUE(world.streams().empty());
  world.clear_wire();
  const CommandId id = world.play({});
  EXPECT_THAT(world.commands.texts(id), ElementsAre("CallPlayStart caller", "CallPlayStart callee"));
  EXPECT_THAT(world.ladder("X", "alice"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  EXPECT_THAT(world.ladder("X", "bob"), ElementsAre("> INVITE", "< 100 INVITE", "< 200 INVITE", "> ACK"));
  ASSERT_EQ(world.streams().size(), 2U);
  EXPECT_TRUE(world.streams()[0]->joined);
  EXPECT_THAT(world.alice.leg(0).remote_sdp(), HasSubstr("c=IN IP4 192.0.2.1\r\n"));
  EXPECT_THAT(world.bob.leg(0).remote_sdp(), HasSubstr("c=IN IP4 192.0.2.1\r\n"));
  world.leave();
}

TEST(PlaySound, leaves_the_call_as_it_was_where_a_phone_refuses) {
  for (const char* const who : {"alice", "bob"}) {
    SoundWorld world(MediaMode::Bypass, PhoneScript{}, PhoneScript{});
    ScriptedPhone& refusing = who == std::string("alice") ? world.alice : world.bob;
    refusing.script.reinvite = 488;
    EXPECT_THAT(world.commands.texts(world.play({})), ElementsAre(StartsWith("Failed 488 Not Acceptable Here: 488"), "Ended")) << who;
    EXPECT_TRUE(world.streams().empty());
    EXPECT_EQ(world.exchange->calls(), 1U);
    refusing.script.reinvite = 200;
    EXPECT_THAT(world.commands.texts(world.play({})), ElementsAre("CallPlayStart caller", "CallPlayStart callee")) << who;
    world.leave();
  }
}

TEST(SoundCommands, tell_what_call_cannot_be_meant) {
  SoundWorld world;
  EXPECT_THAT(world.told(call::MuteParty{"nobody@h"}), ElementsAre("Failed 404 Dialog not found", "Ended"));
  EXPECT_THAT(world.told(call::RecordCall{"nobody@h"}), ElementsAre("Failed 404 Dialog not found", "Ended"));
  EXPECT_THAT(world.told(call::ChangeRecording{"nobody@h"}), ElementsAre("Failed 404 Dialog not found", "Ended"));
  EXPECT_THAT(world.told(call::ChangeRecording{world.leg.call_id()}), ElementsAre("Failed 480 The call is not being recorded", "Ended"));
  world.leave();
}

TEST(PressKeys, end_once_when_they_are_cancelled_meanwhile) {
  SoundWorld world;
  const CommandId id{77};
  world.exchange->submit(id, call::PressKeys{.call_id = world.leg.call_id(), .party = {}, .keys = "1", .timing = {}}, world.commands);
  world.run_for(159ms);  // The key is let go, and the gap behind it all but over.
  world.exchange->cancel(id);
  world.run_for(1s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Failed the command was cancelled", "Ended"));
  world.leave();
}

TEST(PressKeys, presses_them_for_the_party_and_ends_when_that_is_done) {
  SoundWorld world;
  const CommandId id{77};
  world.exchange->submit(id, call::PressKeys{.call_id = world.leg.call_id(), .party = Side::Callee, .keys = "12#", .timing = {}}, world.commands);
  world.run_for(400ms);
  EXPECT_FALSE(world.commands.ended(id));
  world.run_for(100ms);
  EXPECT_THAT(world.commands.texts(id), ElementsAre("Ended"));
  EXPECT_EQ(world.exchange_media.stream(world.stream_id(Side::Callee))->keys, "12#");
  EXPECT_EQ(world.exchange_media.stream(world.stream_id(Side::Caller))->keys, "");
  world.leave();
}

TEST(MuteParty, lets_the_other_hear_next_to_nothing) {
  SoundWorld world;
  EXPECT_THAT(world.told(call::MuteParty{world.leg.call_id(), Side::Caller}), ElementsAre("Ended"));
  EXPECT_EQ(world.played(Side::Callee), "something else");
  EXPECT_EQ(world.played(Side::Caller), "");
  const CommandId id = world.play(Side::Callee);
  EXPECT_EQ(world.played(Side::Callee), "/sounds/welcome.wav");
  world.exchange_media.emit(world.stream_id(Side::Callee), media::SourceEnded{});
  world.run_for(1s);
  EXPECT_TRUE(world.commands.ended(id));
  EXPECT_EQ(world.played(Side::Callee), "something else") << "still muted";
  EXPECT_THAT(world.told(call::MuteParty{world.leg.call_id(), Side::Caller, false}), ElementsAre("Ended"));
  EXPECT_EQ(world.played(Side::Callee), "");
  world.leave();
}

TEST(RecordCall, records_until_it_is_stopped) {
  SoundWorld world;
  const CommandId id = world.submit(call::RecordCall{.call_id = world.leg.call_id()});
  EXPECT_THAT(world.commands.texts(id), ElementsAre(StartsWith("CallRecordStart /recordings/call-")));
  const auto& recording = world.exchange_media.recordings().begin()->second;
  EXPECT_EQ(recording.stream, world.stream_id(Side::Caller));
  EXPECT_EQ(recording.heard_on, media::HeardOn::Left);
  EXPECT_THAT(world.told(call::RecordCall{.call_id = world.leg.call_id()}), ElementsAre("Failed 480 The call is being recorded", "Ended"));
  using Change = call::ChangeRecording::Change;
  EXPECT_THAT(world.told(call::ChangeRecording{world.leg.call_id(), Change::Pause}), ElementsAre("Ended"));
  EXPECT_TRUE(recording.paused);
  EXPECT_THAT(world.told(call::ChangeRecording{world.leg.call_id(), Change::Resume}), ElementsAre("Ended"));
  EXPECT_FALSE(recording.paused);
  EXPECT_THAT(world.told(call::ChangeRecording{world.leg.call_id(), Change::Stop}), ElementsAre("Ended"));
  EXPECT_TRUE(recording.stopped);
  world.exchange_media.finish_closing();
  world.run_for(1s);
  EXPECT_THAT(world.commands.texts(id), ElementsAre(StartsWith("CallRecordStart"), StartsWith("CallRecordSuccessful /recordings/call-"), "Ended"));
  world.leave();
}

TEST(RecordCall, ends_with_the_call_and_when_it_is_cancelled) {
  for (const bool cancelled : {false, true}) {
    SoundWorld world;
    const CommandId id = world.submit(call::RecordCall{.call_id = world.leg.call_id(), .layout = media::RecordingLayout::Separate});
    if (cancelled) {
      world.exchange->cancel(id);
    } else {
      world.bob.hang_up();
    }
    world.run_for(2s);
    EXPECT_FALSE(world.commands.ended(id)) << "the files are not complete yet";
    world.exchange_media.finish_closing();
    world.run_for(1s);
    const auto texts = world.commands.texts(id);
    ASSERT_GE(texts.size(), 5U);
    EXPECT_THAT(texts[3], StartsWith("CallRecordSuccessful"));
    EXPECT_EQ(texts.back(), "Ended");
    EXPECT_EQ(cancelled, world.commands.has(id, "Failed the command was cancelled"));
    if (cancelled) {
      world.alice.hang_up();
      world.run_for(2s);
    }
    world.exchange_media.finish_closing();
    world.expect_nothing_left();
  }
}

TEST(RecordCall, goes_on_when_a_third_party_takes_a_place) {
  SoundWorld world;
  ScriptedPhone& carol = world.add_phone("carol", {});
  const CommandId id = world.submit(call::RecordCall{.call_id = world.leg.call_id()});
  const auto& recording = world.exchange_media.recordings().begin()->second;
  const auto before = recording.stream;
  // She comes in the place of alice, whose stream is the one that is recorded.
  const sip::DialogName name = world.alice.leg(0).session()->name_at_peer();
  PhoneLeg& taking = carol.dial("sip:alice@192.0.2.1?Replaces=" + sip::escape_header_value(name.to_string()), carol.sdp());
  world.run_for(2s);
  ASSERT_TRUE(taking.confirmed());
  EXPECT_FALSE(recording.stopped);
  EXPECT_NE(recording.stream, before);
  carol.hang_up();
  world.run_for(2s);
  EXPECT_TRUE(recording.stopped);
  world.exchange_media.finish_closing();
  world.run_for(1s);
  EXPECT_TRUE(world.commands.ended(id));
  world.expect_nothing_left();
}

}  // namespace
}  // namespace callwright::simulation
