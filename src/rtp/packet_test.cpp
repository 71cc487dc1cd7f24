#include "rtp/packet.hpp"

#include <gmock/gmock.h>

namespace callwright::rtp {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

const Buffer kFull = {
    0xb2, 0x88, 0x12, 0x34,              // version 2, padding, extension, 2 CSRCs; marker, type 8; sequence
    0xde, 0xad, 0xbe, 0xef,              // timestamp
    0xca, 0xfe, 0xba, 0xbe,              // SSRC
    0x00, 0x00, 0x00, 0x01,              // CSRC
    0x80, 0x00, 0x00, 0x02,              // CSRC
    0xbe, 0xde, 0x00, 0x01,              // extension, 1 word
    0x10, 0xff, 0x00, 0x00,              //
    0x01, 0x02, 0x03, 0x00, 0x00, 0x03,  // 3 bytes of payload, 3 of padding
};

TEST(Packet, reads_every_field) {
  const auto packet = Packet::parse(kFull);
  ASSERT_TRUE(packet) << packet.error().detail;
  EXPECT_EQ(packet->marker, Marker::Yes);
  EXPECT_EQ(packet->payload_type, PayloadType{8});
  EXPECT_EQ(packet->sequence, 0x1234);
  EXPECT_EQ(packet->timestamp, Timestamp{0xdeadbeef});
  EXPECT_EQ(packet->ssrc, Ssrc{0xcafebabe});
  ASSERT_EQ(packet->csrc_count, 2);
  EXPECT_EQ(packet->csrcs[1], 0x80000002U);
  ASSERT_TRUE(packet->extension);
  EXPECT_EQ(packet->extension->profile, 0xbede);
  EXPECT_THAT(packet->extension->data, ElementsAre(0x10, 0xff, 0, 0));
  EXPECT_THAT(packet->payload, ElementsAre(1, 2, 3));
}

TEST(Packet, writes_what_it_read_without_padding) {
  Buffer out;
  Packet::parse(kFull)->write(out);
  Buffer expected = kFull;
  expected[0] = 0x92;
  expected.resize(expected.size() - 3);
  EXPECT_THAT(out, ElementsAreArray(expected));
}

TEST(Packet, refuses_every_cut) {
  for (std::size_t size = 0; size < kFull.size(); ++size) {
    const Buffer cut(kFull.begin(), kFull.begin() + static_cast<std::ptrdiff_t>(size));
    const auto packet = Packet::parse(cut);
    // Cut inside the payload, its last byte is taken for the padding's length.
    EXPECT_TRUE(!packet || size > 28) << size;
  }
}

TEST(Packet, refuses_other_versions_and_false_lengths) {
  const auto refused = [](std::size_t at, std::uint8_t value) {
    Buffer bytes = kFull;
    bytes[at] = value;
    return !Packet::parse(bytes);
  };
  EXPECT_TRUE(refused(0, 0x72));
  EXPECT_TRUE(refused(0, 0xbf)) << "15 CSRCs";
  EXPECT_TRUE(refused(23, 0x03)) << "extension of 3 words";
  EXPECT_TRUE(refused(33, 0)) << "no padding in spite of its bit";
  EXPECT_TRUE(refused(33, 7)) << "padding beyond the payload";
  EXPECT_FALSE(refused(33, 6)) << "padding alone";
}

TEST(Packet, is_told_from_rtcp) {
  EXPECT_FALSE(is_rtcp(kFull));
  EXPECT_TRUE(is_rtcp(Buffer{0x80, 200}));
  EXPECT_FALSE(is_rtcp(Buffer{0x80}));
}

}  // namespace
}  // namespace callwright::rtp
