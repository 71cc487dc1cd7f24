#include "net/stun_keep_alive.hpp"

#include <gtest/gtest.h>

namespace callwright::net {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

// RFC 5769 §2: transaction id and addresses of its sample responses.
constexpr std::string_view kTransaction = "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"sv;

std::string binding_request(std::string_view attributes = {}) {
  std::string text = "\x00\x01\x00"s;
  text.push_back(static_cast<char>(attributes.size()));
  return text.append("\x21\x12\xa4\x42"sv).append(kTransaction).append(attributes);
}

TEST(StunKeepAlive, answers_with_the_masked_ipv4_address) {
  const auto answer = answer_stun_keep_alive(binding_request(), base::SocketAddress::parse("192.0.2.1:32853").value());
  EXPECT_EQ(answer, "\x01\x01\x00\x0c\x21\x12\xa4\x42"s + std::string(kTransaction) + "\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43"s);
}

TEST(StunKeepAlive, answers_with_the_masked_ipv6_address) {
  const auto answer = answer_stun_keep_alive(binding_request(), base::SocketAddress::parse("[2001:db8:1234:5678:11:2233:4455:6677]:32853").value());
  EXPECT_EQ(answer, "\x01\x01\x00\x18\x21\x12\xa4\x42"s + std::string(kTransaction) +
                        "\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9"s);
}

TEST(StunKeepAlive, passes_over_attributes_that_need_not_be_understood) {
  const auto request = binding_request("\x80\x22\x00\x03xyz\x00"sv);
  EXPECT_TRUE(is_stun(request));
  EXPECT_EQ(answer_stun_keep_alive(request, {}).substr(0, 2), "\x01\x01"sv);
}

TEST(StunKeepAlive, names_attributes_that_would_have_to_be_understood) {
  const auto answer = answer_stun_keep_alive(binding_request("\x00\x06\x00\x01u\x00\x00\x00"sv), {});
  EXPECT_EQ(answer.substr(0, 2), "\x01\x11"sv);
  EXPECT_NE(answer.find("\x00\x09\x00\x15\x00\x00\x04\x14Unknown Attribute"sv), std::string::npos);
  EXPECT_NE(answer.find("\x00\x0a\x00\x02\x00\x06\x00\x00"sv), std::string::npos);
}

TEST(StunKeepAlive, does_not_answer_what_is_no_binding_request) {
  EXPECT_FALSE(is_stun("OPTIONS sip:a@b SIP/2.0"));
  EXPECT_FALSE(is_stun(binding_request().substr(0, 19)));
  std::string response = binding_request();
  response[0] = 1;
  EXPECT_TRUE(is_stun(response));
  for (const std::string& text : {response, binding_request() + "more", binding_request("\x00\x06\x00\x09u\x00\x00\x00"sv), binding_request("ab"sv), ""s}) {
    EXPECT_EQ(answer_stun_keep_alive(text, {}), "");
  }
}

}  // namespace
}  // namespace callwright::net
