#include "sdp/glance.hpp"

#include <gtest/gtest.h>

#include <string>

namespace callwright::sdp {
namespace {

Glance of(const std::string& rest) { return glance("v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\n" + rest); }

TEST(Glance, sees_where_audio_is_wanted) {
  const Glance seen = of("c=IN IP4 10.0.0.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n");
  EXPECT_TRUE(seen.audio);
  EXPECT_FALSE(seen.others || seen.browser || seen.held);
  EXPECT_EQ(seen.address->to_string(), "10.0.0.7");
  EXPECT_EQ(of("c=IN IP4 10.0.0.7\nt=0 0\nm=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::1\n").address->to_string(), "2001:db8::1");
  EXPECT_EQ(of("m=video 4000 RTP/AVP 0\nc=IN IP4 10.0.0.8\nm=audio 4000 RTP/AVP 0\nc=IN IP4 10.0.0.9\n").address->to_string(), "10.0.0.9");
  EXPECT_FALSE(of("c=IN IP4 phone.example\r\nm=audio 4000 RTP/AVP 0\r\n").address);
}

TEST(Glance, sees_sections_that_are_not_refused) {
  EXPECT_TRUE(of("m=audio 4000 RTP/AVP 0\r\nm=image 4002 udptl t38\r\n").others);
  EXPECT_FALSE(of("m=audio 4000 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n").others);
  EXPECT_FALSE(of("m=audio 0 RTP/AVP 0\r\n").audio);
  EXPECT_FALSE(glance("nothing").audio);
  EXPECT_FALSE(glance("").audio);
}

TEST(Glance, knows_browsers_by_their_protocol) {
  EXPECT_TRUE(of("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n").browser);
  EXPECT_TRUE(of("m=audio 9 RTP/SAVPF 111\r\n").browser);
  EXPECT_FALSE(of("m=audio 4000 RTP/SAVP 0\r\n").browser);
}

TEST(Glance, knows_holding) {
  EXPECT_TRUE(of("m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n").held);
  EXPECT_TRUE(of("a=inactive\r\nm=audio 4000 RTP/AVP 0\r\n").held);
  EXPECT_FALSE(of("a=inactive\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n").held);
  EXPECT_FALSE(of("m=audio 4000 RTP/AVP 0\r\nm=video 4000 RTP/AVP 31\r\na=inactive\r\n").held);
  EXPECT_TRUE(of("c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n").held);
  EXPECT_FALSE(of("c=IN IP4 0.0.0.0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:abcd\r\n").held);
}

TEST(Glance, knows_addresses_that_mean_nothing_elsewhere) {
  for (const char* const text :
       {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "169.254.1.1", "127.0.0.1", "fd00::1", "fe80::1", "::1"}) {
    EXPECT_TRUE(is_private(base::IpAddress::parse(text).value())) << text;
  }
  for (const char* const text : {"192.0.2.1", "172.32.0.1", "100.128.0.1", "8.8.8.8", "2001:db8::1"}) {
    EXPECT_FALSE(is_private(base::IpAddress::parse(text).value())) << text;
  }
}

}  // namespace
}  // namespace callwright::sdp
