#include "app/test_run.hpp"

#include "app/identifiers.hpp"
#include "app/test_job.hpp"
#include "base/json_values.hpp"
#include "verify/run/duration_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

namespace callwright::app {
namespace {

using base::Json;
using verify::RunEvent;
using verify::RunEventKind;

constexpr int kFailed = 1;
constexpr int kInterrupted = 130;
constexpr std::chrono::milliseconds kProgressInterval{200};
/// Of a scenario, when none is given.
constexpr std::chrono::milliseconds kScenarioTime{60'000};
/// A process ends a scenario that takes too long itself, and cleans up behind it, unless the scenario lets nothing else happen.
constexpr std::chrono::milliseconds kScenarioGrace{10'000};

Json milliseconds(std::chrono::steady_clock::duration duration) {
  return Json{Json::Number{fmt::format("{:.3f}", std::chrono::duration<double, std::milli>(duration).count())}};
}

std::map<std::string, std::string, std::less<>> folders_of(const std::vector<TestFile>& files) {
  std::map<std::string, std::string, std::less<>> folders;
  std::set<std::string> taken;
  for (const TestFile& file : files) {
    const std::string name = folder_name_of(file);
    std::string folder = name;
    for (int number = 2; !taken.insert(folder).second; ++number) {
      folder = fmt::format("{}-{}", name, number);
    }
    folders[file.display] = folder;
  }
  return folders;
}

/// Of artefacts, of which there were none.
void remove_if_empty(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored) && std::filesystem::is_empty(folder, ignored)) {
    std::filesystem::remove(folder, ignored);
  }
}

}  // namespace

std::string local_time_text(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch());
  const std::time_t seconds = static_cast<std::time_t>(since.count() / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  const long minutes = local.tm_gmtoff / 60;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour,
                     local.tm_min, local.tm_sec, since.count() % 1000, minutes < 0 ? '-' : '+', std::abs(minutes) / 60, std::abs(minutes) % 60);
}

TestRun::TestRun(const TestOptions& options, std::vector<TestFile> files, TestOutputs& outputs, std::string program)
    : options_(options),
      files_(std::move(files)),
      outputs_(outputs),
      pool_(io_, std::move(program), {options.jobs, options.file_timeout},
            {[this](const TestFile& file) { on_start(file); }, [this](const TestFile& file, std::string_view line) { on_line(file, line); },
             [this](const TestFile& file, std::string_view line) { on_log(file, line); },
             [this](const TestFile& file, const FileEnd& end) { on_end(file, end); }, [this] { on_idle(); }}),
      signals_(io_, SIGINT, SIGTERM, SIGHUP),
      progress_(io_),
      folders_(folders_of(files_)) {}

int TestRun::blocking_run() {
  wait_for_signal();
  start();
  io_.run();
  tell_errors();
  return status();
}

void TestRun::start() {
  if (options_.mode == TestMode::Run) {
    tell("run_started", {{"run", base::json_text(random_uuid())},
                         {"version", base::json_text(CALLWRIGHT_VERSION)},
                         {"files", base::json_number(files_.size())},
                         {"seed", base::json_number(options_.seed)}});
    show_progress();
  }
  const bool look = options_.mode == TestMode::Run && std::any_of(files_.begin(), files_.end(), [](const TestFile& file) { return file.mentions_only; });
  start_phase(look ? Phase::LookForOnly : Phase::Files);
}

void TestRun::start_phase(Phase phase) {
  phase_ = phase;
  const bool looking = phase == Phase::LookForOnly;
  JobExtras extras;
  extras.mode = looking ? TestMode::List : options_.mode;
  extras.only = !only_in_.empty();
  extras.several_files = files_.size() > 1;
  std::vector<TestJob> jobs;
  for (const TestFile& file : files_) {
    if (!looking || file.mentions_only) {
      extras.folder = folders_[file.display];
      jobs.push_back({file, job_line(file, options_, extras)});
    }
  }
  pool_.run(std::move(jobs));
}

void TestRun::on_idle() {
  if (phase_ == Phase::LookForOnly && !interrupted_) {
    if (!only_in_.empty()) {
      outputs_.warn(fmt::format("a scenario of {} has `only`: no other ones run", only_in_));
    }
    told_.clear();
    start_phase(Phase::Files);
    return;
  }
  finish();
}

