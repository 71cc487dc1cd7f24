#include "base/stun.hpp"

#include <gmock/gmock.h>

namespace callwright::base::stun {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

// RFC 5769 §2.1: the sample request.
constexpr std::string_view kRequest =
    "\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
    "\x80\x22\x00\x10STUN test client"
    "\x00\x24\x00\x04\x6e\x00\x01\xff"
    "\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36"
    "\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20"
    "\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2"
    "\x80\x28\x00\x04\xe5\x7a\x3b\xcf"sv;

TEST(StunMessage, reads_the_sample_of_rfc_5769) {
  const auto message = Message::parse(kRequest);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type(), kBindingRequest);
  EXPECT_EQ(message->find(kUsername)->value, "evtj:h6vY");
  EXPECT_EQ(number32(message->find(kPriority)->value), 0x6e0001ffU);
  EXPECT_EQ(number64(message->find(kIceControlled)->value), 0x932ff9b151263b36U);
  EXPECT_EQ(message->find(kUseCandidate), nullptr);
  EXPECT_TRUE(message->has_good_fingerprint());
}

TEST(StunMessage, a_changed_byte_does_not_fit_the_fingerprint) {
  for (std::size_t at = 0; at < kRequest.size(); ++at) {
    std::string changed(kRequest);
    changed[at] = static_cast<char>(changed[at] ^ 0x01);
    const auto message = Message::parse(changed);
    EXPECT_FALSE(message && message->has_good_fingerprint()) << at;
  }
}

TEST(StunMessage, refuses_every_cut_and_too_many_attributes) {
  for (std::size_t size = 0; size < kRequest.size(); ++size) {
    EXPECT_FALSE(Message::parse(kRequest.substr(0, size))) << size;
  }
  Writer writer(kBindingRequest, {});
  for (std::size_t i = 0; i < Message::kMaxAttributes; ++i) {
    writer.add(kSoftware, "");
  }
  EXPECT_TRUE(Message::parse(writer.bytes()));
  writer.add(kSoftware, "");
  EXPECT_FALSE(Message::parse(writer.bytes()));
}

TEST(StunWriter, writes_what_is_read) {
  Writer writer(kBindingSuccess, Message::parse(kRequest)->transaction());
  const auto address = SocketAddress::parse("[2001:db8::7]:1234").value();
  writer.add_xor_mapped_address(address);
  writer.add_number32(kPriority, 0x01020304);
  writer.add_number64(kIceControlling, 0x0102030405060708);
  writer.add(kUsername, "a:bcd");
  writer.add_fingerprint();
  const auto message = Message::parse(writer.bytes());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->mapped_address(), address);
  EXPECT_EQ(number32(message->find(kPriority)->value), 0x01020304U);
  EXPECT_EQ(number64(message->find(kIceControlling)->value), 0x0102030405060708U);
  EXPECT_EQ(message->find(kUsername)->value, "a:bcd");
  EXPECT_TRUE(message->has_good_fingerprint());
}

}  // namespace
}  // namespace callwright::base::stun
