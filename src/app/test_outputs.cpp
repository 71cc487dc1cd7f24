#include "app/test_outputs.hpp"

#include "verify/run/github_reporter.hpp"
#include "verify/run/json_reporter.hpp"
#include "verify/run/junit_reporter.hpp"
#include "verify/run/tap_reporter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <sys/ioctl.h>
#include <unistd.h>

namespace callwright::app {
namespace {

using base::Errc;
using base::Error;
using base::Result;
using verify::HumanReporter;

constexpr std::size_t kDefaultColumns = 80;

std::size_t columns() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kDefaultColumns;
}

Error unwritable(const std::string& path) { return {Errc::Io, fmt::format("{} cannot be written: {}", path, std::strerror(errno))}; }

void make_folder_of(const std::string& path) {
  std::error_code ignored;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) {
    std::filesystem::create_directories(folder, ignored);
  }
}

Result<void> blocking_write(const std::string& path, std::string_view text) {
  make_folder_of(path);
  std::FILE* const file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) {
    return unwritable(path);
  }
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written ? base::ok() : Result<void>(unwritable(path));
}

}  // namespace

bool wants_color(const TestFlags& flags) {
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  return !flags.no_color && (no_color == nullptr || *no_color == '\0') && !dumb && ::isatty(STDOUT_FILENO) != 0;
}

Result<std::unique_ptr<TestOutputs>> TestOutputs::blocking_open(const TestOptions& options, std::size_t files) {
  std::unique_ptr<TestOutputs> outputs(new TestOutputs(options, files));
  if (const auto opened = outputs->open_json(); !opened) {
    return opened.error();
  }
  return outputs;
}

TestOutputs::TestOutputs(const TestOptions& options, std::size_t files) : options_(options), files_(files) {
  const bool parallel = options.jobs > 1 && files > 1;
  if (options.has_report(ReportKind::Human)) {
    const auto flow = parallel ? HumanReporter::Flow::InBlocks : HumanReporter::Flow::Live;
    human_.emplace(HumanReporter::Options{options.verbosity, wants_color(options.flags), files > 1, flow},
                   [this](HumanReporter::Stream stream, std::string_view text) { put(stream == HumanReporter::Stream::Output ? stdout : stderr, text); });
    progress_ = parallel && ::isatty(STDOUT_FILENO) != 0;
  }
  if (options.has_report(ReportKind::Html)) {
    html_.emplace();
  }
}

Result<void> TestOutputs::open_json() {
  for (const ReportTarget& report : options_.reports) {
    if (report.kind != ReportKind::Json) {
      continue;
    }
    if (report.file.empty()) {
      json_to_output_ = true;
      continue;
    }
    make_folder_of(report.file);
    json_files_.emplace_back(std::fopen(report.file.c_str(), "wbe"));
    if (json_files_.back() == nullptr) {
      return unwritable(report.file);
    }
  }
  return base::ok();
}

void TestOutputs::on_event(const verify::RunEvent& event) {
  if (json_to_output_ || !json_files_.empty()) {
    const std::string line = verify::json_line(event);
    if (json_to_output_) {
      put(stdout, line);
    }
    for (const auto& file : json_files_) {
      std::fwrite(line.data(), 1, line.size(), file.get());
    }
  }
  if (human_ && options_.mode == TestMode::Check) {
    on_checked(event);
  } else if (human_) {
    human_->on_event(event);
  }
  if (html_) {
    html_->add(event);
  }
}

/// As compilers write it, so that editors find the place.
void TestOutputs::on_checked(const verify::RunEvent& event) {
  const std::string error = verify::shown(event.find("error"));
  if (event.kind() == verify::RunEventKind::Problem) {
    put(stdout, verify::human_line(event, verify::Verbosity::Normal)->text + "\n");
  } else if (event.kind() == verify::RunEventKind::Finished && event.flag("passed")) {
    put(stdout, fmt::format("{}: syntax ok\n", event.file()));
  } else if (!error.empty()) {
    put(stdout, fmt::format("{}: {}\n", event.text("at").empty() ? std::string_view(event.file()) : event.text("at"), error));
  }
}

void TestOutputs::on_log(std::string_view line) { put(stderr, fmt::format("{}\n", line)); }

void TestOutputs::warn(std::string_view text) { put(stderr, fmt::format("warning: {}\n", text)); }

void TestOutputs::show_progress(const verify::RunSummary& summary, const std::vector<std::string>& running, double elapsed_ms) {
  const std::string line = verify::progress_line(summary, files_, running, elapsed_ms, columns() - 1);
  std::printf("\r\x1b[K%s", line.c_str());
  std::fflush(stdout);
  progress_shown_ = true;
}

void TestOutputs::clear_progress() {
  if (progress_shown_) {
    progress_shown_ = false;
    std::fputs("\r\x1b[K", stdout);
    std::fflush(stdout);
  }
}

void TestOutputs::put(std::FILE* stream, std::string_view text) {
  clear_progress();
  const bool written = std::fwrite(text.data(), 1, text.size(), stream) == text.size() && std::fflush(stream) == 0;
  broken_ = broken_ || (stream == stdout && !written);
}

Result<void> TestOutputs::write_report(const ReportTarget& report, const verify::RunSummary& summary) {
  std::string text;
  switch (report.kind) {
    case ReportKind::Human:
    case ReportKind::Json: return base::ok();
    case ReportKind::Junit: text = verify::junit_report(summary); break;
    case ReportKind::Tap: text = verify::tap_report(summary); break;
    case ReportKind::Github: text = verify::github_report(summary); break;
    case ReportKind::Html: text = html_->page(summary, blocking_attachments(summary, report.file)); break;
  }
  if (!report.file.empty()) {
    return blocking_write(report.file, text);
  }
  // Annotations are read from both streams; standard output may belong to another report.
  const bool beside = report.kind == ReportKind::Github && !options_.has_report(ReportKind::Human);
  put(beside ? stderr : stdout, text);
  return base::ok();
}

Result<void> TestOutputs::blocking_finish(const verify::RunSummary& summary) {
  clear_progress();
  if (human_) {
    human_->on_end(summary);
  }
  Result<void> result = base::ok();
  for (const ReportTarget& report : options_.reports) {
    if (const auto written = write_report(report, summary); !written) {
      result = written;
    } else if (report.kind == ReportKind::Html && human_) {
      put(stdout, fmt::format("Report: {}\n", report.file));
    }
  }
  const bool kept = std::all_of(json_files_.begin(), json_files_.end(), [](const auto& file) { return std::fflush(file.get()) == 0; });
  return kept ? result : Result<void>(Error(Errc::Io, "not all events could be written; is the disk full?"));
}

}  // namespace callwright::app
