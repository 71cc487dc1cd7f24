#pragma once

#include "base/result.hpp"
#include "verify/run/human_reporter.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The command line of `callwright test` and `callwright check`. Pure.
namespace callwright::app {

/// As the parser leaves it.
struct TestFlags {
  std::vector<std::string> paths{};
  std::vector<std::string> set{};
  std::vector<std::string> env_files{};
  std::vector<std::string> scenarios{};
  std::vector<std::string> tags{};
  std::vector<std::string> exclude_tags{};
  std::vector<std::string> reporters{};
  std::string grep{};
  std::string language{};
  std::string shard{};
  std::string timeout{};
  std::string file_timeout = "10m";
  std::string trace = "retain-on-failure";
  std::string artifacts = "callwright-results";
  std::string exchange{};  ///< "": none; "true": one with nothing more than agents need; else the file of what it is like.
  std::string impair{};
  std::optional<std::string> log{};        ///< "": standard error.
  std::optional<std::string> sip_trace{};  ///< "": standard error.
  int jobs = 0;
  int repeat = 1;
  int retries = 0;
  std::optional<std::uint32_t> seed{};
  int verbose = 0;
  bool quiet = false;
  bool json = false;
  bool no_color = false;
  bool fail_fast = false;
  bool list = false;
  bool watch = false;
  bool save_audio = false;
  bool metrics = false;
  bool insecure_http = false;
  bool update_baseline = false;
};

enum class ReportKind : std::uint8_t { Human, Json, Junit, Tap, Github, Html };

struct ReportTarget {
  ReportKind kind = ReportKind::Human;
  std::string file;  ///< "": standard output.
};

struct Shard {
  std::size_t index = 1;  ///< From 1.
  std::size_t count = 1;
};

enum class TestMode : std::uint8_t { Run, List, Check };

struct TestOptions {
  TestFlags flags;  ///< What is passed on as it is.
  TestMode mode = TestMode::Run;
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<ReportTarget> reports;
  Shard shard;
  std::size_t jobs = 1;
  std::optional<std::chrono::milliseconds> timeout;  ///< Of a scenario.
  std::chrono::milliseconds file_timeout{std::chrono::minutes(10)};
  std::uint32_t seed = 0;
  verify::Verbosity verbosity = verify::Verbosity::Normal;

  /// Some scenarios are left out.
  [[nodiscard]] bool has_filter() const noexcept;
  /// As on the command line, for an error.
  [[nodiscard]] std::string filter_text() const;
  [[nodiscard]] bool has_report(ReportKind kind) const noexcept;
};

/// What the options depend on besides the command line.
struct TestSurroundings {
  std::size_t cores = 1;
  std::uint32_t random = 1;     ///< The seed when none is given.
  bool github_actions = false;  ///< Annotations are made without being asked for.
  bool insecure_http = false;   ///< CALLWRIGHT_INSECURE_HTTP is set.
};

/// Errors: InvalidArgument, with a text that names the option.
base::Result<TestOptions> read_test_options(const TestFlags& flags, const TestSurroundings& surroundings);

}  // namespace callwright::app
