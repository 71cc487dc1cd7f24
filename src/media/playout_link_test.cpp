// The jitter buffer at the end of a link.
#include "base/random.hpp"
#include "media/playout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <string>
#include <utility>

namespace callwright::media {
namespace {

using base::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::Ge;
using testing::Le;

/// A simulated link: the sender's clock may be off, packets are delayed, lost and reordered; both ends run in virtual time.
class LinkTo {
 public:
  struct Result {
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;
    std::uint64_t in_order = 0;
    Duration least_delay = std::chrono::hours(1);
    Duration most_delay{};
    std::uint64_t frames = 0;
  };

  LinkTo(Playout& playout, std::uint32_t clock_rate, milliseconds frame) : playout_(playout), clock_rate_(clock_rate), frame_(frame) {}

  double skew_ppm = 0;
  std::uint64_t seed = 1;
  std::function<Duration(base::Random&)> jitter = [](base::Random&) { return Duration{}; };
  std::function<bool(base::Random&)> loses = [](base::Random&) { return false; };
  Duration ignored = seconds(15);  ///< At the beginning, for the delays.

  Result run(Duration length) {
    base::DeterministicRandom random(seed);
    Result result;
    const auto ticks = static_cast<std::uint32_t>(clock_rate_ * static_cast<std::uint32_t>(frame_.count()) / 1000);
    const Duration period = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(frame_) / (1 + skew_ppm * 1e-6));
    base::TimePoint at = start_ + milliseconds(7);
    std::int64_t last_played = -1;
    for (std::uint64_t number = 0; period * static_cast<std::int64_t>(number) < length; ++number) {
      const base::TimePoint sent = start_ + period * static_cast<std::int64_t>(number);
      ++result.sent;
      if (loses(random)) {
        ++result.dropped;
      } else {
        const base::TimePoint arrival = sent + milliseconds(30) + jitter(random);
        const auto place = std::upper_bound(wire_.begin(), wire_.end(), arrival, [](base::TimePoint time, const auto& entry) { return time < entry.first; });
        wire_.insert(place, {arrival, number});
      }
      for (; at < sent; at += milliseconds(20)) {
        deliver(at, ticks);
        listen(at, result, last_played);
      }
    }
    return result;
  }

 private:
  void deliver(base::TimePoint until, std::uint32_t ticks) {
    while (!wire_.empty() && wire_.front().first <= until) {
      const auto [arrival, number] = wire_.front();
      wire_.pop_front();
      rtp::Packet packet;
      packet.sequence = static_cast<std::uint16_t>(number);
      packet.timestamp = rtp::Timestamp{static_cast<std::uint32_t>(number * ticks)};
      const auto name = static_cast<std::uint32_t>(number);
      rtp::Buffer payload(4);
      std::copy_n(reinterpret_cast<const std::uint8_t*>(&name), 4, payload.begin());
      packet.payload = payload;
      (void)playout_.insert(packet, ticks, arrival);
    }
  }

  /// 20 ms of whatever the playout gives, as a stream would do it.
  void listen(base::TimePoint at, Result& result, std::int64_t& last_played) {
    while (heard_until_ < at + milliseconds(20)) {
      heard_until_ = std::max(heard_until_, at);
      const PlayoutFrame frame = playout_.next(at, heard_until_);
      EXPECT_GT(frame.duration, 0U);
      heard_until_ += std::chrono::microseconds(std::uint64_t{frame.duration} * 1'000'000 / clock_rate_);
      ++result.frames;
      if (frame.kind != PlayoutFrame::Kind::Packet) {
        continue;
      }
      std::uint32_t number = 0;
      std::copy_n(frame.payload.begin(), 4, reinterpret_cast<std::uint8_t*>(&number));
      result.in_order += static_cast<std::int64_t>(number) > last_played ? 1U : 0U;
      last_played = number;
      if (at - start_ > ignored) {
        result.least_delay = std::min(result.least_delay, playout_.delay());
        result.most_delay = std::max(result.most_delay, playout_.delay());
      }
    }
  }

