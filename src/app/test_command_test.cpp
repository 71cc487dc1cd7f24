#include "app/test_command.hpp"

#include "app/child_process.hpp"
#include "app/test_folder.hpp"
#include "base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace callwright::app {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A program in the place of the one that runs files: each file is a script of a shell that does what a process would.
struct TestCommand : testing::Test {
  TestCommand() {
    folder.write("child", R"sh(#!/bin/sh
read -r job
printf '%s\n' "$job" >>"$(dirname "$0")/jobs"
path=$(printf '%s' "$job" | sed -E 's/^.*"path":"([^"]*)".*$/\1/')
mode=$(printf '%s' "$job" | sed -E 's/^.*"mode":"([^"]*)".*$/\1/')
chosen=$(printf '%s' "$job" | sed -E 's/^.*"only":(true|false).*$/\1/')
say() { printf '{"event":%s}\n' "$1"; }
pass() { say "\"scenario_started\",\"name\":\"$1\",\"attempt\":1"; say "\"scenario_finished\",\"name\":\"$1\",\"attempt\":1,\"passed\":true,\"duration_ms\":5"; }
fail() { say "\"scenario_started\",\"name\":\"$1\",\"attempt\":1"; say "\"scenario_finished\",\"name\":\"$1\",\"attempt\":1,\"passed\":false,\"error\":\"bad\",\"duration_ms\":5"; }
load() { say "\"file_loaded\",\"kind\":\"suite\",\"scenarios\":[{\"name\":\"x\",\"tags\":[\"smoke\"],\"at\":\"f:3:1\"$1}]"; [ "$mode" = list ] && exit 0; }
over() { say '"suite_finished","total":1,"passed":1,"skipped":0'; }
. "$path"
)sh");
    std::filesystem::permissions(folder.path() / "child", std::filesystem::perms::owner_all);
    flags.no_color = true;
    flags.jobs = 2;
    flags.artifacts = (folder.path() / "results").string();
    unsetenv("GITHUB_ACTIONS");
  }

  int run() {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = blocking_test(flags, (folder.path() / "child").string());
    output = testing::internal::GetCapturedStdout();
    error = testing::internal::GetCapturedStderr();
    return status;
  }
  int run(const std::string& name, const std::string& script) {
    flags.paths = {folder.write(name, script)};
    return run();
  }
  [[nodiscard]] std::vector<base::Json> jobs() const {
    std::vector<base::Json> all;
    std::istringstream lines(folder.read("jobs"));
    for (std::string line; std::getline(lines, line);) {
      all.push_back(*base::parse_json(line, 8));
    }
    return all;
  }

  TestFolder folder;
  TestFlags flags;
  std::string output;
  std::string error;
};

TEST_F(TestCommand, runs_a_file_and_tells_what_came_of_it) {
  EXPECT_EQ(run("a.test", "load; pass x; over"), 0) << error;
  EXPECT_THAT(output, HasSubstr("▶ x\n"));
  EXPECT_THAT(output, HasSubstr("✓ scenario `x` (5 ms)\n"));
  EXPECT_THAT(output, HasSubstr("✓ 1 file, 1 scenario — 1/1 scenarios, 1/1 files passed"));
  EXPECT_EQ(error, "");
}

TEST_F(TestCommand, fails_when_one_of_several_files_does) {
  folder.write("t/a.test", "load; pass x; over");
  folder.write("t/b.test", "load; fail y; over; exit 1");
  flags.paths = {(folder.path() / "t").string()};
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(output, HasSubstr("▶▶ "));
  EXPECT_THAT(error, HasSubstr("✗ scenario `y` — bad (5 ms)\n"));
  EXPECT_THAT(error, HasSubstr("Error: 1/2 files failed\n"));
}

TEST_F(TestCommand, names_the_signal_of_a_crash_and_the_last_words) {
  EXPECT_EQ(run("a.test", "load; say '\"scenario_started\",\"name\":\"x\",\"attempt\":1'; echo 'stack smashed' >&2; kill -SEGV $$"), 1);
  EXPECT_THAT(error, HasSubstr("crashed: SIGSEGV (Segmentation fault); its last words: stack smashed"));
}

TEST_F(TestCommand, fails_a_file_that_ends_too_early_or_oddly) {
  EXPECT_EQ(run("a.test", "load; exit 0"), 1);
  EXPECT_THAT(error, HasSubstr("its process ended before the test was over"));
  EXPECT_EQ(run("b.test", "exit 101"), 1);
  EXPECT_THAT(error, HasSubstr("its process ended with the status 101"));
  EXPECT_EQ(run("c.test", "load; pass x; over; exit 1"), 1);
  EXPECT_THAT(error, HasSubstr("its process failed without saying why"));
}

