#include "sdp/directed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::sdp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kTwoSections =
    "v=0\r\no=alice 1 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=recvonly\r\n"
    "m=audio 4000 RTP/AVP 0\r\na=ptime:20\r\nm=video 4002 RTP/AVP 31\r\na=sendonly\r\n";

TEST(Directed, directions_are_those_of_each_section_or_of_the_session) {
  EXPECT_THAT(directions_of(kTwoSections), ElementsAre(Direction::RecvOnly, Direction::SendOnly));
  EXPECT_THAT(directions_of("nothing of the kind"), IsEmpty());
}

TEST(Directed, takes_nothing_but_the_directions_away) {
  EXPECT_EQ(directed(kTwoSections, directions_of(kTwoSections), Direction::Inactive),
            "v=0\r\no=alice 1 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=recvonly\r\n"
            "m=audio 4000 RTP/AVP 0\r\na=ptime:20\r\na=inactive\r\nm=video 4002 RTP/AVP 31\r\na=inactive\r\n");
}

TEST(Directed, allows_no_more_than_was_there) {
  const std::string text = directed(kTwoSections, {Direction::SendRecv}, Direction::SendOnly);
  EXPECT_THAT(directions_of(text), ElementsAre(Direction::SendOnly, Direction::SendOnly)) << "a section without a direction of its own may do what is allowed";
  EXPECT_THAT(directions_of(directed(text, directions_of(kTwoSections), Direction::SendRecv)), ElementsAre(Direction::RecvOnly, Direction::SendOnly));
}

TEST(Directed, leaves_alone_what_is_no_description) { EXPECT_EQ(directed("x", {}, Direction::Inactive), "x"); }

}  // namespace
}  // namespace callwright::sdp
