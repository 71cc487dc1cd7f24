#pragma once

#include "app/test_files.hpp"
#include "app/test_options.hpp"
#include "app/test_outputs.hpp"
#include "app/test_pool.hpp"
#include "verify/run/run_summary.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::app {

/// One run of test files from the first to the last: schedules processes, makes the events of the runner, folds all of them, and tells the reporters.
/// `options` and `outputs` outlive it.
class TestRun {
 public:
  /// `program` is started for each file.
  TestRun(const TestOptions& options, std::vector<TestFile> files, TestOutputs& outputs, std::string program);

  /// Returns the exit status: 0, 1, or 130 when a signal ended it.
  int blocking_run();

  [[nodiscard]] const verify::RunSummary& summary() const noexcept { return summary_; }
  /// Of mode List: what each file declares.
  [[nodiscard]] const std::vector<std::pair<std::string, std::vector<verify::DeclaredScenario>>>& listed() const noexcept { return listed_; }

 private:
  enum class Phase : std::uint8_t { LookForOnly, Files };

  void start();
  void start_phase(Phase phase);
  void on_idle();
  void on_start(const TestFile& file);
  void on_line(const TestFile& file, std::string_view line);
  void on_log(const TestFile& file, std::string_view line);
  void on_end(const TestFile& file, const FileEnd& end);
  void on_event(const verify::RunEvent& event);
  void watch_scenario(const TestFile& file, const verify::RunEvent& event);
  void tell(std::string_view name, base::Json::Object fields);
  [[nodiscard]] std::string error_of(const TestFile& file, const FileEnd& end) const;
  void fail_fast();
  void wait_for_signal();
  void show_progress();
  void finish();
  [[nodiscard]] int status() const;
  void tell_errors() const;

  const TestOptions& options_;
  const std::vector<TestFile> files_;
  TestOutputs& outputs_;
  boost::asio::io_context io_;
  TestPool pool_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer progress_;
  const std::string here_ = std::filesystem::current_path().string();  ///< Places are told as seen from here.
  Phase phase_ = Phase::Files;
  std::string only_in_;  ///< The file that has a scenario with `only`.
  std::map<std::string, std::string, std::less<>> folders_;
  struct Progress {
    std::string last_log;
    bool finished = false;  ///< It said how it ended.
  };
  std::map<std::string, Progress, std::less<>> told_;
  verify::RunSummary summary_;
  std::vector<std::pair<std::string, std::vector<verify::DeclaredScenario>>> listed_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool interrupted_ = false;
  bool failed_fast_ = false;
  bool unreported_ = false;
  bool finished_ = false;
};

/// RFC 3339, local time, with milliseconds.
[[nodiscard]] std::string local_time_text(std::chrono::system_clock::time_point time);

}  // namespace callwright::app
