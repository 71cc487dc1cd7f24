#include "verify/run/tap_reporter.hpp"

#include "verify/run/failure_text.hpp"

#include <fmt/format.h>

namespace callwright::verify {
namespace {

/// `#` begins a directive, `\` an escape, and a point is one line.
std::string description(std::string_view text) {
  std::string out;
  for (const char character : text) {
    if (character == '#' || character == '\\') {
      out += '\\';
    }
    out += character == '\n' || character == '\r' ? ' ' : character;
  }
  return out;
}

/// A JSON text is a YAML text too.
std::string quoted(std::string_view text) {
  std::string out;
  base::append_json_string(out, text);
  return out;
}

std::string diagnostics(const Attempt& attempt) {
  std::string out = "  ---\n";
  const auto add = [&out](std::string_view name, std::string_view text) {
    if (!text.empty()) {
      out += fmt::format("  {}: {}\n", name, quoted(text));
    }
  };
  add("message", attempt.error.empty() ? "failed" : attempt.error);
  add("at", attempt.at);
  if (attempt.failure) {
    add("label", attempt.failure->label);
    add("expected", attempt.failure->expect);
    add("actual", attempt.failure->actual.value_or(""));
    out += attempt.failure->agents.empty() ? "" : "  agents:\n";
    for (const AgentReport& agent : attempt.failure->agents) {
      out += fmt::format("    - {}\n", quoted(agent_text(agent)));
    }
  }
  out += fmt::format("  duration_ms: {:.3f}\n  ...\n", attempt.duration_ms);
  return out;
}

std::string point(const FileResult& file, const ScenarioResult& scenario, std::size_t number) {
  const std::string what = description(file.single ? file.path : fmt::format("{} › {}", file.path, scenario.name));
  switch (scenario.status) {
    case ScenarioStatus::Skipped: return fmt::format("ok {} - {} # SKIP{}{}\n", number, what, scenario.reason.empty() ? "" : " ", description(scenario.reason));
    case ScenarioStatus::Passed: return fmt::format("ok {} - {}\n", number, what);
    case ScenarioStatus::Flaky: return fmt::format("ok {} - {} (flaky)\n{}", number, what, diagnostics(*failed_attempt(scenario)));
    case ScenarioStatus::Running: break;
    case ScenarioStatus::Failed: break;
  }
  return fmt::format("not ok {} - {}\n{}", number, what, diagnostics(scenario.attempts.back()));
}

}  // namespace

std::string tap_report(const RunSummary& summary) {
  std::string points;
  std::size_t number = 0;
  for (const FileResult& file : summary.files()) {
    for (const ScenarioResult& scenario : file.scenarios) {
      points += point(file, scenario, ++number);
    }
    if (!file.error.empty() || (file.finished && !file.passed && !file.has_failed_scenario())) {
      Attempt whole;
      whole.error = file.error;
      whole.at = file.at;
      whole.failure = file.failure;
      whole.duration_ms = file.duration_ms;
      points += fmt::format("not ok {} - {}\n{}", ++number, description(file.path), diagnostics(whole));
    }
  }
  const std::string bail = summary.interrupted() ? "Bail out! interrupted\n" : "";
  return fmt::format("TAP version 14\n1..{}\n{}{}", number, points, bail);
}

}  // namespace callwright::verify
