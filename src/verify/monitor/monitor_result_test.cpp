#include "verify/monitor/monitor_result.hpp"

#include "verify/run/run_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

namespace callwright::verify {
namespace {

MonitorFold fold_of(std::string_view lines) {
  MonitorFold fold;
  for (const RunEvent& event : events_of(lines)) {
    fold.add(event);
  }
  return fold;
}

/// "name passed" or "name: error" of each, with its agents.
std::vector<std::string> told(const MonitorFold& fold) {
  std::vector<std::string> lines;
  for (const MonitoredScenario& scenario : fold.scenarios()) {
    std::string line = scenario.name + (scenario.passed ? " passed" : ": " + scenario.error);
    for (const MonitoredAgent& agent : scenario.agents) {
      line += " " + agent.agent;
    }
    lines.push_back(line);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(MonitorFold, keeps_scenarios_in_the_order_in_which_they_came) {
  const MonitorFold fold = fold_of(kMixedRun);
  EXPECT_EQ(told(fold), (Lines{"answers passed", "is <busy> & gone: B state: expected equals Established, but was Idle", "sometimes passed",
                               "t/one.test passed", "dies: crashed: SIGSEGV (Segmentation fault)"}));
  EXPECT_EQ(fold.error(), "t/suite.js — is <busy> & gone: B state: expected equals Established, but was Idle");
  EXPECT_EQ(fold.scenarios().front().duration_ms, 1200.5);
}

TEST(MonitorFold, takes_metrics_before_and_behind_the_end_of_a_scenario) {
  const MonitorFold fold = fold_of(R"json(
{"event":"metric","path":"a.js","scenario":"x","agent":"A","registered":true,"mos":4.25,"jitter_ms":1.5,"packet_loss_pct":0,"rtt_ms":20}
{"event":"scenario_finished","path":"a.js","name":"x","passed":true,"duration_ms":10}
{"event":"metric","path":"a.js","scenario":"x","agent":"B","registered":false}
)json");
  ASSERT_EQ(told(fold), (Lines{"x passed A B"}));
  const MonitoredAgent& first = fold.scenarios().front().agents.front();
  EXPECT_TRUE(first.registered);
  EXPECT_EQ(first.mos, 4.25);
  EXPECT_EQ(first.jitter_ms, 1.5);
  EXPECT_EQ(first.packet_loss_pct, 0.0);
  EXPECT_EQ(first.rtt_ms, 20.0);
  EXPECT_FALSE(fold.scenarios().front().agents.back().mos);
  EXPECT_EQ(fold.error(), "");
}

TEST(MonitorFold, tells_the_last_attempt) {
  const MonitorFold fold = fold_of(R"json(
{"event":"scenario_started","path":"a.js","name":"x","attempt":1}
{"event":"metric","path":"a.js","scenario":"x","agent":"A","registered":true,"mos":1}
{"event":"metric","path":"a.js","scenario":"x","agent":"B","registered":true,"mos":1}
{"event":"scenario_finished","path":"a.js","name":"x","attempt":1,"passed":false,"duration_ms":10,"error":"no tone","retried":true}
{"event":"scenario_started","path":"a.js","name":"x","attempt":2}
{"event":"metric","path":"a.js","scenario":"x","agent":"A","registered":true,"mos":4}
{"event":"scenario_finished","path":"a.js","name":"x","attempt":2,"passed":true,"duration_ms":20}
)json");
  ASSERT_EQ(told(fold), (Lines{"x passed A"}));
  EXPECT_EQ(fold.scenarios().front().agents.front().mos, 4.0);
  EXPECT_EQ(fold.scenarios().front().duration_ms, 20);
  EXPECT_EQ(fold.error(), "");
}

TEST(MonitorFold, has_failed_when_one_of_the_repetitions_did) {
  const MonitorFold fold = fold_of(R"json(
{"event":"scenario_finished","path":"a.js","name":"x","passed":true}
{"event":"scenario_started","path":"a.js","name":"x","attempt":1}
{"event":"scenario_finished","path":"a.js","name":"x","passed":false,"error":"no tone"}
{"event":"scenario_started","path":"a.js","name":"x","attempt":1}
{"event":"scenario_finished","path":"a.js","name":"x","passed":true}
)json");
  EXPECT_EQ(told(fold), (Lines{"x: no tone"}));
  EXPECT_EQ(fold.error(), "a.js — x: no tone");
}

TEST(MonitorFold, keeps_equal_names_of_two_files_apart) {
  const MonitorFold fold = fold_of(R"json(
{"event":"scenario_finished","path":"a.js","name":"x","passed":true}
{"event":"scenario_finished","path":"b.js","name":"x","passed":false}
{"event":"metric","path":"a.js","scenario":"x","agent":"A","registered":true}
)json");
  EXPECT_EQ(told(fold), (Lines{"x passed A", "x: failed"}));
}

TEST(MonitorFold, names_a_file_that_is_the_test_by_its_path) {
  const MonitorFold fold = fold_of(R"json(
{"event":"metric","path":"a.js","scenario":"a.js","agent":"A","registered":true}
{"event":"finished","path":"a.js","passed":false,"duration_ms":5,"error":"busy"}
{"event":"file_finished","path":"a.js","passed":false,"duration_ms":6}
{"event":"metric","path":"b.js","agent":"B","registered":true}
{"event":"finished","path":"b.js","passed":true,"duration_ms":7}
)json");
  EXPECT_EQ(told(fold), (Lines{"a.js: busy A", "b.js passed B"}));
  EXPECT_EQ(fold.error(), "a.js: busy");
}

TEST(MonitorFold, leaves_out_what_was_skipped) {
  const MonitorFold fold = fold_of(R"json(
{"event":"scenario_skipped","path":"a.js","name":"never"}
{"event":"scenario_started","path":"a.js","name":"in its body","attempt":1}
{"event":"metric","path":"a.js","scenario":"in its body","agent":"A","registered":true}
{"event":"scenario_skipped","path":"a.js","name":"in its body"}
{"event":"metric","path":"b.js","scenario":"b.js","agent":"A","registered":true}
{"event":"scenario_skipped","path":"b.js","name":"b.js"}
{"event":"finished","path":"b.js","passed":true}
{"event":"scenario_finished","path":"a.js","name":"y","passed":true}
)json");
  EXPECT_EQ(told(fold), (Lines{"y passed"}));
}

TEST(MonitorFold, fails_what_has_no_end) {
  const MonitorFold fold = fold_of(R"json(
{"event":"scenario_finished","path":"a.js","name":"x","passed":true}
{"event":"scenario_started","path":"a.js","name":"y","attempt":1}
)json");
  EXPECT_EQ(told(fold), (Lines{"x passed", "y: was stopped"}));
  EXPECT_EQ(fold.error(), "");
}

TEST(MonitorFold, tells_the_error_of_a_scenario_rather_than_that_of_a_file) {
  constexpr std::string_view kFile = R"({"event":"file_finished","path":"a.js","passed":false,"error":"could not be read"})";
  EXPECT_EQ(fold_of(kFile).error(), "a.js: could not be read");
  EXPECT_TRUE(fold_of(kFile).scenarios().empty());
  EXPECT_EQ(fold_of(fmt::format("{}\n{}", kFile, R"({"event":"scenario_finished","path":"b.js","name":"x","passed":false,"error":"busy"})")).error(),
            "b.js — x: busy");
  EXPECT_EQ(fold_of(R"({"event":"file_finished","path":"a.js","passed":false})").error(), "a.js: failed outside of its scenarios");
  const MonitorFold outside = fold_of(R"json(
{"event":"scenario_finished","path":"a.js","name":"x","passed":true}
{"event":"finished","path":"a.js","passed":false,"error":"in afterAll"}
)json");
  EXPECT_EQ(outside.error(), "a.js: in afterAll");
  EXPECT_EQ(told(outside), (Lines{"x passed"}));
}

TEST(MonitorFold, is_bounded) {
  MonitorFold fold;
  for (std::size_t number = 0; number < MonitorFold::kMaxScenarios + 5; ++number) {
    fold.add(events_of(fmt::format(R"({{"event":"scenario_finished","path":"a.js","name":"x{}","passed":true}})", number)).front());
  }
  for (std::size_t number = 0; number < MonitorFold::kMaxAgents + 5; ++number) {
    fold.add(events_of(fmt::format(R"({{"event":"metric","path":"a.js","scenario":"x0","agent":"a{}","registered":true}})", number)).front());
  }
  EXPECT_EQ(fold.scenarios().size(), MonitorFold::kMaxScenarios);
  EXPECT_EQ(fold.scenarios().front().agents.size(), MonitorFold::kMaxAgents);
  const std::string text(10'000, 'x');
  const MonitorFold texts = fold_of(fmt::format(R"({{"event":"scenario_finished","path":"{0}","name":"{0}{0}","passed":false,"error":"{0}"}})", text));
  EXPECT_LT(texts.scenarios().front().name.size(), MonitorFold::kMaxName + 50);
  EXPECT_LT(texts.error().size(), MonitorFold::kMaxError + 2 * MonitorFold::kMaxName + 150);
}

TEST(MonitorResult, is_written_as_json) {
  MonitorResult result;
  result.monitor = "office";
  result.run = "r-1";
  result.trigger = "schedule";
  result.started = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'772'366'400'042));
  result.duration = std::chrono::milliseconds(1500);
  std::string text;
  base::append_json(text, result.json(""), base::MemberOrder::AsGiven);
  EXPECT_EQ(text,
            R"({"monitor":"office","run":"r-1","trigger":"schedule","started":"2026-03-01T12:00:00.042Z","passed":false,"timed_out":false,"duration_ms":1500,)"
            R"("scenarios":[]})");
  result.passed = true;
  result.error = "e";
  result.scenarios.push_back({"x", true, 12.5, "", {{"A", true, 4.25, std::nullopt, 0.0, std::numeric_limits<double>::quiet_NaN()}}});
  result.scenarios.push_back({"y", false, 3, "busy", {}});
  text.clear();
  base::append_json(text, result.json("https://a/b"), base::MemberOrder::AsGiven);
  EXPECT_EQ(
      text.substr(text.find("\"passed\"")),
      R"("passed":true,"timed_out":false,"duration_ms":1500,"error":"e","report":"https://a/b","scenarios":[{"name":"x","passed":true,"duration_ms":12.5,)"
      R"("agents":[{"agent":"A","registered":true,"mos":4.25,"packet_loss_pct":0}]},{"name":"y","passed":false,"duration_ms":3,"error":"busy","agents":[]}]})");
}

}  // namespace
}  // namespace callwright::verify
