#include "base/id.hpp"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace callwright::base {
namespace {

struct CallTag;
struct AgentTag;
using CallId = Id<CallTag>;
using AgentId = Id<AgentTag>;

static_assert(!std::is_convertible_v<CallId, AgentId>, "ids of different kinds do not mix");
static_assert(!std::is_convertible_v<std::uint64_t, CallId>, "a number is no id");

TEST(Id, names_nothing_until_it_is_given_out) {
  EXPECT_FALSE(CallId{});
  IdSource<CallId> source;
  EXPECT_TRUE(source.next());
}

TEST(Id, is_given_out_once) {
  IdSource<CallId> source;
  const CallId first = source.next();
  const CallId second = source.next();
  EXPECT_EQ(first.value, 1U);
  EXPECT_EQ(second.value, 2U);
  EXPECT_LT(first, second);
}

TEST(Id, can_be_a_key) {
  const std::unordered_set<CallId> calls{CallId{1}, CallId{2}, CallId{1}};
  EXPECT_EQ(calls.size(), 2U);
  EXPECT_TRUE(calls.contains(CallId{2}));
}

}  // namespace
}  // namespace callwright::base
