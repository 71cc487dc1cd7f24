// Silence that is not sent: its level goes out instead (RFC 3389).
#include "media/stream_tap.hpp"
#include "media/two_streams.hpp"

#include "audio/comfort_noise.hpp"
#include "audio/file_source.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace callwright::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

/// What is heard, as levels of frames of 20 ms.
struct LevelTap final : StreamTap {
  std::vector<double> levels;
  void on_heard(std::span<const audio::Sample> frame, audio::SampleRate /*rate*/, base::TimePoint /*at*/) override {
    levels.push_back(audio::level_dbov(frame));
  }
  void on_said(std::span<const audio::Sample> /*frame*/, audio::SampleRate /*rate*/, base::TimePoint /*at*/) override {}
};

class ComfortNoise : public TwoStreams {
 protected:
  void start(milliseconds ptime = milliseconds(20), SilenceSending silence = SilenceSending::ComfortNoise) {
    StreamParameters parameters = parameters_towards(2000);
    parameters.send_comfort_noise_payload_type = sdp::PayloadType{13};
    parameters.receive_comfort_noise_payload_type = sdp::PayloadType{13};
    parameters.silence = silence;
    parameters.ptime = ptime;
    bob_.remove_tap(tap_);
    bob_.add_tap(tap_);
    alice_.start(parameters, clock_.now());
    bob_.start(parameters_towards(1000), clock_.now());
  }
  void play_noise(double level) { alice_.set_source(blocking_make_source(Noise{level}, audio::kNarrowband).value(), audio::kNarrowband); }
  [[nodiscard]] std::size_t noise_packets() const {
    const auto& sent = sent_.at(kAlice);
    return static_cast<std::size_t>(
        std::count_if(sent.begin(), sent.end(), [](const rtp::Packet& packet) { return packet.payload_type == rtp::PayloadType{13}; }));
  }
  [[nodiscard]] double mean_of_last(std::size_t frames) const {
    double sum = 0;
    for (std::size_t i = levels_.size() - frames; i < levels_.size(); ++i) {
      sum += levels_[i];
    }
    return sum / static_cast<double>(frames);
  }
  LevelTap tap_;
  std::vector<double>& levels_ = tap_.levels;
};

TEST_F(ComfortNoise, is_heard_at_its_level_and_saves_packets) {
  for (const double level : {-45.0, -60.0}) {
    sent_.clear();
    play_noise(level);
    start();
    run(seconds(10));
    EXPECT_NEAR(mean_of_last(400), level, 3);
    EXPECT_LT(sent_[kAlice].size(), 80U) << "of 500";
    EXPECT_GE(noise_packets(), 9U);
  }
  EXPECT_EQ(bob_.statistics().lost, 0U);
  EXPECT_EQ(bob_.statistics().concealed, base::Duration::zero());
  EXPECT_EQ(bob_.statistics().refused, 0U);
}

TEST_F(ComfortNoise, follows_the_level_of_the_silence) {
  play_noise(-70);
  start();
  run(seconds(3));
  EXPECT_NEAR(mean_of_last(50), -70, 3);
  play_noise(-50);
  run(seconds(3));
  EXPECT_NEAR(mean_of_last(50), -50, 3);
}

TEST_F(ComfortNoise, is_not_sent_by_who_does_not_want_to_or_has_not_agreed) {
  play_noise(-50);
  start(milliseconds(20), SilenceSending::Packets);
  run(seconds(2));
  EXPECT_EQ(sent_[kAlice].size(), 100U);
  StreamParameters parameters = parameters_towards(2000);
  parameters.silence = SilenceSending::ComfortNoise;
  alice_.start(parameters, clock_.now());
  run(seconds(2));
  EXPECT_EQ(sent_[kAlice].size(), 200U);
  EXPECT_EQ(noise_packets(), 0U);
}

