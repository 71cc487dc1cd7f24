// A partner that is not heard any more, and one that comes back.
#include "media/two_streams.hpp"

#include <gmock/gmock.h>

namespace callwright::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

class SilentPartner : public TwoStreams {
 protected:
  static StreamParameters watching(sdp::Direction direction = sdp::Direction::SendRecv) {
    StreamParameters parameters = parameters_towards(1000);
    parameters.silence_limit = seconds(10);
    parameters.direction = direction;
    return parameters;
  }
};

TEST_F(SilentPartner, is_told_once_and_so_is_its_return) {
  alice_.start(parameters_towards(2000), clock_.now());
  bob_.start(watching(), clock_.now());
  run(seconds(30));
  EXPECT_THAT(events_of<PartnerSilent>(kBob), IsEmpty());
  loss_ = 1;
  run(milliseconds(9900));
  EXPECT_THAT(events_of<PartnerSilent>(kBob), IsEmpty());
  run(seconds(30));
  ASSERT_THAT(events_of<PartnerSilent>(kBob), SizeIs(1));
  EXPECT_GE(events_of<PartnerSilent>(kBob)[0].since_last, seconds(10));
  EXPECT_LE(events_of<PartnerSilent>(kBob)[0].since_last, milliseconds(10020));
  EXPECT_THAT(events_of<PartnerBack>(kBob), IsEmpty());
  loss_ = 0;
  run(seconds(15));
  ASSERT_THAT(events_of<PartnerBack>(kBob), SizeIs(1));
  EXPECT_GT(events_of<PartnerBack>(kBob)[0].silence, seconds(39));
  loss_ = 1;
  run(seconds(12));
  EXPECT_THAT(events_of<PartnerSilent>(kBob), SizeIs(2)) << "again after its return";
}

TEST_F(SilentPartner, that_never_was_heard_is_told_too) {
  bob_.start(watching(), clock_.now());
  run(seconds(11));
  EXPECT_THAT(events_of<PartnerSilent>(kBob), SizeIs(1));
}

TEST_F(SilentPartner, is_none_while_its_reports_come) {
  bob_.start(watching(), clock_.now());
  StreamParameters quiet = parameters_towards(2000);
  quiet.direction = sdp::Direction::RecvOnly;
  alice_.start(quiet, clock_.now());
  run(seconds(60));
  EXPECT_EQ(bob_.statistics().packets_received, 0U);
  EXPECT_THAT(events_of<PartnerSilent>(kBob), IsEmpty());
}

TEST_F(SilentPartner, is_not_missed_while_it_is_held_and_for_a_whole_limit_after_it) {
  for (const sdp::Direction direction : {sdp::Direction::Inactive, sdp::Direction::SendOnly, sdp::Direction::RecvOnly}) {
    bob_.start(watching(direction), clock_.now());
    run(seconds(30));
    EXPECT_THAT(events_of<PartnerSilent>(kBob), IsEmpty());
  }
  bob_.start(watching(), clock_.now());
  run(milliseconds(9900));
  EXPECT_THAT(events_of<PartnerSilent>(kBob), IsEmpty());
  run(seconds(1));
  EXPECT_THAT(events_of<PartnerSilent>(kBob), SizeIs(1));
}

TEST_F(SilentPartner, is_not_kept_alive_by_what_is_no_packet_of_its_own) {
  bob_.start(watching(), clock_.now());
  for (int i = 0; i < 20; ++i) {
    const rtp::Buffer garbage = {0x80, 99, 3};
    bob_.receive(Port::Rtp, kFromAlice, garbage, clock_.now());
    run(seconds(1));
  }
  EXPECT_THAT(events_of<PartnerSilent>(kBob), SizeIs(1));
}

}  // namespace
}  // namespace callwright::media
