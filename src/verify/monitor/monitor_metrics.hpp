#pragma once

#include "verify/monitor/monitor_result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::verify {

/// Counters, last values and histograms of monitors, in the text format of Prometheus (0.0.4). Pure.
///
/// Under the names that dashboards know: `ringo_monitor_runs_total{monitor,result="pass|fail|timeout"}` (a timeout counts as fail, too),
/// `ringo_monitor_last_success`, `ringo_monitor_last_duration_seconds`, `ringo_monitor_last_run_timestamp_seconds` {monitor},
/// `ringo_scenario_last_success{monitor,scenario}`, and with {monitor,scenario,agent}: `ringo_agent_registered`, `ringo_call_mos`, `ringo_call_jitter_ms`,
/// `ringo_call_packet_loss_pct`, `ringo_call_rtt_ms`. They hold the last run, and vanish when a later run has none.
/// Besides: histograms `callwright_monitor_run_duration_seconds{monitor}` and `callwright_scenario_duration_seconds{monitor,scenario}` (0.1, 0.25, 0.5, 1, 2.5,
/// 5, 10, 30, 60, 120, 300) and `callwright_call_mos{monitor}` (1, 2, 2.5, 3, 3.5, 3.8, 4, 4.2, 4.4, 4.5); the gauge `callwright_monitor_running{monitor}`; the
/// counter `callwright_monitor_skipped_total{monitor}` of starts for which the one before was not over.
class MonitorMetrics {
 public:
  /// Monitors that are named here are told from the beginning, with zeros; others are forgotten.
  void keep_only(const std::vector<std::string>& monitors);
  void add(const MonitorResult& result);
  void skipped(std::string_view monitor);
  void set_running(std::string_view monitor, std::size_t runs);

  [[nodiscard]] std::string text() const;

 private:
  struct Histogram {
    std::vector<std::uint64_t> counts;  ///< A bucket each, not added up; the last one is above all bounds.
    double sum = 0;
  };
  struct Monitor {
    std::uint64_t passed = 0;
    std::uint64_t failed = 0;  ///< Time-outs are among them.
    std::uint64_t timed_out = 0;
    std::uint64_t skipped = 0;
    std::size_t running = 0;
    bool has_run = false;
    MonitorResult last;
    Histogram durations;
    Histogram mos;
    std::map<std::string, Histogram, std::less<>> scenarios;
  };

  void append_counters(std::string& out) const;
  void append_last_runs(std::string& out) const;
  void append_agents(std::string& out) const;
  void append_histograms(std::string& out) const;

  std::map<std::string, Monitor, std::less<>> monitors_;
};

}  // namespace callwright::verify
