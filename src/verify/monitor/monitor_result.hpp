#pragma once

#include "base/json.hpp"
#include "verify/run/run_summary.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a monitor found out, and what is told of it. Pure.
namespace callwright::verify {

struct MonitoredAgent {
  std::string agent;
  bool registered = false;
  std::optional<double> mos;
  std::optional<double> jitter_ms;
  std::optional<double> packet_loss_pct;
  std::optional<double> rtt_ms;
};

struct MonitoredScenario {
  std::string name;  ///< Of a file that is the test itself: its path.
  bool passed = false;
  double duration_ms = 0;
  std::string error;  ///< "" when it passed.
  std::vector<MonitoredAgent> agents;
};

/// One run of one monitor.
struct MonitorResult {
  std::string monitor;
  std::string run;                                  ///< A UUID.
  std::string trigger;                              ///< "schedule" or "request".
  std::chrono::system_clock::time_point started{};  ///< Of the run, not of its wait.
  std::chrono::milliseconds duration{0};
  bool passed = false;
  bool timed_out = false;
  std::string error;   ///< The reason; "" when it passed.
  std::string report;  ///< File of the HTML report; "" when there is none.
  std::vector<MonitoredScenario> scenarios;

  /// `{monitor, run, trigger, started, passed, timed_out, duration_ms, error?, report?, scenarios:[{name, passed, duration_ms, error?, agents:[{agent,
  /// registered, mos?, jitter_ms?, packet_loss_pct?, rtt_ms?}]}]}`. `report` is `report_url`, and left out when that is "". `started` is RFC 3339, UTC, with
  /// milliseconds.
  [[nodiscard]] base::Json json(std::string_view report_url) const;
};

/// Makes scenarios of the events of a run. Bounded: long texts are cut; beyond `kMaxScenarios` none are kept, nor agents beyond `kMaxAgents` of one.
class MonitorFold {
 public:
  static constexpr std::size_t kMaxScenarios = 1'000;
  static constexpr std::size_t kMaxAgents = 1'000;
  static constexpr std::size_t kMaxName = 1'000;
  static constexpr std::size_t kMaxError = 4'000;

  /// Of a line of `callwright test --json --metrics`; skipped scenarios are left out. One that has begun and has no end yet has failed.
  void add(const RunEvent& event);
  /// In the order in which they were seen first.
  [[nodiscard]] const std::vector<MonitoredScenario>& scenarios() const noexcept { return scenarios_; }
  /// Why it failed, as far as the events say: of the first scenario (`file — scenario: error`), else of the first file (`file: error`); "" when none failed.
  [[nodiscard]] const std::string& error() const noexcept { return scenario_error_.empty() ? file_error_ : scenario_error_; }

 private:
  /// What is known of a scenario besides what is told.
  struct Key {
    std::string file;
    std::string name;
    bool finished = false;  ///< No other attempt follows.

    [[nodiscard]] bool is_file() const { return name == file; }
    /// The same scenario, however far it is.
    friend bool operator==(const Key& left, const Key& right) { return left.name == right.name && left.file == right.file; }
  };

  /// The place of a scenario, which is added where there was none; nothing beyond `kMaxScenarios`.
  std::optional<std::size_t> scenario_for(std::string_view path, std::string_view name);
  void start(const RunEvent& event);
  void take_metric(const RunEvent& event);
  void skip(const RunEvent& event);
  void finish(std::size_t place, const RunEvent& event);
  void fail(std::size_t place, std::string_view error);
  void finish_single(const RunEvent& event);
  void finish_file(const RunEvent& event);
  void fail_file(std::string_view path, std::string_view error);

  std::vector<MonitoredScenario> scenarios_;
  std::vector<Key> keys_;                   ///< Of the scenarios, in their order.
  std::vector<std::string> skipped_files_;  ///< Those that are the test themselves.
  std::string scenario_error_;
  std::string file_error_;
};

}  // namespace callwright::verify
