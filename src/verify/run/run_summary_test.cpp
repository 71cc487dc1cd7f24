#include "verify/run/run_summary.hpp"

#include "verify/run/duration_text.hpp"
#include "verify/run/line_splitter.hpp"
#include "verify/run/run_fixture.hpp"

#include <gtest/gtest.h>

namespace callwright::verify {
namespace {

TEST(RunEvent, is_read_and_written_with_sorted_names) {
  auto event = RunEvent::parse(R"({"ts":"t","event":"wait","seconds":3})");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind(), RunEventKind::Wait);
  EXPECT_EQ(event->number("seconds"), 3);
  event->belongs_to("a.js");
  EXPECT_EQ(event->line(), R"({"event":"wait","path":"a.js","seconds":3,"ts":"t"})");
}

TEST(RunEvent, of_a_mock_keeps_the_path_of_the_request) {
  auto event = RunEvent::parse(R"({"event":"mock_request","method":"POST","path":"/voice","matched":true})");
  ASSERT_TRUE(event);
  event->belongs_to("a.js");
  EXPECT_EQ(event->file(), "a.js");
  EXPECT_EQ(event->line(), R"({"event":"mock_request","file":"a.js","matched":true,"method":"POST","path":"/voice"})");
}

TEST(RunEvent, tells_places_as_seen_from_a_folder) {
  auto event = RunEvent::parse(
      R"({"event":"x","at":"/a/b.js:1:2","stack":"(top) /a/b.js:1:2\n/a/c.js:3:4\n/ab/c.js:5:6","text":"/a/b.js","scenarios":[{"name":"y","at":"/a/b.js:7:8"}]})");
  ASSERT_TRUE(event);
  event->shorten_places("/a");
  EXPECT_EQ(event->line(),
            R"({"at":"b.js:1:2","event":"x","scenarios":[{"at":"b.js:7:8","name":"y"}],"stack":"(top) b.js:1:2\nc.js:3:4\n/ab/c.js:5:6","text":"/a/b.js"})");
}

TEST(RunEvent, that_is_none_is_refused) {
  for (const std::string_view line : {"", "hello", "{}", "[1]", R"({"event":1})", R"({"event":"wait")", "{\"event\":\"\xff\"}"}) {
    EXPECT_FALSE(RunEvent::parse(line)) << line;
  }
  EXPECT_FALSE(RunEvent::parse(R"({"event":"x","deep":)" + std::string(100, '[') + std::string(100, ']') + "}"));
  EXPECT_EQ(RunEvent::parse(R"({"event":"of_tomorrow"})")->kind(), RunEventKind::Other);
}

TEST(RunSummary, folds_files_scenarios_and_attempts) {
  const RunSummary summary = summary_of(kMixedRun);
  const RunCounts counts = summary.counts();
  EXPECT_EQ(counts.files, 3U);
  EXPECT_EQ(counts.passed_files, 1U);
  EXPECT_EQ(counts.scenarios, 6U);
  EXPECT_EQ(counts.passed, 3U);
  EXPECT_EQ(counts.failed, 2U);
  EXPECT_EQ(counts.skipped, 1U);
  EXPECT_EQ(counts.flaky, 1U);
  const FileResult* const suite = summary.file("t/suite.js");
  ASSERT_NE(suite, nullptr);
  ASSERT_EQ(suite->scenarios.size(), 4U);
  EXPECT_EQ(suite->scenarios[2].status, ScenarioStatus::Flaky);
  EXPECT_EQ(suite->scenarios[2].duration_ms(), 200);
  EXPECT_EQ(suite->scenarios[1].attempts.front().failure->agents.back().reason, "486 Busy Here");
  EXPECT_EQ(summary.file("t/one.test")->scenarios.front().name, "t/one.test");
  EXPECT_EQ(summary.seed(), "7");
}

TEST(RunSummary, fails_the_scenario_in_which_a_process_ends) {
  const RunSummary summary = summary_of(kMixedRun);
  const ScenarioResult& scenario = summary.file("t/crash.js")->scenarios.front();
  EXPECT_EQ(scenario.status, ScenarioStatus::Failed);
  EXPECT_EQ(scenario.attempts.front().error, "crashed: SIGSEGV (Segmentation fault)");
}

TEST(RunSummary, counts_repetitions_and_equal_names_each) {
  const RunSummary summary = summary_of(R"json(
{"event":"scenario_started","path":"a.js","name":"x","attempt":1}
{"event":"scenario_finished","path":"a.js","name":"x","attempt":1,"passed":true}
{"event":"scenario_started","path":"a.js","name":"x","attempt":1}
{"event":"scenario_finished","path":"a.js","name":"x","attempt":1,"passed":false}
{"event":"scenario_started","path":"a.js","name":"y","attempt":1}
{"event":"scenario_skipped","path":"a.js","name":"y","reason":"in its body"}
)json");
  EXPECT_EQ(summary.counts().scenarios, 3U);
  EXPECT_EQ(summary.counts().passed, 1U);
  EXPECT_EQ(summary.counts().failed, 1U);
  EXPECT_EQ(summary.counts().skipped, 1U);
}

TEST(RunSummary, takes_any_order_of_events) {
  const RunSummary summary = summary_of(R"json(
{"event":"scenario_finished","path":"a.js","name":"x","passed":true}
{"event":"suite_finished"}
{"event":"finished","path":"b.js","passed":false}
{"event":"file_finished","path":"c.js","passed":true}
)json");
  EXPECT_EQ(summary.counts().scenarios, 0U);
  EXPECT_EQ(summary.file("b.js")->error, "failed outside of its scenarios");
}

TEST(RunSummary, cuts_long_texts_at_a_character) {
  EXPECT_EQ(cut_text("abc", 3), "abc");
  EXPECT_EQ(cut_text("ab\u00e9d", 3), "ab… (3 bytes more)");
}

TEST(Place, is_read_from_behind) {
  EXPECT_EQ(parse_place("C:/a.js:12:5").file, "C:/a.js");
  EXPECT_EQ(parse_place("a.js:12:5").line, "12");
  EXPECT_EQ(parse_place("a.js:12:5").column, "5");
  EXPECT_EQ(parse_place("a.js:12").line, "12");
  EXPECT_EQ(parse_place("a.js:12").column, "");
  EXPECT_EQ(parse_place("").file, "");
}

TEST(LineSplitter, joins_pieces_and_drops_what_is_too_long) {
  std::vector<std::string> lines;
  std::vector<std::size_t> dropped;
  LineSplitter splitter([&](std::string_view line) { lines.emplace_back(line); }, [&](std::size_t bytes) { dropped.push_back(bytes); }, 5);
  splitter.add("ab");
  splitter.add("c\r\n\nde");
  splitter.add("fghi");
  splitter.add("jk\nlast");
  splitter.finish();
  splitter.finish();
  EXPECT_EQ(lines, (std::vector<std::string>{"abc", "", "last"}));
  EXPECT_EQ(dropped, std::vector<std::size_t>{8});
}

TEST(Duration, is_a_whole_number_and_a_unit) {
  EXPECT_EQ(parse_duration(" 10s ")->count(), 10'000);
  EXPECT_EQ(parse_duration("500ms")->count(), 500);
  EXPECT_EQ(parse_duration("2m")->count(), 120'000);
  for (const std::string_view wrong : {"", "s", "5", "1.5s", "-1s", "5x", "1h", "1s2s", "1 s", "99999999999999999999s", "9223372036854775807m"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
  EXPECT_NE(parse_duration("5x").error().message().find("\"5x\""), std::string::npos);
}

TEST(Duration, is_shown_to_people) {
  EXPECT_EQ(duration_text(7.4), "7 ms");
  EXPECT_EQ(duration_text(1240), "1.24 s");
  EXPECT_EQ(duration_text(125'000), "2 m 05 s");
}

}  // namespace
}  // namespace callwright::verify
