#pragma once

#include "verify/run/run_summary.hpp"

#include <string>

namespace callwright::verify {

/// The Test Anything Protocol, version 14: a point for each scenario, with what failed as YAML.
[[nodiscard]] std::string tap_report(const RunSummary& summary);

}  // namespace callwright::verify
