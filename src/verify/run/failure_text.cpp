#include "verify/run/failure_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace callwright::verify {
namespace {

void append_lines(std::vector<std::string>& lines, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end != 0) {
      lines.emplace_back(text.substr(0, end));
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace

std::string agent_text(const AgentReport& agent) {
  std::string text = fmt::format("{}: {}registered", agent.agent, agent.registered ? "" : "not ");
  if (!agent.state.empty()) {
    text += ", " + agent.state;
  }
  if (!agent.calls.empty()) {
    text += fmt::format(", {} call{}", agent.calls, agent.calls == "1" ? "" : "s");
  }
  // A reason mostly begins with the status already.
  if (!agent.status.empty() && !agent.reason.starts_with(agent.status)) {
    text += ", " + agent.status;
  }
  if (!agent.reason.empty()) {
    text += ", " + agent.reason;
  }
  return text;
}

std::vector<std::string> failure_lines(std::string_view at, const std::optional<Failure>& failure, std::string_view stack) {
  std::vector<std::string> lines;
  if (!at.empty()) {
    lines.push_back(fmt::format("at {}", at));
  }
  if (failure) {
    if (!failure->expect.empty()) {
      lines.push_back(fmt::format("expected: {}{}{}", failure->label, failure->label.empty() ? "" : ": ", failure->expect));
    }
    if (failure->actual) {
      lines.push_back(fmt::format("actual:   {}", *failure->actual));
    }
    for (const AgentReport& agent : failure->agents) {
      lines.push_back(fmt::format("agent     {}", agent_text(agent)));
    }
  }
  append_lines(lines, stack);
  return lines;
}

std::string failure_text(const Attempt& attempt) {
  std::string text = attempt.error.empty() ? "failed" : attempt.error;
  for (const std::string& line : failure_lines(attempt.at, attempt.failure, attempt.stack)) {
    text += "\n" + line;
  }
  return text;
}

const Attempt* last_attempt(const ScenarioResult& scenario) noexcept { return scenario.attempts.empty() ? nullptr : &scenario.attempts.back(); }

const Attempt* failed_attempt(const ScenarioResult& scenario) noexcept {
  const auto found = std::find_if(scenario.attempts.rbegin(), scenario.attempts.rend(), [](const Attempt& attempt) { return !attempt.passed; });
  return found == scenario.attempts.rend() ? nullptr : &*found;
}

}  // namespace callwright::verify
