#include "sip/message.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace callwright::sip {
namespace {

using State = StreamFrame::State;

constexpr std::string_view kMessage = "BYE sip:a@b SIP/2.0\r\nVia: x\r\nContent-Length: 5\r\n\r\nhello";

StreamFrame frame_of(std::string_view stream) {
  std::size_t scanned = 0;
  return next_frame(stream, scanned);
}

TEST(StreamFrame, finds_one_message) {
  const StreamFrame frame = frame_of(std::string(kMessage) + "INVITE");
  EXPECT_EQ(frame.state, State::Message);
  EXPECT_EQ(frame.skip, 0U);
  EXPECT_EQ(frame.size, kMessage.size());
}

TEST(StreamFrame, waits_for_every_missing_byte) {
  std::size_t scanned = 0;
  for (std::size_t size = 0; size < kMessage.size(); ++size) {
    const std::string arrived(kMessage.substr(0, size));
    EXPECT_EQ(next_frame(arrived, scanned).state, State::Incomplete) << size;
  }
  const StreamFrame frame = next_frame(kMessage, scanned);
  EXPECT_EQ(frame.state, State::Message);
  EXPECT_EQ(frame.size, kMessage.size());
  EXPECT_EQ(scanned, 0U);
}

TEST(StreamFrame, goes_on_after_the_caller_has_dropped_leading_line_ends) {
  std::size_t scanned = 0;
  const StreamFrame first = next_frame("\r\nBYE sip:a@b SIP/2.0\r\nl: 0\r\n", scanned);
  EXPECT_EQ(first.state, State::Incomplete);
  EXPECT_EQ(first.skip, 2U);
  const StreamFrame second = next_frame("BYE sip:a@b SIP/2.0\r\nl: 0\r\n\r\n", scanned);
  EXPECT_EQ(second.state, State::Message);
  EXPECT_EQ(second.skip, 0U);
  EXPECT_EQ(second.size, 29U);
}

TEST(StreamFrame, goes_on_when_the_caller_has_kept_leading_line_ends) {
  std::size_t scanned = 0;
  const std::string text = "\r\nBYE sip:a@b SIP/2.0\r\nl: 0\r\n";
  EXPECT_EQ(next_frame(text, scanned).state, State::Incomplete);
  const StreamFrame frame = next_frame(text + "\r\n", scanned);
  EXPECT_EQ(frame.state, State::Message);
  EXPECT_EQ(frame.skip, 2U);
  EXPECT_EQ(frame.size, 29U);
}

TEST(StreamFrame, knows_the_ping) {
  const StreamFrame frame = frame_of("\r\n\r\nBYE");
  EXPECT_EQ(frame.state, State::KeepAlive);
  EXPECT_EQ(frame.size, 4U);
}

TEST(StreamFrame, leaves_a_line_end_that_may_become_a_ping) {
  for (const std::string_view part : {"", "\r", "\r\n", "\r\n\r"}) {
    const StreamFrame frame = frame_of(part);
    EXPECT_EQ(frame.state, State::Incomplete);
    EXPECT_EQ(frame.skip, 0U);
  }
}

TEST(StreamFrame, skips_a_line_end_before_a_message) {
  const StreamFrame frame = frame_of("\r\n" + std::string(kMessage));
  EXPECT_EQ(frame.state, State::Message);
  EXPECT_EQ(frame.skip, 2U);
  EXPECT_EQ(frame.size, kMessage.size());
}

TEST(StreamFrame, reads_content_length_in_all_its_forms) {
  EXPECT_EQ(frame_of("A\r\nL : 2\r\n\r\nxyz").size, 14U);
  EXPECT_EQ(frame_of("A\r\nCONTENT-LENGTH:\r\n  2 \r\n\r\nxyz").size, 30U);
  EXPECT_EQ(frame_of("A\nl:2\n\nxyz").size, 9U);
  EXPECT_EQ(frame_of("A\r\nl:2\r\nContent-Length:02\r\n\r\nxyz").state, State::Message);
}

TEST(StreamFrame, does_not_read_content_length_in_a_folded_line) { EXPECT_EQ(frame_of("A\r\nSubject: x\r\n l: 2\r\n\r\n").state, State::Broken); }

TEST(StreamFrame, breaks_without_a_usable_content_length) {
  EXPECT_EQ(frame_of("A\r\nB: c\r\n\r\n").reason, "Content-Length is missing, and a stream needs it");
  EXPECT_EQ(frame_of("A\r\nl: -1\r\n\r\n").reason, "Content-Length must be a number");
  EXPECT_EQ(frame_of("A\r\nl:\r\n\r\n").reason, "Content-Length must be a number");
  EXPECT_EQ(frame_of("A\r\nl: 1\r\nl: 2\r\n\r\n").reason, "two different values of Content-Length");
  EXPECT_EQ(frame_of("A\r\nl: 1\r\nl: 2\r\n\r\n").state, State::Broken);
}

TEST(StreamFrame, breaks_over_the_limit) {
  EXPECT_EQ(frame_of("A\r\nl: 65535\r\n\r\n").state, State::Broken);
  EXPECT_EQ(frame_of("A\r\nl: 4294967295\r\n\r\n").state, State::Broken);
  EXPECT_EQ(frame_of(std::string(Message::kMaxSize, 'x')).state, State::Incomplete);
  EXPECT_EQ(frame_of(std::string(Message::kMaxSize + 1, 'x')).state, State::Broken);
  EXPECT_EQ(frame_of("A\r\nl: 65519\r\n\r\n").state, State::Incomplete);
}

}  // namespace
}  // namespace callwright::sip
