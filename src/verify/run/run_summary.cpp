#include "verify/run/run_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace callwright::verify {
namespace {

std::optional<Failure> bounded_failure_of(const RunEvent& event) {
  auto failure = failure_of(event);
  if (failure) {
    failure->expect = cut_text(failure->expect);
    if (failure->actual) {
      failure->actual = cut_text(*failure->actual);
    }
  }
  return failure;
}

void take_end(Attempt& attempt, const RunEvent& event) {
  attempt.finished = true;
  attempt.passed = event.flag("passed");
  attempt.duration_ms = event.number("duration_ms").value_or(0);
  attempt.error = cut_text(event.text("error"));
  attempt.at = event.text("at");
  attempt.stack = cut_text(event.text("stack"));
  attempt.failure = bounded_failure_of(event);
  attempt.artifacts = artifacts_of(event);
}

ScenarioStatus status_of(const std::vector<Attempt>& attempts) {
  if (!attempts.back().passed) {
    return ScenarioStatus::Failed;
  }
  return attempts.size() > 1 ? ScenarioStatus::Flaky : ScenarioStatus::Passed;
}

std::vector<std::string> tags_of_event(const RunEvent& event) {
  base::Json holder;
  const base::Json* const tags = event.find("tags");
  holder.value = base::Json::Object{};
  if (tags != nullptr) {
    std::get<base::Json::Object>(holder.value).push_back({"tags", *tags});
  }
  return tags_of(holder);
}

}  // namespace

double ScenarioResult::duration_ms() const noexcept {
  return std::accumulate(attempts.begin(), attempts.end(), 0.0, [](double sum, const Attempt& attempt) { return sum + attempt.duration_ms; });
}

bool FileResult::has_failed_scenario() const noexcept {
  return std::any_of(scenarios.begin(), scenarios.end(), [](const ScenarioResult& scenario) { return scenario.status == ScenarioStatus::Failed; });
}

void RunSummary::add(const RunEvent& event) {
  switch (event.kind()) {
    case RunEventKind::RunStarted:
      run_ = event.text("run");
      version_ = event.text("version");
      seed_ = shown(event.find("seed"));
      started_ = event.text("ts");
      return;
    case RunEventKind::FileStarted: file_of(event.file()); return;
    case RunEventKind::FileLoaded: file_of(event.file()).single = event.text("kind") == "single"; return;
    case RunEventKind::ScenarioStarted: start_scenario(event); return;
    case RunEventKind::ScenarioFinished: finish_scenario(event); return;
    case RunEventKind::ScenarioSkipped: skip_scenario(event); return;
    case RunEventKind::Finished: finish(event); return;
    case RunEventKind::FileFinished: finish_file(event); return;
    case RunEventKind::RunFinished:
      duration_ms_ = event.number("duration_ms").value_or(0);
      interrupted_ = event.flag("interrupted");
      return;
    default: return;
  }
}

const FileResult* RunSummary::file(std::string_view path) const noexcept {
  const auto found = places_.find(path);
  return found == places_.end() ? nullptr : &files_[found->second];
}

RunCounts RunSummary::counts() const noexcept {
  RunCounts counts;
  for (const FileResult& file : files_) {
    ++counts.files;
    counts.passed_files += file.finished && file.passed ? 1U : 0U;
    for (const ScenarioResult& scenario : file.scenarios) {
      ++counts.scenarios;
      counts.passed += scenario.status == ScenarioStatus::Passed || scenario.status == ScenarioStatus::Flaky ? 1U : 0U;
      counts.failed += scenario.status == ScenarioStatus::Failed ? 1U : 0U;
      counts.skipped += scenario.status == ScenarioStatus::Skipped ? 1U : 0U;
      counts.flaky += scenario.status == ScenarioStatus::Flaky ? 1U : 0U;
    }
  }
  return counts;
}

FileResult& RunSummary::file_of(std::string_view path) {
  if (const auto found = places_.find(path); found != places_.end()) {
    return files_[found->second];
  }
  places_.emplace(path, files_.size());
  files_.emplace_back().path = path;
  return files_.back();
}

