#pragma once

#include "verify/run/run_summary.hpp"

#include <string>

namespace callwright::verify {

/// JUnit XML as Jenkins and GitLab read it: a suite for each file, a case for each scenario. Flaky scenarios pass, with what failed before in `flakyFailure`;
/// recordings and captures are attachments.
[[nodiscard]] std::string junit_report(const RunSummary& summary);

}  // namespace callwright::verify
