#include "net/opensips_address.hpp"

#include <gtest/gtest.h>

namespace callwright::net {
namespace {

TEST(OpenSipsAddress, is_read_and_written) {
  for (const std::string text : {"udp:127.0.0.1:8080", "unix:/run/opensips/mi.sock", "http://127.0.0.1:8888/mi", "http://[::1]:8888/path/mi"}) {
    const auto address = OpenSipsAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
  EXPECT_EQ(OpenSipsAddress::parse("http://127.0.0.1:8888")->path, "/mi");
}

TEST(OpenSipsAddress, is_refused_when_it_is_none) {
  const std::string long_path = "unix:/" + std::string(107, 'x');
  for (const std::string_view text :
       {std::string_view(""), std::string_view("127.0.0.1:8080"), std::string_view("udp:localhost:8080"), std::string_view("udp:127.0.0.1"),
        std::string_view("unix:mi.sock"), std::string_view("unix:"), std::string_view("tcp:127.0.0.1:1"), std::string_view("http://127.0.0.1:1/a b"),
        std::string_view("http://:1/"), std::string_view(long_path)}) {
    EXPECT_FALSE(OpenSipsAddress::parse(text)) << text;
  }
}

}  // namespace
}  // namespace callwright::net