ScenarioResult* RunSummary::scenario_for(FileResult& file, std::string_view name) {
  if (scenarios_ == kMaxScenarios) {
    ++dropped_;
    return nullptr;
  }
  ++scenarios_;
  file.scenarios.emplace_back().name = name;
  return &file.scenarios.back();
}

void RunSummary::start_scenario(const RunEvent& event) {
  FileResult& file = file_of(event.file());
  const std::string_view name = event.text("name");
  // Another attempt joins the scenario before it; the same name again, without that, is a repetition.
  const bool again = event.number("attempt").value_or(1) > 1 && !file.scenarios.empty() && file.scenarios.back().name == name;
  ScenarioResult* const scenario = again ? &file.scenarios.back() : scenario_for(file, name);
  if (scenario == nullptr) {
    return;
  }
  scenario->tags = tags_of_event(event);
  scenario->at = event.text("at");
  scenario->status = ScenarioStatus::Running;
  scenario->attempts.emplace_back().started = event.text("ts");
}

void RunSummary::finish_scenario(const RunEvent& event) {
  FileResult& file = file_of(event.file());
  if (file.scenarios.empty() || file.scenarios.back().status != ScenarioStatus::Running || file.scenarios.back().name != event.text("name")) {
    return;
  }
  ScenarioResult& scenario = file.scenarios.back();
  take_end(scenario.attempts.back(), event);
  scenario.status = event.flag("retried") ? ScenarioStatus::Running : status_of(scenario.attempts);
}

void RunSummary::skip_scenario(const RunEvent& event) {
  FileResult& file = file_of(event.file());
  // One that asks for it in its body has been started.
  const bool running = !file.scenarios.empty() && file.scenarios.back().status == ScenarioStatus::Running && file.scenarios.back().name == event.text("name");
  ScenarioResult* const scenario = running ? &file.scenarios.back() : scenario_for(file, event.text("name"));
  if (scenario != nullptr) {
    scenario->tags = tags_of_event(event);
    scenario->reason = event.text("reason");
    scenario->status = ScenarioStatus::Skipped;
    scenario->attempts.clear();
  }
}

void RunSummary::finish_single(FileResult& file, const RunEvent& event) {
  if (ScenarioResult* const scenario = scenario_for(file, file.path)) {
    scenario->at = event.text("at");
    take_end(scenario->attempts.emplace_back(), event);
    scenario->status = status_of(scenario->attempts);
  }
}

void RunSummary::finish(const RunEvent& event) {
  FileResult& file = file_of(event.file());
  if (file.single) {
    finish_single(file, event);
  } else if (!event.flag("passed")) {
    file.error = event.text("error").empty() ? "failed outside of its scenarios" : cut_text(event.text("error"));
    file.at = event.text("at");
    file.failure = bounded_failure_of(event);
  }
}

void RunSummary::finish_file(const RunEvent& event) {
  FileResult& file = file_of(event.file());
  file.finished = true;
  file.passed = event.flag("passed");
  file.duration_ms = event.number("duration_ms").value_or(0);
  if (const std::string_view error = event.text("error"); !error.empty()) {
    file.error = file.error.empty() ? cut_text(error) : cut_text(fmt::format("{}; {}", file.error, error));
  }
  for (ScenarioResult& scenario : file.scenarios) {
    if (scenario.status == ScenarioStatus::Running) {
      Attempt& attempt = scenario.attempts.back();
      attempt.finished = true;
      attempt.passed = false;
      attempt.error = event.text("error").empty() ? "was stopped" : cut_text(event.text("error"));
      scenario.status = ScenarioStatus::Failed;
    }
  }
}

std::string cut_text(std::string_view text, std::size_t most) {
  if (text.size() <= most) {
    return std::string(text);
  }
  std::size_t end = most;
  // A byte 10xxxxxx goes on with the character before it.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return fmt::format("{}… ({} bytes more)", text.substr(0, end), text.size() - end);
}

}  // namespace callwright::verify
