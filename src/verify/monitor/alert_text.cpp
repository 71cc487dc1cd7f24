#include "verify/monitor/alert_text.hpp"

#include "verify/monitor/utc_text.hpp"
#include "verify/run/duration_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace callwright::verify {
namespace {

using Notice = AlertState::Notice;

bool is_control(char character) { return static_cast<unsigned char>(character) < 0x20 || character == 0x7F; }

std::string title_of(const Alert& alert) {
  const std::string monitor = cut_text(one_line(alert.result.monitor), AlertText::kMaxName);
  switch (alert.notice) {
    case Notice::StillFailing: return monitor + " is still failing";
    case Notice::Recovered: return monitor + " has recovered";
    case Notice::Failed: break;
  }
  return monitor + " failed";
}

/// "2026-03-01 12:00:00 UTC"
std::string time_text(std::chrono::system_clock::time_point time) {
  const std::string text = utc_text(time);
  return fmt::format("{} {} UTC", text.substr(0, 10), text.substr(11, 8));
}

std::vector<AlertText::Fact> facts_of(const Alert& alert) {
  const std::string_view by = alert.result.trigger == "request" ? ", on request" : "";
  return {
      {alert.notice == Notice::Recovered ? "Failures before" : "Failures in a row", std::to_string(alert.failures)},
      {alert.notice == Notice::Recovered ? "Failed since" : "Failing since", time_text(alert.failing_since)},
      {"Last run", fmt::format("{}{}", time_text(alert.result.started), by)},
      {"Duration", duration_text(static_cast<double>(alert.result.duration.count()))},
  };
}

std::string reason_of(const MonitorResult& result) {
  if (!result.error.empty()) {
    return result.error;
  }
  const auto failed = std::find_if(result.scenarios.begin(), result.scenarios.end(), [](const MonitoredScenario& scenario) { return !scenario.passed; });
  return failed == result.scenarios.end() ? "no reason is known" : fmt::format("{}: {}", failed->name, failed->error);
}

bool is_told_by(std::string_view reason, const MonitoredScenario& scenario) {
  return reason.ends_with(scenario.error) && reason.find(scenario.name) != std::string_view::npos;
}

}  // namespace

AlertText alert_text(const Alert& alert) {
  AlertText text;
  text.title = title_of(alert);
  text.facts = facts_of(alert);
  if (alert.notice == Notice::Recovered) {
    return text;
  }
  const std::string reason = reason_of(alert.result);
  text.reason = cut_text(one_line(reason), AlertText::kMaxError);
  std::vector<const MonitoredScenario*> failed;
  for (const MonitoredScenario& scenario : alert.result.scenarios) {
    if (!scenario.passed) {
      failed.push_back(&scenario);
    }
  }
  if (failed.size() == 1 && is_told_by(reason, *failed.front())) {
    return text;
  }
  for (std::size_t place = 0; place < std::min(failed.size(), AlertText::kMaxScenarios); ++place) {
    text.scenarios.push_back({cut_text(one_line(failed[place]->name), AlertText::kMaxName), cut_text(failed[place]->error, AlertText::kMaxError)});
  }
  text.more = failed.size() > AlertText::kMaxScenarios ? fmt::format("and {} more", failed.size() - AlertText::kMaxScenarios) : "";
  return text;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char character : text) {
    if (!is_control(character)) {
      line += character;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace callwright::verify
