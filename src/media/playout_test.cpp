#include "media/playout.hpp"

#include "base/random.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <string>

namespace callwright::media {
namespace {

using base::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::Ge;
using testing::Le;
using Kind = PlayoutFrame::Kind;

/// Packets of 20 ms at 8 kHz that bear their number in the payload; arrival and playout are told by the test.
class PlayoutOf20Ms : public testing::Test {
 protected:
  Playout::Outcome insert(std::uint32_t number, Duration late = {}, std::uint32_t ticks = 160, std::uint32_t timestamp_offset = 0) {
    rtp::Buffer payload(4);
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&number), 4, payload.begin());
    rtp::Packet packet;
    packet.sequence = static_cast<std::uint16_t>(65500 + number);
    packet.timestamp = rtp::Timestamp{first_timestamp_ + number * ticks + timestamp_offset};
    packet.payload = payload;
    return playout_.insert(packet, ticks, start_ + milliseconds(ticks / 8) * number + late);
  }

  static std::uint32_t number_in(rtp::Bytes payload) {
    std::uint32_t number = 0;
    std::copy_n(payload.begin(), 4, reinterpret_cast<std::uint8_t*>(&number));
    return number;
  }

  /// "7" for packet 7, "x" for a lost one ("x8" when packet 8 is there to help), "." for nothing, "+" for stretched time.
  std::string next() {
    const PlayoutFrame frame = playout_.next(at_, at_);
    at_ += std::chrono::microseconds(frame.duration * 125);
    arrival_ = frame.arrival;
    switch (frame.kind) {
      case Kind::Packet: return std::to_string(number_in(frame.payload));
      case Kind::Lost: return frame.payload.empty() ? "x" : "x" + std::to_string(number_in(frame.payload));
      case Kind::Nothing: return ".";
      default: return "+";
    }
  }
  /// Without what was heard before the first packet.
  std::string played(int frames) {
    std::string all;
    for (int i = 0; i < frames; ++i) {
      const std::string one = next();
      all += all.empty() && one == "." ? "" : one + " ";
    }
    return all;
  }

  std::uint32_t first_timestamp_ = 0xffffff00;
  const base::TimePoint start_{std::chrono::hours(1)};
  base::TimePoint at_ = start_;
  base::TimePoint arrival_{};
  Playout playout_{Playout::Options{}};
};

TEST_F(PlayoutOf20Ms, is_silent_before_the_first_packet) {
  EXPECT_EQ(next(), ".");
  EXPECT_EQ(playout_.delay(), Duration::zero());
}

TEST_F(PlayoutOf20Ms, plays_packets_after_the_least_delay_over_the_wrap_of_timestamps) {
  for (std::uint32_t number = 0; number < 6; ++number) {
    EXPECT_EQ(insert(number), Playout::Outcome::Queued);
  }
  EXPECT_EQ(next(), ".");
  at_ = start_ + milliseconds(39);
  EXPECT_EQ(next(), ".");
  at_ = start_ + milliseconds(40);
  EXPECT_EQ(next(), "0");
  EXPECT_EQ(arrival_, start_);
  EXPECT_EQ(next(), "1");
  EXPECT_EQ(arrival_, start_ + milliseconds(20));
  EXPECT_EQ(playout_.delay(), milliseconds(40));
  EXPECT_EQ(played(4), "2 3 4 5 ");
}

TEST_F(PlayoutOf20Ms, puts_packets_in_order_and_drops_doubles) {
  insert(0);
  insert(2);
  insert(1);
  EXPECT_EQ(insert(1), Playout::Outcome::Duplicate);
  at_ += milliseconds(40);
  EXPECT_EQ(played(3), "0 1 2 ");
  EXPECT_EQ(playout_.statistics().reordered, 1U);
  EXPECT_EQ(playout_.statistics().duplicates, 1U);
  EXPECT_EQ(insert(1), Playout::Outcome::Late) << "its time is over";
}

TEST_F(PlayoutOf20Ms, says_what_is_lost_and_gives_the_packet_behind_it) {
  insert(0);
  insert(2);
  insert(5);
  at_ += milliseconds(40);
  EXPECT_EQ(played(6), "0 x2 2 x x5 5 ");
  EXPECT_EQ(playout_.statistics().lost, 3U);
  EXPECT_EQ(playout_.statistics().packets, 3U);
}

TEST_F(PlayoutOf20Ms, numbers_without_a_gap_say_that_nothing_was_sent) {
  insert(0);
  insert(1, milliseconds(80), 160, 4 * 160);
  at_ += milliseconds(40);
  EXPECT_EQ(played(6), "0 . . . . 1 ");
  EXPECT_EQ(playout_.statistics().lost, 0U);
}

