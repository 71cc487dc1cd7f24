#include "call/info_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::call {
namespace {

using base::Errc;
using std::chrono::milliseconds;

TEST(InfoKeys, are_read_as_phones_and_gateways_write_them) {
  EXPECT_EQ(read_info_key("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n").value(), (InfoKey{'5', milliseconds(160)}));
  EXPECT_EQ(read_info_key("application/dtmf-relay", "Signal=5\r\nDuration=160").value(), (InfoKey{'5', milliseconds(160)}));
  EXPECT_EQ(read_info_key("Application/DTMF-Relay", "\nsignal= *\nDURATION = 40\n\n").value(), (InfoKey{'*', milliseconds(40)}));
  EXPECT_EQ(read_info_key("application/dtmf-relay", "Signal=c\r\n").value(), (InfoKey{'C', milliseconds(100)}));
  EXPECT_EQ(read_info_key("application/dtmf-relay", "Signal=11\r\nVolume=10\r\n").value().key, '#');
  EXPECT_EQ(read_info_key("application/dtmf-relay", "Signal=10").value().key, '*');
  EXPECT_EQ(read_info_key("application/dtmf", "#").value(), (InfoKey{'#', milliseconds(100)}));
  EXPECT_EQ(read_info_key("application/dtmf", " 7\r\n").value().key, '7');
  EXPECT_EQ(read_info_key("application/dtmf", "15").value().key, 'D');
}

TEST(InfoKeys, of_other_types_are_unsupported) {
  for (const char* const type : {"", "application/dtmf-relayed", "application/sdp", "text/plain"}) {
    EXPECT_EQ(read_info_key(type, "Signal=5\r\n").error().code, Errc::Unsupported) << type;
  }
}

TEST(InfoKeys, that_are_hostile_are_refused) {
  using namespace std::string_literals;
  for (const std::string& body : {""s,
                                  "5"s,
                                  "Signal"s,
                                  "Signal="s,
                                  "Signal=55"s,
                                  "Signal=16"s,
                                  "Signal=x"s,
                                  "Signal=-1"s,
                                  "Signal=!"s,
                                  "Signal=5\r\nSignal=5"s,
                                  "Signal=5\r\nDuration=0"s,
                                  "Signal=5\r\nDuration=-5"s,
                                  "Signal=5\r\nDuration=10001"s,
                                  "Signal=5\r\nDuration=99999999999999999999"s,
                                  "Signal=5\r\nDuration=1 6"s,
                                  "Signal=5\r\nDuration=100\r\nDuration=100"s,
                                  "Signal=5\0"s,
                                  "Duration=100"s,
                                  "Signal=5" + std::string(300, '\n'),
                                  std::string(100'000, '5')}) {
    const auto read = read_info_key(kDtmfRelay, body);
    ASSERT_FALSE(read) << body;
    EXPECT_EQ(read.error().code, Errc::InvalidArgument) << body;
  }
  for (const std::string& body : {""s, " "s, "55"s, "Signal=5"s, "e"s, "16"s, "\0"s, "+1"s, "5\r\n5"s}) {
    EXPECT_FALSE(read_info_key(kDtmf, body)) << body;
  }
}

TEST(InfoKeys, are_read_as_they_were_written) {
  for (const char key : std::string_view("0123456789*#ABCD")) {
    EXPECT_EQ(read_info_key(kDtmfRelay, write_info_key(kDtmfRelay, {key, milliseconds(250)})).value(), (InfoKey{key, milliseconds(250)}));
    EXPECT_EQ(read_info_key(kDtmf, write_info_key(kDtmf, {key, milliseconds(250)})).value().key, key);
  }
  EXPECT_EQ(write_info_key(kDtmfRelay, {'5', milliseconds(160)}), "Signal=5\r\nDuration=160\r\n");
}

}  // namespace
}  // namespace callwright::call
