#include "verify/run/human_reporter.hpp"

#include "base/utf8.hpp"
#include "verify/run/duration_text.hpp"
#include "verify/run/failure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace callwright::verify {
namespace {

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::array<std::string_view, 5> kColours{"", "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[2m"};

std::string took(const RunEvent& event) {
  const auto duration = event.number("duration_ms");
  return duration ? fmt::format(" ({})", duration_text(*duration)) : "";
}

std::string because(const RunEvent& event) {
  const std::string error = shown(event.find("error"));
  return error.empty() ? "failed" : error;
}

/// What a script writes must not steer the terminal; tabs and ends of lines stay.
std::string printable(std::string_view text) {
  std::string out;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    out += (byte < 0x20 && character != '\n' && character != '\t') || byte == 0x7F ? '?' : character;
  }
  return out;
}

}  // namespace

void HumanReporter::on_event(const RunEvent& event) {
  switch (event.kind()) {
    case RunEventKind::FileLoaded: files_[std::string(event.file())].single = event.text("kind") == "single"; return;
    case RunEventKind::ScenarioStarted: start_scenario(event); return;
    case RunEventKind::ScenarioFinished: finish_scenario(event); return;
    case RunEventKind::ScenarioSkipped: skip_scenario(event); return;
    case RunEventKind::SuiteFinished: finish_suite(event); return;
    case RunEventKind::Finished: finish(event); return;
    case RunEventKind::FileFinished: finish_file(event); return;
    default: break;
  }
  if (auto line = human_line(event, options_.verbosity)) {
    put(event, line->text, line->tone);
  }
}

void HumanReporter::on_end(const RunSummary& summary) {
  const RunCounts counts = summary.counts();
  if (counts.files > 1 || counts.scenarios > 1) {
    list_failures(summary);
  }
  const bool passed = counts.passed_files == counts.files && !summary.interrupted();
  const std::size_t ran = counts.scenarios - counts.skipped;
  std::string line = fmt::format("{} {}, {} — {}/{} scenarios, {}/{} files passed", passed ? "✓" : "✗", counted(counts.files, "file"),
                                 counted(counts.scenarios, "scenario"), counts.passed, ran, counts.passed_files, counts.files);
  line += counts.skipped > 0 ? fmt::format(", {} skipped", counts.skipped) : "";
  line += counts.flaky > 0 ? fmt::format(", {} flaky", counts.flaky) : "";
  line += fmt::format(" ({})", duration_text(summary.duration_ms()));
  line += summary.interrupted() ? ", interrupted" : "";
  line += summary.dropped_scenarios() > 0 ? fmt::format("; {} more are not counted, since there are too many", summary.dropped_scenarios()) : "";
  const Tone tone = !passed ? Tone::Bad : counts.flaky > 0 ? Tone::Warning : Tone::Good;
  write_(passed ? Stream::Output : Stream::Error, "\n" + painted(line, tone) + "\n");
}

void HumanReporter::list_failures(const RunSummary& summary) {
  std::string list;
  for (const FileResult& file : summary.files()) {
    for (const ScenarioResult& scenario : file.scenarios) {
      const Attempt* const failed = failed_attempt(scenario);
      if (failed == nullptr) {
        continue;
      }
      const bool flaky = scenario.status == ScenarioStatus::Flaky;
      const std::string name = file.single ? file.path : fmt::format("{} › {}", file.path, scenario.name);
      list += painted(fmt::format("  {} {}{}", flaky ? "~" : "✗", printable(name), flaky ? " (flaky)" : ""), flaky ? Tone::Warning : Tone::Bad) + "\n";
      list += failed->at.empty() ? "" : painted(fmt::format("    {}", printable(failed->at)), Tone::Faint) + "\n";
    }
    list += file.error.empty() ? "" : painted(fmt::format("  ✗ {} — {}", printable(file.path), printable(file.error)), Tone::Bad) + "\n";
  }
  if (!list.empty()) {
    write_(Stream::Error, "\n" + list);
  }
}

void HumanReporter::put(const RunEvent& event, std::string_view text, Tone tone) {
  const std::string_view path = event.file();
  File& file = files_[std::string(path)];
  head(path, file);
  const std::string line = painted(clock_of(event.text("ts")), Tone::Faint) + " " + painted(printable(text), tone) + "\n";
  write(file, tone == Tone::Bad ? Stream::Error : Stream::Output, line);
}

void HumanReporter::put_failure(const RunEvent& event) {
  File& file = files_[std::string(event.file())];
  for (const std::string& line : failure_lines(event.text("at"), failure_of(event), event.text("stack"))) {
    write(file, Stream::Error, "      " + painted(printable(line), Tone::Faint) + "\n");
  }
}

void HumanReporter::write(File& file, Stream stream, const std::string& line) {
  if (options_.flow == Flow::Live) {
    write_(stream, line);
    return;
  }
  if (file.size + line.size() > kMaxBlock) {
    ++file.dropped;
    return;
  }
  file.size += line.size();
  if (!file.block.empty() && file.block.back().first == stream) {
    file.block.back().second += line;
  } else {
    file.block.emplace_back(stream, line);
  }
}

/// A file of which nothing was chosen has no header.
void HumanReporter::head(std::string_view path, File& file) {
  if (file.headed) {
    return;
  }
  file.headed = true;
  if (options_.several_files) {
    const std::string text = fmt::format("▶▶ {}", printable(path));
    write(file, Stream::Output, "\n" + (options_.color ? fmt::format("{}{}{}", kBold, text, kReset) : text) + "\n");
  }
}

