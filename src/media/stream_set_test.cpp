#include "media/stream_set.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace callwright::media {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;

/// Streams that play a tone, and when each of their packets left.
class StreamSetTest : public testing::Test, public StreamOutput {
 protected:
  void send(StreamId id, Port port, const base::SocketAddress& /*to*/, rtp::Bytes /*datagram*/) override {
    if (port == Port::Rtp) {
      left_[id].push_back(clock_.now());
    }
  }
  void on_stream_event(const StreamEvent& event) override { EXPECT_FALSE(std::holds_alternative<StreamFailed>(event.what)); }

  Stream& open(std::uint64_t number) {
    Stream& stream = streams_.add(StreamId{number}, "", *this);
    StreamParameters parameters;
    parameters.remote_rtp = {base::IpAddress::v4({127, 0, 0, 1}), 5000};
    parameters.remote_rtcp = {base::IpAddress::v4({127, 0, 0, 1}), 5001};
    stream.start(parameters, clock_.now());
    return stream;
  }
  void open_many(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t number = first; number < first + count; ++number) {
      open(number);
    }
  }
  /// How many streams send in each slot.
  std::vector<std::size_t> sizes() {
    std::vector<std::size_t> sizes;
    for (unsigned slot = 0; slot < StreamSet::kSlots; ++slot) {
      left_.clear();
      clock_.advance(Stream::kFrame);
      streams_.tick(slot, clock_.now(), clock_.wall_now());
      sizes.push_back(left_.size());
    }
    return sizes;
  }

  base::ManualClock clock_;
  base::DeterministicRandom random_{7};
  rtp::DtlsIdentity identity_ = rtp::DtlsIdentity::make(base::WallTime(std::chrono::hours(24 * 365 * 50))).value();
  StreamSet streams_{random_, identity_, *this};
  std::map<StreamId, std::vector<base::TimePoint>> left_;
};

TEST_F(StreamSetTest, few_streams_share_a_slot_and_many_are_spread) {
  open_many(1, 40);
  EXPECT_THAT(sizes(), ElementsAre(32, 8, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_TRUE(streams_.used(1));
  EXPECT_FALSE(streams_.used(2));
  open_many(41, 360);
  EXPECT_THAT(sizes(), Each(40));
}

TEST_F(StreamSetTest, places_of_streams_that_end_are_taken_again) {
  open_many(1, 33);
  for (const std::uint64_t number : {1U, 17U, 32U}) {
    streams_.remove(StreamId{number});
  }
  EXPECT_THAT(sizes(), ElementsAre(29, 1, 0, 0, 0, 0, 0, 0, 0, 0));
  open_many(100, 4);
  EXPECT_THAT(sizes(), ElementsAre(32, 2, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(streams_.size(), 34U);
}

TEST_F(StreamSetTest, a_tick_up_to_half_a_frame_late_or_early_sends_one_packet) {
  open(1);
  const base::TimePoint begin = clock_.now();
  const std::vector<std::chrono::milliseconds> off{1ms, 10ms, -8ms, 0ms, 9ms, 9ms, -9ms};
  for (std::size_t number = 0; number < off.size(); ++number) {
    clock_.advance(begin + number * Stream::kFrame + off[number] - clock_.now());
    streams_.tick(clock_.now(), clock_.wall_now());
    EXPECT_EQ(left_[StreamId{1}].size(), number + 1);
  }
}

TEST_F(StreamSetTest, a_conference_has_a_slot_too) {
  open_many(1, 32);
  streams_.add_conference(ConferenceId{100}, {});
  EXPECT_TRUE(streams_.used(1));
  streams_.remove_conference(ConferenceId{100});
  EXPECT_FALSE(streams_.used(1));
}

}  // namespace
}  // namespace callwright::media
