#pragma once

#include "app/test_options.hpp"
#include "base/result.hpp"
#include "verify/run/html_report.hpp"
#include "verify/run/human_reporter.hpp"
#include "verify/run/run_summary.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::app {

/// Where a run is told: the reporters, the terminal, and the files that are written at the end.
class TestOutputs {
 public:
  /// `files` is how many there are. Errors: Io, when a file cannot be opened.
  static base::Result<std::unique_ptr<TestOutputs>> blocking_open(const TestOptions& options, std::size_t files);

  void on_event(const verify::RunEvent& event);
  /// A line that a process wrote for people; goes to standard error.
  void on_log(std::string_view line);
  void warn(std::string_view text);
  /// On a terminal, while files run side by side.
  void show_progress(const verify::RunSummary& summary, const std::vector<std::string>& running, double elapsed_ms);
  [[nodiscard]] bool shows_progress() const noexcept { return progress_; }
  /// Writes the reports. Errors: Io.
  base::Result<void> blocking_finish(const verify::RunSummary& summary);
  /// Nobody reads standard output any more.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  TestOutputs(const TestOptions& options, std::size_t files);
  base::Result<void> open_json();
  void on_checked(const verify::RunEvent& event);
  void put(std::FILE* stream, std::string_view text);
  void clear_progress();
  base::Result<void> write_report(const ReportTarget& report, const verify::RunSummary& summary);

  const TestOptions& options_;
  const std::size_t files_;
  std::optional<verify::HumanReporter> human_;
  std::optional<verify::HtmlReport> html_;
  bool json_to_output_ = false;
  std::vector<std::unique_ptr<std::FILE, CloseFile>> json_files_;
  bool progress_ = false;
  bool progress_shown_ = false;
  bool broken_ = false;
};

/// Colours are wanted: for a terminal, unless somebody said no.
[[nodiscard]] bool wants_color(const TestFlags& flags);

/// What the events of a run name as artefacts, for a report that is going to be at `report`: small ones as data: URIs.
[[nodiscard]] std::vector<verify::ReportAttachment> blocking_attachments(const verify::RunSummary& summary, const std::string& report);

}  // namespace callwright::app
