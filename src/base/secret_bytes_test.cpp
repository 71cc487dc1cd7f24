#include "base/secret_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace callwright::base {
namespace {

TEST(SecretBytes, are_like_any_others) {
  SecretBytes key(30, 7);
  const SecretBytes copy = key;
  EXPECT_EQ(copy, key);
  key.resize(1000);
  EXPECT_EQ(key[29], 7);
  EXPECT_NE(copy, key);
}

TEST(SecretBytes, are_overwritten) {
  std::array<std::uint8_t, 30> memory;
  memory.fill(7);
  wipe(memory.data(), memory.size());
  EXPECT_TRUE(std::all_of(memory.begin(), memory.end(), [](std::uint8_t byte) { return byte == 0; }));
}

}  // namespace
}  // namespace callwright::base
