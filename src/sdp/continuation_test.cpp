#include "sdp/continuation.hpp"

#include <gtest/gtest.h>

namespace callwright::sdp {
namespace {

const Origin kKnown{"alice", "7", "3", "IN", "IP4", "192.0.2.1"};

TEST(Continuation, puts_the_known_origin_in_place_of_the_writers) {
  Continuation continuation(kKnown);
  EXPECT_EQ(continuation.next("v=0\r\no=bob 99 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\n"), "v=0\r\no=alice 7 4 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP6 ::1\r\n");
}

TEST(Continuation, counts_up_with_each_change_only) {
  Continuation continuation(kKnown);
  const std::string first = "v=0\r\no=bob 99 1 IN IP4 192.0.2.9\r\ns=-\r\n";
  const std::string before = continuation.next(first);
  EXPECT_EQ(continuation.next(first), before) << "the refresh of a session";
  EXPECT_EQ(continuation.next("v=0\no=carol 1 0 IN IP4 192.0.2.9\n"), "v=0\no=alice 7 5 IN IP4 192.0.2.1\n");
  EXPECT_EQ(continuation.origin().version, "5");
}

TEST(Continuation, leaves_alone_what_it_does_not_understand) {
  Continuation continuation(kKnown);
  for (const std::string text : {"", "v=0\r\n", "o=bob 1 1 IN IP4 192.0.2.9\r\n"}) {
    EXPECT_EQ(continuation.next(text), text);
  }
  EXPECT_EQ(continuation.next("v=0\r\no="), "v=0\r\no=alice 7 4 IN IP4 192.0.2.1");
  Origin odd = kKnown;
  for (const std::string version : {"x", "", "18446744073709551615"}) {
    odd.version = version;
    EXPECT_EQ(Continuation(odd).next("v=0\r\no=bob 1 1 IN IP4 192.0.2.9\r\n"), "v=0\r\no=bob 1 1 IN IP4 192.0.2.9\r\n");
  }
}

}  // namespace
}  // namespace callwright::sdp
