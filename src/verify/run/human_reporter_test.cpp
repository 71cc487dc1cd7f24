#include "verify/run/human_reporter.hpp"

#include "verify/run/run_fixture.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace callwright::verify {
namespace {

struct Printed {
  std::string output;
  std::string error;
  std::string both;
};

Printed print(std::string_view lines, HumanReporter::Options options) {
  Printed printed;
  HumanReporter reporter(options, [&](HumanReporter::Stream stream, std::string_view text) {
    (stream == HumanReporter::Stream::Output ? printed.output : printed.error) += text;
    printed.both += text;
  });
  RunSummary summary;
  for (const RunEvent& event : events_of(lines)) {
    summary.add(event);
    reporter.on_event(event);
  }
  reporter.on_end(summary);
  return printed;
}

std::string shown_as(std::string_view event, Verbosity verbosity = Verbosity::Normal) {
  const auto parsed = RunEvent::parse(event);
  EXPECT_TRUE(parsed) << event;
  const auto line = human_line(*parsed, verbosity);
  return line ? line->text : "(nothing)";
}

TEST(HumanLine, says_what_agents_do) {
  EXPECT_EQ(shown_as(R"({"event":"agent_started","name":"A","aor":"alice@example.com"})"), "A: starting (sip:alice@example.com)");
  EXPECT_EQ(shown_as(R"({"event":"action","agent":"A","kind":"register"})"), "A: register");
  EXPECT_EQ(shown_as(R"({"event":"action","agent":"A","kind":"dial","detail":"sip:b@x"})"), "A: dials sip:b@x");
  EXPECT_EQ(shown_as(R"({"event":"action","agent":"B","kind":"accept"})"), "B: accepts");
  EXPECT_EQ(shown_as(R"({"event":"action","agent":"B","kind":"hangup"})"), "B: hangs up");
  EXPECT_EQ(shown_as(R"({"event":"action","agent":"B","kind":"mute"})"), "B: toggles mute");
  EXPECT_EQ(shown_as(R"x({"event":"action","agent":"A","kind":"dtmf-start","detail":"12 (with 200ms gap)"})x"), "A: sending DTMF 12 (with 200ms gap)");
  EXPECT_EQ(shown_as(R"({"event":"action","agent":"A","kind":"dtmf-done","detail":"12"})"), "A: sent DTMF 12");
  EXPECT_EQ(shown_as(R"({"event":"action","agent":"A","kind":"header","detail":"X: y"})"), "A: set header X: y");
  EXPECT_EQ(shown_as(R"({"event":"action","agent":"A","kind":"send-audio","detail":"tone 440 Hz"})"), "A: sends tone 440 Hz");
  EXPECT_EQ(shown_as(R"({"event":"action","agent":"A","kind":"transfer","detail":"sip:c@x","error":"no call"})"), "A: transfer sip:c@x: ✗ no call");
}

TEST(HumanLine, says_what_else_happens) {
  EXPECT_EQ(shown_as(R"({"event":"wait","seconds":3})"), "wait 3s");
  EXPECT_EQ(shown_as(R"({"event":"http","method":"GET","url":"http://x/","status":200})"), "HTTP GET http://x/ → 200");
  EXPECT_EQ(shown_as(R"({"event":"http","method":"GET","url":"http://x/","error":"refused"})"), "HTTP GET http://x/ ✗ refused");
  EXPECT_EQ(shown_as(R"({"event":"mock_request","method":"POST","path":"/v","matched":true})"), "mock ← POST /v");
  EXPECT_EQ(shown_as(R"({"event":"mock_request","method":"POST","path":"/v","matched":false})"), "mock ← POST /v (no route → 404)");
  EXPECT_EQ(shown_as(R"({"event":"log","message":"three"})"), "three");
  EXPECT_EQ(shown_as(R"({"event":"log","message":"odd","level":"warn"})"), "warning: odd");
  EXPECT_EQ(shown_as(R"({"event":"log","message":"fine","level":"debug"})"), "(nothing)");
  EXPECT_EQ(shown_as(R"({"event":"metric","agent":"A","registered":true,"mos":4.239,"jitter_ms":2.11,"packet_loss_pct":0})"),
            "A: metrics: registered=true, MOS 4.24, jitter 2.1ms, loss 0.0%");
  EXPECT_EQ(shown_as(R"({"event":"metric","agent":"A","registered":true})"), "A: metrics: registered=true, no call");
}

TEST(HumanLine, shows_what_was_there_when_it_failed_or_when_asked) {
  const auto assertion = [](const char* ok) {
    return fmt::format(R"({{"event":"assertion","label":"A state","expect":"equals Ringing","actual":"Idle","ok":{}}})", ok);
  };
  EXPECT_EQ(shown_as(assertion("true")), "A state: ✓ expect equals Ringing");
  EXPECT_EQ(shown_as(assertion("true"), Verbosity::Detail), "A state: ✓ expect equals Ringing — actual: Idle");
  EXPECT_EQ(shown_as(assertion("false")), "A state: ✗ expect equals Ringing — actual: Idle");
  EXPECT_EQ(shown_as(assertion("true"), Verbosity::Quiet), "(nothing)");
  EXPECT_EQ(shown_as(assertion("false"), Verbosity::Quiet), "A state: ✗ expect equals Ringing — actual: Idle");
}

TEST(HumanLine, tells_sip_only_twice_asked) {
  constexpr std::string_view kSip =
      R"({"event":"sip","agent":"A","direction":"sent","transport":"UDP","source":"1.1.1.1:5060","destination":"2.2.2.2:5060","text":"BYE sip:b SIP/2.0\r\nVia: x\r\n"})";
  EXPECT_EQ(shown_as(kSip, Verbosity::Detail), "(nothing)");
  EXPECT_EQ(shown_as(kSip, Verbosity::Wire), "A: → 2.2.2.2:5060 UDP BYE sip:b SIP/2.0");
}

TEST(HumanReporter, tells_a_run_as_it_goes_on) {
  const Printed printed = print(kMixedRun, {.several_files = true});
  EXPECT_EQ(printed.both, R"text(
▶▶ t/suite.js

▶ answers
12:00:01.010 A: starting (sip:alice@example.com)
12:00:01.020 A: dials sip:b@example.com
12:00:01.030 A state: ✓ expect equals Ringing
12:00:02.200 ✓ scenario `answers` (1.20 s)

▶ is <busy> & gone
12:00:03.100 B state: ✗ expect equals Established — actual: Idle
12:00:03.500 ✗ scenario `is <busy> & gone` — B state: expected equals Established, but was Idle (500 ms)
      at t/suite.js:14:5
      expected: B state: equals Established
      actual:   Idle
      agent     A: registered, ringing, 1 call
      agent     B: not registered, idle, 0 calls, 486 Busy Here

▶ sometimes
12:00:04.100 ✗ scenario `sometimes` — no tone (100 ms), is tried again

▶ sometimes (attempt 2)
12:00:04.300 ✓ scenario `sometimes` (100 ms) — flaky: it failed before
12:00:04.400 ⊘ scenario `later` skipped (not yet)
12:00:04.500 ✗ 4 scenarios — 2 passed, 1 failed, 1 skipped, 1 flaky

▶▶ t/one.test
12:00:05.500 ✓ scenario passed (500 ms)

▶▶ t/crash.js

▶ dies
12:00:06.300 ✗ t/crash.js: crashed: SIGSEGV (Segmentation fault)

  ✗ t/suite.js › is <busy> & gone
    t/suite.js:14:5
  ~ t/suite.js › sometimes (flaky)
  ✗ t/crash.js › dies
  ✗ t/crash.js — crashed: SIGSEGV (Segmentation fault)

✗ 3 files, 6 scenarios — 3/5 scenarios, 1/3 files passed, 1 skipped, 1 flaky (6.40 s)
)text");
  EXPECT_EQ(printed.output.find("✗"), std::string::npos) << "failures go to standard error";
  EXPECT_EQ(printed.error.find("✓"), std::string::npos);
}

TEST(HumanReporter, is_silent_about_what_passes_when_quiet) {
  const Printed printed = print(kMixedRun, {.verbosity = Verbosity::Quiet, .several_files = true});
  EXPECT_EQ(printed.both.find("dials"), std::string::npos);
  EXPECT_EQ(printed.both.find("✓ scenario `answers`"), std::string::npos);
  EXPECT_NE(printed.both.find("▶ answers"), std::string::npos);
  EXPECT_NE(printed.both.find("⊘ scenario `later` skipped (not yet)"), std::string::npos);
  EXPECT_NE(printed.both.find("✗ 4 scenarios"), std::string::npos);
}

TEST(HumanReporter, keeps_the_lines_of_a_file_together) {
  const Printed printed = print(R"json(
{"event":"file_started","ts":"2026-03-01T12:00:00.000Z","path":"a.js"}
{"event":"file_started","ts":"2026-03-01T12:00:00.000Z","path":"b.js"}
{"event":"log","ts":"2026-03-01T12:00:00.001Z","path":"a.js","message":"a1"}
{"event":"log","ts":"2026-03-01T12:00:00.002Z","path":"b.js","message":"b1"}
{"event":"log","ts":"2026-03-01T12:00:00.003Z","path":"a.js","message":"a2"}
{"event":"file_finished","ts":"2026-03-01T12:00:00.004Z","path":"b.js","passed":true,"duration_ms":1}
{"event":"file_finished","ts":"2026-03-01T12:00:00.004Z","path":"a.js","passed":true,"duration_ms":1}
)json",
                                {.several_files = true, .flow = HumanReporter::Flow::InBlocks});
  EXPECT_EQ(printed.both,
            "\n▶▶ b.js\n12:00:00.002 b1\n\n▶▶ a.js\n12:00:00.001 a1\n12:00:00.003 a2\n\n✓ 2 files, 0 scenarios — 0/0 scenarios, 2/2 files passed (0 ms)\n");
}

TEST(HumanReporter, lets_no_text_steer_the_terminal) {
  const Printed printed = print(R"({"event":"log","ts":"2026-03-01T12:00:00.001Z","path":"a.js","message":"\u001b[31mred\u0007"})", {});
  EXPECT_NE(printed.output.find("?[31mred?"), std::string::npos);
}

TEST(HumanReporter, colours_only_when_told) {
  EXPECT_EQ(print(kMixedRun, {}).both.find('\x1b'), std::string::npos);
  EXPECT_NE(print(kMixedRun, {.color = true}).both.find("\x1b[1m▶ answers\x1b[0m"), std::string::npos);
}

TEST(ProgressLine, is_cut_to_the_terminal) {
  const RunSummary summary = summary_of(kMixedRun);
  EXPECT_EQ(progress_line(summary, 4, {"a.js", "b.js"}, 7100, 200), "3/4 files, 3 passed, 2 failed, 1 flaky, 7 s · a.js, b.js");
  EXPECT_EQ(progress_line(summary, 4, {"a.js", "b.js"}, 7100, 9), "3/4 files");
}

TEST(ListText, names_scenarios_with_tags) {
  const auto events = events_of(
      R"({"event":"file_loaded","path":"a.js","kind":"suite","scenarios":[{"name":"x","tags":["smoke","long"],"at":"a.js:3:1"},{"name":"y","tags":[],"skip":"why"},{"name":"z","tags":[],"only":true}]})");
  EXPECT_EQ(list_text({{"a.js", scenarios_of(events.front())}}), "a.js\n  x (line 3) #smoke #long\n  y ⊘ skipped: why\n  z (only)\n3 scenarios in 1 file\n");
}

}  // namespace
}  // namespace callwright::verify
