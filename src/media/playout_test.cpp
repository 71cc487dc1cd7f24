#include "media/playout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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

}  // namespace
}  // namespace callwright::media
