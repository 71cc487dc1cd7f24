#include "verify/run/junit_reporter.hpp"

#include "call/xml_text.hpp"
#include "verify/run/failure_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace callwright::verify {
namespace {

/// For elements and attributes; ends of lines come back as they were from both.
std::string xml(std::string_view text) {
  std::string out;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    call::append_xml(out, text.substr(0, end));
    out += "&#10;";
    text.remove_prefix(end + 1);
  }
  call::append_xml(out, text);
  return out;
}

std::string seconds(double milliseconds) { return fmt::format("{:.3f}", milliseconds / 1000); }

void append_failure(std::string& out, std::string_view element, const Attempt& attempt) {
  const std::string message = attempt.error.empty() ? "failed" : attempt.error;
  out += fmt::format("      <{0} message=\"{1}\" type=\"{2}\">{3}</{0}>\n", element, xml(message), attempt.failure ? "assertion" : "error",
                     xml(failure_text(attempt)));
}

void append_properties(std::string& out, const ScenarioResult& scenario) {
  if (scenario.tags.empty()) {
    return;
  }
  out += "      <properties>\n";
  for (const std::string& tag : scenario.tags) {
    out += fmt::format("        <property name=\"tag\" value=\"{}\"/>\n", xml(tag));
  }
  out += "      </properties>\n";
}

void append_output(std::string& out, const ScenarioResult& scenario) {
  std::string lines;
  for (const Attempt& attempt : scenario.attempts) {
    for (const Artifact& artifact : attempt.artifacts) {
      lines += fmt::format("[[ATTACHMENT|{}]]\n", artifact.path);
    }
  }
  if (!lines.empty()) {
    out += fmt::format("      <system-out>{}</system-out>\n", xml(lines));
  }
}

void append_case(std::string& out, const FileResult& file, const ScenarioResult& scenario) {
  const Place place = parse_place(scenario.at);
  out += fmt::format("    <testcase name=\"{}\" classname=\"{}\" file=\"{}\"{} time=\"{}\">\n", xml(scenario.name), xml(file.path), xml(file.path),
                     place.line.empty() ? "" : fmt::format(" line=\"{}\"", place.line), seconds(scenario.duration_ms()));
  append_properties(out, scenario);
  if (scenario.status == ScenarioStatus::Skipped) {
    out += scenario.reason.empty() ? "      <skipped/>\n" : fmt::format("      <skipped message=\"{}\"/>\n", xml(scenario.reason));
  }
  for (const Attempt& attempt : scenario.attempts) {
    if (!attempt.passed) {
      const bool last = &attempt == &scenario.attempts.back();
      append_failure(out, scenario.status == ScenarioStatus::Flaky ? "flakyFailure" : last ? "failure" : "rerunFailure", attempt);
    }
  }
  append_output(out, scenario);
  out += "    </testcase>\n";
}

/// What went wrong outside of all scenarios is a case of its own, so that it is seen.
bool has_own_case(const FileResult& file) { return !file.error.empty() || (file.finished && !file.passed && !file.has_failed_scenario()); }

void append_suite(std::string& out, const FileResult& file, std::string_view timestamp) {
  const auto count = [&](ScenarioStatus status) {
    return std::count_if(file.scenarios.begin(), file.scenarios.end(), [status](const ScenarioResult& scenario) { return scenario.status == status; });
  };
  const int errors = has_own_case(file) ? 1 : 0;
  out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"{}>\n", xml(file.path),
                     file.scenarios.size() + static_cast<std::size_t>(errors), count(ScenarioStatus::Failed), errors, count(ScenarioStatus::Skipped),
                     seconds(file.duration_ms), timestamp.empty() ? "" : fmt::format(" timestamp=\"{}\"", xml(timestamp.substr(0, 19))));
  for (const ScenarioResult& scenario : file.scenarios) {
    append_case(out, file, scenario);
  }
  if (errors > 0) {
    const std::string error = file.error.empty() ? "failed" : file.error;
    std::string text = error;
    for (const std::string& line : failure_lines(file.at, file.failure, {})) {
      text += "\n" + line;
    }
    out += fmt::format(
        "    <testcase name=\"{0}\" classname=\"{0}\" file=\"{0}\" time=\"0.000\">\n      <error message=\"{1}\" type=\"file\">{2}</error>\n    </testcase>\n",
        xml(file.path), xml(error), xml(text));
  }
  out += "  </testsuite>\n";
}

}  // namespace

std::string junit_report(const RunSummary& summary) {
  const RunCounts counts = summary.counts();
  const auto errors = static_cast<std::size_t>(std::count_if(summary.files().begin(), summary.files().end(), has_own_case));
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"callwright\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\">\n", counts.scenarios + errors,
                     counts.failed, errors, counts.skipped, seconds(summary.duration_ms()));
  for (const FileResult& file : summary.files()) {
    append_suite(out, file, summary.started());
  }
  out += "</testsuites>\n";
  return out;
}

}  // namespace callwright::verify
