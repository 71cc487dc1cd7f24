#include "verify/monitor/monitor_result.hpp"

#include "base/json_values.hpp"
#include "verify/monitor/utc_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace callwright::verify {
namespace {

using base::Json;
using base::json_text;

/// Of a scenario that has no end: its process, or the whole run, had one.
constexpr std::string_view kStopped = "was stopped";

Json json_decimal(double value) { return Json{Json::Number{std::isfinite(value) ? fmt::format("{}", value) : "0"}}; }

void append(Json::Object& members, std::string_view name, const std::optional<double>& value) {
  if (value && std::isfinite(*value)) {
    members.push_back({std::string(name), json_decimal(*value)});
  }
}

void append(Json::Object& members, std::string_view name, std::string_view value) {
  if (!value.empty()) {
    members.push_back({std::string(name), json_text(value)});
  }
}

Json agent_json(const MonitoredAgent& agent) {
  Json::Object members{{"agent", json_text(agent.agent)}, {"registered", Json{agent.registered}}};
  append(members, "mos", agent.mos);
  append(members, "jitter_ms", agent.jitter_ms);
  append(members, "packet_loss_pct", agent.packet_loss_pct);
  append(members, "rtt_ms", agent.rtt_ms);
  return Json{std::move(members)};
}

Json scenario_json(const MonitoredScenario& scenario) {
  Json::Object members{{"name", json_text(scenario.name)}, {"passed", Json{scenario.passed}}, {"duration_ms", json_decimal(scenario.duration_ms)}};
  append(members, "error", scenario.error);
  Json::Array agents;
  std::transform(scenario.agents.begin(), scenario.agents.end(), std::back_inserter(agents), agent_json);
  members.push_back({"agents", Json{std::move(agents)}});
  return Json{std::move(members)};
}

}  // namespace

Json MonitorResult::json(std::string_view report_url) const {
  Json::Object members{{"monitor", json_text(monitor)},
                       {"run", json_text(run)},
                       {"trigger", json_text(trigger)},
                       {"started", json_text(utc_text(started))},
                       {"passed", Json{passed}},
                       {"timed_out", Json{timed_out}},
                       {"duration_ms", base::json_number(duration.count())}};
  append(members, "error", error);
  append(members, "report", report_url);
  Json::Array array;
  std::transform(scenarios.begin(), scenarios.end(), std::back_inserter(array), scenario_json);
  members.push_back({"scenarios", Json{std::move(array)}});
  return Json{std::move(members)};
}

void MonitorFold::add(const RunEvent& event) {
  switch (event.kind()) {
    case RunEventKind::ScenarioStarted: start(event); return;
    case RunEventKind::Metric: take_metric(event); return;
    case RunEventKind::ScenarioSkipped: skip(event); return;
    case RunEventKind::ScenarioFinished:
      if (const auto place = scenario_for(event.file(), event.text("name"))) {
        finish(*place, event);
      }
      return;
    case RunEventKind::Finished: finish_single(event); return;
    case RunEventKind::FileFinished: finish_file(event); return;
    default: return;
  }
}

std::optional<std::size_t> MonitorFold::scenario_for(std::string_view path, std::string_view name) {
  Key key{cut_text(path, kMaxName), cut_text(name.empty() ? path : name, kMaxName)};
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found != keys_.end()) {
    return static_cast<std::size_t>(found - keys_.begin());
  }
  if (keys_.size() == kMaxScenarios) {
    return std::nullopt;
  }
  MonitoredScenario& scenario = scenarios_.emplace_back();
  scenario.name = key.name;
  scenario.error = kStopped;
  keys_.push_back(std::move(key));
  return keys_.size() - 1;
}

void MonitorFold::start(const RunEvent& event) {
  const auto place = scenario_for(event.file(), event.text("name"));
  if (!place) {
    return;
  }
  MonitoredScenario& scenario = scenarios_[*place];
  scenario.agents.clear();
  // Of repetitions, one that failed is enough.
  if (!keys_[*place].finished || scenario.passed) {
    keys_[*place].finished = false;
    scenario.passed = false;
    scenario.error = kStopped;
  }
}