  Playout& playout_;
  std::uint32_t clock_rate_;
  milliseconds frame_;
  const base::TimePoint start_{std::chrono::hours(1)};
  base::TimePoint heard_until_ = start_;
  std::deque<std::pair<base::TimePoint, std::uint64_t>> wire_;
};

struct Format {
  std::uint32_t clock_rate;
  milliseconds frame;
};

class PlayoutLink : public testing::TestWithParam<Format> {
 protected:
  Playout::Options options() const {
    Playout::Options options;
    options.clock_rate = GetParam().clock_rate;
    return options;
  }
  Playout playout_{options()};
  LinkTo link_{playout_, GetParam().clock_rate, GetParam().frame};
};

INSTANTIATE_TEST_SUITE_P(Formats, PlayoutLink,
                         testing::Values(Format{8000, milliseconds(20)}, Format{8000, milliseconds(30)}, Format{16000, milliseconds(10)},
                                         Format{48000, milliseconds(20)}, Format{48000, milliseconds(60)}),
                         [](const auto& format) { return std::to_string(format.param.clock_rate) + "Hz" + std::to_string(format.param.frame.count()) + "ms"; });

TEST_P(PlayoutLink, a_perfect_link_is_played_whole_and_at_the_least_delay) {
  const auto result = link_.run(seconds(60));
  EXPECT_GE(playout_.statistics().packets + 20, result.sent);
  EXPECT_EQ(playout_.statistics().lost, 0U);
  EXPECT_EQ(playout_.statistics().late, 0U);
  EXPECT_EQ(playout_.statistics().stretched, 0U);
  EXPECT_EQ(playout_.statistics().shortened, 0U);
  EXPECT_LE(result.most_delay, milliseconds(40) + GetParam().frame + milliseconds(20));
}

TEST_P(PlayoutLink, an_hour_of_a_wrong_clock_does_not_change_the_delay) {
  for (const double skew : {200.0, -200.0}) {
    Playout playout{options()};
    LinkTo link(playout, GetParam().clock_rate, GetParam().frame);
    link.skew_ppm = skew;
    const auto result = link.run(std::chrono::hours(1));
    EXPECT_GE(result.least_delay, milliseconds(20)) << skew;
    EXPECT_LE(result.most_delay, milliseconds(40) + 2 * GetParam().frame + milliseconds(30)) << skew;
    EXPECT_EQ(playout.statistics().late, 0U) << skew;
    // 720 ms in all, in steps of 10 ms or of a packet.
    const std::uint64_t steps = playout.statistics().stretched + playout.statistics().shortened + playout.statistics().lost;
    EXPECT_THAT(steps, AllOf(Ge(720U / static_cast<std::uint64_t>(GetParam().frame.count()) - 3), Le(90U))) << skew;
  }
}

TEST_P(PlayoutLink, jitter_makes_the_delay_as_long_as_it_has_to_be) {
  link_.jitter = [](base::Random& random) { return Duration(milliseconds(random.between(0, 100))); };
  const auto result = link_.run(seconds(120));
  EXPECT_THAT(playout_.target(), AllOf(Ge(milliseconds(85)), Le(milliseconds(100))));
  EXPECT_LE(static_cast<double>(playout_.statistics().late) / static_cast<double>(result.sent), 0.035);
  EXPECT_EQ(result.in_order, playout_.statistics().packets);
}

TEST_P(PlayoutLink, shrinks_when_the_link_calms_down) {
  std::uint64_t asked = 0;
  link_.jitter = [&](base::Random& random) { return ++asked < 600 ? Duration(milliseconds(random.between(0, 200))) : Duration{}; };
  (void)link_.run(seconds(60));
  EXPECT_EQ(playout_.target(), milliseconds(40));
  EXPECT_LE(playout_.delay(), milliseconds(40) + GetParam().frame * 2 + milliseconds(10));
  EXPECT_GE(playout_.statistics().shortened, 1U);
}

TEST_P(PlayoutLink, bursts_of_loss_leave_order_and_delay_alone) {
  bool bad = false;  // Gilbert–Elliott: bursts of two on the mean, 8 % in all.
  link_.loses = [&](base::Random& random) {
    bad = random.chance(bad ? 0.5 : 0.045);
    return bad;
  };
  const auto result = link_.run(seconds(300));
  EXPECT_EQ(result.in_order, playout_.statistics().packets);
  EXPECT_GE(playout_.statistics().packets + playout_.statistics().late + playout_.statistics().shortened + 20, result.sent - result.dropped);
  EXPECT_LE(playout_.statistics().late + playout_.statistics().shortened, result.sent / 100);
  EXPECT_LE(playout_.target(), milliseconds(41));
  EXPECT_NEAR(static_cast<double>(playout_.statistics().lost), static_cast<double>(result.dropped), static_cast<double>(result.dropped) * 0.3);
}

TEST_P(PlayoutLink, spikes_and_reordering_and_loss_together_stay_in_order) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Playout playout{options()};
    LinkTo link(playout, GetParam().clock_rate, GetParam().frame);
    link.seed = seed;
    link.skew_ppm = seed % 2 == 0 ? 150 : -150;
    link.loses = [](base::Random& random) { return random.chance(0.02); };
    link.jitter = [](base::Random& random) {
      const double u = static_cast<double>(random.between(1, 1'000'000)) / 1e6;
      const auto tail = milliseconds(static_cast<int>(std::min(-8 * std::log(u), 300.0)));
      return Duration(random.chance(0.005) ? milliseconds(350) : tail);
    };
    const auto result = link.run(seconds(120));
    EXPECT_EQ(result.in_order, playout.statistics().packets) << seed;
    EXPECT_GE(static_cast<double>(playout.statistics().packets), 0.9 * static_cast<double>(result.sent)) << seed;
    EXPECT_LE(result.most_delay, milliseconds(500)) << seed;
  }
}

}  // namespace
}  // namespace callwright::media
