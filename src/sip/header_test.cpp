#include "sip/header.hpp"
#include "sip/method.hpp"
#include "sip/transport.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace callwright::sip {
namespace {

TEST(Header, is_found_by_its_name_in_any_case) {
  for (int i = 1; i <= static_cast<int>(Header::WwwAuthenticate); ++i) {
    const auto header = static_cast<Header>(i);
    std::string name(to_string(header));
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(header_from(name), header) << name;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    EXPECT_EQ(header_from(name), header) << name;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    EXPECT_EQ(header_from(name), header) << name;
    EXPECT_EQ(header_from(name + "x"), Header::Other) << name;
  }
}

TEST(Header, is_found_by_its_compact_form) {
  const std::pair<std::string_view, Header> forms[] = {
      {"i", Header::CallId},      {"m", Header::Contact},     {"e", Header::ContentEncoding}, {"l", Header::ContentLength},
      {"c", Header::ContentType}, {"f", Header::From},        {"s", Header::Subject},         {"k", Header::Supported},
      {"t", Header::To},          {"v", Header::Via},         {"r", Header::ReferTo},         {"b", Header::ReferredBy},
      {"o", Header::Event},       {"u", Header::AllowEvents}, {"x", Header::SessionExpires},
  };
  for (const auto& [letter, header] : forms) {
    EXPECT_EQ(header_from(letter), header);
    const char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(letter.front())));
    EXPECT_EQ(header_from(std::string_view(&upper, 1)), header);
  }
}

TEST(Header, is_other_for_the_rest) {
  for (const std::string_view name : {"", "z", "X-Header", "Contents", "Call_ID", "Frim", "\x16ia", "9"})
    EXPECT_EQ(header_from(name), Header::Other) << name;
  EXPECT_EQ(to_string(Header::Other), "");
}

TEST(Method, is_found_by_its_exact_name) {
  for (int i = 1; i <= static_cast<int>(Method::Publish); ++i) {
    const auto method = static_cast<Method>(i);
    EXPECT_FALSE(to_string(method).empty());
    EXPECT_EQ(method_from(to_string(method)), method);
  }
  EXPECT_EQ(method_from("PRACK"), Method::Prack);
  EXPECT_EQ(to_string(Method::Update), "UPDATE");
  for (const std::string_view name : {"", "invite", "INVITES", "RE%47IST%45R"})
    EXPECT_EQ(method_from(name), Method::Unknown);
  EXPECT_EQ(to_string(Method::Unknown), "");
}

TEST(Method, of_ones_own_is_a_token) {
  for (const std::string_view name : {"INVITE", "FOO", "x-lower.2", "a!%*_+`'~b"}) {
    EXPECT_TRUE(is_method(name)) << name;
  }
  for (const std::string_view name : {"", "TWO WORDS", "A@B", "A\r\nB", "A:", "\xc3\x84"}) {
    EXPECT_FALSE(is_method(name)) << name;
  }
}

TEST(ReasonPhrase, is_the_standard_one) {
  EXPECT_EQ(reason_phrase(100), "Trying");
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(486), "Busy Here");
  EXPECT_EQ(reason_phrase(503), "Service Unavailable");
  EXPECT_EQ(reason_phrase(603), "Decline");
  for (const int status : {-1, 0, 99, 299, 499, 599, 699, 1000})
    EXPECT_EQ(reason_phrase(status), "");
}

TEST(Transport, is_named_as_in_via) {
  EXPECT_EQ(to_string(Transport::Udp), "UDP");
  EXPECT_EQ(to_string(Transport::Tcp), "TCP");
  EXPECT_EQ(to_string(Transport::Tls), "TLS");
  EXPECT_EQ(to_string(Transport::Ws), "WS");
  EXPECT_EQ(to_string(Transport::Wss), "WSS");
}

}  // namespace
}  // namespace callwright::sip
