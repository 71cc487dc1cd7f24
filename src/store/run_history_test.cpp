#include "store/run_history.hpp"

#include "store/test_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace callwright::store {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

RunHistory::Run run(int number, const std::string& monitor = "office", bool passed = true) {
  return {"run-" + std::to_string(number), monitor, base::WallTime{1'700'000'000s + number * 1s}, passed, "{\"number\":" + std::to_string(number) + "}"};
}

std::vector<std::string> ids(const std::vector<RunHistory::Run>& runs) {
  std::vector<std::string> all;
  for (const auto& one : runs) {
    all.push_back(one.id);
  }
  return all;
}

TEST(RunHistory, tells_the_latest_runs_of_a_monitor) {
  RunHistory history = RunHistory::blocking_open("", 10).value();
  for (int number = 1; number <= 3; ++number) {
    ASSERT_TRUE(history.blocking_insert(run(number, "office", number != 2)));
  }
  ASSERT_TRUE(history.blocking_insert(run(4, "trunk")));
  const auto latest = history.blocking_latest("office", 2).value();
  EXPECT_THAT(ids(latest), testing::ElementsAre("run-3", "run-2"));
  EXPECT_TRUE(latest[0].passed);
  EXPECT_FALSE(latest[1].passed);
  EXPECT_EQ(latest[1].started, base::WallTime{1'700'000'002s});
  EXPECT_EQ(latest[1].json, "{\"number\":2}");
  EXPECT_EQ(history.blocking_find("run-4").value()->monitor, "trunk");
  EXPECT_FALSE(history.blocking_find("run-5").value());
}

TEST(RunHistory, keeps_so_many_of_each) {
  RunHistory history = RunHistory::blocking_open("", 3).value();
  ASSERT_TRUE(history.blocking_insert(run(0, "trunk")));
  for (int number = 1; number <= 5; ++number) {
    ASSERT_TRUE(history.blocking_insert(run(number)));
  }
  EXPECT_THAT(ids(history.blocking_latest("office", 100).value()), testing::ElementsAre("run-5", "run-4", "run-3"));
  EXPECT_THAT(ids(history.blocking_latest("trunk", 100).value()), testing::ElementsAre("run-0"));
}

TEST(RunHistory, is_there_after_a_restart) {
  const TestFolder folder;
  const std::string path = folder.file("history.db");
  ASSERT_TRUE(RunHistory::blocking_open(path, 10).value().blocking_insert(run(1)));
  EXPECT_THAT(ids(RunHistory::blocking_open(path, 10).value().blocking_latest("office", 9).value()), testing::ElementsAre("run-1"));
}

TEST(RunHistory, says_what_is_wrong_with_a_file) {
  const TestFolder folder;
  EXPECT_THAT(RunHistory::blocking_open(folder.file("nowhere/history.db"), 10).error().message(), HasSubstr("check that its folder is there"));
  std::ofstream(folder.file("text")) << "this is no database, and long enough to be looked at as if it were one, which it is not";
  EXPECT_THAT(RunHistory::blocking_open(folder.file("text"), 10).error().message(), HasSubstr("move it away"));
}

}  // namespace
}  // namespace callwright::store