TEST_F(ComfortNoise, leaves_tones_alone_and_marks_where_sound_begins) {
  play_noise(-60);
  start();
  run(seconds(2));
  sent_.clear();
  const std::size_t before = levels_.size();
  play(alice_, 440, -30);
  run(seconds(5));
  EXPECT_GE(sent_[kAlice].size(), 248U) << "a tone is no voice, and no silence";
  EXPECT_EQ(noise_packets(), 0U);
  EXPECT_EQ(sent_[kAlice][0].marker, rtp::Marker::Yes);
  EXPECT_EQ(std::count_if(sent_[kAlice].begin(), sent_[kAlice].end(), [](const rtp::Packet& packet) { return packet.marker == rtp::Marker::Yes; }), 1);
  EXPECT_LT(levels_[before], -50);
  EXPECT_EQ(bob_.statistics().lost, 0U);
}

TEST_F(ComfortNoise, keeps_the_time_of_what_follows_it) {
  alice_.set_source(nullptr, audio::kNarrowband);
  start(milliseconds(30));
  run(seconds(4));
  const auto& sent = sent_[kAlice];
  ASSERT_GT(sent.size(), 5U);
  std::size_t sounds = 0;
  for (std::size_t i = 1; i < sent.size(); ++i) {
    EXPECT_EQ(sent[i].sequence, static_cast<std::uint16_t>(sent[i - 1].sequence + 1));
    const auto step = static_cast<std::uint32_t>(sent[i].timestamp) - static_cast<std::uint32_t>(sent[i - 1].timestamp);
    EXPECT_EQ(step % 80, 0U);
    EXPECT_GT(step, 0U);
    sounds += sent[i].payload_type == rtp::PayloadType{0} ? 1U : 0U;
  }
  EXPECT_LE(sounds, 10U);
  EXPECT_GT(static_cast<std::uint32_t>(sent.back().timestamp) - static_cast<std::uint32_t>(sent.front().timestamp), 3U * 8000U);
}

/// Silence, a voice from `begin` on, and silence again; a little noise everywhere.
class VoiceInNoise final : public audio::Source {
 public:
  static constexpr std::size_t kBegin = 3 * 8000 + 37;
  explicit VoiceInNoise(std::vector<audio::Sample> voice) : voice_(std::move(voice)) {}
  std::size_t read(std::span<audio::Sample> out) override {
    noise_.read(out);
    for (audio::Sample& sample : out) {
      const std::size_t at = position_++;
      sample = static_cast<audio::Sample>(at >= kBegin && at - kBegin < voice_.size() ? sample + voice_[at - kBegin] : sample);
    }
    return out.size();
  }

 private:
  audio::ComfortNoiseSource noise_{-65};
  std::vector<audio::Sample> voice_;
  std::size_t position_ = 0;
};

TEST_F(ComfortNoise, does_not_cut_off_how_speech_begins) {
  for (const char* const name : {"speech_man.flac", "speech_woman.flac"}) {
    auto file =
        audio::FileSource::blocking_open(std::filesystem::path(CALLWRIGHT_FIXTURES) / name, {.repeat = audio::Repeat::Once, .rate = audio::kNarrowband});
    ASSERT_TRUE(file);
    std::vector<audio::Sample> voice(4 * 8000);
    (*file)->read(voice);
    const auto loud = std::find_if(voice.begin(), voice.end(), [](audio::Sample sample) { return std::abs(sample) > 200; });
    voice.erase(voice.begin(), loud);
    sent_.clear();
    alice_.set_source(std::make_unique<VoiceInNoise>(voice), audio::kNarrowband);
    start();
    const std::size_t frame_of_onset = VoiceInNoise::kBegin / 160;
    run(Stream::kFrame * static_cast<int>(frame_of_onset - 1));
    sent_.clear();
    run(milliseconds(60));
    ASSERT_FALSE(sent_[kAlice].empty());
    const auto sounds =
        std::count_if(sent_[kAlice].begin(), sent_[kAlice].end(), [](const rtp::Packet& packet) { return packet.payload_type == rtp::PayloadType{0}; });
    EXPECT_GE(sounds, 1) << name << ": at the latest the frame after the one in which it began";
    run(seconds(20));
  }
  EXPECT_EQ(bob_.statistics().lost, 0U);
}

}  // namespace
}  // namespace callwright::media
