#include "base/base64.hpp"

#include "base/random.hpp"

#include <gtest/gtest.h>

namespace callwright::base {
namespace {

std::vector<std::uint8_t> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Base64, has_the_test_vectors_of_rfc_4648) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64(bytes_of(plain)), text);
    EXPECT_EQ(from_base64(text), bytes_of(plain));
  }
}

TEST(Base64, gives_all_bytes_back) {
  DeterministicRandom random(1);
  for (std::size_t size = 0; size < 100; ++size) {
    std::vector<std::uint8_t> bytes(size);
    for (auto& byte : bytes)
      byte = static_cast<std::uint8_t>(random.next());
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
}

TEST(Base64, forgives_missing_padding_only) {
  EXPECT_EQ(from_base64("Zg"), bytes_of("f"));
  for (const char* const text : {"Z", "Zh==", "Zg=", "Zg===", "Z===", "Zg==Zg==", "Zm 9", "Zm-_", "=", "===="}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace callwright::base
