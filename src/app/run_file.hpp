#pragma once

namespace callwright::app {

/// `callwright run-file`, which `callwright test` starts for each file: reads a job from standard input, runs the file, writes the events of
/// docs/testing/events.md to standard output. 0: passed, 1: failed, 2: no job came, 130: stopped.
int run_file();

}  // namespace callwright::app
