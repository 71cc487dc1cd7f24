#include "verify/monitor/monitor_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

namespace callwright::verify {
namespace {

constexpr std::array<double, 11> kDurationBounds{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};
constexpr std::array<double, 10> kMosBounds{1, 2, 2.5, 3, 3.5, 3.8, 4, 4.2, 4.4, 4.5};

using Label = std::pair<std::string_view, std::string_view>;

void append_label_value(std::string& out, std::string_view value) {
  for (const char character : value) {
    if (character == '\n') {
      out += "\\n";
    } else {
      out += character == '\\' || character == '"' ? "\\" : "";
      out += character;
    }
  }
}

std::string labels_of(std::initializer_list<Label> labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    out += fmt::format("{}{}=\"", out.empty() ? "" : ",", name);
    append_label_value(out, value);
    out += '"';
  }
  return out;
}

/// All samples of one name, which have to stand together; nothing when there are none.
class Family {
 public:
  Family(std::string& out, std::string_view name, std::string_view type, std::string_view help) : out_(out), name_(name), type_(type), help_(help) {}

  void add(std::string_view labels, double value) { add("", labels, fmt::format("{}", value), std::isfinite(value)); }
  void add(std::string_view labels, std::uint64_t value) { add("", labels, fmt::format("{}", value), true); }
  void add(std::string_view labels, const std::optional<double>& value) {
    if (value) {
      add(labels, *value);
    }
  }
  /// `counts` has one more than `bounds`, or is empty when nothing was counted.
  void add_histogram(std::string_view labels, std::span<const double> bounds, std::span<const std::uint64_t> counts, double sum) {
    std::uint64_t total = 0;
    for (std::size_t bucket = 0; bucket <= bounds.size(); ++bucket) {
      total += counts.empty() ? 0 : counts[bucket];
      const std::string bound = bucket == bounds.size() ? "+Inf" : fmt::format("{}", bounds[bucket]);
      add("_bucket", fmt::format("{},le=\"{}\"", labels, bound), fmt::format("{}", total), true);
    }
    add("_sum", labels, fmt::format("{}", sum), true);
    add("_count", labels, fmt::format("{}", total), true);
  }

 private:
  void add(std::string_view suffix, std::string_view labels, std::string_view value, bool is_number) {
    if (!is_number) {
      return;
    }
    if (!std::exchange(begun_, true)) {
      out_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name_, help_, type_);
    }
    out_ += fmt::format("{}{}{{{}}} {}\n", name_, suffix, labels, value);
  }

  std::string& out_;
  std::string_view name_;
  std::string_view type_;
  std::string_view help_;
  bool begun_ = false;
};

template <class Histogram>
void count(Histogram& histogram, std::span<const double> bounds, double value) {
  if (!std::isfinite(value)) {
    return;
  }
  histogram.counts.resize(bounds.size() + 1);
  ++histogram.counts[static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin())];
  histogram.sum += value;
}

/// Scenarios of two files may have the same name: all of them have to pass.
std::map<std::string_view, bool> scenarios_of(const MonitorResult& result) {
  std::map<std::string_view, bool> scenarios;
  for (const MonitoredScenario& scenario : result.scenarios) {
    bool& passed = scenarios.emplace(scenario.name, true).first->second;
    passed = passed && scenario.passed;
  }
  return scenarios;
}

/// One for each pair of scenario and agent; of more, the last one.
std::map<std::pair<std::string_view, std::string_view>, const MonitoredAgent*> agents_of(const MonitorResult& result) {
  std::map<std::pair<std::string_view, std::string_view>, const MonitoredAgent*> agents;
  for (const MonitoredScenario& scenario : result.scenarios) {
    for (const MonitoredAgent& agent : scenario.agents) {
      agents[{scenario.name, agent.agent}] = &agent;
    }
  }
  return agents;
}

double seconds_of(std::chrono::milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

/// When it ended.
double timestamp_of(const MonitorResult& result) {
  return seconds_of(std::chrono::duration_cast<std::chrono::milliseconds>(result.started.time_since_epoch()) + result.duration);
}

}  // namespace

void MonitorMetrics::keep_only(const std::vector<std::string>& monitors) {
  std::erase_if(monitors_, [&](const auto& entry) { return std::find(monitors.begin(), monitors.end(), entry.first) == monitors.end(); });
  for (const std::string& monitor : monitors) {
    monitors_.try_emplace(monitor);
  }
}

void MonitorMetrics::add(const MonitorResult& result) {
  Monitor& monitor = monitors_[result.monitor];
  monitor.passed += result.passed ? 1U : 0U;
  monitor.failed += result.passed ? 0U : 1U;
  monitor.timed_out += result.timed_out ? 1U : 0U;
  monitor.has_run = true;
  monitor.last = result;
  count(monitor.durations, kDurationBounds, seconds_of(result.duration));
  for (const MonitoredScenario& scenario : result.scenarios) {
    // One that was stopped has no duration.
    if (scenario.duration_ms > 0) {
      count(monitor.scenarios[scenario.name], kDurationBounds, scenario.duration_ms / 1000);
    }
    for (const MonitoredAgent& agent : scenario.agents) {
      if (agent.mos) {
        count(monitor.mos, kMosBounds, *agent.mos);
      }
    }
  }
  // Where names change with each run there would be no end.
  if (monitor.scenarios.size() > MonitorFold::kMaxScenarios) {
    const auto last = scenarios_of(result);
    std::erase_if(monitor.scenarios, [&](const auto& entry) { return !last.contains(entry.first); });
  }
}

