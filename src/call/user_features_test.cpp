#include "call/user_features.hpp"

#include <gtest/gtest.h>

namespace callwright::call {
namespace {

using Verdict = ScreeningVerdict;

TEST(Screening, passes_everybody_without_lists) {
  EXPECT_EQ(screen({}, {.uri = "sip:eve@h"}), Verdict::Passes);
  EXPECT_EQ(screen({}, {.anonymous = true}), Verdict::Passes);
}

TEST(Screening, looks_at_user_and_address) {
  for (const char* const entry : {"eve", "eve@h", "EVE@h", "ev*", "eve@*", "sip:eve@h", "*"}) {
    const bool same_case = std::string_view(entry) != "EVE@h";
    EXPECT_EQ(screen({.deny = {entry}}, {.uri = "sip:%65ve@H:5070;transport=tcp"}), same_case ? Verdict::Denied : Verdict::Passes) << entry;
  }
}

TEST(Screening, with_an_allow_alone_denies_all_others_also_those_who_are_unknown) {
  EXPECT_EQ(screen({.allow = {"bob"}}, {.uri = "sip:eve@h"}), Verdict::Denied);
  EXPECT_EQ(screen({.allow = {"bob"}}, {}), Verdict::Denied);
  EXPECT_EQ(screen({.allow = {"bob"}, .deny = {"eve"}}, {}), Verdict::Passes);
}

TEST(Screening, tells_when_it_is_for_anonymity) {
  EXPECT_EQ(screen({.deny = {"anonymous"}}, {.uri = "sip:eve@h", .anonymous = true}), Verdict::DeniedForAnonymity);
  EXPECT_EQ(screen({.allow = {"eve"}, .deny = {"anonymous"}}, {.uri = "sip:eve@h", .anonymous = true}), Verdict::Passes);
}

TEST(UserFeatures, have_limits) {
  EXPECT_TRUE(check({}));
  UserFeatures features;
  features.find_me.assign(UserFeatures::kMaxSteps, {.places = {FindMeStep::kPhones.data()}});
  EXPECT_TRUE(check(features));
  features.find_me.emplace_back();
  EXPECT_FALSE(check(features));
  EXPECT_FALSE(check({.incoming = {.deny = std::vector<std::string>(UserFeatures::kMaxEntries + 1, "x")}}));
  EXPECT_FALSE(check({.forward = {.always = std::string(UserFeatures::kMaxText + 1, 'x')}}));
  EXPECT_FALSE(check({.forward = {.after = std::chrono::seconds(0)}}));
}

}  // namespace
}  // namespace callwright::call
