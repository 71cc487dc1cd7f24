#pragma once

#include "verify/run/run_summary.hpp"

#include <string>

namespace callwright::verify {

/// Annotations of GitHub Actions: an error for each failure, a warning for each flaky scenario; "" when there are none.
[[nodiscard]] std::string github_report(const RunSummary& summary);

}  // namespace callwright::verify
