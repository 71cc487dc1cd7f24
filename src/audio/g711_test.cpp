#include "audio/g711.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace callwright::audio {
namespace {

Sample decoded(Encoding encoding, std::uint8_t byte) {
  Sample sample = 0;
  decode(encoding, {&byte, 1}, {&sample, 1});
  return sample;
}

std::uint8_t encoded(Encoding encoding, Sample sample) {
  std::uint8_t byte = 0;
  encode(encoding, {&sample, 1}, {&byte, 1});
  return byte;
}

TEST(G711, knows_the_corners_of_the_standard) {
  EXPECT_EQ(decoded(Encoding::Pcmu, 0xff), 0);
  EXPECT_EQ(decoded(Encoding::Pcmu, 0x7f), 0);
  EXPECT_EQ(decoded(Encoding::Pcmu, 0x80), 32124);
  EXPECT_EQ(decoded(Encoding::Pcmu, 0x00), -32124);
  EXPECT_EQ(decoded(Encoding::Pcmu, 0xfe), 8);
  EXPECT_EQ(decoded(Encoding::Pcma, 0xd5), 8);
  EXPECT_EQ(decoded(Encoding::Pcma, 0x55), -8);
  EXPECT_EQ(decoded(Encoding::Pcma, 0xaa), 32256);
  EXPECT_EQ(decoded(Encoding::Pcma, 0x2a), -32256);
  EXPECT_EQ(encoded(Encoding::Pcmu, 0), 0xff);
  EXPECT_EQ(encoded(Encoding::Pcmu, 32767), 0x80);
  EXPECT_EQ(encoded(Encoding::Pcmu, -32768), 0x00);
  EXPECT_EQ(encoded(Encoding::Pcma, 0), 0xd5);
  EXPECT_EQ(encoded(Encoding::Pcma, -1), 0x55);
  EXPECT_EQ(encoded(Encoding::Pcma, 32767), 0xaa);
  EXPECT_EQ(encoded(Encoding::Pcma, -32768), 0x2a);
}

TEST(G711, encodes_every_value_that_it_decodes_to_back_to_its_byte) {
  for (const Encoding encoding : {Encoding::Pcmu, Encoding::Pcma}) {
    for (int byte = 0; byte < 256; ++byte) {
      if (encoding == Encoding::Pcmu && byte == 0x7f) {
        continue;  // Minus zero.
      }
      const auto code = static_cast<std::uint8_t>(byte);
      EXPECT_EQ(encoded(encoding, decoded(encoding, code)), code) << byte;
    }
  }
}

TEST(G711, is_near_every_sample) {
  for (const Encoding encoding : {Encoding::Pcmu, Encoding::Pcma}) {
    int last = -40000;
    for (int value = -32768; value <= 32767; ++value) {
      const int back = decoded(encoding, encoded(encoding, static_cast<Sample>(value)));
      ASSERT_LE(std::abs(back - value), 8 + std::abs(value) / 31) << value;
      ASSERT_GE(back, last) << value;
      last = back;
    }
  }
}

TEST(G711, decodes_its_silence_byte_to_silence) {
  EXPECT_EQ(decoded(Encoding::Pcmu, silence_byte(Encoding::Pcmu)), 0);
  EXPECT_EQ(encoded(Encoding::Pcma, 0), silence_byte(Encoding::Pcma));
}

TEST(G711, writes_no_further_than_the_shorter_side) {
  const std::vector<Sample> samples(10, 1000);
  std::vector<std::uint8_t> bytes(12, 0x11);
  encode(Encoding::Pcmu, samples, std::span(bytes).first(5));
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 0x11), 7);
}

}  // namespace
}  // namespace callwright::audio
