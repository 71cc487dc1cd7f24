#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace callwright::app {

/// Waits until something changes in these folders, with all below them, or in the folders of these files. True: something has changed; false: a signal
/// (SIGINT, SIGTERM, SIGHUP) asked to end. Errors: Io.
base::Result<bool> blocking_wait_for_change(const std::vector<std::string>& paths);

}  // namespace callwright::app
