#include "sip/stun.hpp"

#include <gtest/gtest.h>

namespace callwright::sip {
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

TEST(Stun, answers_with_the_masked_ipv4_address) {
  const auto answer = answer_stun_keep_alive(binding_request(), base::SocketAddress::parse("192.0.2.1:32853").value());
  EXPECT_EQ(answer, "\x01\x01\x00\x0c\x21\x12\xa4\x42"s + std::string(kTransaction) + "\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43"s);
}

TEST(Stun, answers_with_the_masked_ipv6_address) {
  const auto answer = answer_stun_keep_alive(binding_request(), base::SocketAddress::parse("[2001:db8:1234:5678:11:2233:4455:6677]:32853").value());
  EXPECT_EQ(answer, "\x01\x01\x00\x18\x21\x12\xa4\x42"s + std::string(kTransaction) +
                        "\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\xbe\xd2\xb9\xd9"s);
}

TEST(Stun, passes_over_attributes_that_need_not_be_understood) {
  const auto request = binding_request("\x80\x22\x00\x03xyz\x00"sv);
  EXPECT_TRUE(is_stun(request));
  EXPECT_EQ(answer_stun_keep_alive(request, {}).substr(0, 2), "\x01\x01"sv);
}

TEST(Stun, names_attributes_that_would_have_to_be_understood) {
  const auto answer = answer_stun_keep_alive(binding_request("\x00\x06\x00\x01u\x00\x00\x00"sv), {});
  EXPECT_EQ(answer.substr(0, 2), "\x01\x11"sv);
  EXPECT_NE(answer.find("\x00\x09\x00\x15\x00\x00\x04\x14Unknown Attribute"sv), std::string::npos);
  EXPECT_NE(answer.find("\x00\x0a\x00\x02\x00\x06\x00\x00"sv), std::string::npos);
}

TEST(Stun, does_not_answer_what_is_no_binding_request) {
  EXPECT_FALSE(is_stun("OPTIONS sip:a@b SIP/2.0"));
  EXPECT_FALSE(is_stun(binding_request().substr(0, 19)));
  std::string response = binding_request();
  response[0] = 1;
  EXPECT_TRUE(is_stun(response));
  for (const std::string& text : {response, binding_request() + "more", binding_request("\x00\x06\x00\x09u\x00\x00\x00"sv), binding_request("ab"sv), ""s}) {
    EXPECT_EQ(answer_stun_keep_alive(text, {}), "");
  }
}

StunTransaction transaction() {
  StunTransaction id;
  kTransaction.copy(id.data(), id.size());
  return id;
}

TEST(Stun, request_has_nothing_but_its_transaction) { EXPECT_EQ(make_stun_keep_alive(transaction()), binding_request()); }

TEST(Stun, reads_its_own_answers) {
  for (const char* const text : {"192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:32853"}) {
    const auto address = base::SocketAddress::parse(text).value();
    const auto answer = read_stun_answer(answer_stun_keep_alive(binding_request(), address));
    ASSERT_TRUE(answer.has_value()) << text;
    EXPECT_EQ(answer->transaction, transaction());
    EXPECT_EQ(answer->mapped, address);
  }
}

TEST(Stun, reads_the_unmasked_address_of_old_servers_and_errors_without_one) {
  const std::string old = "\x01\x01\x00\x0c\x21\x12\xa4\x42"s + std::string(kTransaction) + "\x00\x01\x00\x08\x00\x01\x13\xc4\xc0\x00\x02\x07"s;
  EXPECT_EQ(read_stun_answer(old)->mapped, base::SocketAddress::parse("192.0.2.7:5060").value());
  const auto refused = read_stun_answer(answer_stun_keep_alive(binding_request("\x00\x06\x00\x01u\x00\x00\x00"sv), {}));
  ASSERT_TRUE(refused.has_value());
  EXPECT_FALSE(refused->mapped.has_value());
}

TEST(Stun, reads_no_malformed_answer) {
  const std::string good = answer_stun_keep_alive(binding_request(), base::SocketAddress::parse("192.0.2.1:32853").value());
  ASSERT_TRUE(read_stun_answer(good).has_value());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read_stun_answer(std::string_view(good).substr(0, size)).has_value()) << size;
  }
  std::string other_family = good;
  other_family[25] = 3;
  std::string short_address = good;
  short_address[23] = 7;
  for (const std::string& text : {binding_request(), good + "more", other_family, short_address, "\x01\x01\x00\x00"s + good.substr(4, 16)}) {
    EXPECT_FALSE(read_stun_answer(text).has_value());
  }
}

}  // namespace
}  // namespace callwright::sip
