#include "rtp/srtp.hpp"

#include "rtp/rtcp.hpp"
#include "rtp/sender.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

namespace callwright::rtp {
namespace {

using testing::ElementsAreArray;

SrtpKey key_of(SrtpSuite suite, std::uint8_t seed) {
  const SrtpKeySizes sizes = key_sizes_of(suite);
  Buffer bytes(sizes.key + sizes.salt);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(seed + 7 * i);
  }
  return SrtpKey::make(suite, bytes).value();
}

Buffer packet_of(std::uint16_t sequence, Ssrc ssrc = Ssrc{0xdecafbad}) {
  const Buffer payload(160, static_cast<std::uint8_t>(sequence));
  Packet packet;
  packet.sequence = sequence;
  packet.ssrc = ssrc;
  packet.payload = payload;
  Buffer out;
  packet.write(out);
  return out;
}

class SrtpOf : public testing::TestWithParam<SrtpSuite> {
 protected:
  SrtpSession alice_ = SrtpSession::make(GetParam(), key_of(GetParam(), 1), key_of(GetParam(), 2)).value();
  SrtpSession bob_ = SrtpSession::make(GetParam(), key_of(GetParam(), 2), key_of(GetParam(), 1)).value();
};

INSTANTIATE_TEST_SUITE_P(Suites, SrtpOf,
                         testing::Values(SrtpSuite::AesCm128HmacSha1Tag80, SrtpSuite::AesCm128HmacSha1Tag32, SrtpSuite::AesCm256HmacSha1Tag80,
                                         SrtpSuite::AesCm256HmacSha1Tag32, SrtpSuite::AeadAes128Gcm, SrtpSuite::AeadAes256Gcm),
                         [](const auto& suite) { return std::string(name_of(suite.param)); });

TEST_P(SrtpOf, packets_come_back_in_both_directions) {
  for (std::uint16_t sequence = 0; sequence < 10; ++sequence) {
    Buffer there = packet_of(sequence);
    ASSERT_EQ(alice_.protect_rtp(there), SrtpResult::Ok);
    EXPECT_EQ(std::search_n(there.begin() + 12, there.end(), 4, static_cast<std::uint8_t>(sequence)), there.end()) << "the payload is hidden";
    ASSERT_EQ(bob_.unprotect_rtp(there), SrtpResult::Ok);
    EXPECT_THAT(there, ElementsAreArray(packet_of(sequence)));
    Buffer back = packet_of(sequence, Ssrc{5});
    ASSERT_EQ(bob_.protect_rtp(back), SrtpResult::Ok);
    ASSERT_EQ(alice_.unprotect_rtp(back), SrtpResult::Ok);
    EXPECT_THAT(back, ElementsAreArray(packet_of(sequence, Ssrc{5})));
  }
}

TEST_P(SrtpOf, reports_come_back) {
  for (int i = 0; i < 3; ++i) {
    Buffer report;
    write_rtcp(ReceiverReport{Ssrc{9}, {}}, report);
    write_rtcp(SourceDescription{Ssrc{9}, "alice@host"}, report);
    const Buffer plain = report;
    ASSERT_EQ(alice_.protect_rtcp(report), SrtpResult::Ok);
    EXPECT_NE(report, plain);
    Buffer copy = report;
    ASSERT_EQ(bob_.unprotect_rtcp(report), SrtpResult::Ok);
    EXPECT_EQ(report, plain);
    EXPECT_EQ(bob_.unprotect_rtcp(copy), SrtpResult::Replayed);
  }
}

TEST_P(SrtpOf, every_changed_byte_is_noticed) {
  Buffer good = packet_of(7);
  ASSERT_EQ(alice_.protect_rtp(good), SrtpResult::Ok);
  for (std::size_t at = 0; at < good.size(); ++at) {
    Buffer changed = good;
    changed[at] ^= 0x01;
    EXPECT_NE(bob_.unprotect_rtp(changed), SrtpResult::Ok) << at;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    Buffer cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(bob_.unprotect_rtp(cut), SrtpResult::Ok) << size;
  }
  EXPECT_EQ(bob_.unprotect_rtp(good), SrtpResult::Ok);
}

TEST_P(SrtpOf, what_was_there_before_is_refused) {
  std::vector<Buffer> sent;
  for (std::uint16_t sequence = 100; sequence < 400; ++sequence) {
    sent.push_back(packet_of(sequence));
    ASSERT_EQ(alice_.protect_rtp(sent.back()), SrtpResult::Ok);
    if (sequence != 105 && sequence != 395) {
      Buffer copy = sent.back();
      ASSERT_EQ(bob_.unprotect_rtp(copy), SrtpResult::Ok);
    }
  }
  Buffer again = sent[250];
  EXPECT_EQ(bob_.unprotect_rtp(again), SrtpResult::Replayed);
  EXPECT_EQ(bob_.unprotect_rtp(sent[5]), SrtpResult::Replayed) << "new, but older than the window";
  EXPECT_EQ(bob_.unprotect_rtp(sent[295]), SrtpResult::Ok) << "merely late";
}

TEST_P(SrtpOf, long_calls_wrap_their_sequence_numbers_also_where_packets_are_lost) {
  std::uint16_t sequence = 0x7ff0;
  for (int i = 0; i < 3 * 0x10000; ++i, ++sequence) {
    // Around each wrap every packet comes but the one that wraps; in between one of a hundred.
    const bool near_wrap = sequence > 0xfff0 || sequence < 0x10;
    if (sequence == 0 || (!near_wrap && sequence % 100 != 0)) {
      continue;
    }
    Buffer packet = packet_of(sequence);
    ASSERT_EQ(alice_.protect_rtp(packet), SrtpResult::Ok) << i;
    ASSERT_EQ(bob_.unprotect_rtp(packet), SrtpResult::Ok) << i;
  }
}

TEST_P(SrtpOf, another_key_is_refused) {
  SrtpSession mallory = SrtpSession::make(GetParam(), key_of(GetParam(), 3), key_of(GetParam(), 3)).value();
  Buffer packet = packet_of(1);
  ASSERT_EQ(mallory.protect_rtp(packet), SrtpResult::Ok);
  EXPECT_EQ(bob_.unprotect_rtp(packet), SrtpResult::Unauthentic);
}

TEST_P(SrtpOf, endless_sources_are_refused) {
  std::size_t accepted = 0;
  for (std::uint32_t ssrc = 1; ssrc <= 2 * SrtpSession::kMaxSources; ++ssrc) {
    Buffer packet = packet_of(1, Ssrc{ssrc});
    ASSERT_EQ(alice_.protect_rtp(packet), SrtpResult::Ok);
    Buffer again = packet;
    const SrtpResult result = bob_.unprotect_rtp(packet);
    accepted += result == SrtpResult::Ok ? 1U : 0U;
    EXPECT_EQ(bob_.unprotect_rtp(again), result == SrtpResult::Ok ? SrtpResult::Replayed : SrtpResult::Failed) << "nothing is kept of a refused one";
  }
  EXPECT_EQ(accepted, SrtpSession::kMaxSources);
  Buffer known = packet_of(2, Ssrc{1});
  ASSERT_EQ(alice_.protect_rtp(known), SrtpResult::Ok);
  EXPECT_EQ(bob_.unprotect_rtp(known), SrtpResult::Ok);
}

TEST(Srtp, adds_the_tags_that_the_suites_prescribe) {
  const std::pair<SrtpSuite, std::size_t> tags[] = {{SrtpSuite::AesCm128HmacSha1Tag80, 10}, {SrtpSuite::AesCm128HmacSha1Tag32, 4},
                                                    {SrtpSuite::AesCm256HmacSha1Tag80, 10}, {SrtpSuite::AesCm256HmacSha1Tag32, 4},
                                                    {SrtpSuite::AeadAes128Gcm, 16},         {SrtpSuite::AeadAes256Gcm, 16}};
  for (const auto& [suite, tag] : tags) {
    SrtpSession session = SrtpSession::make(suite, key_of(suite, 1), key_of(suite, 1)).value();
    Buffer packet = packet_of(1);
    ASSERT_EQ(session.protect_rtp(packet), SrtpResult::Ok);
    EXPECT_EQ(packet.size(), packet_of(1).size() + tag) << name_of(suite);
    Buffer report;
    write_rtcp(ReceiverReport{Ssrc{9}, {}}, report);
    const std::size_t plain = report.size();
    ASSERT_EQ(session.protect_rtcp(report), SrtpResult::Ok);
    EXPECT_EQ(report.size(), plain + 4 + std::max<std::size_t>(tag, 10)) << name_of(suite);
  }
}

TEST(Srtp, encrypts_as_libsrtps_reference_packet) {
  // Key, packet and ciphertext of the reference test that implementations of AES_CM_128_HMAC_SHA1_80 share.
  const Buffer key = {0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41,
                      0x39, 0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6};
  Buffer packet = {0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe};
  packet.insert(packet.end(), 16, 0xab);
  const SrtpKey master = SrtpKey::make(SrtpSuite::AesCm128HmacSha1Tag80, key).value();
  SrtpSession session = SrtpSession::make(SrtpSuite::AesCm128HmacSha1Tag80, master, master).value();
  ASSERT_EQ(session.protect_rtp(packet), SrtpResult::Ok);
  EXPECT_THAT(packet, ElementsAreArray({0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe, 0x4e, 0x55, 0xdc, 0x4c, 0xe7, 0x99, 0x78,
                                        0xd8, 0x8c, 0xa4, 0xd2, 0x15, 0x94, 0x9d, 0x24, 0x02, 0xb7, 0x8d, 0x6a, 0xcc, 0x99, 0xea, 0x17, 0x9b, 0x8d, 0xbb}));
}

TEST(Srtp, refuses_keys_of_another_size) {
  EXPECT_FALSE(SrtpKey::make(SrtpSuite::AesCm128HmacSha1Tag80, Buffer(46)));
  EXPECT_FALSE(SrtpSession::make(SrtpSuite::AeadAes256Gcm, key_of(SrtpSuite::AesCm128HmacSha1Tag80, 1), key_of(SrtpSuite::AeadAes256Gcm, 1)));
  EXPECT_FALSE(SrtpSession::make(SrtpSuite::AeadAes256Gcm, key_of(SrtpSuite::AeadAes256Gcm, 1), SrtpKey{}));
}

TEST(Srtp, refuses_what_is_no_packet) {
  SrtpSession session =
      SrtpSession::make(SrtpSuite::AesCm128HmacSha1Tag80, key_of(SrtpSuite::AesCm128HmacSha1Tag80, 1), key_of(SrtpSuite::AesCm128HmacSha1Tag80, 1)).value();
  for (const std::size_t size : {0U, 4U, 11U}) {
    Buffer buffer(size, 0x80);
    EXPECT_EQ(session.protect_rtp(buffer), SrtpResult::Malformed);
    buffer.assign(size, 0x80);
    EXPECT_EQ(session.unprotect_rtp(buffer), SrtpResult::Malformed);
    buffer.assign(std::min<std::size_t>(size, 7), 0x80);
    EXPECT_EQ(session.unprotect_rtcp(buffer), SrtpResult::Malformed);
  }
}

}  // namespace
}  // namespace callwright::rtp
