#include "app/feature_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace callwright::app {
namespace {

struct FeatureFileTest : testing::Test {
  FeatureFileTest() { std::filesystem::remove(path); }
  ~FeatureFileTest() override { std::filesystem::remove(path); }
  const std::string path = testing::TempDir() + "features_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".json";
  FeatureFile file{path};
};

TEST_F(FeatureFileTest, keeps_what_was_set) {
  ASSERT_TRUE(file.blocking_read());
  EXPECT_TRUE(file.entries().empty()) << "there is none yet";
  ASSERT_TRUE(file.blocking_set("bob", {.forward = {.busy = "carol"}, .do_not_disturb = true}));
  ASSERT_TRUE(file.blocking_set("carol", {.incoming = {.deny = {"bob"}}}));
  ASSERT_TRUE(file.blocking_set("carol", {})) << "also that somebody has none any more";
  FeatureFile again(path);
  ASSERT_TRUE(again.blocking_read());
  EXPECT_EQ(again.entries(), file.entries());
  EXPECT_EQ(again.entries().size(), 2U);
}

TEST_F(FeatureFileTest, says_what_is_wrong_in_it) {
  std::ofstream(path) << R"({"bob":{"forward":{"busi":"carol"}}})";
  EXPECT_EQ(file.blocking_read().error().message(), path + ": bob: forward.busi: unknown key");
  std::ofstream(path) << "[]";
  EXPECT_EQ(file.blocking_read().error().message(), path + ": expected an object with a member for each user");
}

TEST(FeatureFile, that_cannot_be_written_is_an_error) { EXPECT_FALSE(FeatureFile("/nowhere/features.json").blocking_set("bob", {})); }

}  // namespace
}  // namespace callwright::app
