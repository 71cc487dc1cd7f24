#include "sdp/offer_answer.hpp"

#include <gtest/gtest.h>

namespace callwright::sdp {
namespace {

const base::IpAddress kOurs = base::IpAddress::v4({192, 0, 2, 1});

AudioCapabilities at(std::uint16_t port) {
  AudioCapabilities capabilities;
  capabilities.address = {kOurs, port};
  return capabilities;
}

TEST(Session, goes_on_where_somebody_else_has_described_its_side) {
  Session session(7, kOurs);
  session.follow({"phone", "9999", "41", "IN", "IP4", "203.0.113.1"});
  const Description first = session.make_offer(at(4000));
  EXPECT_EQ(first.origin, (Origin{"phone", "9999", "42", "IN", "IP4", "203.0.113.1"}));
  EXPECT_EQ(session.make_offer(at(4000)).origin.version, "42") << "nothing has changed";
  EXPECT_EQ(session.make_offer(at(4002)).origin.version, "43");
}

TEST(Session, does_not_follow_a_version_that_cannot_be_counted_on) {
  for (const char* const version : {"", "x", "99999999999999999999999", "18446744073709551615"}) {
    Session session(7, kOurs);
    session.follow({"phone", "9999", version, "IN", "IP4", "203.0.113.1"});
    EXPECT_EQ(session.make_offer(at(4000)).origin, (Origin{"-", "7", "1", "IN", "IP4", "192.0.2.1"})) << version;
  }
}

}  // namespace
}  // namespace callwright::sdp
