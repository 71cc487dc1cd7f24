#include "verify/run/github_reporter.hpp"

#include "verify/run/failure_text.hpp"

#include <fmt/format.h>

namespace callwright::verify {
namespace {

enum class Part { Message, Property };

/// As the runner of GitHub reads it back.
std::string escaped(std::string_view text, Part part) {
  std::string out;
  for (const char character : text) {
    switch (character) {
      case '%': out += "%25"; break;
      case '\r': out += "%0D"; break;
      case '\n': out += "%0A"; break;
      case ':': out += part == Part::Property ? "%3A" : ":"; break;
      case ',': out += part == Part::Property ? "%2C" : ","; break;
      default: out += character;
    }
  }
  return out;
}

std::string annotation(std::string_view level, const FileResult& file, std::string_view title, std::string_view at, std::string_view message) {
  const Place place = parse_place(at);
  std::string out = fmt::format("::{} file={}", level, escaped(place.file.empty() || place.line.empty() ? file.path : place.file, Part::Property));
  if (!place.line.empty()) {
    out += fmt::format(",line={}", place.line);
  }
  if (!place.column.empty()) {
    out += fmt::format(",col={}", place.column);
  }
  return out + fmt::format(",title={}::{}\n", escaped(title, Part::Property), escaped(message, Part::Message));
}

}  // namespace

std::string github_report(const RunSummary& summary) {
  std::string out;
  for (const FileResult& file : summary.files()) {
    for (const ScenarioResult& scenario : file.scenarios) {
      const Attempt* const failed = failed_attempt(scenario);
      if (failed == nullptr || scenario.status == ScenarioStatus::Skipped) {
        continue;
      }
      const std::string& at = failed->at.empty() ? scenario.at : failed->at;
      const bool flaky = scenario.status == ScenarioStatus::Flaky;
      out += annotation(flaky ? "warning" : "error", file, flaky ? scenario.name + " is flaky" : scenario.name, at, failure_text(*failed));
    }
    if (!file.error.empty()) {
      out += annotation("error", file, file.path, file.at, file.error);
    }
  }
  return out;
}

}  // namespace callwright::verify
