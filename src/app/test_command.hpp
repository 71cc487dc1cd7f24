#pragma once

#include "app/test_options.hpp"

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace callwright::app {

/// Adds `test`, `check` and `show-report`; `status` outlives the parser.
void add_test_commands(CLI::App& app, int& status);

/// `callwright test`: 0 all passed, 1 something failed or nothing was chosen, 2 wrong usage, 130 interrupted. `program` runs the files.
int blocking_test(const TestFlags& flags, const std::string& program);
/// `callwright check`: 0 all files can be read, 1 not all, 2 wrong usage.
int blocking_check(const TestFlags& flags, const std::string& program);
/// `callwright show-report`: opens it in a browser where there is one; 1 when there is no such report.
int blocking_show_report(const std::string& path, bool open);

}  // namespace callwright::app
