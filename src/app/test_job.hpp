#pragma once

#include "app/test_files.hpp"
#include "app/test_options.hpp"

#include <string>

namespace callwright::app {

/// What a process is told besides the options.
struct JobExtras {
  TestMode mode = TestMode::Run;
  bool only = false;           ///< Some file of the run has a scenario with `only`.
  bool several_files = false;  ///< Each writes its log and trace into a file of its own.
  std::string folder;          ///< Of this file among those of the run.
};

/// The first line on the standard input of a process, with its end.
[[nodiscard]] std::string job_line(const TestFile& file, const TestOptions& options, const JobExtras& extras);

/// `trace.pcap` becomes `trace.FOLDER.pcap`.
[[nodiscard]] std::string path_of_file(const std::string& path, const std::string& folder);

}  // namespace callwright::app