TEST_F(TestCommand, stops_a_file_that_takes_too_long_and_kills_one_that_does_not_stop) {
  flags.file_timeout = "100ms";
  EXPECT_EQ(run("a.test", "load; read -r stop; [ \"$stop\" = '{\"stop\":true}' ] && say '\"log\",\"message\":\"bye\"'; exit 130"), 1);
  EXPECT_THAT(output, HasSubstr(" bye\n"));
  EXPECT_THAT(error, HasSubstr("took longer than 100 ms and was stopped; --file-timeout gives it more time"));
}

TEST_F(TestCommand, ends_a_process_whose_scenario_lets_nothing_else_happen) {
  // Ten seconds of grace are too long for a test: the file's own time ends it here; what is told to a scenario is another matter.
  flags.file_timeout = "200ms";
  EXPECT_EQ(run("a.test", "load; say '\"scenario_started\",\"name\":\"x\",\"attempt\":1'; trap '' TERM; read -r stop; exit 0"), 1);
  EXPECT_THAT(error, HasSubstr("took longer than 200 ms"));
  EXPECT_THAT(error, HasSubstr("0/1 scenarios"));
}

TEST_F(TestCommand, leaves_no_empty_folder) {
  EXPECT_EQ(run("a.test", "mkdir -p \"$(printf '%s' \"$job\" | sed -E 's/^.*\"artifacts\":\"([^\"]*)\".*$/\\1/')\"; load; pass x; over"), 0);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "results"));
}

TEST_F(TestCommand, gives_the_process_all_it_needs) {
  flags.set = {"domain=x.org", "empty="};
  flags.tags = {"smoke"};
  flags.timeout = "2m";
  flags.seed = 7;
  flags.retries = 2;
  flags.log = "";
  flags.sip_trace = "trace.pcap";
  run("a.test", "load; pass x; over");
  ASSERT_EQ(jobs().size(), 1U);
  const base::Json job = jobs().front();
  EXPECT_EQ(*job.find("path")->string(), (folder.path() / "a.test").string());
  EXPECT_EQ(*job.find("language")->string(), "test");
  EXPECT_EQ(*job.find("mode")->string(), "run");
  EXPECT_EQ(*job.find("set")->find("domain")->string(), "x.org");
  EXPECT_EQ(*job.find("set")->find("empty")->string(), "");
  EXPECT_EQ(*job.find("select")->find("tags")->array()->front().string(), "smoke");
  EXPECT_EQ(std::get<base::Json::Number>(job.find("timeout_ms")->value).text, "120000");
  EXPECT_EQ(std::get<base::Json::Number>(job.find("seed")->value).text, "7");
  EXPECT_EQ(*job.find("log")->string(), "-");
  EXPECT_TRUE(job.find("sip_trace")->string()->ends_with("/trace.pcap"));
  EXPECT_TRUE(job.find("artifacts")->string()->starts_with((folder.path() / "results").string() + "/"));
}

TEST_F(TestCommand, says_when_no_scenario_matches) {
  flags.scenarios = {"nope"};
  EXPECT_EQ(run("a.test", "load; say '\"suite_finished\",\"total\":0,\"passed\":0,\"skipped\":0'"), 1);
  EXPECT_THAT(error, HasSubstr("Error: 1 file read, but no scenario matched --scenario \"nope\"\n"));
}

TEST_F(TestCommand, runs_only_what_asks_for_it_in_any_file) {
  folder.write("t/a.test", "# only\nload ',\"only\":true'; [ $chosen = true ] && pass x; over");
  folder.write("t/b.test", "load; [ $chosen = false ] && fail y; say '\"suite_finished\",\"total\":0,\"passed\":0,\"skipped\":0'");
  flags.paths = {(folder.path() / "t").string()};
  EXPECT_EQ(run(), 0) << error;
  EXPECT_THAT(error, HasSubstr("a.test has `only`: no other ones run"));
  EXPECT_EQ(jobs().size(), 3U) << "one was looked at first";
}

TEST_F(TestCommand, lists_scenarios_without_running_them) {
  flags.list = true;
  EXPECT_EQ(run("a.test", "load; pass x; over"), 0) << error;
  EXPECT_THAT(output, HasSubstr("a.test\n  x (line 3) #smoke\n1 scenario in 1 file\n"));
}

TEST_F(TestCommand, writes_nothing_but_events_as_json) {
  flags.json = true;
  EXPECT_EQ(run("a.test", "load; echo noise; pass x; over"), 0);
  std::istringstream lines(output);
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    const auto json = base::parse_json(line, 8);
    ASSERT_TRUE(json) << line;
    names.push_back(*json->find("event")->string());
  }
  EXPECT_THAT(names, testing::ElementsAre("run_started", "file_started", "file_loaded", "scenario_started", "scenario_finished", "suite_finished",
                                          "file_finished", "run_finished"));
  EXPECT_EQ(error, "noise\n");
}

