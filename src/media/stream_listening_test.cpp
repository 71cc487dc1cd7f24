// What a stream tells of what it hears, as it is asked for.
#include "media/two_streams.hpp"

#include "audio/live_sink.hpp"
#include "audio/live_source.hpp"
#include "audio/test_sound.hpp"

#include <gmock/gmock.h>

namespace callwright::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

class ListeningStream : public TwoStreams {};

/// Silence for a second, a voice, silence for ever.
class Speech final : public audio::Source {
 public:
  explicit Speech(audio::SampleRate rate) : voice_(audio::man(rate)) { voice_.insert(voice_.begin(), audio::samples_in(seconds(1), rate), 0); }
  [[nodiscard]] base::Duration length() const { return audio::duration_of(voice_.size()); }
  std::size_t read(std::span<audio::Sample> out) override {
    for (audio::Sample& sample : out) {
      sample = at_ < voice_.size() ? voice_[at_++] : audio::Sample{0};
    }
    return out.size();
  }

 private:
  std::vector<audio::Sample> voice_;
  std::size_t at_ = 0;
};

TEST_F(ListeningStream, tells_when_somebody_speaks) {
  Listening listening;
  listening.voice.emplace();
  listening.voice->hang_over = seconds(1);
  bob_.set_listening(listening);
  auto speech = std::make_unique<Speech>(audio::kNarrowband);
  const base::Duration length = speech->length();
  alice_.set_source(std::move(speech), audio::kNarrowband);
  start_both();
  run(length + seconds(3));
  ASSERT_FALSE(events_of<SpeechStarted>(kBob).empty());
  ASSERT_EQ(events_of<SpeechEnded>(kBob).size(), events_of<SpeechStarted>(kBob).size());
  EXPECT_GE(events_of<SpeechStarted>(kBob).front().since_start, milliseconds(1000));
  EXPECT_LE(events_of<SpeechStarted>(kBob).front().since_start, milliseconds(2000));
  EXPECT_LE(events_of<SpeechEnded>(kBob).back().since_start, length + milliseconds(300));
  EXPECT_THAT(events_of<SpeechStarted>(kAlice), IsEmpty());
}

TEST_F(ListeningStream, measures_levels_in_windows) {
  Listening listening;
  listening.level_window = milliseconds(100);
  listening.tones = false;
  bob_.set_listening(listening);
  play(alice_, 1000, -20);
  start_both();
  run(seconds(2));
  const auto levels = events_of<LevelMeasured>(kBob);
  ASSERT_THAT(levels, SizeIs(testing::AllOf(testing::Ge(19U), testing::Le(20U))));
  EXPECT_NEAR(levels.back().rms_dbov, -20, 0.5);
  EXPECT_NEAR(levels.back().peak_dbov, -17, 0.5);
  // What was heard before the first packet has no arrival.
  for (std::size_t i = 2; i < levels.size(); ++i) {
    const auto step = levels[i].since_start - levels[i - 1].since_start;
    EXPECT_NEAR(std::chrono::duration<double>(step).count(), 0.1, 0.001) << i;
  }
  EXPECT_THAT(events_of<ToneDetected>(kBob), IsEmpty());
  EXPECT_THAT(events_of<FirstAudio>(kBob), IsEmpty());
}

TEST_F(ListeningStream, gives_what_it_hears_to_a_program_while_packets_would_pass_through) {
  constexpr StreamId kCarol{3};
  Stream& carol = streams_.add(kCarol, "carol@test", *this);
  Stream& relay = streams_.add(StreamId{4}, "relay@test", *this);
  const auto reader = std::make_shared<audio::LiveReader>(audio::LiveSinkOptions{.capacity = seconds(10)});
  play(alice_, 700);
  alice_.start(parameters_towards(2000), clock_.now());
  bob_.start(parameters_towards(1000), clock_.now());
  relay.start(parameters_towards(3000), clock_.now());
  carol.start(parameters_towards(4000), clock_.now());
  bob_.join(relay);
  run(seconds(3));
  std::vector<audio::Sample> heard;
  reader->read(heard);
  EXPECT_TRUE(heard.empty());
  bob_.hear(reader);
  run(seconds(2));
  reader->read(heard);
  ASSERT_NEAR(static_cast<double>(heard.size()), 16000, 800);
  EXPECT_NEAR(audio::level_dbov(std::span(heard).last(8000)), -20, 0.5);
  bob_.hear(nullptr);
  run(seconds(2));
  heard.clear();
  reader->read(heard);
  EXPECT_TRUE(heard.empty());
  EXPECT_THAT(events_of<ToneDetected>(kCarol), SizeIs(1)) << "without a break";
  EXPECT_EQ(carol.statistics().lost, 0U);
}

TEST_F(ListeningStream, says_what_a_program_writes) {
  const auto writer = std::make_shared<audio::LiveWriter>(audio::LiveOptions{});
  alice_.set_source(blocking_make_source(LiveSound{writer}, audio::kNarrowband).value(), audio::kNarrowband);
  start_both();
  std::vector<audio::Sample> tone(8000);
  audio::ToneSource(1000, -15, audio::kNarrowband).read(tone);
  writer->write(tone);
  run(milliseconds(500));
  EXPECT_THAT(events_of<SourceEnded>(kAlice), IsEmpty());
  writer->finish();
  run(seconds(1));
  EXPECT_THAT(events_of<SourceEnded>(kAlice), SizeIs(1));
  ASSERT_THAT(events_of<ToneDetected>(kBob), SizeIs(1));
  EXPECT_NEAR(events_of<ToneDetected>(kBob)[0].level_dbov, -15, 0.5);
  EXPECT_FALSE(blocking_make_source(LiveSound{}, audio::kNarrowband));
}

TEST_F(ListeningStream, hears_no_keys_in_opus) {
  for (const bool opus : {false, true}) {
    StreamParameters to_bob = parameters_towards(2000);
    StreamParameters to_alice = parameters_towards(1000);
    for (StreamParameters* const parameters : {&to_bob, &to_alice}) {
      parameters->codec = opus ? audio::find_codec("opus", 48000, 2) : audio::find_codec("PCMU", 8000);
      parameters->send_payload_type = parameters->receive_payload_type = sdp::PayloadType{static_cast<std::uint8_t>(opus ? 96 : 0)};
    }
    alice_.start(to_bob, clock_.now());
    bob_.start(to_alice, clock_.now());
    run(seconds(1));
    events_.clear();
    ASSERT_TRUE(alice_.press("5", {}));
    run(seconds(1));
    EXPECT_THAT(events_of<KeyPressed>(kBob), SizeIs(opus ? 0 : 1));
  }
}

}  // namespace
}  // namespace callwright::media
