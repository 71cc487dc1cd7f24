#include "media/recording.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace callwright::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Each;
using Side = Recording::Side;

constexpr base::TimePoint kBegin{std::chrono::hours(1)};
constexpr milliseconds kFrame{20};

class RecordingTest : public testing::Test, public Recording::Output {
 protected:
  void write(std::vector<audio::Sample> left, std::vector<audio::Sample> right) override {
    ASSERT_EQ(left.size(), right.size());
    longest_ = std::max(longest_, left.size());
    left_.insert(left_.end(), left.begin(), left.end());
    right_.insert(right_.end(), right.begin(), right.end());
  }
  /// Frames of `value` whose sound arrives from `from` to `until`.
  void say(Side side, audio::Sample value, base::Duration from, base::Duration until, audio::SampleRate rate = audio::kNarrowband) {
    const std::vector<audio::Sample> frame(audio::samples_in(kFrame, rate), value);
    for (base::Duration at = from; at < until; at += kFrame) {
      recording_.write(side, frame, rate, kBegin + at);
    }
  }
  static std::size_t count(const std::vector<audio::Sample>& samples, audio::Sample value) {
    return static_cast<std::size_t>(std::ranges::count(samples, value));
  }

  Recording recording_{audio::kNarrowband, *this};
  std::vector<audio::Sample> left_;
  std::vector<audio::Sample> right_;
  std::size_t longest_ = 0;
};

TEST_F(RecordingTest, puts_each_side_on_its_channel) {
  recording_.begin(kBegin);
  say(Side::Left, 1000, milliseconds(0), milliseconds(500));
  say(Side::Right, -1000, milliseconds(0), milliseconds(500));
  recording_.finish(kBegin + milliseconds(500));
  EXPECT_EQ(left_.size(), 4000U);
  EXPECT_THAT(left_, Each(1000));
  EXPECT_THAT(right_, Each(-1000));
}

TEST_F(RecordingTest, lays_sound_where_it_arrived_whenever_it_comes) {
  recording_.begin(kBegin);
  say(Side::Left, 1000, milliseconds(200), milliseconds(300));
  recording_.tick(kBegin + milliseconds(900));
  say(Side::Right, -1000, milliseconds(200), milliseconds(300));
  recording_.finish(kBegin + seconds(1));
  ASSERT_EQ(left_.size(), 8000U);
  EXPECT_EQ(count(left_, 1000), 800U);
  EXPECT_EQ(left_[1599], 0);
  EXPECT_EQ(left_[1600], 1000);
  EXPECT_EQ(right_[1599], 0);
  EXPECT_EQ(right_[1600], -1000);
}

