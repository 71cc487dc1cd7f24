#pragma once

#include "verify/run/run_events.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace callwright::verify {

/// One go at a scenario.
struct Attempt {
  bool finished = false;
  bool passed = false;
  std::string started;  ///< As in `ts`.
  double duration_ms = 0;
  std::string error;
  std::string at;
  std::string stack;
  std::optional<Failure> failure;
  std::vector<Artifact> artifacts;
};

enum class ScenarioStatus : std::uint8_t {
  Running,
  Passed,
  Failed,
  Flaky,  ///< Failed, and passed when it was tried again.
  Skipped,
};

struct ScenarioResult {
  std::string name;
  std::vector<std::string> tags;
  std::string at;
  std::string reason;  ///< Why it was skipped; "" when nobody said.
  ScenarioStatus status = ScenarioStatus::Running;
  std::vector<Attempt> attempts;  ///< None when it was skipped.

  /// Of all attempts.
  [[nodiscard]] double duration_ms() const noexcept;
};

struct FileResult {
  std::string path;
  bool single = false;    ///< The file itself is the test, and its only scenario has the name of the file.
  bool finished = false;  ///< False as well when the run ended before.
  bool passed = false;
  double duration_ms = 0;
  std::string error;  ///< Outside of all scenarios.
  std::string at;     ///< Where that was.
  std::optional<Failure> failure;
  std::vector<ScenarioResult> scenarios;

  [[nodiscard]] bool has_failed_scenario() const noexcept;
};

struct RunCounts {
  std::size_t files = 0;
  std::size_t passed_files = 0;
  std::size_t scenarios = 0;  ///< All that follow.
  std::size_t passed = 0;     ///< With flaky ones.
  std::size_t failed = 0;
  std::size_t skipped = 0;
  std::size_t flaky = 0;
};

/// What a run came to, folded from its events. Bounded: long texts are cut, and beyond `kMaxScenarios` only numbers are kept.
class RunSummary {
 public:
  static constexpr std::size_t kMaxScenarios = 100'000;
  static constexpr std::size_t kMaxText = 64U << 10U;

  /// An event of the runner, or one of a file with `path` in it.
  void add(const RunEvent& event);

  [[nodiscard]] const std::vector<FileResult>& files() const noexcept { return files_; }
  /// Nothing when no event named it.
  [[nodiscard]] const FileResult* file(std::string_view path) const noexcept;
  [[nodiscard]] RunCounts counts() const noexcept;
  [[nodiscard]] std::size_t dropped_scenarios() const noexcept { return dropped_; }

  [[nodiscard]] const std::string& run() const noexcept { return run_; }
  [[nodiscard]] const std::string& version() const noexcept { return version_; }
  [[nodiscard]] const std::string& seed() const noexcept { return seed_; }
  [[nodiscard]] const std::string& started() const noexcept { return started_; }
  [[nodiscard]] double duration_ms() const noexcept { return duration_ms_; }
  [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }

 private:
  FileResult& file_of(std::string_view path);
  ScenarioResult* scenario_for(FileResult& file, std::string_view name);
  void start_scenario(const RunEvent& event);
  void finish_scenario(const RunEvent& event);
  void skip_scenario(const RunEvent& event);
  void finish_single(FileResult& file, const RunEvent& event);
  void finish(const RunEvent& event);
  void finish_file(const RunEvent& event);

  std::vector<FileResult> files_;
  std::map<std::string, std::size_t, std::less<>> places_;
  std::size_t scenarios_ = 0;
  std::size_t dropped_ = 0;
  std::string run_;
  std::string version_;
  std::string seed_;
  std::string started_;
  double duration_ms_ = 0;
  bool interrupted_ = false;
};

/// At most `most` bytes of it, whole characters, with a note of what is left out.
[[nodiscard]] std::string cut_text(std::string_view text, std::size_t most = RunSummary::kMaxText);

}  // namespace callwright::verify
