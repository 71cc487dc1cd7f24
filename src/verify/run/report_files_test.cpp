#include "verify/run/github_reporter.hpp"
#include "verify/run/html_report.hpp"
#include "verify/run/junit_reporter.hpp"
#include "verify/run/run_fixture.hpp"
#include "verify/run/tap_reporter.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace callwright::verify {
namespace {

/// Enough of XML to see that elements nest and texts are escaped; "" when they do.
std::string xml_problem(std::string_view text) {
  std::vector<std::string> open;
  while (true) {
    const std::size_t start = text.find('<');
    const std::string_view between = text.substr(0, start);
    for (std::size_t at = between.find('&'); at != std::string_view::npos; at = between.find('&', at + 1)) {
      if (between.substr(at, 12).find(';') == std::string_view::npos) {
        return "a bare & in " + std::string(between);
      }
    }
    if (start == std::string_view::npos) {
      return open.empty() ? "" : open.back() + " is not closed";
    }
    const std::size_t end = text.find('>', start);
    const std::string tag(text.substr(start + 1, end - start - 1));
    text.remove_prefix(end + 1);
    const std::string name = tag.substr(tag.starts_with('/') ? 1 : 0, tag.find_first_of(" /", 1) - (tag.starts_with('/') ? 1 : 0));
    if (tag.starts_with('?') || tag.ends_with('/')) {
      continue;
    }
    if (!tag.starts_with('/')) {
      open.push_back(name);
    } else if (open.empty() || open.back() != tag.substr(1)) {
      return "unexpected " + tag;
    } else {
      open.pop_back();
    }
  }
}

TEST(JunitReport, has_a_suite_for_each_file_and_a_case_for_each_scenario) {
  const std::string report = junit_report(summary_of(kMixedRun));
  EXPECT_EQ(xml_problem(report), "") << report;
  EXPECT_NE(report.find(R"(<testsuites name="callwright" tests="7" failures="2" errors="1" skipped="1" time="6.400">)"), std::string::npos) << report;
  EXPECT_NE(report.find(R"(<testsuite name="t/suite.js" tests="4" failures="1" errors="0" skipped="1" time="4.600" timestamp="2026-03-01T12:00:00">)"),
            std::string::npos);
  EXPECT_NE(report.find(R"(<testcase name="answers" classname="t/suite.js" file="t/suite.js" line="3" time="1.200">)"), std::string::npos);
  EXPECT_NE(report.find(R"(<testcase name="is &lt;busy&gt; &amp; gone")"), std::string::npos);
  EXPECT_NE(report.find("expected: B state: equals Established&#10;actual:   Idle&#10;agent     A: registered"), std::string::npos);
  EXPECT_NE(report.find(R"(<flakyFailure message="no tone")"), std::string::npos);
  EXPECT_NE(report.find(R"(<skipped message="not yet"/>)"), std::string::npos);
  EXPECT_NE(report.find("[[ATTACHMENT|out/a.pcap]]"), std::string::npos);
  EXPECT_NE(report.find(R"(<property name="tag" value="smoke"/>)"), std::string::npos);
  EXPECT_NE(report.find(R"x(<error message="crashed: SIGSEGV (Segmentation fault)" type="file">)x"), std::string::npos);
}

TEST(JunitReport, carries_no_control_characters) {
  const std::string report = junit_report(summary_of(R"json({"event":"finished","path":"a\u0001.js","passed":false,"error":"x \u0000 ]]> \u001b[0m"})json"));
  EXPECT_EQ(xml_problem(report), "") << report;
  for (const char character : report) {
    EXPECT_TRUE(static_cast<unsigned char>(character) >= 0x20 || character == '\n');
  }
}

TEST(TapReport, has_a_point_for_each_scenario) {
  const std::string report = tap_report(summary_of(kMixedRun));
  EXPECT_TRUE(report.starts_with("TAP version 14\n1..7\nok 1 - t/suite.js › answers\nnot ok 2 - t/suite.js › is <busy> & gone\n  ---\n")) << report;
  EXPECT_NE(report.find("  expected: \"equals Established\"\n  actual: \"Idle\"\n"), std::string::npos) << report;
  EXPECT_NE(report.find("ok 3 - t/suite.js › sometimes (flaky)\n"), std::string::npos);
  EXPECT_NE(report.find("ok 4 - t/suite.js › later # SKIP not yet\n"), std::string::npos);
  EXPECT_NE(report.find("ok 5 - t/one.test\n"), std::string::npos);
  EXPECT_NE(report.find("not ok 7 - t/crash.js\n"), std::string::npos);
}

TEST(TapReport, escapes_what_begins_a_directive) {
  const std::string report = tap_report(summary_of(R"json(
{"event":"scenario_skipped","path":"a.js","name":"x # SKIP\n1..9"}
)json"));
  EXPECT_EQ(report, "TAP version 14\n1..1\nok 1 - a.js › x \\# SKIP 1..9 # SKIP\n");
}

TEST(GithubReport, annotates_the_line_that_failed) {
  const std::string report = github_report(summary_of(kMixedRun));
  EXPECT_NE(
      report.find("::error file=t/suite.js,line=14,col=5,title=is <busy> & gone::B state: expected equals Established, but was Idle%0Aat t/suite.js:14:5"),
      std::string::npos)
      << report;
  EXPECT_NE(report.find("::warning file=t/suite.js,title=sometimes is flaky::no tone\n"), std::string::npos) << report;
  EXPECT_NE(report.find("::error file=t/crash.js,title=t/crash.js::crashed: SIGSEGV"), std::string::npos);
  EXPECT_EQ(github_report(summary_of(R"({"event":"finished","path":"a.js","passed":true})")), "");
}

TEST(HtmlReport, holds_all_events_and_nothing_ends_its_data) {
  HtmlReport report;
  for (const RunEvent& event : events_of(kMixedRun)) {
    report.add(event);
  }
  report.add(events_of(R"json({"event":"log","path":"t/suite.js","message":"</script><script>alert(1)//<!--"})json").front());
  const std::string page = report.page(summary_of(kMixedRun), {{"out/a.pcap", "data:x;base64,AA==", 1, true, false}});
  const std::size_t begin = page.find("id=\"run\">");
  ASSERT_NE(begin, std::string::npos);
  const std::string data = page.substr(begin + 9, page.find("</script>", begin) - begin - 9);
  const auto json = base::parse_json(data, 64);
  ASSERT_TRUE(json) << json.error().message();
  ASSERT_EQ(json->find("files")->array()->size(), 3U);
  EXPECT_EQ(json->find("files")->array()->front().find("events")->array()->size(), 18U);
  EXPECT_EQ(*json->find("attachments")->find("out/a.pcap")->find("href")->string(), "data:x;base64,AA==");
  EXPECT_EQ(page.find("alert(1)//<!--"), std::string::npos);
}

TEST(HtmlReport, drops_steps_before_it_drops_scenarios) {
  HtmlReport report(600);
  for (const RunEvent& event : events_of(kMixedRun)) {
    report.add(event);
  }
  const std::string page = report.page(summary_of(kMixedRun), {});
  EXPECT_NE(page.find(R"("path":"t/suite.js","dropped":)"), std::string::npos);
  EXPECT_EQ(page.find(R"("event":"action")"), std::string::npos);
  EXPECT_NE(page.find(R"("event":"scenario_finished")"), std::string::npos);
}

}  // namespace
}  // namespace callwright::verify
