#pragma once

#include "verify/run/run_events.hpp"

#include <string>

namespace callwright::verify {

/// A line for `--json`, with its end: the event with sorted names. Events of files have their `path` already.
[[nodiscard]] inline std::string json_line(const RunEvent& event) { return event.line() + "\n"; }

}  // namespace callwright::verify