void MonitorFold::take_metric(const RunEvent& event) {
  const auto place = scenario_for(event.file(), event.text("scenario"));
  if (!place) {
    return;
  }
  auto& agents = scenarios_[*place].agents;
  const std::string name = cut_text(event.text("agent"), kMaxName);
  auto agent = std::find_if(agents.begin(), agents.end(), [&](const MonitoredAgent& known) { return known.agent == name; });
  if (agent == agents.end()) {
    if (agents.size() == kMaxAgents) {
      return;
    }
    agent = agents.emplace(agents.end());
  }
  *agent = {name, event.flag("registered"), event.number("mos"), event.number("jitter_ms"), event.number("packet_loss_pct"), event.number("rtt_ms")};
}

void MonitorFold::skip(const RunEvent& event) {
  const Key key{cut_text(event.file(), kMaxName), cut_text(event.text("name"), kMaxName)};
  if (key.is_file() && skipped_files_.size() < kMaxScenarios) {
    skipped_files_.push_back(key.file);
  }
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  // It may ask for that in its body, when it has begun.
  if (found != keys_.end() && !found->finished) {
    scenarios_.erase(scenarios_.begin() + (found - keys_.begin()));
    keys_.erase(found);
  }
}

void MonitorFold::finish(std::size_t place, const RunEvent& event) {
  MonitoredScenario& scenario = scenarios_[place];
  Key& key = keys_[place];
  if (key.finished && !scenario.passed) {
    return;
  }
  key.finished = !event.flag("retried");
  scenario.passed = event.flag("passed");
  scenario.duration_ms = event.number("duration_ms").value_or(0);
  scenario.error.clear();
  if (!scenario.passed) {
    const std::string_view error = event.text("error");
    scenario.error = error.empty() ? "failed" : cut_text(error, kMaxError);
    if (key.finished) {
      fail(place, scenario.error);
    }
  }
}

void MonitorFold::fail(std::size_t place, std::string_view error) {
  Key& key = keys_[place];
  key.finished = true;
  scenarios_[place].passed = false;
  scenarios_[place].error = cut_text(error, kMaxError);
  if (scenario_error_.empty()) {
    scenario_error_ =
        key.is_file() ? fmt::format("{}: {}", key.file, scenarios_[place].error) : fmt::format("{} — {}: {}", key.file, key.name, scenarios_[place].error);
  }
}

void MonitorFold::finish_single(const RunEvent& event) {
  const std::string file = cut_text(event.file(), kMaxName);
  const bool has_scenarios = std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) { return key.file == file && !key.is_file(); });
  const bool passed = event.flag("passed");
  if (has_scenarios) {
    if (!passed) {
      fail_file(file, event.text("error").empty() ? "failed outside of its scenarios" : event.text("error"));
    }
    return;
  }
  if (passed && std::find(skipped_files_.begin(), skipped_files_.end(), file) != skipped_files_.end()) {
    return;
  }
  if (const auto place = scenario_for(event.file(), event.file())) {
    finish(*place, event);
  }
}

void MonitorFold::finish_file(const RunEvent& event) {
  if (event.flag("passed")) {
    return;
  }
  const std::string file = cut_text(event.file(), kMaxName);
  const std::string_view error = event.text("error");
  bool is_told = false;
  for (std::size_t place = 0; place < keys_.size(); ++place) {
    if (keys_[place].file != file) {
      continue;
    }
    if (!keys_[place].finished) {
      fail(place, error.empty() ? kStopped : error);
    }
    is_told = is_told || !scenarios_[place].passed;
  }
  if (!error.empty() || !is_told) {
    fail_file(file, error.empty() ? "failed outside of its scenarios" : error);
  }
}

void MonitorFold::fail_file(std::string_view path, std::string_view error) {
  if (file_error_.empty()) {
    file_error_ = fmt::format("{}: {}", path, cut_text(error, kMaxError));
  }
}

}  // namespace callwright::verify
