#include "base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

namespace callwright::base {
namespace {

/// Says what it is told to say.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::initializer_list<std::uint64_t> values) : values_(values) {}
  std::uint64_t next() override { return values_[used_++ % values_.size()]; }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::vector<std::uint64_t> values_;
  std::size_t used_ = 0;
};

TEST(DeterministicRandom, gives_the_known_sequence_of_a_seed) {
  // Worked out with a second implementation of SplitMix64 and xoshiro256**.
  DeterministicRandom random(1);
  for (const std::uint64_t expected :
       {12966619160104079557ULL, 9600361134598540522ULL, 10590380919521690900ULL, 7218738570589545383ULL, 12860671823995680371ULL}) {
    EXPECT_EQ(random.next(), expected);
  }
}

TEST(DeterministicRandom, differs_from_seed_to_seed) {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    firsts.insert(DeterministicRandom(seed).next());
  }
  EXPECT_EQ(firsts.size(), 1000U);
}

TEST(Random, between_is_uniform_and_reaches_both_ends) {
  DeterministicRandom random(2);
  constexpr int kDraws = 60000;
  std::array<int, 6> counts{};
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto value = random.between(10, 15);
    ASSERT_GE(value, 10U);
    ASSERT_LE(value, 15U);
    ++counts[value - 10];
  }
  double chi_square = 0;
  for (const int count : counts) {
    const double difference = count - kDraws / 6.0;
    chi_square += difference * difference / (kDraws / 6.0);
  }
  EXPECT_LT(chi_square, 20.5);  // 0.1 % of fair dice are worse; 5 degrees of freedom.
}

TEST(Random, between_draws_again_where_a_remainder_would_favour_small_values) {
  ScriptedRandom random{UINT64_MAX, 4};
  EXPECT_EQ(random.between(0, 9), 4U);
  EXPECT_EQ(random.used(), 2U);
}

TEST(Random, between_covers_one_value_and_all_values) {
  ScriptedRandom random{42, UINT64_MAX};
  EXPECT_EQ(random.between(7, 7), 7U);
  EXPECT_EQ(random.between(0, UINT64_MAX), UINT64_MAX);
}

TEST(Random, chance_follows_the_probability) {
  DeterministicRandom random(3);
  int hits = 0;
  for (int draw = 0; draw < 100000; ++draw) {
    EXPECT_TRUE(random.chance(1.0));
    EXPECT_FALSE(random.chance(0.0));
    hits += random.chance(0.1) ? 1 : 0;
  }
  EXPECT_NEAR(hits, 10000, 400);
}

TEST(Random, token_has_the_length_asked_for_and_only_token_characters) {
  DeterministicRandom random(4);
  for (const std::size_t length : {0U, 1U, 12U, 13U, 100U}) {
    const std::string token = random.token(length);
    EXPECT_EQ(token.size(), length);
    EXPECT_TRUE(std::all_of(token.begin(), token.end(), [](char character) {
      return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
    })) << token;
  }
}

TEST(Random, tokens_of_ten_characters_do_not_repeat) {
  DeterministicRandom random(5);
  std::set<std::string> tokens;
  for (int draw = 0; draw < 10000; ++draw) {
    tokens.insert(random.token(10));
  }
  EXPECT_EQ(tokens.size(), 10000U);
}

TEST(SystemRandom, gives_fresh_numbers_over_several_blocks) {
  SystemRandom one;
  SystemRandom two;
  std::set<std::uint64_t> values;
  for (int draw = 0; draw < 200; ++draw) {
    values.insert(one.next());
    values.insert(two.next());
  }
  EXPECT_EQ(values.size(), 400U);
}

}  // namespace
}  // namespace callwright::base
