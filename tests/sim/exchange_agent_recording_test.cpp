// Agents that record their calls: one recording for a call, whatever becomes of it.
#include "sim/agent_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace callwright::simulation {
namespace {

using call::AgentOptions;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

AgentOptions recording(media::RecordingLayout layout = media::RecordingLayout::Stereo) {
  AgentOptions options;
  options.recording = call::AgentRecording{.folder = "/calls", .layout = layout};
  return options;
}

struct RecordingWorld : AgentWorld {
  [[nodiscard]] const media::FakeMediaPort::FakeRecording& only() const { return media.recordings().begin()->second; }
  [[nodiscard]] std::size_t going_on() const {
    return static_cast<std::size_t>(std::ranges::count_if(media.recordings(), [](const auto& entry) { return !entry.second.stopped; }));
  }
};

TEST(AgentRecording, begins_with_the_answer_and_ends_with_the_call) {
  RecordingWorld world;
  call::Agent& alice = world.add_agent("alice", recording());
  world.add_agent("bob");
  alice.dial("sip:bob@192.0.2.1");
  world.run_for(2s);
  ASSERT_THAT(world.media.recordings(), SizeIs(1));
  EXPECT_THAT(world.only().options.path.string(), StartsWith("/calls/alice-"));
  EXPECT_EQ(world.only().options.path.extension(), ".wav");
  EXPECT_EQ(world.only().stream, world.media.streams().begin()->first);
  EXPECT_EQ(world.only().heard_on, media::HeardOn::Left);
  EXPECT_FALSE(world.only().stopped);
  alice.hang_up_all();
  world.run_for(1s);
  EXPECT_TRUE(world.only().stopped);
  world.media.finish_closing();
  EXPECT_EQ(world.journal.of("alice").back(), "CallRecorded");
  EXPECT_EQ(world.journal.recordings, std::vector{world.only().options.path.string()});
  world.expect_no_agent_calls();
}

TEST(AgentRecording, goes_on_through_a_transfer_in_the_same_file) {
  RecordingWorld world;
  call::Agent& alice = world.add_agent("alice", recording());
  call::Agent& bob = world.add_agent("bob");
  // Alice is called first, and then referred to bob.
  const auto id = world.start("alice", "bob");
  ASSERT_TRUE(world.run_until_ended(id));
  world.run_for(1s);
  EXPECT_EQ(alice.calls(), 1U);
  ASSERT_EQ(world.media.open_count(), 2U);
  ASSERT_THAT(world.media.recordings(), SizeIs(1));
  EXPECT_EQ(world.going_on(), 1U);
  const auto* const stream = world.media.stream(world.only().stream.value());
  EXPECT_FALSE(stream->closed) << "the stream of the call with bob";
  bob.hang_up_all();
  world.run_for(1s);
  EXPECT_EQ(world.going_on(), 0U);
  world.expect_no_agent_calls();
}

TEST(AgentRecording, that_fails_leaves_the_call_alone) {
  RecordingWorld world;
  call::Agent& alice = world.add_agent("alice", recording(media::RecordingLayout::Separate));
  world.add_agent("bob");
  alice.dial("sip:bob@192.0.2.1");
  world.run_for(2s);
  world.media.fail_recording(world.media.recordings().begin()->first, {base::Errc::Io, "No space left on device"});
  EXPECT_EQ(world.journal.of("alice").back(), "MediaFailed");
  world.media.finish_closing();
  EXPECT_EQ(world.journal.of("alice").back(), "CallRecorded");
  world.run_for(1s);
  EXPECT_EQ(alice.calls(), 1U);
  alice.hang_up_all();
  world.run_for(1s);
  world.expect_no_agent_calls();
}

TEST(AgentRecording, has_a_name_that_leads_nowhere_else) {
  base::DeterministicRandom random(1);
  const std::string name = call::recording_name("alice", "../../etc/passwd\r\n%00" + std::string(500, 'x'), audio::FileFormat::OggOpus, random);
  EXPECT_THAT(name, StartsWith("alice-______etc_passwd___00xxx"));
  EXPECT_THAT(name, HasSubstr(".ogg"));
  EXPECT_LT(name.size(), 100U);
  EXPECT_NE(name, call::recording_name("alice", "../../etc/passwd\r\n%00" + std::string(500, 'x'), audio::FileFormat::OggOpus, random));
}

}  // namespace
}  // namespace callwright::simulation
