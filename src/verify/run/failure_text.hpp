#pragma once

#include "verify/run/run_summary.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace callwright::verify {

/// What there is to know about a failure beyond its error, a line each: where, expected, actual, agents, stack.
[[nodiscard]] std::vector<std::string> failure_lines(std::string_view at, const std::optional<Failure>& failure, std::string_view stack);

/// The same below the error, as one text.
[[nodiscard]] std::string failure_text(const Attempt& attempt);

/// "A: registered, Established, 1 call".
[[nodiscard]] std::string agent_text(const AgentReport& agent);

/// The attempt that decided; nothing when there was none.
[[nodiscard]] const Attempt* last_attempt(const ScenarioResult& scenario) noexcept;
/// Of a flaky scenario the last attempt that failed.
[[nodiscard]] const Attempt* failed_attempt(const ScenarioResult& scenario) noexcept;

}  // namespace callwright::verify
