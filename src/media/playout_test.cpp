#include "media/playout.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace callwright::media {
namespace {

using audio::Sample;
using std::chrono::milliseconds;
using testing::Each;
using testing::ElementsAreArray;

/// Packets of 20 ms whose samples all have the number of the packet.
class PlayoutOf20Ms : public testing::Test {
 protected:
  Playout::Outcome insert(std::uint32_t number, std::size_t length = 160) {
    const std::vector<Sample> samples(length, static_cast<Sample>(number));
    return playout_.insert(rtp::Timestamp{first_timestamp_ + number * 160}, samples, start_ + milliseconds(20) * number);
  }

  /// The sample that fills the next 20 ms; -1 when it is not the same everywhere.
  int read() {
    std::vector<Sample> out(160);
    playout_.read(out);
    return std::all_of(out.begin(), out.end(), [&](Sample sample) { return sample == out[0]; }) ? out[0] : -1;
  }

  std::uint32_t first_timestamp_ = 0xffffff00;
  const base::TimePoint start_{std::chrono::hours(1)};
  Playout playout_;
};

TEST_F(PlayoutOf20Ms, is_silent_before_the_first_packet) {
  EXPECT_EQ(read(), 0);
  EXPECT_EQ(read(), 0);
}

TEST_F(PlayoutOf20Ms, plays_packets_two_frames_later_over_the_wrap_of_timestamps) {
  std::vector<int> played;
  for (std::uint32_t number = 1; number < 10; ++number) {
    EXPECT_EQ(insert(number), Playout::Outcome::Queued);
    played.push_back(read());
  }
  EXPECT_THAT(played, ElementsAreArray({0, 0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(playout_.slips(), 0U);
}

TEST_F(PlayoutOf20Ms, puts_packets_in_order) {
  insert(1);
  insert(3);
  insert(2);
  read();
  read();
  EXPECT_EQ(read(), 1);
  EXPECT_EQ(read(), 2);
  EXPECT_EQ(read(), 3);
}

TEST_F(PlayoutOf20Ms, plays_silence_for_what_is_missing) {
  insert(1);
  insert(3);
  read();
  read();
  EXPECT_EQ(read(), 1);
  EXPECT_EQ(read(), 0);
  EXPECT_EQ(read(), 3);
  EXPECT_EQ(read(), 0);
}

TEST_F(PlayoutOf20Ms, drops_what_comes_too_late) {
  insert(1);
  for (int i = 0; i < 4; ++i) {
    read();
  }
  EXPECT_EQ(insert(2), Playout::Outcome::Late);
  EXPECT_EQ(insert(4), Playout::Outcome::Queued);
  EXPECT_EQ(read(), 0);
  EXPECT_EQ(read(), 4);
}

TEST_F(PlayoutOf20Ms, waits_longer_when_packets_keep_coming_too_late) {
  insert(1);
  for (int i = 0; i < 10; ++i) {
    read();
  }
  EXPECT_EQ(insert(2), Playout::Outcome::Late);
  EXPECT_EQ(insert(3), Playout::Outcome::Late);
  EXPECT_EQ(insert(4), Playout::Outcome::Queued);
  EXPECT_EQ(playout_.slips(), 1U);
  read();
  read();
  EXPECT_EQ(read(), 4);
}

TEST_F(PlayoutOf20Ms, leaves_out_a_frame_when_packets_keep_waiting) {
  for (std::uint32_t number = 0; number < 8; ++number) {
    insert(number);
  }
  for (std::uint32_t number = 8; number < 600; ++number) {
    insert(number);
    read();
  }
  EXPECT_GE(playout_.slips(), 1U);
  EXPECT_LE(playout_.slips(), 3U);
}

TEST_F(PlayoutOf20Ms, follows_a_jump_of_the_timestamps) {
  insert(1);
  read();
  EXPECT_EQ(insert(100000), Playout::Outcome::Queued);
  read();
  read();
  EXPECT_EQ(read(), static_cast<Sample>(100000));
}

TEST_F(PlayoutOf20Ms, begins_anew_after_restart) {
  insert(5);
  playout_.restart();
  EXPECT_EQ(read(), 0);
  insert(1);
  read();
  read();
  EXPECT_EQ(read(), 1);
  EXPECT_EQ(playout_.slips(), 0U);
}

TEST_F(PlayoutOf20Ms, takes_packets_of_any_length) {
  EXPECT_EQ(insert(1, 480), Playout::Outcome::Queued);
  EXPECT_EQ(insert(4, 0), Playout::Outcome::Queued);
  EXPECT_EQ(insert(4, 80), Playout::Outcome::Queued);
  read();
  read();
  EXPECT_EQ(read(), 1);
  EXPECT_EQ(read(), 1);
  EXPECT_EQ(read(), 1);
  EXPECT_EQ(read(), -1) << "half of it is 4, half silence";
  EXPECT_EQ(insert(20, 100000), Playout::Outcome::Queued);
}

TEST_F(PlayoutOf20Ms, knows_when_a_sample_arrived) {
  insert(3);
  read();
  read();
  read();
  EXPECT_EQ(playout_.arrival_of(160), start_ + milliseconds(60));
  EXPECT_EQ(playout_.arrival_of(0), start_ + milliseconds(80));
}

}  // namespace
}  // namespace callwright::media