void HumanReporter::start_scenario(const RunEvent& event) {
  const std::string_view path = event.file();
  File& file = files_[std::string(path)];
  head(path, file);
  const double attempt = event.number("attempt").value_or(1);
  const std::string text = fmt::format("▶ {}{}", printable(event.text("name")), attempt > 1 ? fmt::format(" (attempt {:.0f})", attempt) : "");
  write(file, Stream::Output, "\n" + (options_.color ? fmt::format("{}{}{}", kBold, text, kReset) : text) + "\n");
}

void HumanReporter::finish_scenario(const RunEvent& event) {
  File& file = files_[std::string(event.file())];
  const std::string_view name = event.text("name");
  if (event.flag("passed")) {
    const bool flaky = event.number("attempt").value_or(1) > 1;
    file.flaky += flaky ? 1U : 0U;
    if (flaky || options_.verbosity > Verbosity::Quiet) {
      put(event, fmt::format("✓ scenario `{}`{}{}", name, took(event), flaky ? " — flaky: it failed before" : ""), flaky ? Tone::Warning : Tone::Good);
    }
    return;
  }
  put(event, fmt::format("✗ scenario `{}` — {}{}{}", name, because(event), took(event), event.flag("retried") ? ", is tried again" : ""), Tone::Bad);
  put_failure(event);
}

void HumanReporter::skip_scenario(const RunEvent& event) {
  const std::string reason = shown(event.find("reason"));
  put(event, fmt::format("⊘ scenario `{}` skipped{}", event.text("name"), reason.empty() ? "" : fmt::format(" ({})", reason)), Tone::Warning);
}

void HumanReporter::finish_suite(const RunEvent& event) {
  const File& file = files_[std::string(event.file())];
  const double total = event.number("total").value_or(0);
  const double passed = event.number("passed").value_or(0);
  const double skipped = event.number("skipped").value_or(0);
  if (total <= 0) {
    return;
  }
  const double failed = total - passed - skipped;
  std::string text = fmt::format("{} {} — {:.0f} passed, {:.0f} failed, {:.0f} skipped", failed > 0 ? "✗" : "✓",
                                 counted(static_cast<std::size_t>(total), "scenario"), passed, failed, skipped);
  text += file.flaky > 0 ? fmt::format(", {} flaky", file.flaky) : "";
  put(event, text, failed > 0 ? Tone::Bad : Tone::Good);
}

void HumanReporter::finish(const RunEvent& event) {
  if (event.flag("passed")) {
    put(event, "✓ scenario passed" + took(event), Tone::Good);
    return;
  }
  const File& file = files_[std::string(event.file())];
  put(event, fmt::format("✗ {} failed: {}{}", file.single ? "scenario" : "file", because(event), took(event)), Tone::Bad);
  put_failure(event);
}

void HumanReporter::finish_file(const RunEvent& event) {
  const std::string_view path = event.file();
  if (const std::string error = shown(event.find("error")); !error.empty()) {
    put(event, fmt::format("✗ {}: {}", path, error), Tone::Bad);
  }
  const auto found = files_.find(path);
  if (found == files_.end()) {
    return;
  }
  for (const auto& [stream, text] : found->second.block) {
    write_(stream, text);
  }
  if (found->second.dropped > 0) {
    write_(Stream::Error, fmt::format("({} lines of {} are not shown, since there are too many)\n", found->second.dropped, printable(path)));
  }
  files_.erase(found);
}

std::string HumanReporter::painted(std::string_view text, Tone tone) const {
  const std::string_view colour = kColours[static_cast<std::size_t>(tone)];
  return options_.color && !colour.empty() ? fmt::format("{}{}{}", colour, text, kReset) : std::string(text);
}

std::string progress_line(const RunSummary& summary, std::size_t files, const std::vector<std::string>& running, double elapsed_ms, std::size_t columns) {
  const RunCounts counts = summary.counts();
  const auto over = std::count_if(summary.files().begin(), summary.files().end(), [](const FileResult& file) { return file.finished; });
  std::string line = fmt::format("{}/{} files, {} passed", over, files, counts.passed);
  line += counts.failed > 0 ? fmt::format(", {} failed", counts.failed) : "";
  line += counts.flaky > 0 ? fmt::format(", {} flaky", counts.flaky) : "";
  line += fmt::format(", {:.0f} s", elapsed_ms / 1000);
  for (const std::string& path : running) {
    line += (&path == &running.front() ? " · " : ", ") + printable(path);
  }
  std::size_t end = 0;
  for (std::size_t column = 0; column < columns && end < line.size(); ++column) {
    end += std::max<std::size_t>(1, base::utf8_character(std::string_view(line).substr(end)));
  }
  return line.substr(0, end);
}

std::string list_text(const std::vector<std::pair<std::string, std::vector<DeclaredScenario>>>& files) {
  std::string out;
  std::size_t count = 0;
  for (const auto& [path, scenarios] : files) {
    if (scenarios.empty()) {
      continue;
    }
    out += printable(path) + "\n";
    for (const DeclaredScenario& scenario : scenarios) {
      const Place place = parse_place(scenario.at);
      out += fmt::format("  {}{}", printable(scenario.name), place.line.empty() ? "" : fmt::format(" (line {})", place.line));
      for (const std::string& tag : scenario.tags) {
        out += fmt::format(" #{}", printable(tag));
      }
      out += scenario.skip ? fmt::format(" ⊘ skipped{}", scenario.skip_reason.empty() ? "" : ": " + printable(scenario.skip_reason)) : "";
      out += scenario.only ? " (only)" : "";
      out += "\n";
      ++count;
    }
  }
  return out + fmt::format("{} in {}\n", counted(count, "scenario"), counted(files.size(), "file"));
}

}  // namespace callwright::verify
