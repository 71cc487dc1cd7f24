#include "base/web_origin.hpp"

#include <gtest/gtest.h>

namespace callwright::base {
namespace {

bool may(std::string_view origin, std::string_view host, Reach reach = Reach::Network) {
  return origin_may_connect(origin, host, {"https://App.example.com"}, reach);
}

TEST(Origin, may_connect_when_it_is_the_server_itself) {
  EXPECT_TRUE(may("http://127.0.0.1:5059", "127.0.0.1:5059"));
  EXPECT_TRUE(may("http://LOCALHOST:5059", "localhost:5059"));
  EXPECT_TRUE(may("http://[::1]:5059", "[::1]:5059"));
  EXPECT_TRUE(may("https://call.example.com", "call.example.com"));
  EXPECT_TRUE(may("https://call.example.com", "call.example.com:443"));
  EXPECT_TRUE(may("http://[::1]", "[::1]:80"));
}

TEST(Origin, may_not_connect_from_elsewhere) {
  EXPECT_FALSE(may("http://evil.example", "127.0.0.1:5059"));
  EXPECT_FALSE(may("http://127.0.0.1:8080", "127.0.0.1:5059"));
  EXPECT_FALSE(may("http://127.0.0.1", "127.0.0.1:5059"));
  EXPECT_FALSE(may("http://127.0.0.1:5059.evil.example", "127.0.0.1:5059"));
  EXPECT_FALSE(may("null", "127.0.0.1:5059"));
  EXPECT_FALSE(may("", ""));
  EXPECT_FALSE(may("file://127.0.0.1:5059", "127.0.0.1:5059"));
  EXPECT_FALSE(may("http://127.0.0.1:5059", ""));
}

TEST(Origin, may_connect_when_it_is_allowed) {
  EXPECT_TRUE(may("https://app.example.com", "127.0.0.1:5059"));
  EXPECT_FALSE(may("http://app.example.com", "127.0.0.1:5059"));
  EXPECT_TRUE(may("https://app.example.com", "anything", Reach::Loopback));
}

TEST(Origin, may_not_reach_loopback_under_a_name_made_to_lead_there) {
  EXPECT_FALSE(may("http://evil.example:5059", "evil.example:5059", Reach::Loopback));
  EXPECT_TRUE(may("http://localhost:5059", "localhost:5059", Reach::Loopback));
  EXPECT_TRUE(may("http://[::1]:5059", "[::1]:5059", Reach::Loopback));
}

}  // namespace
}  // namespace callwright::base
