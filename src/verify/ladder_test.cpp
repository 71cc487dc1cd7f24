#include "verify/ladder.hpp"

#include <gtest/gtest.h>

namespace callwright::verify {
namespace {

base::SocketAddress at(const char* text) { return base::SocketAddress::parse(text).value(); }

std::string message(const std::string& start_line, const std::string& body = {}) {
  return start_line + "\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n" +
         (body.empty() ? "" : "Content-Type: application/sdp\r\n") + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(Ladder, draws_an_arrow_for_each_message_in_its_direction) {
  const auto alice = at("127.0.0.1:1");
  const auto bob = at("127.0.0.1:2");
  const base::WallTime start{};
  const std::string drawn = draw_ladder(
      {{start, alice, bob, message("INVITE sip:c@d SIP/2.0", "v=0\r\n")}, {start + std::chrono::milliseconds(1500), bob, alice, message("SIP/2.0 200 OK")}},
      {{"alice", {alice}}, {"bob", {bob}}});
  EXPECT_EQ(drawn,
            "        alice                            bob\n"
            "   0.000  |-------- INVITE (SDP) -------->|\n"
            "   1.500  |<---------- 200 OK ------------|\n");
}

TEST(Ladder, gives_an_address_without_a_name_a_lane_of_its_own) {
  const std::string drawn = draw_ladder({{{}, at("127.0.0.1:1"), at("127.0.0.1:9"), message("INVITE sip:c@d SIP/2.0")}}, {{"alice", {at("127.0.0.1:1")}}});
  EXPECT_NE(drawn.find("127.0.0.1:9"), std::string::npos);
}

TEST(Ladder, shows_what_is_no_sip_message) {
  const std::string drawn = draw_ladder({{{}, at("127.0.0.1:1"), at("127.0.0.1:2"), "\r\n"}}, {});
  EXPECT_NE(drawn.find("(unreadable)"), std::string::npos);
}

}  // namespace
}  // namespace callwright::verify
