#pragma once

#include "verify/run/human_lines.hpp"
#include "verify/run/run_summary.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callwright::verify {

/// What people read while a run goes on. Steps and what passed go to standard output, failures to standard error.
class HumanReporter {
 public:
  enum class Stream : std::uint8_t { Output, Error };
  using Write = std::function<void(Stream stream, std::string_view text)>;
  enum class Flow : std::uint8_t {
    Live,     ///< One file at a time: each line as it comes.
    InBlocks  ///< Files side by side: all of a file when it is over.
  };
  struct Options {
    Verbosity verbosity = Verbosity::Normal;
    bool color = false;
    bool several_files = false;  ///< Each file has a header.
    Flow flow = Flow::Live;
  };
  /// Of a file that waits for its end; what comes beyond is counted.
  static constexpr std::size_t kMaxBlock = 32U << 20U;

  HumanReporter(Options options, Write write) : options_(options), write_(std::move(write)) {}

  void on_event(const RunEvent& event);
  /// The failures again when they may be far up, and the tally.
  void on_end(const RunSummary& summary);

 private:
  struct File {
    bool headed = false;
    bool single = false;
    std::size_t flaky = 0;
    std::vector<std::pair<Stream, std::string>> block;
    std::size_t size = 0;
    std::size_t dropped = 0;
  };

  void put(const RunEvent& event, std::string_view text, Tone tone);
  void put_failure(const RunEvent& event);
  void write(File& file, Stream stream, const std::string& line);
  void head(std::string_view path, File& file);
  void start_scenario(const RunEvent& event);
  void finish_scenario(const RunEvent& event);
  void skip_scenario(const RunEvent& event);
  void finish_suite(const RunEvent& event);
  void finish(const RunEvent& event);
  void finish_file(const RunEvent& event);
  void list_failures(const RunSummary& summary);
  [[nodiscard]] std::string painted(std::string_view text, Tone tone) const;

  const Options options_;
  const Write write_;
  std::map<std::string, File, std::less<>> files_;
};

/// One line for a terminal, while files run: how many are over, what failed, what runs. Cut to `columns`.
[[nodiscard]] std::string progress_line(const RunSummary& summary, std::size_t files, const std::vector<std::string>& running, double elapsed_ms,
                                        std::size_t columns);

/// `callwright test --list`: each scenario with its place and tags, and how many there are.
[[nodiscard]] std::string list_text(const std::vector<std::pair<std::string, std::vector<DeclaredScenario>>>& files);

}  // namespace callwright::verify
