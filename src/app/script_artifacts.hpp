#pragma once

#include "base/result.hpp"

#include <boost/json/array.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace callwright::app {

/// What is kept of each scenario to look at afterwards: a folder with its journal, and whatever others put there. One thread; writes to the disk.
class ScriptArtifacts {
 public:
  enum class Keep : std::uint8_t { Nothing, Failures, Everything };

  /// `folder`: that of the file, which is made when it is needed.
  void configure(Keep keep, std::filesystem::path folder);
  /// From here on events belong to this attempt. Errors: Io, when the folder cannot be made.
  base::Result<void> blocking_begin(std::string_view scenario, int attempt);
  /// Of the scenario that runs; empty when nothing is kept.
  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  /// "" when nothing is kept.
  [[nodiscard]] std::string capture_path() const;
  /// One event, a line of the journal.
  void blocking_note(std::string_view event);
  /// [{"kind":"journal","path":"…"}, …]; the folder goes when nothing of it is to be kept.
  boost::json::array blocking_end(bool passed);

 private:
  Keep keep_ = Keep::Nothing;
  std::filesystem::path root_;
  std::filesystem::path folder_;
  std::ofstream journal_;
  unsigned scenarios_ = 0;
};

/// A name for a folder: letters and digits of the text, the rest as dashes, not long.
[[nodiscard]] std::string folder_name(std::string_view text);

}  // namespace callwright::app
