#include "app/test_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace callwright::app {
namespace {

using testing::HasSubstr;

base::Result<TestOptions> read(const TestFlags& flags, const TestSurroundings& surroundings = {.cores = 4, .random = 99}) {
  return read_test_options(flags, surroundings);
}

std::string problem(const TestFlags& flags) {
  const auto options = read(flags);
  return options ? "(none)" : options.error().message();
}

TEST(TestOptionsOf, the_command_line_alone_are_for_people) {
  const auto options = read({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->jobs, 4U);
  EXPECT_EQ(options->seed, 99U);
  EXPECT_FALSE(options->timeout);
  EXPECT_EQ(options->file_timeout, std::chrono::minutes(10));
  ASSERT_EQ(options->reports.size(), 1U);
  EXPECT_EQ(options->reports.front().kind, ReportKind::Human);
}

TEST(TestOptionsOf, reporters_leave_standard_output_to_one) {
  EXPECT_EQ(read({.json = true})->reports.size(), 1U);
  const auto beside = read({.reporters = {"junit=a.xml", "html"}});
  ASSERT_EQ(beside->reports.size(), 3U);
  EXPECT_EQ(beside->reports[0].kind, ReportKind::Human);
  EXPECT_EQ(beside->reports[2].file, "callwright-results/report.html");
  EXPECT_FALSE(read({.reporters = {"tap"}})->has_report(ReportKind::Human));
  EXPECT_THAT(problem({.reporters = {"tap", "junit"}}), HasSubstr("two of them would write to standard output"));
  EXPECT_THAT(problem({.reporters = {"json"}, .json = true}), HasSubstr("two of them"));
  EXPECT_THAT(problem({.reporters = {"junti"}}), HasSubstr("did you mean junit?"));
  EXPECT_THAT(problem({.reporters = {"junit="}}), HasSubstr("names no file"));
  EXPECT_THAT(problem({.reporters = {"human=a"}}), HasSubstr("for the terminal"));
}

TEST(TestOptionsOf, github_actions_are_annotated_without_being_asked) {
  EXPECT_TRUE(read({}, {.cores = 1, .random = 1, .github_actions = true})->has_report(ReportKind::Github));
  EXPECT_FALSE(read({.list = true}, {.cores = 1, .random = 1, .github_actions = true})->has_report(ReportKind::Github));
}

TEST(TestOptionsOf, shards_and_variables_are_read) {
  const auto options = read({.set = {"a=b=c", "d="}, .shard = "2/3"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->shard.index, 2U);
  EXPECT_EQ(options->shard.count, 3U);
  EXPECT_EQ(options->set.front().second, "b=c");
  EXPECT_EQ(options->set.back().second, "");
  for (const char* const wrong : {"0/3", "4/3", "1", "1/", "/3", "a/b", "1/3x", "-1/3"}) {
    EXPECT_THAT(problem({.shard = wrong}), HasSubstr("--shard")) << wrong;
  }
  EXPECT_THAT(problem({.set = {"=x"}}), HasSubstr("--set"));
  EXPECT_THAT(problem({.set = {"x"}}), HasSubstr("--set"));
}

TEST(TestOptionsOf, times_are_read) {
  EXPECT_EQ(*read({.timeout = "90s"})->timeout, std::chrono::seconds(90));
  EXPECT_THAT(problem({.timeout = "90"}), HasSubstr("--timeout: \"90\" is no duration"));
  EXPECT_THAT(problem({.timeout = "0s"}), HasSubstr("--timeout: 0"));
  EXPECT_THAT(problem({.file_timeout = "x"}), HasSubstr("--file-timeout"));
}

TEST(TestOptionsOf, words_are_known_ones) {
  EXPECT_THAT(problem({.language = "rhia"}), HasSubstr("did you mean rhai?"));
  EXPECT_THAT(problem({.trace = "always"}), HasSubstr("none of on, retain-on-failure, off"));
}

TEST(TestOptionsOf, a_log_never_overwrites_a_test) {
  EXPECT_THAT(problem({.log = "suite.js"}), HasSubstr("would be overwritten; put --log last, or write --log=FILE"));
  EXPECT_EQ(problem({.log = "run.log"}), "(none)");
  EXPECT_EQ(problem({.log = ""}), "(none)");
}

TEST(TestOptionsOf, filters_are_told_back) {
  const auto options = read({.scenarios = {"x"}, .tags = {"smoke"}, .grep = "^a"});
  EXPECT_TRUE(options->has_filter());
  EXPECT_EQ(options->filter_text(), R"(--scenario "x" --tag "smoke" --grep "^a")");
  EXPECT_FALSE(read({})->has_filter());
}

}  // namespace
}  // namespace callwright::app
