#pragma once

#include <string>

namespace callwright::app {

/// `callwright run-file`, which `callwright test` starts for each file: reads a job from standard input, runs the file, writes the events of
/// docs/testing/events.md to standard output. 0: passed, 1: failed, 2: no job came, 130: stopped.
int run_file();

enum class DefinitionsLanguage { TypeScript, Rhai };
/// `callwright definitions`: writes callwright.d.ts or callwright.d.rhai there, or to standard output for "-". 1 when it cannot be written.
int write_definitions(const std::string& path, DefinitionsLanguage language);

}  // namespace callwright::app