TEST_F(PlayoutOf20Ms, numbers_of_packets_without_sound_are_not_missing) {
  insert(0);
  rtp::Packet event;
  for (const std::uint16_t number : {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}}) {
    event.sequence = static_cast<std::uint16_t>(65500 + number);
    playout_.pass_over(event);
  }
  insert(4);
  insert(6);
  at_ += milliseconds(40);
  EXPECT_EQ(played(7), "0 . . . 4 x6 6 ");
  EXPECT_EQ(playout_.statistics().lost, 1U);
}

TEST_F(PlayoutOf20Ms, conceals_nothing_while_a_key_is_pressed) {
  insert(0);
  at_ += milliseconds(40);
  EXPECT_EQ(next(), "0");
  rtp::Packet event;
  for (std::uint16_t number = 1; number < 6; ++number) {
    event.sequence = static_cast<std::uint16_t>(65500 + number);
    playout_.pass_over(event);
    EXPECT_EQ(next(), ".") << number;
  }
  insert(6);
  EXPECT_EQ(next(), "6");
  EXPECT_EQ(playout_.statistics().lost, 0U);
}

TEST_F(PlayoutOf20Ms, conceals_for_a_while_when_nobody_sends_any_more) {
  insert(0);
  at_ += milliseconds(40);
  EXPECT_EQ(played(9), "0 x x x x x . . . ");
  insert(100);
  at_ = start_ + milliseconds(100 * 20 + 20);
  EXPECT_EQ(next(), ".");
  at_ = start_ + milliseconds(100 * 20 + 40);
  EXPECT_EQ(next(), "100");
}

TEST_F(PlayoutOf20Ms, takes_packets_of_any_length) {
  insert(0, {}, 480);
  insert(1, {}, 480);
  at_ += milliseconds(40);
  EXPECT_EQ(played(1), "0 ");
  EXPECT_EQ(at_, start_ + milliseconds(100));
  EXPECT_EQ(next(), "1");
}

TEST_F(PlayoutOf20Ms, grows_at_once_when_packets_in_a_row_come_late) {
  std::string heard;
  for (std::uint32_t number = 0; number < 60; ++number) {
    insert(number, number < 10 ? milliseconds(0) : milliseconds(100));
    if (number >= 2) {
      at_ = std::max(at_, start_);
      while (at_ <= start_ + milliseconds(20) * number + (number < 10 ? milliseconds(0) : milliseconds(100))) {
        heard += next() + " ";
      }
    }
  }
  EXPECT_THAT(playout_.statistics().late, AllOf(Ge(3U), Le(8U)));
  EXPECT_GE(playout_.target(), milliseconds(90));
  EXPECT_NE(heard.find("+"), std::string::npos) << heard;
  EXPECT_NE(heard.find("30 31 32 33 34"), std::string::npos) << heard;
}

TEST_F(PlayoutOf20Ms, begins_anew_when_timestamps_jump_or_stood_still) {
  insert(0);
  at_ += milliseconds(40);
  EXPECT_EQ(next(), "0");
  insert(2, {}, 160, 8000 * 100);
  at_ = start_ + milliseconds(80);
  EXPECT_EQ(next(), "2") << "100 s ahead";
  while (at_ < start_ + milliseconds(2000 + 3 * 20)) {
    (void)next();
  }
  std::string heard;
  for (std::uint32_t number = 3; number < 20; ++number) {
    insert(number, milliseconds(2000), 160, 8000 * 100);
    for (const auto end = start_ + milliseconds(2000) + milliseconds(20) * (number + 1); at_ < end;) {
      heard += next() + " ";
    }
  }
  EXPECT_NE(heard.find("6 7 8 9 10 11 12"), std::string::npos) << heard << ": the 2 s for which timestamps stood still do not count";
}

TEST_F(PlayoutOf20Ms, begins_anew_after_restart) {
  insert(5);
  playout_.restart();
  at_ += seconds(1);
  EXPECT_EQ(next(), ".");
}

TEST_F(PlayoutOf20Ms, holds_a_bounded_number_of_packets) {
  for (std::uint32_t number = 0; number < 1000; ++number) {
    insert(number);
  }
  at_ = start_ + milliseconds(20) * (1000 - Playout::kMaxPackets) + milliseconds(40);
  EXPECT_EQ(next(), std::to_string(1000 - Playout::kMaxPackets));
}

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