void MonitorMetrics::skipped(std::string_view monitor) { ++monitors_[std::string(monitor)].skipped; }

void MonitorMetrics::set_running(std::string_view monitor, std::size_t runs) { monitors_[std::string(monitor)].running = runs; }

void MonitorMetrics::append_counters(std::string& out) const {
  Family runs(out, "ringo_monitor_runs_total", "counter", "Runs by result; a timeout counts as fail, too.");
  for (const auto& [name, monitor] : monitors_) {
    runs.add(labels_of({{"monitor", name}, {"result", "pass"}}), monitor.passed);
    runs.add(labels_of({{"monitor", name}, {"result", "fail"}}), monitor.failed);
    runs.add(labels_of({{"monitor", name}, {"result", "timeout"}}), monitor.timed_out);
  }
  Family skips(out, "callwright_monitor_skipped_total", "counter", "Starts that were left out because the run before was not over.");
  for (const auto& [name, monitor] : monitors_) {
    skips.add(labels_of({{"monitor", name}}), monitor.skipped);
  }
  Family running(out, "callwright_monitor_running", "gauge", "Runs under way.");
  for (const auto& [name, monitor] : monitors_) {
    running.add(labels_of({{"monitor", name}}), std::uint64_t{monitor.running});
  }
}

void MonitorMetrics::append_last_runs(std::string& out) const {
  const auto each = [&](std::string_view metric, std::string_view help, double (*value)(const MonitorResult&)) {
    Family family(out, metric, "gauge", help);
    for (const auto& [name, monitor] : monitors_) {
      if (monitor.has_run) {
        family.add(labels_of({{"monitor", name}}), value(monitor.last));
      }
    }
  };
  each("ringo_monitor_last_success", "1 when the last run passed, else 0.", [](const MonitorResult& last) { return last.passed ? 1.0 : 0.0; });
  each("ringo_monitor_last_duration_seconds", "How long the last run took.", [](const MonitorResult& last) { return seconds_of(last.duration); });
  each("ringo_monitor_last_run_timestamp_seconds", "Unix time at which the last run ended.", timestamp_of);
  Family scenarios(out, "ringo_scenario_last_success", "gauge", "1 when the scenario passed in the last run, else 0.");
  for (const auto& [name, monitor] : monitors_) {
    for (const auto& [scenario, passed] : scenarios_of(monitor.last)) {
      scenarios.add(labels_of({{"monitor", name}, {"scenario", scenario}}), passed ? 1.0 : 0.0);
    }
  }
}

void MonitorMetrics::append_agents(std::string& out) const {
  const auto each = [&](std::string_view metric, std::string_view help, std::optional<double> (*value)(const MonitoredAgent&)) {
    Family family(out, metric, "gauge", help);
    for (const auto& [name, monitor] : monitors_) {
      for (const auto& [key, agent] : agents_of(monitor.last)) {
        family.add(labels_of({{"monitor", name}, {"scenario", key.first}, {"agent", key.second}}), value(*agent));
      }
    }
  };
  using Value = std::optional<double>;
  each("ringo_agent_registered", "1 when the agent was registered at the end of the scenario, else 0.",
       [](const MonitoredAgent& agent) { return Value(agent.registered ? 1.0 : 0.0); });
  each("ringo_call_mos", "How the agent's call sounded, from 1 to 4.5.", [](const MonitoredAgent& agent) { return agent.mos; });
  each("ringo_call_jitter_ms", "Jitter of what the agent received.", [](const MonitoredAgent& agent) { return agent.jitter_ms; });
  each("ringo_call_packet_loss_pct", "Packets that the agent did not receive, in percent.", [](const MonitoredAgent& agent) { return agent.packet_loss_pct; });
  each("ringo_call_rtt_ms", "Round trip of the agent's media.", [](const MonitoredAgent& agent) { return agent.rtt_ms; });
}

void MonitorMetrics::append_histograms(std::string& out) const {
  Family runs(out, "callwright_monitor_run_duration_seconds", "histogram", "How long runs took.");
  for (const auto& [name, monitor] : monitors_) {
    runs.add_histogram(labels_of({{"monitor", name}}), kDurationBounds, monitor.durations.counts, monitor.durations.sum);
  }
  Family scenarios(out, "callwright_scenario_duration_seconds", "histogram", "How long scenarios took.");
  for (const auto& [name, monitor] : monitors_) {
    for (const auto& [scenario, durations] : monitor.scenarios) {
      scenarios.add_histogram(labels_of({{"monitor", name}, {"scenario", scenario}}), kDurationBounds, durations.counts, durations.sum);
    }
  }
  Family mos(out, "callwright_call_mos", "histogram", "How calls sounded, of each agent in each run.");
  for (const auto& [name, monitor] : monitors_) {
    mos.add_histogram(labels_of({{"monitor", name}}), kMosBounds, monitor.mos.counts, monitor.mos.sum);
  }
}

std::string MonitorMetrics::text() const {
  std::string out;
  append_counters(out);
  append_last_runs(out);
  append_agents(out);
  append_histograms(out);
  return out;
}

}  // namespace callwright::verify
