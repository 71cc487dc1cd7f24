#include "app/audio_probe.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace callwright::app {
namespace {

using base::TimePoint;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds kFrame{20};

/// Takes frames at `first`, 20 ms later and so on, and hears them `delay` later, looking each `pace`, which begins with the epoch. Gives what was measured.
std::optional<base::Duration> measured(microseconds delay, microseconds pace, milliseconds first = milliseconds(37)) {
  ProbeSender sender(audio::kNarrowband);
  const auto source = sender.writer()->source(audio::kNarrowband);
  ProbeListener listener(audio::kNarrowband, TimePoint{} + std::chrono::seconds(5));
  std::vector<audio::Sample> line;  // What is under way: taken and not yet heard.
  std::optional<TimePoint> begun;
  std::vector<audio::Sample> frame(audio::samples_in(kFrame));
  microseconds next_taken = first;
  microseconds next_heard = first + delay;
  for (microseconds now{}; now < std::chrono::seconds(6); now += pace) {
    for (; next_taken <= now; next_taken += kFrame) {
      source->read(frame);
      line.insert(line.end(), frame.begin(), frame.end());
    }
    std::vector<audio::Sample> heard;
    for (; next_heard <= now && line.size() >= frame.size(); next_heard += kFrame) {
      heard.insert(heard.end(), line.begin(), line.begin() + static_cast<std::ptrdiff_t>(frame.size()));
      line.erase(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(frame.size()));
    }
    if (const auto at = sender.follow(TimePoint{} + now)) {
      begun = at;
    }
    if (const auto outcome = listener.hear(heard, TimePoint{} + now)) {
      return outcome->heard_at && begun ? std::optional(base::Duration(*outcome->heard_at - *begun)) : std::nullopt;
    }
  }
  return std::nullopt;
}

TEST(AudioProbe, measures_the_delay_to_a_few_milliseconds) {
  for (const milliseconds delay : {milliseconds(40), milliseconds(63), milliseconds(250), milliseconds(1500)}) {
    const auto found = measured(delay, milliseconds(2));
    ASSERT_TRUE(found) << delay.count();
    EXPECT_LE(std::abs(std::chrono::duration<double, std::milli>(*found - delay).count()), 3) << delay.count();
  }
}

TEST(AudioProbe, hears_nothing_in_silence) {
  ProbeListener listener(audio::kNarrowband, TimePoint{} + std::chrono::seconds(2));
  const std::vector<audio::Sample> silence(audio::samples_in(kFrame));
  TimePoint now{};
  for (; now < TimePoint{} + milliseconds(1980); now += kFrame) {
    ASSERT_FALSE(listener.hear(silence, now));
  }
  const auto outcome = listener.hear(silence, now + kFrame);
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->heard_at);
}

TEST(AudioProbe, is_told_only_when_all_of_it_was_taken) {
  ProbeSender sender(audio::kNarrowband);
  const auto source = sender.writer()->source(audio::kNarrowband);
  std::vector<audio::Sample> frame(audio::samples_in(kFrame));
  for (int taken = 0; taken < 49; ++taken) {
    source->read(frame);
    EXPECT_FALSE(sender.follow(TimePoint{} + taken * kFrame));
  }
  source->read(frame);
  EXPECT_EQ(sender.follow(TimePoint{} + 49 * kFrame), TimePoint{});
}

}  // namespace
}  // namespace callwright::app
