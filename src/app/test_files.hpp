#pragma once

#include "app/test_options.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace callwright::app {

/// A test file that is going to run.
struct TestFile {
  std::string path;      ///< Absolute.
  std::string display;   ///< As people see it.
  std::string language;  ///< "js", "ts", "rhai" or "test".
  bool mentions_only = false;
};

/// Files as they are; folders with all below them that are tests: `.test`, and `.js .mjs .ts .rhai` with a call of `scenario`. Sorted, each once.
/// `language` ("" for none) stands for what the names say; of folders only its files are taken then.
/// Errors: NotFound for a path that does not exist, InvalidArgument for a file of no known language.
base::Result<std::vector<TestFile>> blocking_collect_tests(const std::vector<std::string>& paths, std::string_view language);

/// Every `count`th file, beginning with the `index`th.
[[nodiscard]] std::vector<TestFile> files_of_shard(const std::vector<TestFile>& files, const Shard& shard);

/// Whether a script declares scenarios, outside of comments.
[[nodiscard]] bool declares_scenarios(std::string_view text);

/// A name for the file in the file system, which no other has: its path with what could lead elsewhere replaced.
[[nodiscard]] std::string folder_name_of(const TestFile& file);

}  // namespace callwright::app