void TestRun::on_start(const TestFile& file) {
  if (phase_ == Phase::Files && options_.mode == TestMode::Run) {
    tell("file_started", {{"path", base::json_text(file.display)}});
  }
}

void TestRun::on_line(const TestFile& file, std::string_view line) {
  auto event = line.starts_with('{') ? RunEvent::parse(line) : base::Result<RunEvent>(base::Error(base::Errc::InvalidArgument, ""));
  if (!event) {
    // Something printed it; it is for people.
    outputs_.on_log(line);
    return;
  }
  event->belongs_to(file.display);
  event->shorten_places(here_);
  Progress& progress = told_[file.display];
  progress.finished = progress.finished || event->kind() == RunEventKind::Finished || event->kind() == RunEventKind::SuiteFinished ||
                      (options_.mode != TestMode::Run && event->kind() == RunEventKind::FileLoaded);
  if (phase_ == Phase::LookForOnly) {
    const auto scenarios = verify::scenarios_of(*event);
    if (std::any_of(scenarios.begin(), scenarios.end(), [](const verify::DeclaredScenario& scenario) { return scenario.only; })) {
      only_in_ = file.display;
    }
    return;
  }
  watch_scenario(file, *event);
  on_event(*event);
}

void TestRun::watch_scenario(const TestFile& file, const RunEvent& event) {
  if (event.kind() == RunEventKind::ScenarioStarted) {
    pool_.expect_end_within(file, options_.timeout.value_or(kScenarioTime) + kScenarioGrace);
  } else if (event.kind() == RunEventKind::ScenarioFinished || event.kind() == RunEventKind::ScenarioSkipped) {
    pool_.expect_end_within(file, std::nullopt);
  }
}

void TestRun::on_event(const RunEvent& event) {
  if (options_.mode == TestMode::List && event.kind() == RunEventKind::FileLoaded) {
    listed_.emplace_back(event.file(), verify::scenarios_of(event));
  }
  summary_.add(event);
  outputs_.on_event(event);
  const bool failed =
      (event.kind() == RunEventKind::ScenarioFinished || event.kind() == RunEventKind::Finished) && !event.flag("passed") && !event.flag("retried");
  if (failed && options_.flags.fail_fast) {
    fail_fast();
  }
  if (outputs_.broken() && !interrupted_) {
    interrupted_ = true;
    pool_.stop();
  }
}

void TestRun::on_log(const TestFile& file, std::string_view line) {
  if (phase_ == Phase::LookForOnly) {
    return;
  }
  told_[file.display].last_log = verify::cut_text(line, 1000);
  outputs_.on_log(line);
}

void TestRun::on_end(const TestFile& file, const FileEnd& end) {
  if (phase_ == Phase::LookForOnly) {
    return;
  }
  if (end.child.dropped_lines > 0) {
    outputs_.warn(fmt::format("{}: {} of more than {} MiB were dropped", file.display, verify::counted(end.child.dropped_lines, "line"),
                              verify::LineSplitter::kMaxLine >> 20U));
  }
  const std::string error = error_of(file, end);
  const verify::FileResult* const known = summary_.file(file.display);
  const bool fine = known == nullptr || (known->error.empty() && !known->has_failed_scenario());
  const bool passed = error.empty() && end.child.status == 0 && fine;
  Json::Object fields{{"path", base::json_text(file.display)}, {"passed", Json{passed}}, {"duration_ms", milliseconds(end.duration)}};
  if (!error.empty()) {
    fields.push_back({"error", base::json_text(error)});
  }
  remove_if_empty(std::filesystem::path(options_.flags.artifacts) / folders_[file.display]);
  tell("file_finished", std::move(fields));
  if (!passed && options_.flags.fail_fast) {
    fail_fast();
  }
}

