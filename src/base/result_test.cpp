#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace callwright::base {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) {
    return Error(Errc::InvalidArgument, "the number is odd; give an even one");
  }
  return number / 2;
}

TEST(Result, holds_the_value_when_it_succeeded) {
  const auto result = half(8);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(*result, 4);
}

TEST(Result, holds_code_and_detail_when_it_failed) {
  const auto result = half(7);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().code, Errc::InvalidArgument);
  EXPECT_EQ(result.error().message(), "the number is odd; give an even one");
}

TEST(Result, throws_the_message_when_the_value_of_a_failure_is_read) {
  try {
    static_cast<void>(half(7).value());
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& failure) {
    EXPECT_STREQ(failure.what(), "the number is odd; give an even one");
  }
}

TEST(Result, moves_values_that_cannot_be_copied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> taken = std::move(*result);
  EXPECT_EQ(*taken, 5);
}

TEST(Result, of_void_is_ok_or_an_error) {
  EXPECT_TRUE(ok().has_value());
  const Result<void> failed(Error(Errc::TimedOut, ""));
  EXPECT_FALSE(failed.has_value());
}

TEST(Error, uses_the_text_of_the_code_when_there_is_no_detail) { EXPECT_EQ(Error(Errc::TimedOut, "").message(), "timed out"); }

TEST(Error, keeps_the_codes_of_the_system) {
  const Error error(boost::system::errc::make_error_code(boost::system::errc::address_in_use), "");
  EXPECT_EQ(error.code, boost::system::errc::address_in_use);
  EXPECT_NE(error.code, Errc::AlreadyExists);
}

TEST(Errc, has_a_text_of_its_own_for_each_value) {
  std::set<std::string> texts;
  for (int value = 1; value <= static_cast<int>(Errc::Io); ++value) {
    texts.insert(callwright_category().message(value));
  }
  EXPECT_EQ(texts.size(), static_cast<std::size_t>(Errc::Io));
  EXPECT_FALSE(texts.contains("unknown error"));
  EXPECT_EQ(callwright_category().message(static_cast<int>(Errc::Io) + 1), "unknown error");
}

}  // namespace
}  // namespace callwright::base
