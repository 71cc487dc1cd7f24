#pragma once

#include <CLI/App.hpp>

namespace callwright::app {

/// Adds `callwright monitor`. `status` outlives the parser.
void add_monitor_command(CLI::App& app, int& status);

}  // namespace callwright::app