/// What ended the file outside of its scenarios; "" for an end as it should be.
std::string TestRun::error_of(const TestFile& file, const FileEnd& end) const {
  const auto told = told_.find(file.display);
  const std::string last = told == told_.end() || told->second.last_log.empty() ? "" : fmt::format("; its last words: {}", told->second.last_log);
  if (!end.not_started.empty()) {
    return end.not_started;
  }
  if (end.timed_out) {
    return fmt::format("took longer than {} and was stopped; --file-timeout gives it more time",
                       verify::duration_text(static_cast<double>(options_.file_timeout.count())));
  }
  if (end.hung) {
    return fmt::format("the scenario did not end in its time ({}), nor when it was told to, so its process was ended; does it run in a circle?",
                       verify::duration_text(static_cast<double>(options_.timeout.value_or(kScenarioTime).count())));
  }
  if (end.stopped && (end.child.signal != 0 || end.child.status != 0)) {
    return failed_fast_ ? "was stopped, since a scenario failed (--fail-fast)" : "was stopped";
  }
  if (end.child.signal != 0) {
    return fmt::format("crashed: {}{}", signal_text(end.child.signal), last);
  }
  if (end.child.status > kFailed) {
    return fmt::format("its process ended with the status {}{}", end.child.status, last);
  }
  const verify::FileResult* const known = summary_.file(file.display);
  const bool told_why = known != nullptr && (!known->error.empty() || known->has_failed_scenario());
  const bool finished = told != told_.end() && told->second.finished;
  if (end.child.status == kFailed && !told_why && options_.mode != TestMode::Check) {
    return fmt::format("its process failed without saying why{}", last);
  }
  return finished || told_why ? "" : fmt::format("its process ended before the test was over{}", last);
}

void TestRun::tell(std::string_view name, Json::Object fields) {
  fields.push_back({"ts", base::json_text(local_time_text(std::chrono::system_clock::now()))});
  RunEvent event(name, std::move(fields));
  summary_.add(event);
  // A list and a check tell their results themselves, and of a file only what kept it from giving one.
  if (options_.mode == TestMode::Run || (event.kind() == RunEventKind::FileFinished && event.find("error") != nullptr)) {
    outputs_.on_event(event);
  }
}

void TestRun::fail_fast() {
  if (!std::exchange(failed_fast_, true)) {
    pool_.stop();
  }
}

void TestRun::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error || finished_) {
      return;
    }
    if (std::exchange(interrupted_, true)) {
      pool_.kill();
    } else {
      outputs_.warn("stopping; the phones hang up and un-register (once more ends at once)");
      pool_.stop();
    }
    if (!finished_) {
      wait_for_signal();
    }
  });
}

void TestRun::show_progress() {
  if (!outputs_.shows_progress()) {
    return;
  }
  const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - began_;
  outputs_.show_progress(summary_, pool_.running(), elapsed.count());
  progress_.expires_after(kProgressInterval);
  progress_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !finished_) {
      show_progress();
    }
  });
}

void TestRun::finish() {
  finished_ = true;
  remove_if_empty(options_.flags.artifacts);
  progress_.cancel();
  signals_.cancel();
  if (options_.mode != TestMode::Run) {
    return;
  }
  const verify::RunCounts counts = summary_.counts();
  tell("run_finished", {{"run", base::json_text(summary_.run())},
                        {"files", base::json_number(counts.files)},
                        {"passed_files", base::json_number(counts.passed_files)},
                        {"scenarios", base::json_number(counts.scenarios)},
                        {"passed_scenarios", base::json_number(counts.passed)},
                        {"failed_scenarios", base::json_number(counts.failed)},
                        {"skipped_scenarios", base::json_number(counts.skipped)},
                        {"flaky_scenarios", base::json_number(counts.flaky)},
                        {"duration_ms", milliseconds(std::chrono::steady_clock::now() - began_)},
                        {"interrupted", Json{interrupted_}}});
  if (const auto written = outputs_.blocking_finish(summary_); !written) {
    outputs_.warn(written.error().message());
    unreported_ = true;
  }
}

int TestRun::status() const {
  if (interrupted_) {
    return kInterrupted;
  }
  const verify::RunCounts counts = summary_.counts();
  const bool nothing = options_.mode == TestMode::Run && options_.has_filter() && counts.scenarios == 0;
  return unreported_ || nothing || counts.passed_files < counts.files ? kFailed : 0;
}

void TestRun::tell_errors() const {
  const verify::RunCounts counts = summary_.counts();
  if (interrupted_) {
    return;
  }
  if (counts.passed_files < counts.files) {
    outputs_.on_log(fmt::format("Error: {}/{} files failed", counts.files - counts.passed_files, counts.files));
  } else if (options_.mode == TestMode::Run && options_.has_filter() && counts.scenarios == 0) {
    outputs_.on_log(fmt::format("Error: {} read, but no scenario matched {}", verify::counted(counts.files, "file"), options_.filter_text()));
  }
}

}  // namespace callwright::app