TEST_F(TestCommand, writes_reports_beside_what_people_read) {
  flags.reporters = {"junit=" + (folder.path() / "out/junit.xml").string(), "tap=" + (folder.path() / "out/x.tap").string(), "html", "github"};
  EXPECT_EQ(run("a.test", "load; fail x; over; exit 1"), 1);
  EXPECT_THAT(folder.read("out/junit.xml"), HasSubstr("<failure message=\"bad\""));
  EXPECT_THAT(folder.read("out/x.tap"), HasSubstr("not ok 1"));
  EXPECT_THAT(folder.read("results/report.html"), HasSubstr("\"event\":\"scenario_finished\""));
  EXPECT_THAT(output, HasSubstr("::error file="));
  EXPECT_THAT(output, HasSubstr("Report: "));
}

TEST_F(TestCommand, ends_with_the_first_failure_when_asked) {
  flags.fail_fast = true;
  flags.jobs = 1;
  folder.write("t/a.test", "load; fail x; read -r stop; exit 130");
  folder.write("t/b.test", "load; pass y; over");
  flags.paths = {(folder.path() / "t").string()};
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(jobs().size(), 1U);
  EXPECT_THAT(error, HasSubstr("was stopped, since a scenario failed (--fail-fast)"));
}

TEST_F(TestCommand, hangs_up_and_reports_when_it_is_interrupted) {
  // The process tells the runner to stop, as Ctrl-C would.
  EXPECT_EQ(run("a.test",
                "load; pass x; say '\"scenario_started\",\"name\":\"y\",\"attempt\":1'; kill -INT $PPID; read -r stop; say "
                "'\"log\",\"message\":\"un-registered\"'; exit 130"),
            130);
  EXPECT_THAT(output, HasSubstr("un-registered"));
  EXPECT_THAT(error, HasSubstr("stopping; the phones hang up"));
  EXPECT_THAT(error, HasSubstr("✗ 1 file, 2 scenarios — 1/2 scenarios, 0/1 files passed"));
  EXPECT_THAT(error, HasSubstr("interrupted"));
}

TEST_F(TestCommand, ends_at_once_when_it_is_interrupted_twice) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(run("a.test", "load; kill -INT $PPID; read -r stop; kill -INT $PPID; sleep 60; pass x; over"), 130);
  EXPECT_LT(std::chrono::steady_clock::now() - began, ChildProgram().grace);
}

TEST_F(TestCommand, survives_a_flood_and_a_line_without_end) {
  EXPECT_EQ(run("a.test", "load; head -c 20000000 /dev/zero | tr '\\0' x; echo; pass x; over"), 0);
  EXPECT_THAT(error, HasSubstr("1 line of more than 16 MiB were dropped"));
}

TEST_F(TestCommand, says_what_is_wrong_with_the_command_line) {
  EXPECT_EQ(run("a.test", ""), 1);
  flags.paths = {(folder.path() / "a.tset").string()};
  EXPECT_EQ(run(), 2);
  EXPECT_THAT(error, HasSubstr("a.tset does not exist; did you mean " + (folder.path() / "a.test").string() + "?"));
  flags.paths = {folder.path().string()};
  flags.env_files = {"/nowhere/.env"};
  EXPECT_EQ(run(), 2);
  EXPECT_THAT(error, HasSubstr("--env-file: /nowhere/.env cannot be read"));
}

TEST_F(TestCommand, says_when_the_program_cannot_be_started) {
  std::filesystem::permissions(folder.path() / "child", std::filesystem::perms::owner_read);
  EXPECT_EQ(run("a.test", ""), 1);
  EXPECT_THAT(error, HasSubstr("no process could be started from "));
}

TEST_F(TestCommand, checks_files) {
  flags.paths = {folder.write("a.test",
                              "say '\"problem\",\"at\":\"a.test:3:5\",\"message\":\"no verb dail\",\"suggestion\":\"did you mean dial?\"'; say "
                              "'\"finished\",\"passed\":false,\"error\":\"1 problem\"'; exit 1")};
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  EXPECT_EQ(blocking_check(flags, (folder.path() / "child").string()), 1);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("a.test:3:5: no verb dail; did you mean dial?\n"));
  testing::internal::GetCapturedStderr();
  flags.paths = {folder.write("b.test", "say '\"finished\",\"passed\":true'")};
  testing::internal::CaptureStdout();
  EXPECT_EQ(blocking_check(flags, (folder.path() / "child").string()), 0);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), (folder.path() / "b.test").string() + ": syntax ok\n");
}

TEST_F(TestCommand, shows_a_report_that_is_there) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  EXPECT_EQ(blocking_show_report((folder.path() / "none").string(), false), 1);
  folder.write("results/report.html", "x");
  EXPECT_EQ(blocking_show_report((folder.path() / "results").string(), false), 0);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "file://" + (folder.path() / "results/report.html").string() + "\n");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("callwright test --reporter html writes one"));
}

}  // namespace
}  // namespace callwright::app