TEST_F(RecordingTest, keeps_time_while_nobody_is_heard_and_gives_a_second_at_a_time) {
  recording_.begin(kBegin);
  for (base::Duration at{}; at < seconds(10); at += kFrame) {
    recording_.tick(kBegin + at);
  }
  EXPECT_EQ(left_.size(), 9 * 8000U) << "0.7 s may still come";
  EXPECT_LE(longest_, 8000U);
  recording_.finish(kBegin + seconds(10));
  EXPECT_EQ(left_.size(), 80'000U);
  EXPECT_THAT(left_, Each(0));
}

TEST_F(RecordingTest, cuts_out_what_is_paused_to_the_sample) {
  recording_.begin(kBegin);
  say(Side::Left, 1, milliseconds(0), milliseconds(1010));
  recording_.pause(kBegin + seconds(1));
  say(Side::Left, 2, seconds(1), milliseconds(3990));
  say(Side::Right, 2, seconds(1), milliseconds(3990));
  for (base::Duration at = seconds(1); at < seconds(4); at += kFrame) {
    recording_.tick(kBegin + at);
  }
  EXPECT_EQ(left_.size(), 8000U) << "what came before is on its way to the disk";
  say(Side::Left, 2, milliseconds(3985), milliseconds(4000));
  recording_.resume(kBegin + seconds(4));
  // The jitter buffer gives what arrived 60 ms before.
  say(Side::Left, 2, milliseconds(3940), milliseconds(4000));
  say(Side::Left, 3, milliseconds(4000), milliseconds(5000));
  recording_.finish(kBegin + seconds(5));
  ASSERT_EQ(left_.size(), 16'000U);
  EXPECT_EQ(count(left_, 1), 8000U);
  EXPECT_EQ(count(left_, 2), 0U);
  EXPECT_EQ(count(left_, 3), 8000U);
  EXPECT_THAT(right_, Each(0));
}

TEST_F(RecordingTest, ends_where_it_was_paused_when_it_is_stopped_then) {
  recording_.begin(kBegin);
  recording_.pause(kBegin + seconds(2));
  recording_.finish(kBegin + seconds(9));
  EXPECT_EQ(left_.size(), 16'000U);
}

TEST_F(RecordingTest, follows_a_slow_clock_by_a_sample_now_and_then) {
  recording_.begin(kBegin);
  const base::Duration frame = kFrame + std::chrono::microseconds(4);  // 200 ppm.
  const std::vector<audio::Sample> samples(160, 1000);
  for (int i = 0; i < 5000; ++i) {
    recording_.write(Side::Left, samples, audio::kNarrowband, kBegin + i * frame);
    recording_.tick(kBegin + i * frame);
  }
  recording_.finish(kBegin + 5000 * frame);
  EXPECT_EQ(left_.size(), 800'160U);
  EXPECT_LE(count(left_, 0), 16U) << "no silence between";
}

TEST_F(RecordingTest, leaves_out_what_a_jitter_buffer_made_up_to_gain_time) {
  recording_.begin(kBegin);
  say(Side::Left, 1, milliseconds(0), milliseconds(100));
  say(Side::Left, 9, milliseconds(100), milliseconds(140));
  say(Side::Left, 2, milliseconds(100), milliseconds(200));
  recording_.finish(kBegin + milliseconds(200));
  ASSERT_EQ(left_.size(), 1600U);
  EXPECT_EQ(count(left_, 9), 0U);
  EXPECT_EQ(count(left_, 2), 800U);
}

TEST_F(RecordingTest, converts_streams_of_other_rates) {
  recording_.begin(kBegin);
  std::vector<audio::Sample> sine(960);
  double phase = 0;
  for (base::Duration at{}; at < seconds(2); at += kFrame) {
    const auto rate = at < seconds(1) ? audio::kFullband : audio::kWideband;
    sine.resize(audio::samples_in(kFrame, rate));
    for (audio::Sample& sample : sine) {
      sample = static_cast<audio::Sample>(std::lrint(10'000 * std::sin(phase)));
      phase += 2 * std::numbers::pi * 500 / static_cast<double>(rate);
    }
    recording_.write(Side::Left, sine, rate, kBegin + at);
  }
  recording_.finish(kBegin + seconds(2));
  EXPECT_EQ(left_.size(), 16'000U);
  EXPECT_NEAR(audio::level_dbov(std::span(left_).subspan(400, 7000)), audio::level_dbov(std::span(left_).subspan(8400, 7000)), 0.1);
  EXPECT_NEAR(audio::level_dbov(left_), -13.3, 0.2);
}

TEST_F(RecordingTest, does_not_believe_times_that_cannot_be) {
  recording_.begin(kBegin);
  say(Side::Left, 9, std::chrono::hours(1000), std::chrono::hours(1000) + kFrame);
  say(Side::Left, 9, -std::chrono::hours(1000), -std::chrono::hours(1000) + kFrame);
  const std::vector<audio::Sample> frame(160, 9);
  recording_.write(Side::Left, frame, audio::kNarrowband, base::TimePoint{});
  recording_.finish(kBegin + seconds(1));
  EXPECT_THAT(left_, Each(0));
  EXPECT_EQ(left_.size(), 8000U);
}

TEST(RecordingOptions, name_two_files_when_sides_are_apart) {
  RecordingOptions options;
  options.path = "/calls/one.call.ogg";
  options.format = audio::FileFormat::OggOpus;
  EXPECT_EQ(files_of(options), (std::vector<std::filesystem::path>{"/calls/one.call.ogg"}));
  options.layout = RecordingLayout::Separate;
  EXPECT_EQ(files_of(options), (std::vector<std::filesystem::path>{"/calls/one.call-left.ogg", "/calls/one.call-right.ogg"}));
  EXPECT_TRUE(check_recording(options));
  options.path = "/calls/";
  EXPECT_FALSE(check_recording(options));
}

}  // namespace
}  // namespace callwright::media
