#include "base/time_text.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace callwright::base {
namespace {

using namespace std::chrono_literals;

TEST(TimeText, has_microseconds_and_is_utc) {
  const WallTime day{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}.time_since_epoch()};
  EXPECT_EQ(to_text(day), "2026-03-01T00:00:00.000000Z");
  EXPECT_EQ(to_text(day + 12h + 34min + 56s + 78'901us), "2026-03-01T12:34:56.078901Z");
  EXPECT_LT(to_text(day + 9s), to_text(day + 10s));
}

}  // namespace
}  // namespace callwright::base
